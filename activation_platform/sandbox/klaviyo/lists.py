"""The lists of an account: made, found, shown with their members; profiles are put on them and taken off.

Source: https://developers.klaviyo.com/en/reference/lists_api_overview. Unconfirmed: that two lists may have one name (they may
here).
"""

from __future__ import annotations

from typing import Any

from activation_platform.sandbox.exchange import Answer, Call
from activation_platform.sandbox.klaviyo import profiles
from activation_platform.sandbox.klaviyo.documents import data, instant, one, page, resource
from activation_platform.sandbox.klaviyo.errors import refused
from activation_platform.sandbox.klaviyo.filters import wanted
from activation_platform.sandbox.klaviyo.store import List, Profile, Store

MEMBERS_MAX = 1_000
PROCESSES = ("single_opt_in", "double_opt_in")


def create(call: Call, store: Store) -> Answer:
    """Make a list."""
    attributes = data(call, "list").get("attributes", {})
    name, process = attributes.get("name"), attributes.get("opt_in_process") or "single_opt_in"
    if not isinstance(name, str) or not name.strip():
        raise refused("A list has a name.", "/data/attributes/name")
    if process not in PROCESSES:
        raise refused(f"Invalid opt_in_process: {', '.join(PROCESSES)}.", "/data/attributes/opt_in_process")
    made = List(store.new_id(6), name, process, instant(call.wall))
    store.lists[made.id] = made
    return one(201, _document(made))


def find(call: Call, store: Store) -> Answer:
    """Show a page of lists, all or those that a filter wants."""
    filtered = wanted(call, ("id", "name"))
    found = list(store.lists.values())
    if filtered is not None:
        name, values = filtered
        found = [each for each in found if getattr(each, name) in values]
    return page(call, found, _document, most=10, usual=10)


def members(call: Call, store: Store) -> Answer:
    """Show a page of the profiles of a list, each with the time at which it joined."""
    held = known(store, call.parameters["id"])
    filtered = wanted(call, ("email", "phone_number"))
    found = [store.profiles[id_] for id_ in held.members]
    if filtered is not None:
        name, values = filtered
        found = [each for each in found if each.attributes.get(name) in values]

    def document(profile: Profile) -> dict[str, Any]:
        shown = profiles.document(profile)
        shown["attributes"]["joined_group_at"] = held.members[profile.id]
        return shown

    return page(call, found, document, most=100, usual=20)


def add(call: Call, store: Store) -> Answer:
    """Put profiles on a list, by their ids."""
    held = known(store, call.parameters["id"])
    for id_ in _ids(call, store):
        held.members.setdefault(id_, instant(call.wall))
    return Answer(204)


def remove(call: Call, store: Store) -> Answer:
    """Take profiles off a list, by their ids."""
    held = known(store, call.parameters["id"])
    for id_ in _ids(call, store):
        held.members.pop(id_, None)
    return Answer(204)


def known(store: Store, id_: str) -> List:
    """Return a list; 404 where there is none."""
    if id_ not in store.lists:
        raise refused("A list with this id does not exist.", "/data/id", status=404)
    return store.lists[id_]


def _ids(call: Call, store: Store) -> list[str]:
    for reason in call.poisoned.values():
        raise refused(reason)
    sent = call.document.get("data") if isinstance(call.document, dict) else None
    if not isinstance(sent, list) or not 1 <= len(sent) <= MEMBERS_MAX:
        raise refused(f"data is an array of 1 to {MEMBERS_MAX} profiles.")
    for position, each in enumerate(sent):
        if (
            not isinstance(each, dict)
            or each.get("type") != "profile"
            or each.get("id") not in store.profiles
        ):
            raise refused("A profile with this id does not exist.", f"/data/{position}/id", status=404)
    return [each["id"] for each in sent]


def _document(held: List) -> dict[str, Any]:
    attributes = {
        "name": held.name,
        "created": held.created,
        "updated": held.created,
        "opt_in_process": held.opt_in_process,
    }
    return resource("list", held.id, attributes, "lists")
