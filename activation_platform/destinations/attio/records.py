"""The records of one object of an Attio workspace: what its services (people, companies, any object) have in common.

They are written one by one, and recognised by a unique attribute, the *matching attribute*.
"""

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import httpx

from activation_platform.contracts.batch import Batch, Record
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.modes import Mode, ObjectKind, Operation
from activation_platform.contracts.outcomes import (
    ACCEPTED,
    CREATED,
    DELETED,
    UPDATED,
    Outcome,
    ignored,
    rejected,
)
from activation_platform.contracts.service import (
    Conversation,
    Inquiry,
    Service,
    UnreadableAnswer,
    refuse,
    said,
)
from activation_platform.contracts.values import Text, TextList
from activation_platform.destinations.attio.account import Told, attributes_of, records_with
from activation_platform.destinations.attio.attributes import Matching, as_key, check_matching, fields_of
from activation_platform.destinations.attio.values import folded, plain, values_to_write

if TYPE_CHECKING:
    from activation_platform.destinations.attio.destination import Attio

__all__ = ["Records"]

_UNKNOWN = "unknown at the destination"

_Saying = Generator[httpx.Request, Any, Outcome]


class Records(Service):
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
    custom_fields: ClassVar[CustomFields | None] = CustomFields(
        pattern="[a-z0-9_-]+",
        words="the slug of an attribute of the object: lower-case letters, digits, underscores and hyphens",
        text=Text(),
        texts=TextList(),
    )

    destination: "Attio"
    options: Matching
    _numbers = False
    """Whether the matching attribute is a number; known once the account's fields were asked for."""

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
        """The attributes of the object in this workspace that can be written, as fields.

        Raises `NotFound` where object or matching attribute do not exist, `DeclarationError` where it cannot match.
        """
        attributes = yield from attributes_of(self.destination, self.target)
        check_matching(self.identifying_field, self.target, attributes)
        self._numbers = attributes[self.identifying_field]["type"] == "number"
        return tuple(self._keyed(field) for one in attributes.values() for field in fields_of(one))

    def deliver(self, batch: Batch) -> Conversation:
        """Assert, create, update or delete the one record of the batch, as operation and mode say."""
        say = {Mode.UPDATE_ONLY: self._update, Mode.INSERT_ONLY: self._create}.get(batch.mode, self._assert)
        if batch.operation is Operation.DELETE:
            say = self._delete
        (record,) = batch.records
        return [(yield from say(record))]

    def _assert(self, record: Record) -> _Saying:
        """Create or update. Attio's answer does not tell which of the two it was."""
        response = yield self._write(
            "PUT", "", values_to_write(record.values), params={"matching_attribute": self.identifying_field}
        )
        return self._outcome(response, ACCEPTED)

    def _create(self, record: Record) -> _Saying:
        """Create; where a unique value is taken, find out whether by this record or by another one."""
        response = yield self._write("POST", "", values_to_write(record.values))
        if _is_conflict(response):
            found = yield from self._find(self._sought(record.identifier))
            if found:
                return ignored("already there")
        return self._outcome(response, CREATED)

    def _update(self, record: Record) -> _Saying:
        """Find the record by the identifier last sent, else by today's, and write; other values of it are kept."""
        today, before = self._sought(record.identifier), self._sought(record.previous_identifier)
        found = yield from self._find(today if before is None else before)
        if not found and before is not None and before != today:
            found = yield from self._find(today)
        if not found:
            return ignored(_UNKNOWN)
        if len(found) > 1:
            return self._ambiguous()
        values = values_to_write(record.values)
        values.pop(self.identifying_field, None)
        values |= self._moved(self._held(found[0]), today, before)
        if not values:
            return ACCEPTED
        response = yield self._write("PUT", _place(found[0]), values)
        if response.status_code == httpx.codes.NOT_FOUND:  # deleted since it was found
            return ignored(_UNKNOWN)
        return self._outcome(response, UPDATED)

    def _delete(self, record: Record) -> _Saying:
        """Find the record by the identifier as sent, and delete it.

        Where it has other values of the matching attribute, it may be another row's record, too: it stays, without the
        value that left.
        """
        sought = self._sought(record.identifier)
        found = yield from self._find(sought)
        if not found:
            return DELETED
        if len(found) > 1:
            return self._ambiguous()
        held = self._held(found[0])
        others = [value for value in held if folded(value) != folded(sought)]
        if len(held) > 1 and others:
            response = yield self._write("PUT", _place(found[0]), {self.identifying_field: others})
            success = ignored(f"stays, known by its other values of {self.identifying_field}")
        else:
            path = self._path(_place(found[0]))
            response = yield self.destination.ask("DELETE", path, budget=self.destination.writes)
            success = DELETED
        return DELETED if response.status_code == httpx.codes.NOT_FOUND else self._outcome(response, success)

    def _find(self, value: Any) -> Told:
        return records_with(self.destination, self.target, self.identifying_field, value)

    def _held(self, found: Mapping[str, Any]) -> list[Any]:
        values = found.get("values")
        written = values.get(self.identifying_field) if isinstance(values, dict) else None
        return [value for value in map(plain, written or ()) if value is not None]

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

    def _sought(self, identifier: str | None) -> Any:
        """An identifier, which the ledger keeps as text, in the type of the matching attribute."""
        if identifier is None or not self._numbers:
            return identifier
        try:
            return float(identifier)
        except ValueError:  # it was last sent when the attribute was of another type
            return identifier

    def _ambiguous(self) -> Outcome:
        return rejected(f"several records at Attio have this value of {self.identifying_field}")

    def _write(
        self, method: str, place: str, values: dict[str, list[Any]], params: Mapping[str, str] | None = None
    ) -> httpx.Request:
        body = {"data": {"values": values}}
        return self.destination.ask(
            method, self._path(place), budget=self.destination.writes, params=params, json=body
        )

    def _path(self, place: str) -> str:
        return f"/v2/objects/{self.target}/records{place}"

    def _outcome(self, response: httpx.Response, success: Outcome) -> Outcome:
        if response.is_success:
            said(response)
            return success
        if response.status_code == httpx.codes.NOT_FOUND:
            refuse(response, self.destination)
        return rejected(self.destination.refusal(response))

    def _keyed(self, field: Field) -> Field:
        return as_key(field) if field.name == self.identifying_field else field


def _place(found: Mapping[str, Any]) -> str:
    place = found["id"]
    if not isinstance(place, dict) or not place.get("record_id"):
        raise UnreadableAnswer("a record without its ID")
    return f"/{place['record_id']}"


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
