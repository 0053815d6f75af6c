"""The events of a Klaviyo account's people: each is told once, under a name of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import httpx
import polars as pl

from activation_platform.contracts.batch import IDENTIFIER, Batch
from activation_platform.contracts.encode import Member, Shape, json_objects, members, sized, unless_null
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind
from activation_platform.contracts.outcomes import ACCEPTED
from activation_platform.contracts.service import Conversation, Service
from activation_platform.contracts.values import Instant, Number, Text
from activation_platform.destinations.klaviyo.answers import said_to_all
from activation_platform.destinations.klaviyo.imports import ENVELOPE
from activation_platform.destinations.klaviyo.people import IDENTIFIERS, PROPERTIES, Identified

if TYPE_CHECKING:
    from activation_platform.destinations.klaviyo.destination import Klaviyo

__all__ = ["Events", "EventsOptions"]

_OWN = ("unique_id", "metric", "time", "value", "value_currency")


@dataclass(frozen=True, slots=True)
class EventsOptions(Identified):
    """`identifier`: the field by which the person is recognised; `backfill`: whether events of the past are told, which begin
    no flow.
    """

    backfill: bool = False


class Events(Service):
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
    fields: ClassVar[tuple[Field, ...]] = (
        Field("unique_id", Text(min=1), key=True, required=True, docs="Your own ID of the event."),
        Field(
            "metric",
            Text(min=1, max=127),
            required=True,
            docs="What happened: a column, or a constant such as Placed Order.",
        ),
        Field(
            "time", Instant(), required=True, docs="When it happened: after 1990, at most a year from now."
        ),
        *IDENTIFIERS,
        Field("value", Number(), docs="What it is worth."),
        Field(
            "value_currency",
            Text(pattern="[A-Z]{3}", words="a currency of three capital letters"),
            docs="ISO 4217: EUR.",
        ),
    )
    custom_fields: ClassVar[CustomFields | None] = PROPERTIES

    destination: "Klaviyo"
    options: EventsOptions

    def declared_fields(self) -> tuple[Field, ...]:
        """The fields; the chosen identifier is required, the others are no fields of an event."""
        others = {one.name for one in IDENTIFIERS} - {self.options.identifier}
        return tuple(
            replace(one, required=True) if one.name == self.options.identifier else one
            for one in self.fields
            if one.name not in others
        )

    def deliver(self, batch: Batch) -> Conversation:
        """Tell the events in one job."""
        account, history = self.destination, ',"backfill":true' if self.options.backfill else ""
        events = [
            f'{{"type":"event-bulk-create","attributes":{{"profile":{{"data":{person}}},"events":{{"data":[{event}]}}{history}}}}}'
            for person, event in zip(
                json_objects(batch, self._person), json_objects(batch, self._event), strict=True
            )
        ]
        sized(events, self, ENVELOPE)

        def request(some: Sequence[int]) -> httpx.Request:
            told = ",".join(events[n] for n in some)
            attributes = f'{{"events-bulk-create":{{"data":[{told}]}}}}'
            body = f'{{"data":{{"type":"event-bulk-create-job","attributes":{attributes}}}}}'
            return account.call("POST", "/api/event-bulk-create-jobs", budget=account.events, body=body)

        taken = yield from said_to_all(account, range(len(batch)), request)
        return [taken.refused.get(n, ACCEPTED) for n in range(len(batch))]

    def _person(self, batch: Batch) -> Shape:
        name = self.options.identifier
        return {"type": Member(pl.lit("profile")), "attributes": {name: members(batch)[name]}}

    def _event(self, batch: Batch) -> Shape:
        told = members(batch)
        others = [name for name in told if name not in (*_OWN, self.options.identifier)]
        attributes: dict[str, Member | Shape] = {
            "unique_id": Member(pl.col(IDENTIFIER)),
            "time": told["time"],
            "metric": {"data": {"type": Member(pl.lit("metric")), "attributes": {"name": told["metric"]}}},
            "properties": {name: unless_null(told[name]) for name in others},
        }
        attributes |= {name: unless_null(told[name]) for name in ("value", "value_currency") if name in told}
        return {"type": Member(pl.lit("event")), "attributes": attributes}
