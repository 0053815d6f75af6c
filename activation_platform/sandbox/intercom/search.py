"""The search for contacts: filters on standard fields, joined by AND and OR; what is new is found after a while.

Source: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/searchcontacts. Only the operators =,
!=, IN and NIN are here. Unconfirmed: that an e-mail address is sought without regard to capitals, and how many values IN takes.
"""

from __future__ import annotations

from typing import Any

from activation_platform.sandbox.exchange import MALFORMED, Answer, Call
from activation_platform.sandbox.intercom.contacts import shown
from activation_platform.sandbox.intercom.errors import refused
from activation_platform.sandbox.intercom.workspace import Contact, Workspace

FILTERS_MAX = 15
DEPTH_MAX = 2
PAGE, PAGE_MAX = 50, 150
FIELDS = ("id", "role", "email", "phone", "name", "external_id", "owner_id", "tag_id")


def search(call: Call, workspace: Workspace) -> Answer:
    """Show a page of the contacts who fit a query."""
    asked = call.document
    if asked is MALFORMED or not isinstance(asked, dict) or not isinstance(asked.get("query"), dict):
        raise refused("The body has a query")
    pagination = asked.get("pagination") or {}
    size = pagination.get("per_page", PAGE)
    if not isinstance(size, int) or not 1 <= size <= PAGE_MAX:
        raise refused(f"per_page is at most {PAGE_MAX}")
    found = [
        one
        for one in workspace.contacts.values()
        if not one.archived and one.searchable <= call.now and _fits(asked["query"], one, workspace, 0)
    ]
    start = _start(pagination.get("starting_after"))
    page = [shown(one, workspace) for one in found[start : start + size]]
    pages: dict[str, Any] = {
        "type": "pages",
        "page": start // size + 1,
        "per_page": size,
        "total_pages": -(-len(found) // size),
    }
    if start + size < len(found):
        pages["next"] = {"per_page": size, "starting_after": str(start + size)}
    return Answer(200, {"type": "list", "data": page, "total_count": len(found), "pages": pages})


def _start(cursor: Any) -> int:
    if cursor is None:
        return 0
    if not isinstance(cursor, str) or not cursor.isdecimal():
        raise refused("starting_after is invalid")
    return int(cursor)


def _fits(query: Any, contact: Contact, workspace: Workspace, depth: int) -> bool:
    if not isinstance(query, dict):
        raise refused("A filter is an object")
    if query.get("operator") not in ("AND", "OR"):
        return _fits_one(query, contact, workspace)
    inner = query.get("value")
    if not isinstance(inner, list) or not 1 <= len(inner) <= FILTERS_MAX or depth >= DEPTH_MAX:
        raise refused(f"A group has 1 to {FILTERS_MAX} filters, and at most {DEPTH_MAX} are nested")
    fits = [_fits(one, contact, workspace, depth + 1) for one in inner]
    return all(fits) if query["operator"] == "AND" else any(fits)


def _fits_one(query: dict[str, Any], contact: Contact, workspace: Workspace) -> bool:
    name, operator, value = query.get("field"), query.get("operator"), query.get("value")
    if name not in FIELDS:
        raise refused(f"Unsupported field {name}")
    held = _held(str(name), contact, workspace)
    if operator in ("=", "!=") and not isinstance(value, list):
        return (_folded(name, value) in held) is (operator == "=")
    if operator in ("IN", "NIN") and isinstance(value, list) and name != "tag_id":
        return any(_folded(name, one) in held for one in value) is (operator == "IN")
    raise refused(f"Unsupported operator {operator} for {name}")


def _held(name: str, contact: Contact, workspace: Workspace) -> list[Any]:
    if name == "tag_id":
        return [tag.id for tag in workspace.tags.values() if contact.id in tag.contacts]
    own = {"id": contact.id, "role": contact.role}
    return [_folded(name, own.get(name, contact.values.get(name)))]


def _folded(name: Any, value: Any) -> Any:
    return value.lower() if name == "email" and isinstance(value, str) else value
