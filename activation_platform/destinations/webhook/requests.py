"""Records kept in step at a receiver of one's own: a request per record, or per batch."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import httpx
import polars as pl

from activation_platform.contracts.batch import IDENTIFIER as BATCH_IDENTIFIER
from activation_platform.contracts.batch import KEY, Batch, Record
from activation_platform.contracts.encode import Member, Shape, json_array, json_objects, members
from activation_platform.contracts.fields import Field
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind, Operation
from activation_platform.contracts.outcomes import (
    ACCEPTED,
    ALREADY_THERE,
    CREATED,
    DELETED,
    UNKNOWN_THERE,
    Outcome,
    rejected,
)
from activation_platform.contracts.service import Conversation, Service, refuse
from activation_platform.destinations.webhook.calls import IDENTIFIER, Unsayable
from activation_platform.destinations.webhook.options import RequestsOptions
from activation_platform.destinations.webhook.sending import Sender

if TYPE_CHECKING:
    from activation_platform.destinations.webhook.destination import Webhook

__all__ = ["Requests", "RequestsOptions"]

_GONE = (httpx.codes.NOT_FOUND, httpx.codes.GONE)


class Requests(Sender, Service):
    """Tell a receiver of your own what is new, changed and gone, in HTTP requests of your own design.

    Any 2xx is success, whatever the answer says. A 404 or 410 means *not there*: of an update, so that it becomes an
    insert (ignored under update only), and of a delete, which is then done. A 409 to an insert means *there already*: it
    becomes an update, and is ignored under insert only. Any other 4xx refuses the record, or the batch, which is then
    halved to find the culprit. The promise of a mode rests on the receiver doing so: update only needs its 404, insert
    only its 409.

    Each request says in `X-Operation` whether it is an insert, update or delete, and has an `Idempotency-Key` that its
    repetitions share. What a later run sends again has another one: the same content may be meant again (a value that
    changes and changes back), and a receiver that remembers keys must not drop it.
    """

    docs: ClassVar[str] = "https://www.rfc-editor.org/rfc/rfc9110.html"
    object: ClassVar[ObjectKind] = ObjectKind.RECORD
    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.USERS, ModelKind.CUSTOM})
    modes: ClassVar[frozenset[Mode]] = frozenset(
        {Mode.UPSERT, Mode.UPDATE_ONLY, Mode.INSERT_ONLY, Mode.MIRROR}
    )
    Options: ClassVar[type[Any]] = RequestsOptions

    destination: "Webhook"
    options: RequestsOptions

    @property
    def batch_size(self) -> int:
        """One, or as the options say."""
        return 1 if self.options.per == "record" else self.options.batch_size

    @property
    def target(self) -> str:
        """The path of an insert: two activations with different ones do not meet."""
        return self.options.call(Operation.INSERT).path

    def declared_fields(self) -> tuple[Field, ...]:
        """The identifier, and the fields that stand in paths."""
        return self.fields_for(*map(self.options.call, (Operation.INSERT, Operation.UPDATE)))

    def deliver(self, batch: Batch) -> Conversation:
        """Say the batch in one request, or its record in one or two."""
        if self.options.per == "batch":
            return (yield from super().deliver(batch))
        operation = batch.operation
        try:
            response = yield self._single(batch, operation)
            if response.status_code == httpx.codes.CONFLICT and operation is Operation.INSERT:
                if batch.mode is Mode.INSERT_ONLY:
                    return [ALREADY_THERE]
                operation = Operation.UPDATE
                response = yield self._single(batch, operation)
        except Unsayable as unsayable:
            return [rejected(str(unsayable))]
        return [self._outcome(response, operation)]

    def request(self, batch: Batch) -> httpx.Request:
        """All records of the batch, as a JSON array."""
        call = self.options.call(batch.operation)
        payload = json_array(batch, self._object)
        return self.message(call, call.path, payload, operation=batch.operation, key=_name(batch))

    def _object(self, batch: Batch) -> Shape:
        if batch.operation is Operation.DELETE:
            return {self.identifying_field: Member(pl.col(BATCH_IDENTIFIER))}
        return members(batch)

    def outcomes(self, response: httpx.Response, batch: Batch) -> list[Outcome]:
        """Accepted, or refused as a whole."""
        if not response.is_success:
            refuse(response, self.destination)
        return batch.all(DELETED if batch.operation is Operation.DELETE else ACCEPTED)

    def _single(self, batch: Batch, operation: Operation) -> httpx.Request:
        call = self.options.call(operation)
        path = call.filled(self._named(batch.records[0])) if call.names else call.path
        payload: Mapping[str, Any] | bytes | None
        if operation is Operation.DELETE and call.names:
            payload = None
        elif self.options.values == "body":
            payload = json_objects(batch, self._object)[0].encode()
        else:
            payload = self._parameters(batch.records[0], operation)
        return self.message(call, path, payload, operation=operation, key=_name(batch))

    def _named(self, record: Record) -> dict[str, Any]:
        """What names in a path stand for."""
        return {**record.values, IDENTIFIER: record.identifier, self.identifying_field: record.identifier}

    def _parameters(self, record: Record, operation: Operation) -> Mapping[str, Any]:
        deleting = operation is Operation.DELETE
        return {self.identifying_field: record.identifier} if deleting else record.values

    def _outcome(self, response: httpx.Response, operation: Operation) -> Outcome:
        if response.is_success:
            created = CREATED if response.status_code == httpx.codes.CREATED else ACCEPTED
            return DELETED if operation is Operation.DELETE else created
        if response.status_code in _GONE and operation is Operation.DELETE:
            return DELETED
        if response.status_code in _GONE and operation is Operation.UPDATE:
            return UNKNOWN_THERE
        return self.refused(response)


def _name(batch: Batch) -> str:
    """What tells a batch, or a stretch of it, from all others."""
    keys = batch.made(KEY, lambda whole: whole.frame[KEY].to_list())
    return repr((batch.id, len(keys), *keys[:1], *keys[-1:]))
