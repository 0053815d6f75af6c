"""Events told to a receiver of one's own: a request each, once."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import httpx

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.fields import Field
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind
from activation_platform.contracts.outcomes import ACCEPTED, Outcome, ignored, rejected
from activation_platform.contracts.service import Conversation, Service, refuse
from activation_platform.destinations.webhook.sending import (
    IDENTIFIER,
    Call,
    Sender,
    SendingOptions,
    Unsayable,
)

if TYPE_CHECKING:
    from activation_platform.destinations.webhook.destination import Webhook

__all__ = ["Events", "EventsOptions"]


@dataclass(frozen=True, slots=True)
class EventsOptions(SendingOptions):
    """`event`: a method, and a path below the URL in which the names of fields stand for values
    (`POST /events/{kind}?source=shop`). `values`: where they are sent, as JSON `body` or `query`. `headers`: those that
    are no secrets. `identifier`: the field that tells one event from another. `idempotent`: whether the receiver takes an
    event twice without harm, because it knows it by its identifier or remembers the header `Idempotency-Key`.
    """

    event: str = "POST"

    def __post_init__(self) -> None:
        SendingOptions.__post_init__(self)
        Call.parse(self.event, "event")


class Events(Sender, Service):
    """Tell a receiver of your own what happened: one HTTP request per event.

    Any 2xx is success, whatever the answer says; a 409 means that the receiver has the event already; any other 4xx
    refuses it. The `Idempotency-Key` of an event is the same in every run, so that a receiver that remembers keys can
    drop what it took on when the answer was lost.
    """

    docs: ClassVar[str] = "https://www.rfc-editor.org/rfc/rfc9110.html"
    object: ClassVar[ObjectKind] = ObjectKind.EVENT
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.INSERT_ONLY})
    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.EVENTS})
    batch_size: ClassVar[int] = 1
    Options: ClassVar[type[Any]] = EventsOptions

    destination: "Webhook"
    options: EventsOptions

    @property
    def target(self) -> str:
        """The path of an event: two activations with different ones do not meet."""
        return self._call.path

    def declared_fields(self) -> tuple[Field, ...]:
        """The identifier, and the fields that stand in the path."""
        return self.fields_for(self._call)

    def deliver(self, batch: Batch) -> Conversation:
        """Say the one event of the batch."""
        (record,) = batch.records
        try:
            path = self._call.filled({**record.values, IDENTIFIER: record.identifier})
        except Unsayable as unsayable:
            return [rejected(str(unsayable))]
        key = f"event {record.identifier}"
        response = yield self.message(self._call, path, dict(record.values), operation="insert", key=key)
        return [self._outcome(response)]

    def _outcome(self, response: httpx.Response) -> Outcome:
        if response.is_success:
            return ACCEPTED
        if response.status_code == httpx.codes.CONFLICT:
            return ignored("already there")
        if response.status_code == httpx.codes.NOT_FOUND:
            refuse(response, self.destination)
        return rejected(self.destination.refusal(response))

    @property
    def _call(self) -> Call:
        return Call.parse(self.options.event, "event")
