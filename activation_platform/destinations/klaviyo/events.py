"""The events of a Klaviyo account's people: each is told once, under a name of its own."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.encode import Shape, json_objects, sized
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.identified import AboutSomebody
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind
from activation_platform.contracts.service import Conversation, Service
from activation_platform.destinations.klaviyo.jobs import ENVELOPE, Job
from activation_platform.destinations.klaviyo.people import IDENTIFIERS, PROPERTIES, Identified
from activation_platform.destinations.klaviyo.telling import OWN, event, happened, person

if TYPE_CHECKING:
    from activation_platform.destinations.klaviyo.destination import Klaviyo

__all__ = ["Events", "EventsOptions"]


@dataclass(frozen=True, slots=True)
class EventsOptions(Identified):
    """`identifier`: the field by which the person is recognised; `backfill`: whether events of the past are told, which begin
    no flow.
    """

    backfill: bool = False


class Events(AboutSomebody, Service):
    """Tell a Klaviyo account what its people did.

    An event has the name of a *metric*, which Klaviyo makes when it is first heard of, and belongs to the person with its
    identifier, whose profile is made where there is none. Klaviyo tells an event again by its unique ID, takes events on and
    does not say how they end, so that what it took on counts. Properties without a value are left out. It keeps the time to
    the second.

    Unconfirmed: what it answers to an event that it has already, where an answer was lost (its description says that the
    request fails; an event that it names then counts as refused).
    """

    docs: ClassVar[str] = "https://developers.klaviyo.com/en/reference/bulk_create_events"
    object: ClassVar[ObjectKind] = ObjectKind.EVENT
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.INSERT_ONLY})
    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.EVENTS})
    batch_size: ClassVar[int] = 1_000
    max_request_bytes: ClassVar[int | None] = 5_000_000
    max_fields: ClassVar[int | None] = 400  # properties of an event
    Options: ClassVar[type[Any]] = EventsOptions
    fields: ClassVar[tuple[Field, ...]] = (*OWN, *IDENTIFIERS)
    custom_fields: ClassVar[CustomFields | None] = PROPERTIES

    destination: "Klaviyo"
    options: EventsOptions

    def deliver(self, batch: Batch) -> Conversation:
        """Tell the events in one job."""
        pairs = zip(json_objects(batch, self._person), json_objects(batch, self._event), strict=True)
        told = [happened(whose, what, backfill=self.options.backfill) for whose, what in pairs]
        job = Job("event-bulk-create", "events-bulk-create", self.destination.events)
        taken = yield from job.said(self.destination, dict(enumerate(sized(told, self, ENVELOPE))))
        return batch.accepted(taken.refused)

    def _person(self, batch: Batch) -> Shape:
        return person(batch, self.options.identifier)

    def _event(self, batch: Batch) -> Shape:
        return event(batch, self.options.identifier)
