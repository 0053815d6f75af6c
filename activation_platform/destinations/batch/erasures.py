"""The erasure of people at Batch, asked for each person that a model or segment holds."""

from typing import TYPE_CHECKING, ClassVar

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.fields import Field
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind
from activation_platform.contracts.service import Conversation, Service
from activation_platform.destinations.batch.attributes import PERSON
from activation_platform.destinations.batch.erasure import Erasing

if TYPE_CHECKING:
    from activation_platform.destinations.batch.destination import Batch as BatchProject

__all__ = ["Erasures"]


class Erasures(Erasing, Service):
    """Erase people at Batch: everybody whom the model or segment holds.

    Erasure is Batch's GDPR removal: asynchronous, irreversible, one request per person and app; who is not known there
    counts as erased. Nobody is asked for twice, and who leaves the model stays erased. A profile that is written again
    afterwards, by an app or by another activation, is a new one: only a run in full (run type full_only) erases it again.
    """

    docs: ClassVar[str] = "https://doc.batch.com/api/gdpr/create"
    object: ClassVar[ObjectKind] = ObjectKind.RECORD
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.ERASE})
    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.USERS})
    batch_size: ClassVar[int] = 1
    fields: ClassVar[tuple[Field, ...]] = (PERSON,)

    destination: "BatchProject"

    def deliver(self, batch: Batch) -> Conversation:
        """Ask for the one erasure of the batch."""
        return self.erase(batch)
