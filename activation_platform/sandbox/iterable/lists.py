"""The lists endpoints of Iterable: static lists are made, shown and deleted, and users put on them and taken off.

Source: the vendor's description, https://github.com/Iterable/api-client. Unconfirmed: that a name may be taken twice, what is
answered where a list does not exist, and that those who are unknown are told where none of them is made.
"""

from __future__ import annotations

from typing import Any

from activation_platform.sandbox.exchange import Answer, Call
from activation_platform.sandbox.iterable.errors import done, refused
from activation_platform.sandbox.iterable.project import EMAIL_BASED, Project, Static
from activation_platform.sandbox.iterable.tally import Tally
from activation_platform.sandbox.iterable.users import OF_A_USER, body, many, meant, saved

FIRST_ID = 1_001


def listed(call: Call, project: Project) -> Answer:  # noqa: ARG001 - there is nothing to choose
    """Show all lists."""
    return Answer(200, {"lists": [_shown(one) for one in project.lists.values()]})


def create(call: Call, project: Project) -> Answer:
    """Make an empty static list."""
    given = body(call, {"name", "description"})
    name = given.get("name")
    if not isinstance(name, str) or not name.strip():
        raise refused("name is required")
    made = Static(FIRST_ID + project.made_lists, name, call.wall, str(given.get("description") or ""))
    project.made_lists += 1
    project.lists[made.id] = made
    return Answer(200, {"listId": made.id})


def delete(call: Call, project: Project) -> Answer:
    """Forget a list; its members stay users."""
    del project.lists[_known(call.parameters["listId"], project).id]
    return done()


def subscribe(call: Call, project: Project) -> Answer:
    """Put users on a list, made where the project makes them."""
    given = body(call, {"listId", "subscribers", "updateExistingUsersOnly"})
    static, tally = _known(given.get("listId"), project), Tally()
    makes = project.kind == EMAIL_BASED or given.get("updateExistingUsersOnly") is not True
    for one in many(given, "subscribers", OF_A_USER):
        user = saved(one, call, project, tally, makes=makes)
        if user is not None and user not in static.members:
            static.members.append(user)
    return tally.answer()


def unsubscribe(call: Call, project: Project) -> Answer:
    """Take users off a list."""
    given = body(call, {"listId", "subscribers", "channelUnsubscribe", "campaignId"})
    static, tally = _known(given.get("listId"), project), Tally()
    for one in many(given, "subscribers", {"email", "userId"}):
        user = meant(one, call, project, tally)
        if user is not None:
            tally.taken += 1
            static.members = [member for member in static.members if member is not user]
    return tally.answer()


def _known(id_: Any, project: Project) -> Static:
    text = str(id_)
    if not text.isdecimal() or int(text) not in project.lists:
        raise refused(f"List {text} does not exist")
    return project.lists[int(text)]


def _shown(static: Static) -> dict[str, Any]:
    shown = {
        "id": static.id,
        "name": static.name,
        "createdAt": int(static.created * 1_000),
        "listType": "Standard",
    }
    return shown | ({"description": static.description} if static.description else {})
