"""From the values of a request to the values of a record: attributes found, values cast, references resolved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from activation_platform.sandbox.attio.errors import invalid_value, refused
from activation_platform.sandbox.attio.things import Attribute, Thing
from activation_platform.sandbox.attio.values import Value, cast, key_of
from activation_platform.sandbox.attio.workspace import Workspace

# What a string means in a reference that allows one object only, and that a standard one:
# https://docs.attio.com/docs/attribute-types/attribute-types-record-reference
SHORT_FORMS: Mapping[str, str] = {
    "companies": "domains",
    "people": "email_addresses",
    "users": "user_id",
    "workspaces": "workspace_id",
}


def read_values(
    document: Any, thing: Thing, workspace: Workspace, name: str = "values"
) -> dict[str, list[Value]]:
    """Return the values of a `{"data": {"values": {...}}}` body by slug; 400 at the first that is wrong."""
    data = document.get("data") if isinstance(document, dict) else None
    values = data.get(name) if isinstance(data, dict) else None
    if not isinstance(values, dict):
        raise refused(f'The body is an object {{"data": {{"{name}": {{...}}}}}}.')
    read: dict[str, list[Value]] = {}
    for known_as, raw in values.items():
        attribute = thing.attribute(known_as)
        if attribute is None:
            raise refused(f'Cannot find attribute with slug/ID "{known_as}".', "value_not_found")
        if not attribute.is_writable:
            raise refused(f'The attribute "{known_as}" cannot be written.', "immutable_value")
        read[attribute.api_slug] = _read(attribute, raw, workspace)
    return read


def merged(attribute: Attribute, first: list[Value], then: list[Value]) -> list[Value]:
    """Return two lists of values one after the other, each value once."""
    found: dict[Any, Value] = {}
    for value in (*first, *then):
        found.setdefault(key_of(attribute.type, value), value)
    return list(found.values())


def require(thing: Thing, values: dict[str, list[Value]], *, present: bool) -> None:
    """Refuse a write without a value that is required; what is there keeps what it is not told to change."""
    for slug, attribute in thing.attributes.items():
        if attribute.is_required and not values.get(slug, present):
            raise refused(f'A value of the required attribute "{slug}" is missing.', "missing_value")


def _read(attribute: Attribute, raw: Any, workspace: Workspace) -> list[Value]:
    entries = raw if isinstance(raw, list) else [] if raw is None else [raw]
    if len(entries) > 1 and not attribute.is_multiselect:
        raise invalid_value(attribute.api_slug, "the attribute takes one value.")
    try:
        values = [_cast(attribute, entry, workspace) for entry in entries]
    except ValueError as reason:
        raise invalid_value(attribute.api_slug, str(reason)) from None
    return merged(attribute, values, [])


def _cast(attribute: Attribute, raw: Any, workspace: Workspace) -> Value:
    if attribute.type in ("select", "status"):
        return _option(attribute, raw)
    if attribute.type == "record-reference":
        return _reference(attribute, raw, workspace)
    if attribute.type == "actor-reference":
        return _actor(raw, workspace)
    return cast(attribute.type, raw)


def _option(attribute: Attribute, raw: Any) -> Value:
    named = raw.get("option", raw.get("status")) if isinstance(raw, dict) else raw
    for option_id, title in attribute.options.items():
        if named in (option_id, title):
            return {"status" if attribute.type == "status" else "option": title, "option_id": option_id}
    raise refused(f'Cannot find an option "{named}" of attribute "{attribute.api_slug}".', "value_not_found")


def _reference(attribute: Attribute, raw: Any, workspace: Workspace) -> Value:
    allowed = attribute.config.get("record_reference", {}).get("allowed_objects") or list(workspace.things)
    if isinstance(raw, str):
        return _by_short_form(raw, allowed, workspace)
    if not isinstance(raw, dict) or raw.get("target_object") not in allowed or len(raw) != 2:
        raise ValueError(f"a reference has target_object ({', '.join(allowed)}) and what finds the record.")
    target = workspace.thing(raw["target_object"])
    ((name, wanted),) = ((key, value) for key, value in raw.items() if key != "target_object")
    found = _holder(target, name, wanted)
    if name == "target_record_id" and isinstance(wanted, str) and wanted in target.records:
        found = wanted
    if found is None:
        raise refused("Cannot find the record that is referred to.", "value_not_found")
    return {"target_object": target.slug, "target_record_id": found}


def _by_short_form(written: str, allowed: list[str], workspace: Workspace) -> Value:
    if len(allowed) != 1 or allowed[0] not in SHORT_FORMS:
        raise ValueError(f"only a reference to one of {', '.join(SHORT_FORMS)} can be written as a string.")
    target = workspace.thing(allowed[0])
    found = _holder(target, SHORT_FORMS[allowed[0]], written)
    if found is None:
        raise refused("Cannot find the record that is referred to.", "value_not_found")
    return {"target_object": target.slug, "target_record_id": found}


def _actor(raw: Any, workspace: Workspace) -> Value:
    match raw:
        case {"referenced_actor_type": "workspace-member", "referenced_actor_id": str(member)}:
            pass
        case str(email) | {"workspace_member_email_address": str(email)}:
            member = workspace.members.get(email, "")
        case _:
            raise ValueError("an actor is a workspace member: an e-mail address, or type and ID.")
    if member not in workspace.members.values():
        raise refused("Cannot find the workspace member that is referred to.", "value_not_found")
    return {"referenced_actor_type": "workspace-member", "referenced_actor_id": member}


def _holder(target: Thing, name: str, wanted: Any) -> str | None:
    attribute = target.attribute(name)
    if attribute is None or not attribute.is_unique:
        return None
    entry = wanted[0] if isinstance(wanted, list) and len(wanted) == 1 else wanted
    try:
        return target.holder(attribute, key_of(attribute.type, cast(attribute.type, entry)))
    except ValueError:
        return None
