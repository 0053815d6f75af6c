"""The events of an Iterable project's users: custom events, each with an ID of its own."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl

from activation_platform.contracts.batch import IDENTIFIER, Batch
from activation_platform.contracts.encode import Member, Shape, json_objects, members, sized, unless_null
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.identified import AboutSomebody
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind
from activation_platform.contracts.outcomes import rejected
from activation_platform.contracts.service import Conversation, Service
from activation_platform.contracts.values import Instant, Integer, Text
from activation_platform.destinations.iterable.answers import NOT_FOUND, outcomes_of
from activation_platform.destinations.iterable.people import CUSTOM, IDENTIFIERS, Identified, data_fields

if TYPE_CHECKING:
    from activation_platform.destinations.iterable.destination import Iterable

__all__ = ["Events"]

_ENVELOPE = len('{"events":[]}')
_CAMPAIGN = ("campaignId", "templateId")


class Events(AboutSomebody, Service):
    """Tell an Iterable project what its users did.

    An event belongs to the user with its identifier, who should be there: one whom Iterable does not know is told again by later
    runs. Iterable knows an event again by its ID, and then updates it, so that none is there twice. It takes events on and
    carries them out later, without saying how that ends, so that what it took on counts. Data fields that are new are made if the
    project allows that; otherwise they are left out, and the event counts as taken in part. Fields without a value are left out.

    Unconfirmed: that one call takes 1,000 events and 4 MB (second-hand); whether an event makes its user; what is answered where
    a value has another type than that of an earlier event of the name.
    """

    docs: ClassVar[str] = "https://api.iterable.com/api/docs#events_trackBulk"
    object: ClassVar[ObjectKind] = ObjectKind.EVENT
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.INSERT_ONLY})
    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.EVENTS})
    batch_size: ClassVar[int] = 1_000
    max_request_bytes: ClassVar[int | None] = 4_000_000
    Options: ClassVar[type[Any]] = Identified
    fields: ClassVar[tuple[Field, ...]] = (
        Field(
            "id", Text(min=1, max=512), key=True, required=True, docs="Your own ID of the event: 512 bytes."
        ),
        Field(
            "eventName",
            Text(min=1),
            required=True,
            docs="What happened: a column, or a constant such as orderPlaced.",
        ),
        Field("createdAt", Instant(), required=True, docs="When it happened, sent to the second."),
        *IDENTIFIERS,
        Field("campaignId", Integer(min=1), docs="The campaign that led to it."),
        Field("templateId", Integer(min=1), docs="The template that led to it."),
    )
    custom_fields: ClassVar[CustomFields | None] = replace(
        CUSTOM, words="a data field of the event, without periods"
    )

    destination: "Iterable"
    options: Identified

    def deliver(self, batch: Batch) -> Conversation:
        """Tell the events in one call."""
        events = sized(json_objects(batch, self._event), self, _ENVELOPE)
        response = yield self.destination.call(
            "POST",
            "/api/events/trackBulk",
            budget=self.destination.events,
            body=f'{{"events":[{",".join(events)}]}}',
        )
        # Not ignored, which an event would be for ever: the user may be there tomorrow.
        return outcomes_of(response, self, batch, range(len(batch)), unknown=rejected(NOT_FOUND))

    def _event(self, batch: Batch) -> Shape:
        told, who = members(batch), self.options.identifier
        event: dict[str, Member | Shape] = {
            "id": Member(pl.col(IDENTIFIER)),
            who: told[who],
            "eventName": told["eventName"],
            "createdAt": Member(pl.col("createdAt").dt.epoch("s")),
            **{name: unless_null(told[name]) for name in _CAMPAIGN if name in told},
        }
        data = data_fields(batch, but=(*event, *_CAMPAIGN))
        values = {name: unless_null(member) for name, member in data.items()}
        return {**event, "dataFields": values} if values else event
