"""Events told to a receiver of one's own: a request each, once."""

from typing import TYPE_CHECKING, Any, ClassVar

import httpx

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.fields import Field
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind
from activation_platform.contracts.outcomes import ACCEPTED, ALREADY_THERE, Outcome, rejected
from activation_platform.contracts.service import Conversation, Service
from activation_platform.destinations.webhook.calls import IDENTIFIER, Call, Unsayable
from activation_platform.destinations.webhook.options import EventsOptions
from activation_platform.destinations.webhook.sending import Sender

if TYPE_CHECKING:
    from activation_platform.destinations.webhook.destination import Webhook

__all__ = ["Events", "EventsOptions"]


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
        return ALREADY_THERE if response.status_code == httpx.codes.CONFLICT else self.refused(response)

    @property
    def _call(self) -> Call:
        return Call.parse(self.options.event, "event")
