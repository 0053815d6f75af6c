"""The events of a Batch project's people: each is told once, with the moment at which it happened."""

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

import httpx
import polars as pl

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.encode import Member, Shape, json_objects, unless_null
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind
from activation_platform.contracts.outcomes import Outcome
from activation_platform.contracts.service import Service
from activation_platform.contracts.values import Instant, Text, TextList
from activation_platform.destinations.batch.attributes import (
    ATTRIBUTES,
    CUSTOM_ID,
    attribute_members,
    rfc3339,
)
from activation_platform.destinations.batch.told_by_person import ByPerson
from activation_platform.destinations.batch.updates import faults_of, update

if TYPE_CHECKING:
    from activation_platform.destinations.batch.destination import Batch as BatchProject

__all__ = ["Events"]

_NAME = Text(pattern="[a-z0-9_]{1,30}", words="1 to 30 lower-case letters, digits and underscores")
_RECENT = Instant(within_last=timedelta(hours=24))
_OWN = ("event_id", "custom_id", "event_name", "event_time")


class Events(Service):
    """Tell a Batch project what its people did.

    An event belongs to the person with its custom ID, whose profile is created when Batch does not know it. Batch takes
    events of the last 24 hours only: older ones, and those in the future, are set aside. It knows no ID of an event, so
    `event_id` is how the ledger tells events apart and is not sent; an event whose answer was lost may be there twice if
    it is sent again. Attributes without a value are left out.

    Unconfirmed: the lengths of custom IDs, names, texts, labels and tags; under which name an error says the event it means.
    """

    docs: ClassVar[str] = "https://doc.batch.com/developer/api/cep/profiles/update"
    object: ClassVar[ObjectKind] = ObjectKind.EVENT
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.INSERT_ONLY})
    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.EVENTS})
    # A call may hold 200 profiles with 15 events each. No more than 15 events in all are never too many for one profile, so
    # that a batch is one call: were it several, a refusal of the second would have the first said again. Batch counts people
    # a second, not calls, so that smaller calls cost nothing.
    batch_size: ClassVar[int] = 15
    idempotent: ClassVar[bool] = False
    fields: ClassVar[tuple[Field, ...]] = (
        Field("event_id", Text(min=1), key=True, required=True, docs="Your own ID of the event; not sent."),
        Field("custom_id", CUSTOM_ID, required=True, docs="Your own ID of the person."),
        Field("event_name", _NAME, required=True, docs="What happened: a column, or a constant."),
        Field("event_time", _RECENT, required=True, docs="When it happened, sent to the second."),
        # As the pages of the older API and of the SDKs say; unconfirmed for this one.
        Field("$label", Text(min=1, max=200), docs="A word about the event."),
        Field("$tags", TextList(max_items=10, max=64), docs="Words to find it by."),
    )
    custom_fields: ClassVar[CustomFields | None] = ATTRIBUTES

    destination: "BatchProject"

    def request(self, batch: Batch) -> httpx.Request:
        """The people of the batch, each once, with their events."""
        people = ByPerson(batch)
        return update(self.destination, people.profiles(json_objects(batch, _event)), len(people))

    def outcomes(self, response: httpx.Response, batch: Batch) -> list[Outcome]:
        """Accepted, but for what Batch left out."""
        people = ByPerson(batch)
        return batch.accepted(people.verdicts(faults_of(response, self.destination, len(people))))


def _event(batch: Batch) -> Shape:
    """An event; what it lacks is left out."""
    return {
        "name": Member(pl.col("event_name")),
        "time": Member(rfc3339(pl.col("event_time"), batch.frame.schema["event_time"])),
        "attributes": {name: unless_null(member) for name, member in attribute_members(batch, but=_OWN)},
    }
