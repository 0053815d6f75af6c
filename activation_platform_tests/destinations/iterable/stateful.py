"""What Iterable lives through in the stateful tests."""

import json
from collections import Counter
from typing import Any

from activation_platform.contracts.modes import Mode
from activation_platform.contracts.service import Inquiry
from activation_platform.destinations.iterable.destination import Iterable
from activation_platform.destinations.iterable.events import Events
from activation_platform.destinations.iterable.lists import Lists, ListsOptions
from activation_platform.destinations.iterable.users import Users
from activation_platform.sandbox.faults import Extent, Kind, Rule
from activation_platform.sandbox.iterable import API_KEY
from activation_platform.sandbox.world import World
from activation_platform.sync.mapping import FieldMapping
from activation_platform_tests.destinations.stateful import KEYS, REFUSED, Case, InStorm, address


class TwoUsers(Users):
    """Users, told two at a time."""

    batch_size = 2
    delete_batch_size = 2


class TwoMembers(Lists):
    """A list, told two members at a time."""

    batch_size = 2


class TwoEvents(Events):
    """Events, told two at a time."""

    batch_size = 2


class FewUsers(Users):
    """Users in small batches, so that a run has many of them."""

    batch_size = 5


def account(url: str = "http://sandbox/iterable") -> Iterable:
    return Iterable(api_key=API_KEY, base_url=url)


def users(world: World) -> dict[str, Any]:
    return {one["email"].partition("@")[0]: one.get("firstName") for one in world.part("iterable", "users")}


def listed(world: World) -> dict[str, Any]:
    members = world.part("iterable", "lists").get("vip", ())
    return dict.fromkeys(one["email"].partition("@")[0] for one in members)


def tracked(world: World) -> dict[str, Any]:
    return Counter(one["id"] for one in world.part("iterable", "events"))


def names(world: World) -> dict[str, str]:
    return {one["email"]: one["firstName"] for one in world.part("iterable", "users")}


def acquaint(account: Iterable) -> Inquiry:
    """Make everybody a user."""
    body = json.dumps({"users": [{"email": f"{key}@example.org"} for key in KEYS]})
    yield account.call("POST", "/api/users/bulkUpdate", budget=account.updates, body=body)


USER = (FieldMapping("email", "email"), FieldMapping("firstName", "name"))
HAPPENED = (
    FieldMapping("id", "id"),
    FieldMapping("email", "email"),
    FieldMapping("eventName", constant="seen"),
    FieldMapping("createdAt", "at"),
)
CASES = [
    # Not mirror: a deletion in doubt is waited for a day, see test_through_the_engine.py.
    Case(lambda: TwoUsers(account()), Mode.UPSERT, USER, users),
    Case(lambda: TwoUsers(account()), Mode.UPDATE_ONLY, USER, users, acquaint),
    *(
        Case(lambda: TwoMembers(account(), ListsOptions(list="vip")), mode, USER[:1], listed, acquaint)
        for mode in (Mode.UPSERT, Mode.MIRROR)
    ),
    Case(lambda: TwoEvents(account()), Mode.INSERT_ONLY, HAPPENED, tracked, acquaint),
]
IN_STORMS = {
    "users": InStorm(
        lambda url: FewUsers(account(url)),
        lambda number, title: {"email": address(number), "firstName": title},
        names,
        Rule(Kind.POISON, identifier=address(REFUSED), extent=Extent.RECORD),
        Mode.UPSERT,
    )
}
