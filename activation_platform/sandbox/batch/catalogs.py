"""The catalogs of a Batch project: items with typed fields; made, changed, looked at and removed, items edited.

Vendor: https://doc.batch.com/developer/api/cep/catalogs and its pages. Unconfirmed by them as read: that an unknown catalog is
refused with 400 by update and items/edit (view and remove say 404), a taken name and a sixth catalog too; that an item is added
over the one of its ID, whose other values stay; that one bad item refuses the call; what `size` counts. The rules of attributes
name dates and addresses by their type (`date(x)`, `url(x)`), their example does not: both are taken where the field has the type.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from activation_platform.sandbox.batch import named
from activation_platform.sandbox.batch.attributes import is_date, is_url
from activation_platform.sandbox.batch.errors import error, malformed
from activation_platform.sandbox.batch.named import Tokens
from activation_platform.sandbox.exchange import Answer, Call

CATALOGS_MAX = 5
FIELDS_MAX = 25
ITEMS_MAX = 200
NAME = re.compile(r"[a-z0-9_]+")
KEY = re.compile(r"(?:(?P<wrapper>date|url)\((?P<wrapped>[a-z0-9_]+)\)|(?P<bare>[a-z0-9_]+))")


def _is_array(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= 15
        and all(isinstance(one, str) and len(one) <= 64 for one in value)
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


TYPES: Mapping[str, Callable[[Any], bool]] = {
    "array": _is_array,
    "bool": lambda value: isinstance(value, bool),
    "date": lambda value: is_date(value) or (isinstance(value, int) and not isinstance(value, bool)),
    "float": _is_number,
    "integer": lambda value: _is_number(value) and isinstance(value, int),
    "string": lambda value: isinstance(value, str) and len(value) <= 10_000,
    "url": is_url,
}


@dataclass(slots=True)
class Catalog:
    """A catalog: the types of its fields, and its items with their attributes by the names of fields."""

    name: str
    fields: dict[str, str]
    created: str
    updated: str
    items: dict[str, dict[str, Any]] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return the catalog as list and view show it."""
        return {
            "name": self.name,
            "fields": [{"name": name, "type": kind} for name, kind in self.fields.items()],
            "items": len(self.items),
            "size": len(str(self.items)),
            "created": self.created,
            "updated": self.updated,
        }


class Catalogs:
    """All catalogs of a project. `polls`: how many looks at a token find its change in progress."""

    def __init__(self, polls: int) -> None:
        self._catalogs: dict[str, Catalog] = {}
        self._tokens = Tokens(polls)

    def create(self, call: Call) -> Answer:
        """Make a catalog without items."""
        body = named.body(call, {"name", "fields"})
        name = body["name"]
        if not isinstance(name, str) or not name:
            raise malformed("The name of a catalog is a string.")
        if name in self._catalogs:
            raise malformed(f"There is already a catalog {name}.")
        if len(self._catalogs) == CATALOGS_MAX:
            raise malformed(f"A project has at most {CATALOGS_MAX} catalogs.")
        now = named.instant(call)
        self._catalogs[name] = Catalog(name, _changed({}, body["fields"], "add"), created=now, updated=now)
        return Answer(201, {})

    def update(self, call: Call) -> Answer:
        """Add fields and remove some; what items have in those goes with them."""
        body = named.body(call, {"name", "fields"})
        catalog = self._named(body["name"])
        catalog.fields = _changed(catalog.fields, body["fields"], None)
        for item in catalog.items.values():
            for name in set(item) - set(catalog.fields):
                del item[name]
        catalog.updated = named.instant(call)
        return Answer(202, {})

    def remove(self, call: Call) -> Answer:
        """Remove a catalog with its items."""
        name = named.body(call, {"name"})["name"]
        if self._catalogs.pop(name if isinstance(name, str) else "", None) is None:
            return error(404, "There is no such catalog.")
        return Answer(202, {})

    def view(self, call: Call) -> Answer:
        """Show a catalog, and the state of the change that a token stands for."""
        catalog = self._catalogs.get(call.query.get("name", ""))
        if catalog is None:
            return error(404, "There is no such catalog.")
        token = call.query.get("indexing_token")
        if token is None:
            return Answer(200, catalog.document())
        state = "IN_PROGRESS" if self._tokens.under_way(token) else "APPLIED"
        return Answer(200, {**catalog.document(), "indexing_state": state})

    def page(self, call: Call) -> Answer:
        """Show a page of catalogs."""
        return named.page(call, "catalogs", self._catalogs, lambda name: self._catalogs[name].document())

    def edit(self, call: Call) -> Answer:
        """Add items and remove some."""
        body = named.body(call, {"name", "items"})
        catalog, items = self._named(body["name"]), body["items"]
        if not isinstance(items, list) or not 1 <= len(items) <= ITEMS_MAX:
            raise malformed(f"items is an array of 1 to {ITEMS_MAX} objects.")
        changes = [_change(catalog, item) for item in items]
        for id_, attributes in changes:
            if attributes is None:
                catalog.items.pop(id_, None)
            else:
                catalog.items.setdefault(id_, {}).update(attributes)
        catalog.updated = named.instant(call)
        return Answer(202, {"indexing_token": self._tokens.given()})

    def document(self) -> dict[str, Any]:
        """Return all catalogs: their items with attributes, by name."""
        return {
            name: {id_: dict(held) for id_, held in one.items.items()} for name, one in self._catalogs.items()
        }

    def _named(self, name: Any) -> Catalog:
        if not isinstance(name, str) or name not in self._catalogs:
            raise malformed("There is no such catalog.")
        return self._catalogs[name]


def _changed(before: Mapping[str, str], sent: Any, action: str | None) -> dict[str, str]:
    """Return the fields after a change; `action` is that of fields which name none."""
    fields = dict(before)
    for one in sent if isinstance(sent, list) else ():
        named_well = (
            isinstance(one, dict) and isinstance(one.get("name"), str) and NAME.fullmatch(one["name"])
        )
        what = one.get("action", action) if named_well else None
        if what == "add" and one.get("type") in TYPES and fields.get(one["name"], one["type"]) == one["type"]:
            fields[one["name"]] = one["type"]
        elif what == "remove" and one["name"] in fields:
            del fields[one["name"]]
        else:
            raise malformed("A field has a name, a type and, in an update, an action.")
    if not 1 <= len(fields) <= FIELDS_MAX:
        raise malformed(f"A catalog has 1 to {FIELDS_MAX} fields.")
    return fields


def _change(catalog: Catalog, item: Any) -> tuple[str, dict[str, Any] | None]:
    """Return the id of an item and what it has in which fields, None where it is removed."""
    if not isinstance(item, dict) or not {"id", "action"} <= set(item) <= {"id", "action", "attributes"}:
        raise malformed("Each of items is an object of id, action and attributes.")
    if not isinstance(item["id"], str) or not item["id"]:
        raise malformed("An id is a string.")
    if item["action"] == "remove" and "attributes" not in item:
        return item["id"], None
    sent = item.get("attributes")
    if item["action"] != "add" or not isinstance(sent, dict):
        raise malformed("The action is remove, or add with an object of attributes.")
    return item["id"], {_field(catalog, key, value): value for key, value in sent.items()}


def _field(catalog: Catalog, key: str, value: Any) -> str:
    """Return the name of the field that an attribute is of, which takes the value."""
    match = KEY.fullmatch(key)
    name = (match["wrapped"] or match["bare"]) if match else ""
    kind = catalog.fields.get(name)
    if match is None or kind is None or (match["wrapper"] or kind) != kind:
        raise malformed(f"The catalog has no field {key}.")
    if not TYPES[kind](value):
        raise malformed(f"The value of {key} is no {kind}.")
    return name
