"""The objects and lists of an Attio workspace, each with its attributes, its records or entries, and who holds what."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from activation_platform.sandbox.attio.errors import not_found, refused
from activation_platform.sandbox.attio.values import IMPLICIT, Value, key_of

API = {"type": "api-token", "id": None}


@dataclass(slots=True)
class Attribute:
    """A column of an object; `options` are the titles of a select or status, by option id."""

    attribute_id: str
    api_slug: str
    type: str
    title: str
    created_at: str
    description: str | None = None
    is_writable: bool = True
    is_required: bool = False
    is_unique: bool = False
    is_multiselect: bool = False
    is_system: bool = False
    config: dict[str, Any] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Record:
    """A row of an object: its values by attribute slug, each a list without empty entries."""

    record_id: str
    created_at: str
    values: dict[str, list[Value]] = field(default_factory=dict)


@dataclass(slots=True)
class Entry(Record):
    """An entry of a list: a row that is about a record, its parent."""

    parent: str = ""


class Thing:
    """An object of the workspace (people, deals, one made by hand): its attributes, its records, and who holds what."""

    def __init__(self, slug: str, object_id: str, attributes: list[Attribute]) -> None:
        self.slug = slug
        self.object_id = object_id
        self.nouns = (slug, slug)
        self.created_at = "2024-01-01T00:00:00.000000000Z"
        self.attributes = {each.api_slug: each for each in attributes}
        self.records: dict[str, Record] = {}
        self.received: Counter[str] = Counter()
        self._holders: dict[tuple[str, Any], str] = {}

    def attribute(self, slug_or_id: str) -> Attribute | None:
        """Return an attribute by slug or id."""
        found = self.attributes.get(slug_or_id)
        if found is None:
            found = next((a for a in self.attributes.values() if a.attribute_id == slug_or_id), None)
        return found

    def record(self, record_id: str) -> Record:
        """Return a record; 404 when there is none."""
        if record_id not in self.records:
            raise not_found(f"Record with ID {record_id}")
        return self.records[record_id]

    def holder(self, attribute: Attribute, key: Any) -> str | None:
        """Return the id of the record that holds a value of a unique attribute."""
        return self._holders.get((attribute.api_slug, key))

    def write(self, record: Record, changed: dict[str, list[Value]]) -> None:
        """Give a record new values; nothing is written when one of them belongs to another record."""
        unique = [self.attributes[slug] for slug in changed if self.attributes[slug].is_unique]
        for attribute in unique:
            for value in changed[attribute.api_slug]:
                if self.holder(attribute, key_of(attribute.type, value)) not in (None, record.record_id):
                    raise refused(
                        f'Another record already has this value for the unique attribute "{attribute.api_slug}".',
                        "uniqueness_conflict",
                    )
        self.records[record.record_id] = record
        for attribute in unique:
            self._release(record, attribute)
        record.values.update(changed)
        for attribute in unique:
            for value in changed[attribute.api_slug]:
                self._holders[attribute.api_slug, key_of(attribute.type, value)] = record.record_id
        self.received[record.record_id] += 1

    def delete(self, record: Record) -> None:
        """Forget a record; its unique values are free again."""
        for attribute in self.attributes.values():
            if attribute.is_unique:
                self._release(record, attribute)
        del self.records[record.record_id]

    def shown(self, record: Record) -> dict[str, list[Value]]:
        """Return the values of a record as Attio shows them: every attribute, each value with when and by whom."""
        made = {"active_from": record.created_at, "active_until": None, "created_by_actor": API}
        own: dict[str, list[Value]] = {
            "record_id": [{"value": record.record_id}],
            "entry_id": [{"value": record.record_id}],
            "created_at": [{"value": record.created_at}],
            "created_by": [{"referenced_actor_type": API["type"], "referenced_actor_id": API["id"]}],
        }
        return {
            slug: [
                {**made, "attribute_type": attribute.type, **value}
                for value in own.get(slug) or record.values.get(slug, [])
            ]
            for slug, attribute in self.attributes.items()
        }

    def simplified(self) -> dict[str, dict[str, Any]]:
        """Return {record id: {slug: value}}: a list where multi-select, compound types whole, no empty ones."""
        return {
            record_id: {
                slug: self._simple(self.attributes[slug], values)
                for slug, values in record.values.items()
                if values
            }
            for record_id, record in self.records.items()
        }

    def _simple(self, attribute: Attribute, values: list[Value]) -> Any:
        name = IMPLICIT.get(attribute.type)
        whole = attribute.type in ("personal-name", "location") or name is None
        simple = [deepcopy(value) if whole else value[name or ""] for value in values]
        return simple if attribute.is_multiselect else simple[0]

    def _release(self, record: Record, attribute: Attribute) -> None:
        for value in record.values.get(attribute.api_slug, ()):
            self._holders.pop((attribute.api_slug, key_of(attribute.type, value)), None)


class EntryList(Thing):
    """A list: its attributes, and its entries, each of a record of one object."""

    def __init__(
        self, slug: str, list_id: str, attributes: list[Attribute], name: str, parent_object: str
    ) -> None:
        super().__init__(slug, list_id, attributes)
        self.name = name
        self.parent_object = parent_object
        self.access: tuple[str | None, list[dict[str, Any]]] = ("full-access", [])

    def entries_of(self, record_id: str) -> list[Entry]:
        """Return the entries of a record."""
        return [one for one in self.records.values() if isinstance(one, Entry) and one.parent == record_id]

    def simplified(self) -> dict[str, dict[str, Any]]:
        """Return {entry id: {slug: value}}, the parent record's id among the values."""
        simple = super().simplified()
        parents = {one.record_id: one.parent for one in self.records.values() if isinstance(one, Entry)}
        return {entry: {"parent_record": parents[entry], **values} for entry, values in simple.items()}
