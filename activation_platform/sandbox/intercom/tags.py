"""Tags: made, listed, removed, given to contacts and taken from them. Source: the vendor's description.

Unconfirmed: that a call which names an unknown contact tags nobody, and how many one may name.
"""

from __future__ import annotations

from typing import Any

from activation_platform.sandbox.exchange import Answer, Call
from activation_platform.sandbox.intercom.errors import refused
from activation_platform.sandbox.intercom.values import body
from activation_platform.sandbox.intercom.workspace import Tag, Workspace


def save(call: Call, workspace: Workspace) -> Answer:
    """Make a tag, name another one so, or give the tag of a name to users."""
    given = body(call)
    name = given.get("name")
    if not isinstance(name, str) or not name or not set(given) <= {"name", "id", "users"}:
        raise refused("invalid tag parameters")
    if "id" in given:
        tag = _tag(str(given["id"]), workspace)
        tag.name = name
        return Answer(200, _shown(tag))
    users = given.get("users", [])
    if not isinstance(users, list) or not all(isinstance(one, dict) and set(one) == {"id"} for one in users):
        raise refused("invalid tag parameters")
    contacts = {workspace.contact(str(one["id"])).id for one in users}
    tag = workspace.tag(name)
    tag.contacts |= contacts
    return Answer(200, _shown(tag))


def listed(call: Call, workspace: Workspace) -> Answer:  # noqa: ARG001 - there is nothing to choose
    """Show all tags."""
    return Answer(200, {"type": "list", "data": [_shown(tag) for tag in workspace.tags.values()]})


def read(call: Call, workspace: Workspace) -> Answer:
    """Show a tag."""
    return Answer(200, _shown(_tag(call.parameters["tag_id"], workspace)))


def delete(call: Call, workspace: Workspace) -> Answer:
    """Remove a tag from the workspace."""
    del workspace.tags[_tag(call.parameters["tag_id"], workspace).id]
    return Answer(200, {})


def of_contact(call: Call, workspace: Workspace) -> Answer:
    """Show the tags of a contact."""
    contact = workspace.contact(call.parameters["contact_id"])
    found = [_shown(tag) for tag in workspace.tags.values() if contact.id in tag.contacts]
    return Answer(200, {"type": "list", "data": found})


def give(call: Call, workspace: Workspace) -> Answer:
    """Give a contact a tag by its ID."""
    given = body(call)
    contact = workspace.contact(call.parameters["contact_id"])
    tag = _tag(str(given.get("id", "")), workspace)
    tag.contacts.add(contact.id)
    return Answer(200, _shown(tag))


def take(call: Call, workspace: Workspace) -> Answer:
    """Take a tag from a contact."""
    for reason in call.poisoned.values():
        raise refused(reason)
    contact = workspace.contact(call.parameters["contact_id"])
    tag = _tag(call.parameters["tag_id"], workspace)
    tag.contacts.discard(contact.id)
    return Answer(200, _shown(tag))


def _tag(id_: str, workspace: Workspace) -> Tag:
    if id_ not in workspace.tags:
        raise refused("Resource Not Found", 404)
    return workspace.tags[id_]


def _shown(tag: Tag) -> dict[str, Any]:
    return {"type": "tag", "id": tag.id, "name": tag.name}
