"""The list endpoints of Attio: list the lists of the workspace, read one, make one.

Vendor: https://docs.attio.com/rest-api/endpoint-reference/lists. Invented: that a slug of the wrong form is a 400, and that one
that is taken is a 409, as an object's is.
"""

from __future__ import annotations

import re
from typing import Any

from activation_platform.sandbox.attio.errors import refused
from activation_platform.sandbox.attio.standard_objects import OF_A_LIST, attributes
from activation_platform.sandbox.attio.things import API, EntryList
from activation_platform.sandbox.attio.workspace import Workspace, instant
from activation_platform.sandbox.exchange import Answer, Call

NEEDED = ("name", "api_slug", "parent_object", "workspace_access", "workspace_member_access")
LEVELS = ("full-access", "read-and-write", "read-only")
SLUG = re.compile("[a-z0-9][a-z0-9_-]*")


def list_lists(_call: Call, workspace: Workspace) -> Answer:
    """List all lists."""
    return Answer(200, {"data": [_document(each, workspace) for each in workspace.lists.values()]})


def read_list(call: Call, workspace: Workspace) -> Answer:
    """Return a list by slug or id."""
    return Answer(200, {"data": _document(workspace.list(call.parameters["list"]), workspace)})


def create_list(call: Call, workspace: Workspace) -> Answer:
    """Create a list of records of one object, without attributes of its own."""
    data = call.document.get("data") if isinstance(call.document, dict) else None
    if not isinstance(data, dict) or (missing := [name for name in NEEDED if name not in data]):
        raise refused(
            f"A list needs {', '.join(missing if isinstance(data, dict) else NEEDED)}.", "missing_value"
        )
    if not all(isinstance(data[name], str) and data[name] for name in NEEDED[:3]):
        raise refused(f"{', '.join(NEEDED[:3])} are strings that are not empty.")
    parent = workspace.thing(data["parent_object"])
    _check_access(data["workspace_access"], data["workspace_member_access"], workspace)
    slug = data["api_slug"]
    if not SLUG.fullmatch(slug):
        raise refused("api_slug is in snake case.")
    if slug in workspace.lists:
        raise refused(f'A list with the slug "{slug}" exists.', "slug_conflict", 409)
    made = EntryList(slug, workspace.new_id(), attributes(workspace, OF_A_LIST), data["name"], parent.slug)
    made.access = (data["workspace_access"], data["workspace_member_access"])
    made.created_at = instant(call.wall)
    workspace.lists[slug] = made
    return Answer(200, {"data": _document(made, workspace)})


def _check_access(everybody: Any, some: Any, workspace: Workspace) -> None:
    if everybody is not None and everybody not in LEVELS:
        raise refused(f"workspace_access is one of {', '.join(LEVELS)}, or null.")
    if not isinstance(some, list) or not all(
        isinstance(one, dict) and set(one) == {"workspace_member_id", "level"} and one["level"] in LEVELS
        for one in some
    ):
        raise refused("workspace_member_access is an array of objects with workspace_member_id and level.")
    for one in some:
        if one["workspace_member_id"] not in workspace.members.values():
            raise refused(
                f'Workspace member with ID "{one["workspace_member_id"]}" not found.', "value_not_found"
            )
    if "full-access" not in (everybody, *(one["level"] for one in some)):
        raise refused("Somebody must have full access to a list.")


def _document(each: EntryList, workspace: Workspace) -> dict[str, Any]:
    everybody, some = each.access
    return {
        "id": {"workspace_id": workspace.workspace_id, "list_id": each.object_id},
        "api_slug": each.slug,
        "name": each.name,
        "parent_object": [each.parent_object],
        "workspace_access": everybody,
        "workspace_member_access": some,
        "created_by_actor": API,
        "created_at": each.created_at,
    }
