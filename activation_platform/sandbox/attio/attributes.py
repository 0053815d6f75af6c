"""The attribute endpoints of Attio, of objects and lists: list, create, and the options of selects and statuses.

Vendor: https://docs.attio.com/rest-api/endpoint-reference/attributes. Unconfirmed: public clients report that
a unique attribute cannot be added to people or companies; the sandbox lets it through.
"""

from __future__ import annotations

from typing import Any

from activation_platform.sandbox.attio.calls import bearer, data_of, whole
from activation_platform.sandbox.attio.errors import not_found, refused
from activation_platform.sandbox.attio.things import Attribute, Thing
from activation_platform.sandbox.attio.values import IMPLICIT
from activation_platform.sandbox.attio.workspace import Workspace, instant
from activation_platform.sandbox.exchange import Answer, Call

# A name cannot be created by users, an interaction cannot be written at all.
CREATABLE = frozenset({*IMPLICIT, "location"} - {"personal-name"})
FLAGS = ("is_required", "is_unique", "is_multiselect")
WORDS = frozenset({"title", "description", "api_slug", "type", "config", *FLAGS})


def list_attributes(call: Call, workspace: Workspace) -> Answer:
    """List the attributes of an object or list, `limit` of them from `offset`."""
    thing = bearer(call, workspace)
    start, limit = whole(call, "offset", 0), whole(call, "limit", len(thing.attributes))
    shown = [_document(each, thing, workspace) for each in thing.attributes.values()]
    return Answer(200, {"data": shown[start : start + limit]})


def create_attribute(call: Call, workspace: Workspace) -> Answer:
    """Create an attribute; 409 when the slug is taken."""
    thing = bearer(call, workspace)
    data = data_of(call)
    _check(data)
    if data["api_slug"] in thing.attributes:
        raise refused(f'An attribute with the slug "{data["api_slug"]}" exists.', "slug_conflict", 409)
    attribute = Attribute(
        attribute_id=workspace.new_id(),
        api_slug=data["api_slug"],
        type=data["type"],
        title=data["title"],
        created_at=instant(call.wall),
        description=data["description"],
        config=data["config"],
        **{flag: data[flag] for flag in FLAGS},
    )
    thing.attributes[attribute.api_slug] = attribute
    return Answer(200, {"data": _document(attribute, thing, workspace)})


def list_options(call: Call, workspace: Workspace) -> Answer:
    """List the options of a select attribute."""
    return _listed("select", call, workspace)


def create_option(call: Call, workspace: Workspace) -> Answer:
    """Add an option to a select attribute; 409 when it has one of that title."""
    return _created("select", call, workspace)


def list_statuses(call: Call, workspace: Workspace) -> Answer:
    """List the statuses of a status attribute."""
    return _listed("status", call, workspace)


def create_status(call: Call, workspace: Workspace) -> Answer:
    """Add a status to a status attribute; 409 when it has one of that title."""
    return _created("status", call, workspace)


def _listed(kind: str, call: Call, workspace: Workspace) -> Answer:
    thing, attribute = _choice(kind, call, workspace)
    return Answer(200, {"data": [_option(each, attribute, thing, workspace) for each in attribute.options]})


def _created(kind: str, call: Call, workspace: Workspace) -> Answer:
    thing, attribute = _choice(kind, call, workspace)
    title = data_of(call).get("title")
    if not isinstance(title, str) or not title:
        raise refused(f"What a {kind} can be has a title.", "missing_value")
    if title in attribute.options.values():
        raise refused(f'The title "{title}" exists.', "slug_conflict", 409)
    option_id = workspace.new_id()
    attribute.options[option_id] = title
    return Answer(200, {"data": _option(option_id, attribute, thing, workspace)})


def _check(data: dict[str, Any]) -> None:
    if missing := sorted(WORDS - set(data)):
        raise refused(f"An attribute needs {', '.join(missing)}.", "missing_value")
    texts = (data["title"], data["api_slug"], data["type"], data["description"] or "")
    if not all(isinstance(text, str) for text in texts) or not data["title"] or not data["api_slug"]:
        raise refused("title and api_slug are strings that are not empty.")
    if data["type"] not in CREATABLE:
        raise refused(f'An attribute of type "{data["type"]}" cannot be created.')
    if not all(isinstance(data[flag], bool) for flag in FLAGS) or not isinstance(data["config"], dict):
        raise refused(f"{', '.join(FLAGS)} are true or false, config is an object.")


def _choice(kind: str, call: Call, workspace: Workspace) -> tuple[Thing, Attribute]:
    thing = bearer(call, workspace)
    attribute = thing.attribute(call.parameters["attribute"])
    if attribute is None:
        raise not_found(f'Attribute with slug/ID "{call.parameters["attribute"]}"')
    if attribute.type != kind:
        raise refused(f'The attribute "{attribute.api_slug}" is no {kind}.')
    return thing, attribute


def _id(attribute: Attribute, thing: Thing, workspace: Workspace) -> dict[str, str]:
    return {
        "workspace_id": workspace.workspace_id,
        "object_id": thing.object_id,
        "attribute_id": attribute.attribute_id,
    }


def _document(attribute: Attribute, thing: Thing, workspace: Workspace) -> dict[str, Any]:
    return {
        "id": _id(attribute, thing, workspace),
        "title": attribute.title,
        "description": attribute.description,
        "api_slug": attribute.api_slug,
        "type": attribute.type,
        "is_system_attribute": attribute.is_system,
        "is_writable": attribute.is_writable,
        "is_required": attribute.is_required,
        "is_unique": attribute.is_unique,
        "is_multiselect": attribute.is_multiselect,
        "is_default_value_enabled": False,
        "is_archived": False,
        "default_value": None,
        "relationship": None,
        "created_at": attribute.created_at,
        "config": attribute.config,
    }


def _option(option_id: str, attribute: Attribute, thing: Thing, workspace: Workspace) -> dict[str, Any]:
    name = "status_id" if attribute.type == "status" else "option_id"
    return {
        "id": {**_id(attribute, thing, workspace), name: option_id},
        "title": attribute.options[option_id],
        "is_archived": False,
    }
