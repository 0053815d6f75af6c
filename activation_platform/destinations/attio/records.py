"""The records of one object of an Attio workspace: what its services (people, companies, any object) have in common.

They are written one by one, and recognised by a unique attribute, the *matching attribute*.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import httpx

from activation_platform.contracts.batch import Batch, Record
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.modes import Mode, ObjectKind, Operation
from activation_platform.contracts.outcomes import (
    ACCEPTED,
    ALREADY_THERE,
    CREATED,
    DELETED,
    UNKNOWN_THERE,
    UPDATED,
    ignored,
)
from activation_platform.contracts.service import Conversation, Inquiry, Service
from activation_platform.contracts.values import Text
from activation_platform.destinations.attio.attributes import BY_SLUG, Matching, as_key, fields_of
from activation_platform.destinations.attio.recognition import Recognising, Saying, id_of
from activation_platform.destinations.attio.values import folded, values_to_write

if TYPE_CHECKING:
    from activation_platform.destinations.attio.destination import Attio

__all__ = ["Records"]


class Records(Recognising, Service):
    """Create, update and delete the records of one object; a subclass says of which, and with which fields.

    Unconfirmed: that an empty array clears a single value, as it does a list; in which words Attio says that a unique value is
    taken (whoever is found there decides); that a query counts as a read.
    """

    docs: ClassVar[str] = "https://docs.attio.com/rest-api/endpoint-reference/records/assert-a-record"
    object: ClassVar[ObjectKind] = ObjectKind.RECORD
    modes: ClassVar[frozenset[Mode]] = frozenset(
        {Mode.UPSERT, Mode.UPDATE_ONLY, Mode.INSERT_ONLY, Mode.MIRROR}
    )
    batch_size: ClassVar[int] = 1  # the API has no bulk endpoint
    Options: ClassVar[type[Any]] = Matching
    fields: ClassVar[tuple[Field, ...]] = ()
    custom_fields: ClassVar[CustomFields | None] = BY_SLUG

    destination: "Attio"

    @property
    def thing(self) -> str:
        """The object whose records are kept."""
        return self.target

    @property
    def identifying_field(self) -> str:
        """The matching attribute."""
        return self.options.matching_attribute

    def declared_fields(self) -> tuple[Field, ...]:
        """The standard fields, with the matching attribute as the key."""
        known = self.fields
        if self.identifying_field not in {field.name for field in known}:
            known = (Field(self.identifying_field, Text(min=1), docs="The matching attribute."), *known)
        return tuple(map(self._keyed, known))

    def account_fields(self) -> Inquiry:
        """The attributes of the object in this workspace that can be written, as fields; raises as `attributes` does."""
        attributes = yield from self.attributes()
        return tuple(self._keyed(field) for one in attributes.values() for field in fields_of(one))

    def deliver(self, batch: Batch) -> Conversation:
        """Assert, create, update or delete the one record of the batch, as operation and mode say."""
        say = {Mode.UPDATE_ONLY: self._update, Mode.INSERT_ONLY: self._create}.get(batch.mode, self._assert)
        if batch.operation is Operation.DELETE:
            say = self._delete
        (record,) = batch.records
        return [(yield from say(record))]

    def _assert(self, record: Record) -> Saying:
        """Create or update. Attio's answer does not tell which of the two it was."""
        response = yield self._write(
            "PUT", "", values_to_write(record.values), params={"matching_attribute": self.identifying_field}
        )
        return self.outcome(response, ACCEPTED)

    def _create(self, record: Record) -> Saying:
        """Create; where a unique value is taken, find out whether by this record or by another one."""
        response = yield self._write("POST", "", values_to_write(record.values))
        if _is_conflict(response):
            found = yield from self.find(self.sought(record.identifier))
            if found:
                return ALREADY_THERE
        return self.outcome(response, CREATED)

    def _update(self, record: Record) -> Saying:
        """Find the record by the identifier last sent, else by today's, and write; other values of it are kept."""
        today, before = self.sought(record.identifier), self.sought(record.previous_identifier)
        found = yield from self.find(today if before is None else before)
        if not found and before is not None and before != today:
            found = yield from self.find(today)
        if not found:
            return UNKNOWN_THERE
        if len(found) > 1:
            return self.ambiguous()
        values = values_to_write(record.values)
        values.pop(self.identifying_field, None)
        values |= self._moved(self.held(found[0]), today, before)
        if not values:
            return ACCEPTED
        response = yield self._write("PUT", f"/{id_of(found[0])}", values)
        if response.status_code == httpx.codes.NOT_FOUND:  # deleted since it was found
            return UNKNOWN_THERE
        return self.outcome(response, UPDATED)

    def _delete(self, record: Record) -> Saying:
        """Find the record by the identifier as sent, and delete it.

        Where it has other values of the matching attribute, it may be another row's record, too: it stays, without the
        value that left.
        """
        sought = self.sought(record.identifier)
        found = yield from self.find(sought)
        if not found:
            return DELETED
        if len(found) > 1:
            return self.ambiguous()
        place, others = f"/{id_of(found[0])}", self.others(found[0], sought)
        if others:
            response = yield self._write("PUT", place, {self.identifying_field: others})
            success = ignored(self.stays())
        else:
            response = yield self.destination.ask("DELETE", self._path(place), budget=self.destination.writes)
            success = DELETED
        return DELETED if response.status_code == httpx.codes.NOT_FOUND else self.outcome(response, success)

    def _moved(self, there: list[Any], today: Any, before: Any) -> dict[str, list[Any]]:
        """The matching attribute as it must become: nothing to write where today's value is there already.

        The update overwrites all values of an attribute, and the record may have others: they stay, and today's takes
        the place of the one before.
        """
        known = [folded(value) for value in there]
        if folded(today) in known:
            return {}
        if folded(before) not in known:
            return {self.identifying_field: [today, *there]}
        place = known.index(folded(before))
        return {self.identifying_field: [*there[:place], today, *there[place + 1 :]]}

    def _write(
        self, method: str, place: str, values: dict[str, list[Any]], params: Mapping[str, str] | None = None
    ) -> httpx.Request:
        body = {"data": {"values": values}}
        return self.destination.ask(
            method, self._path(place), budget=self.destination.writes, params=params, json=body
        )

    def _path(self, place: str) -> str:
        return f"/v2/objects/{self.target}/records{place}"

    def _keyed(self, field: Field) -> Field:
        return as_key(field) if field.name == self.identifying_field else field


def _is_conflict(response: httpx.Response) -> bool:
    """Whether a unique value is taken.

    Unconfirmed: the specification shows no such answer. Seen in public is a Bad Request whose message says "conflicts
    with one already in the system" (https://github.com/kesslerio/attio-mcp-server/issues/216); a 409 or a code that
    speaks of a conflict or of uniqueness is taken to mean the same. Whoever is found there decides, not these words.
    """
    if response.is_success:
        return False
    words = response.text.lower()
    return response.status_code == httpx.codes.CONFLICT or "conflict" in words or "uniqueness" in words
