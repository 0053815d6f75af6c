"""The erasure of people at Batch, asked for each person that a model or segment holds."""

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import httpx

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.fields import Field
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind
from activation_platform.contracts.service import Conversation, Pending, Service, Settlement
from activation_platform.destinations.batch.attributes import CUSTOM_ID
from activation_platform.destinations.batch.erasure import (
    erasures_per_second,
    request_erasure,
    settle_erasures,
)

if TYPE_CHECKING:
    from activation_platform.destinations.batch.destination import Batch as BatchProject

__all__ = ["Erasures"]


class Erasures(Service):
    """Erase people at Batch: everybody whom the model or segment holds.

    Erasure is Batch's GDPR removal: asynchronous, irreversible, one request per person and app; who is not known there
    counts as erased. Nobody is asked for twice, and who leaves the model stays erased. A profile that is written again
    afterwards, by an app or by another activation, is a new one and is not erased again.

    Unconfirmed: the pace of erasures, which is our own choice, for no limit was found.
    """

    docs: ClassVar[str] = "https://doc.batch.com/api/gdpr/create"
    object: ClassVar[ObjectKind] = ObjectKind.RECORD
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.ERASE})
    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.USERS})
    batch_size: ClassVar[int] = 1
    deletes_are_requests: ClassVar[bool] = True
    fields: ClassVar[tuple[Field, ...]] = (
        Field("custom_id", CUSTOM_ID, key=True, required=True, docs="Your own ID of the person."),
    )

    destination: "BatchProject"

    @classmethod
    def requirements(cls, mode: Mode) -> tuple[str, ...]:
        """Erasure is asked of every app by its key."""
        del mode
        return ("live_api_keys",)

    @property
    def erasures_per_second(self) -> float | None:
        """The pace of the GDPR API, shared by the apps."""
        return erasures_per_second(self.destination)

    def deliver(self, batch: Batch) -> Conversation:
        """Ask for the one erasure of the batch."""
        (record,) = batch.records
        return [(yield from request_erasure(self.destination, record))]

    def settle(self, pending: Sequence[Pending]) -> Generator[httpx.Request, Any, list[Settlement]]:
        """Look the erasures up in every app's list of requests."""
        return (yield from settle_erasures(self.destination, pending))
