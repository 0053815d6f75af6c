"""The entry endpoints of Attio: what is on a list, one entry a call, and on which lists a record is.

Vendor: https://docs.attio.com/rest-api/endpoint-reference/entries. The query of entries is left out. Unconfirmed: that an assert
of a parent that does not exist is refused as a create is (`value_not_found`), and as which code an object that the list does not
take (`validation_type`).
"""

from __future__ import annotations

from typing import Any

from activation_platform.sandbox.attio.calls import data_of, whole
from activation_platform.sandbox.attio.errors import not_found, refused
from activation_platform.sandbox.attio.things import Entry, EntryList, Thing
from activation_platform.sandbox.attio.values import Value
from activation_platform.sandbox.attio.workspace import Workspace, instant
from activation_platform.sandbox.attio.writing import merged, read_values, require
from activation_platform.sandbox.exchange import Answer, Call

MOST = 1000


def assert_entry(call: Call, workspace: Workspace) -> Answer:
    """Update the one entry of the parent record, else create one; 400 where it has several. Values are replaced."""
    on, parent = _parent(call, workspace)
    values = _values(call, on, workspace)
    there = on.entries_of(parent)
    if len(there) > 1:
        raise refused(
            "Multiple entries were found for the given parent record. Please remove duplicates or use the update or create "
            "entry endpoints instead.",
            "multiple_match_results",
        )
    return _write(on, there[0], values, workspace) if there else _create(on, parent, values, call, workspace)


def create_entry(call: Call, workspace: Workspace) -> Answer:
    """Create an entry, also where the record has one."""
    on, parent = _parent(call, workspace)
    return _create(on, parent, _values(call, on, workspace), call, workspace)


def read_entry(call: Call, workspace: Workspace) -> Answer:
    """Return an entry."""
    on, entry = _entry(call, workspace)
    return Answer(200, {"data": _document(entry, on, workspace)})


def update_entry(call: Call, workspace: Workspace) -> Answer:
    """Update an entry (PATCH): the values of a multi-select come before those it has."""
    on, entry = _entry(call, workspace)
    values = _values(call, on, workspace)
    for slug, new in values.items():
        if new and on.attributes[slug].is_multiselect:
            values[slug] = merged(on.attributes[slug], new, entry.values.get(slug, []))
    return _write(on, entry, values, workspace)


def overwrite_entry(call: Call, workspace: Workspace) -> Answer:
    """Update an entry (PUT): the values of a multi-select replace those it has."""
    on, entry = _entry(call, workspace)
    return _write(on, entry, _values(call, on, workspace), workspace)


def delete_entry(call: Call, workspace: Workspace) -> Answer:
    """Delete an entry; its record stays."""
    on, entry = _entry(call, workspace)
    on.delete(entry)
    return Answer(200, {})


def entries_of_record(call: Call, workspace: Workspace) -> Answer:
    """List the entries of a record on all lists, `limit` (by default 100, at most 1000) of them from `offset`."""
    thing = workspace.thing(call.parameters["object"])
    record = thing.record(call.parameters["record_id"])
    start, limit = whole(call, "offset", 0), whole(call, "limit", 100)
    if limit > MOST:
        raise refused(f"limit is at most {MOST}.")
    shown = [
        {
            "list_id": each.object_id,
            "list_api_slug": each.slug,
            "entry_id": entry.record_id,
            "created_at": entry.created_at,
        }
        for each in workspace.lists.values()
        for entry in each.entries_of(record.record_id)
    ]
    return Answer(200, {"data": shown[start : start + limit]})


def _parent(call: Call, workspace: Workspace) -> tuple[EntryList, str]:
    on, data = workspace.list(call.parameters["list"]), data_of(call)
    if missing := [
        name for name in ("parent_record_id", "parent_object") if not isinstance(data.get(name), str)
    ]:
        raise refused(f"An entry needs {', '.join(missing)}.", "missing_value")
    thing: Thing = workspace.thing(data["parent_object"])
    if thing.slug != on.parent_object:
        raise refused(f"The list takes {on.parent_object}.")
    if data["parent_record_id"] not in thing.records:
        raise refused(
            f'Parent record with slug/ID "{data["parent_record_id"]}" not found.', "value_not_found"
        )
    return on, data["parent_record_id"]


def _entry(call: Call, workspace: Workspace) -> tuple[EntryList, Entry]:
    on = workspace.list(call.parameters["list"])
    entry = on.records.get(call.parameters["entry_id"])
    if not isinstance(entry, Entry):
        raise not_found(f"Entry with ID {call.parameters['entry_id']}")
    if isinstance(call.document, dict) and "parent_record_id" in (call.document.get("data") or {}):
        raise refused("The parent record for a list entry cannot be updated once created.", "immutable_value")
    return on, entry


def _values(call: Call, on: EntryList, workspace: Workspace) -> dict[str, list[Value]]:
    return read_values(call.document, on, workspace, "entry_values")


def _create(
    on: EntryList, parent: str, values: dict[str, list[Value]], call: Call, workspace: Workspace
) -> Answer:
    require(on, values, present=False)
    return _write(on, Entry(workspace.new_id(), instant(call.wall), parent=parent), values, workspace)


def _write(on: EntryList, entry: Entry, values: dict[str, list[Value]], workspace: Workspace) -> Answer:
    require(on, values, present=True)
    on.write(entry, values)
    return Answer(200, {"data": _document(entry, on, workspace)})


def _document(entry: Entry, on: EntryList, workspace: Workspace) -> dict[str, Any]:
    return {
        "id": {
            "workspace_id": workspace.workspace_id,
            "list_id": on.object_id,
            "entry_id": entry.record_id,
        },
        "parent_record_id": entry.parent,
        "parent_object": on.parent_object,
        "created_at": entry.created_at,
        "entry_values": on.shown(entry),
    }
