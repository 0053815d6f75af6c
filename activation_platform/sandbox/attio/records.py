"""The record endpoints of Attio: assert, create, update, overwrite, read and delete, one record a call.

Vendor: https://docs.attio.com/rest-api/endpoint-reference/records. Unconfirmed: the code of a matching
attribute that is not unique (`validation_type`), and that a record whose matching values belong to several
records is answered with `multiple_match_results`, as list entries are.
"""

from __future__ import annotations

from typing import Any

from activation_platform.sandbox.attio.errors import refused
from activation_platform.sandbox.attio.things import Attribute, Record, Thing
from activation_platform.sandbox.attio.values import Value, key_of
from activation_platform.sandbox.attio.workspace import SLUG, Workspace, instant
from activation_platform.sandbox.attio.writing import merged, read_values, require
from activation_platform.sandbox.exchange import Answer, Call


def assert_record(call: Call, workspace: Workspace) -> Answer:
    """Update the record that matches, else create one.

    The values of a matching multi-select are added to those it has; all others are replaced.
    """
    thing = workspace.thing(call.parameters["object"])
    attribute = _matching(call, thing)
    values = read_values(call.document, thing, workspace)
    if not values.get(attribute.api_slug):
        raise refused(
            f'A value of the matching attribute "{attribute.api_slug}" is missing.', "missing_value"
        )
    keys = [key_of(attribute.type, value) for value in values[attribute.api_slug]]
    holders = dict.fromkeys(holder for key in keys if (holder := thing.holder(attribute, key)))
    if len(holders) > 1:
        raise refused("More than one record matches.", "multiple_match_results")
    if not holders:
        return _create(thing, values, call, workspace)
    record = thing.records[next(iter(holders))]
    if attribute.is_multiselect:
        held = record.values.get(attribute.api_slug, [])
        values[attribute.api_slug] = merged(attribute, held, values[attribute.api_slug])
    return _update(thing, record, values, workspace)


def create_record(call: Call, workspace: Workspace) -> Answer:
    """Create a record; 400 `uniqueness_conflict` when a unique value is taken."""
    thing = workspace.thing(call.parameters["object"])
    return _create(thing, read_values(call.document, thing, workspace), call, workspace)


def update_record(call: Call, workspace: Workspace) -> Answer:
    """Update a record (PATCH): the values of a multi-select come before those it has."""
    thing = workspace.thing(call.parameters["object"])
    record = thing.record(call.parameters["record_id"])
    values = read_values(call.document, thing, workspace)
    for slug, new in values.items():
        if new and thing.attributes[slug].is_multiselect:
            values[slug] = merged(thing.attributes[slug], new, record.values.get(slug, []))
    return _update(thing, record, values, workspace)


def overwrite_record(call: Call, workspace: Workspace) -> Answer:
    """Update a record (PUT): the values of a multi-select replace those it has."""
    thing = workspace.thing(call.parameters["object"])
    record = thing.record(call.parameters["record_id"])
    return _update(thing, record, read_values(call.document, thing, workspace), workspace)


def read_record(call: Call, workspace: Workspace) -> Answer:
    """Return a record."""
    thing = workspace.thing(call.parameters["object"])
    return Answer(200, {"data": document(thing.record(call.parameters["record_id"]), thing, workspace)})


def delete_record(call: Call, workspace: Workspace) -> Answer:
    """Delete a record, and its entries on lists (which is unconfirmed)."""
    thing = workspace.thing(call.parameters["object"])
    workspace.delete(thing, thing.record(call.parameters["record_id"]))
    return Answer(200, {})


def document(record: Record, thing: Thing, workspace: Workspace) -> dict[str, Any]:
    """Return a record as Attio shows it."""
    return {
        "id": {
            "workspace_id": workspace.workspace_id,
            "object_id": thing.object_id,
            "record_id": record.record_id,
        },
        "created_at": record.created_at,
        "web_url": f"https://app.attio.com/{SLUG}/{thing.slug}/{record.record_id}",
        "values": thing.shown(record),
    }


def _matching(call: Call, thing: Thing) -> Attribute:
    name = call.query.get("matching_attribute")
    if not name:
        raise refused("The query parameter matching_attribute is missing.", "missing_value")
    attribute = thing.attribute(name)
    if attribute is None:
        raise refused(f'Cannot find attribute with slug/ID "{name}".', "value_not_found")
    if not attribute.is_unique:
        raise refused("The matching attribute specified is not a unique attribute.")
    return attribute


def _create(thing: Thing, values: dict[str, list[Value]], call: Call, workspace: Workspace) -> Answer:
    record = Record(workspace.new_id(), instant(call.wall))
    require(thing, values, present=False)
    thing.write(record, values)
    return Answer(200, {"data": document(record, thing, workspace)})


def _update(thing: Thing, record: Record, values: dict[str, list[Value]], workspace: Workspace) -> Answer:
    require(thing, values, present=True)
    thing.write(record, values)
    return Answer(200, {"data": document(record, thing, workspace)})
