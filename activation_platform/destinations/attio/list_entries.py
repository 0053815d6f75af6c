"""The entries of a list of an Attio workspace: records of an object that enter and leave it, each with values of its own."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import httpx

from activation_platform.contracts.batch import Batch, Record
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.modes import Mode, ObjectKind, Operation
from activation_platform.contracts.outcomes import (
    ACCEPTED,
    DELETED,
    UNKNOWN_THERE,
    UPDATED,
    ignored,
    rejected,
)
from activation_platform.contracts.service import Conversation, Inquiry, Service
from activation_platform.contracts.values import Text
from activation_platform.destinations.attio.account import attributes_of
from activation_platform.destinations.attio.attributes import BY_SLUG, as_key, field_of, fields_of
from activation_platform.destinations.attio.companies import Companies
from activation_platform.destinations.attio.lists import NamedList, OfAList
from activation_platform.destinations.attio.people import People
from activation_platform.destinations.attio.recognition import Recognising, Saying, id_of
from activation_platform.destinations.attio.values import values_to_write

if TYPE_CHECKING:
    from activation_platform.destinations.attio.destination import Attio

__all__ = ["ListEntries"]

_SEVERAL = rejected("several entries of the list are of this record")
_STANDARD = {(service.target, one.name): one for service in (People, Companies) for one in service.fields}


class ListEntries(Recognising, Service):
    """Put records of an Attio workspace on a list, with values of the list's own attributes; under mirror, take them off.

    The list is found by its slug, which is its name in snake case, and made where there is none; its attributes must exist
    before they are mapped. `parent_record` is the record's value of the *matching attribute*. Nobody is created: who is not
    known is asked about again. A record that left and has other values of that attribute stays under mirror, for it may be
    another row's, too; match by an ID of your own, and nobody stays.

    Unconfirmed: that an empty array clears a single value, as it does a list; that a query counts as a read, and how soon it
    finds a record that was made just now; how Attio makes a slug of a name.
    """

    docs: ClassVar[str] = (
        "https://docs.attio.com/rest-api/endpoint-reference/entries/upsert-a-list-entry-by-parent"
    )
    object: ClassVar[ObjectKind] = ObjectKind.RECORD
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.UPSERT, Mode.UPDATE_ONLY, Mode.MIRROR})
    batch_size: ClassVar[int] = 1  # the API has no bulk endpoint
    Options: ClassVar[type[Any]] = OfAList
    fields: ClassVar[tuple[Field, ...]] = (
        Field("parent_record", Text(min=1), key=True, docs="The matching attribute of the record."),
    )
    custom_fields: ClassVar[CustomFields | None] = BY_SLUG

    destination: "Attio"
    options: OfAList

    def __init__(self, destination: "Attio", options: Any = None) -> None:
        super().__init__(destination, options)
        self._list = NamedList(destination, self.options.list, self.options.object)

    @property
    def target(self) -> str:
        """The list's slug."""
        return self._list.slug

    @property
    def thing(self) -> str:
        """The object whose records are on the list."""
        return self.options.object

    def declared_fields(self) -> tuple[Field, ...]:
        """The parent record alone; the list's own attributes are the account's to tell."""
        return (self._parent(_STANDARD.get((self.thing, self.options.matching_attribute))),)

    def account_fields(self) -> Inquiry:
        """The parent record, and the list's attributes where it is there; raises what stands against object and list."""
        attributes = yield from self.attributes()
        parent = self._parent(field_of(attributes[self.options.matching_attribute]))
        if (yield from self._list.find()) is None:
            return (parent,)
        own = yield from attributes_of(self.destination, "lists", self.target)
        fields = (one for attribute in own.values() for one in fields_of(attribute))
        return (parent, *(one for one in fields if one.name != parent.name))

    def require_rights(self, mode: Mode, fields: Collection[str]) -> Inquiry:
        """The token's scopes must suffice, and for making the list where there is none."""
        del mode, fields
        yield from self.destination.require_scopes(("list_entry:read-write", "list_configuration:read"))
        if (yield from self._list.find()) is None:
            yield from self.destination.require_scopes(("list_configuration:read-write",))

    def deliver(self, batch: Batch) -> Conversation:
        """Find the record, then assert, update or delete its entry, as operation and mode say."""
        (record,) = batch.records
        gone = batch.operation is Operation.DELETE
        found = yield from self.find(self.sought(record.identifier))
        if len(found) != 1:
            return [self.ambiguous() if found else DELETED if gone else UNKNOWN_THERE]
        if gone:
            return [(yield from self._remove(record, found[0]))]
        say = self._update if batch.mode is Mode.UPDATE_ONLY else self._assert
        return [(yield from say(record, id_of(found[0])))]

    def _assert(self, record: Record, parent: str) -> Saying:
        """Create or update the one entry of the record. Attio's answer does not tell which of the two it was."""
        yield from self._list.made()
        data = {"parent_record_id": parent, "parent_object": self.thing, "entry_values": self._values(record)}
        return self.outcome((yield self._list.write(data)), ACCEPTED)

    def _update(self, record: Record, parent: str) -> Saying:
        entries = yield from self._list.entries_of(parent)
        if len(entries) != 1:
            return _SEVERAL if entries else UNKNOWN_THERE
        response = yield self._list.write({"entry_values": self._values(record)}, entries[0])
        gone = response.status_code == httpx.codes.NOT_FOUND  # since it was found
        return UNKNOWN_THERE if gone else self.outcome(response, UPDATED)

    def _remove(self, record: Record, found: Mapping[str, Any]) -> Saying:
        entries = yield from self._list.entries_of(id_of(found))
        if len(entries) != 1:
            return _SEVERAL if entries else DELETED
        if self.others(found, self.sought(record.identifier)):
            return ignored(self.stays())
        response = yield self._list.remove(entries[0])
        return DELETED if response.status_code == httpx.codes.NOT_FOUND else self.outcome(response, DELETED)

    def _values(self, record: Record) -> dict[str, list[Any]]:
        return values_to_write({name: one for name, one in record.values.items() if name != "parent_record"})

    def _parent(self, matched: Field | None) -> Field:
        (parent,) = self.fields
        return replace(as_key(matched or parent), name=parent.name, docs=parent.docs)
