"""The profiles of a Batch project: created and updated in bulk, erased one by one."""

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import httpx
import polars as pl

from activation_platform.contracts.batch import IDENTIFIER, Batch
from activation_platform.contracts.encode import JSON, Member, Shape, json_array
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind, Operation
from activation_platform.contracts.outcomes import Outcome, partial
from activation_platform.contracts.service import (
    Conversation,
    Pending,
    Service,
    Settlement,
)
from activation_platform.contracts.values import Choice, Email, Phone, Text, TimeZone
from activation_platform.destinations.batch.answers import faults_of
from activation_platform.destinations.batch.attributes import ATTRIBUTES, CUSTOM_ID, attribute_members
from activation_platform.destinations.batch.erasure import (
    erasures_per_second,
    request_erasure,
    settle_erasures,
)

if TYPE_CHECKING:
    from activation_platform.destinations.batch.destination import Batch as BatchProject

__all__ = ["Profiles"]

_CONSENT = Choice(("subscribed", "unsubscribed"))


class Profiles(Service):
    """Create and update the profiles of a Batch project; under mirror, erase the people who left.

    A profile is known by its custom ID and created when Batch does not know it. Batch takes updates on and applies
    them within moments; it does not say which profiles are new. An attribute it refuses leaves the rest of the profile
    applied. Erasure is Batch's GDPR removal: asynchronous, irreversible, one request per person and app.

    Unconfirmed: the lengths of custom IDs, names and texts; at most 50 attributes a call; the pace of erasures, which is our
    own choice.
    """

    docs: ClassVar[str] = "https://doc.batch.com/developer/api/cep/profiles/update"
    object: ClassVar[ObjectKind] = ObjectKind.RECORD
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.UPSERT, Mode.MIRROR})
    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.USERS})
    batch_size: ClassVar[int] = 200  # more and the call is refused; see `docs`
    delete_batch_size: ClassVar[int | None] = 1
    deletes_are_requests: ClassVar[bool] = True
    max_fields: ClassVar[int | None] = (
        50  # unconfirmed: attributes per profile and call, as Segment's integration counts
    )
    fields: ClassVar[tuple[Field, ...]] = (
        Field("custom_id", CUSTOM_ID, key=True, required=True, docs="Your own ID of the person."),
        Field("$email_address", Email(), docs="Where e-mail is sent."),
        Field("$email_marketing", _CONSENT, docs="Consent to marketing by e-mail."),
        Field("$phone_number", Phone(), docs="Where text messages are sent."),
        Field("$sms_marketing", _CONSENT, docs="Consent to marketing by text message."),
        Field(
            "$language",
            Text(pattern="[a-z]{2}", words="a language of two lower-case letters"),
            docs="ISO 639-1: fr.",
        ),
        Field(
            "$region",
            Text(pattern="[A-Z]{2}", words="a region of two capital letters"),
            docs="ISO 3166-1: FR.",
        ),
        Field("$timezone", TimeZone(), docs="As in Europe/Paris."),
    )
    custom_fields: ClassVar[CustomFields | None] = ATTRIBUTES

    destination: "BatchProject"

    @classmethod
    def requirements(cls, mode: Mode) -> tuple[str, ...]:
        """Mirror erases, and erasure is asked of every app by its key."""
        return ("live_api_keys",) if mode is Mode.MIRROR else ()

    @property
    def erasures_per_second(self) -> float | None:
        """The pace of the GDPR API, shared by the apps."""
        return erasures_per_second(self.destination)

    def deliver(self, batch: Batch) -> Conversation:
        """Update profiles in one request; ask for erasures one profile at a time."""
        if batch.operation is not Operation.DELETE:
            return (yield from super().deliver(batch))
        (record,) = batch.records
        return [(yield from request_erasure(self.destination, record))]

    def request(self, batch: Batch) -> httpx.Request:
        """All profiles of the batch, each with the attributes to write."""
        return self.destination.ask(
            "POST",
            f"/{self.destination.version}/profiles/update",
            budget=self.destination.updates,
            cost=len(batch),
            content=json_array(batch, _profile),
            headers=JSON,
        )

    def outcomes(self, response: httpx.Response, batch: Batch) -> list[Outcome]:
        """Accepted, or partial with the reasons of all refused attributes; a refused call is refused as a whole."""
        faults = faults_of(response, self.destination, len(batch))
        return batch.accepted(
            {n: partial("; ".join(one.words for one in found)) for n, found in faults.items()}
        )

    def settle(self, pending: Sequence[Pending]) -> Generator[httpx.Request, Any, list[Settlement]]:
        """Look the erasures up in every app's list of requests."""
        return (yield from settle_erasures(self.destination, pending))


def _profile(batch: Batch) -> Shape:
    attributes = dict(attribute_members(batch, but=("custom_id",)))
    return {"identifiers": {"custom_id": Member(pl.col(IDENTIFIER))}, "attributes": attributes}
