"""What the tests of every service need to know of Attio."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from activation_platform.contracts.service import Inquiry
from activation_platform.destinations.attio.destination import Attio
from activation_platform.sandbox.world import World
from activation_platform_tests.destinations.exam import Exam, Sitting

LIST = "our_best_customers"
PEOPLE = [f"person{number}@example.com" for number in range(1, 7)]


def held(thing: str, identifier: str, value: str) -> Callable[[World], Mapping[str, Any]]:
    """The records of an object: the value of one attribute by another."""

    def found(world: World) -> Mapping[str, Any]:
        records = world.part("attio", thing).values()
        return {one(record[identifier]): record.get(value) for record in records}

    def one(value: Any) -> str:
        return str(value[0] if isinstance(value, list) else value)

    return found


def on_list(world: World) -> Mapping[str, Any]:
    """The entries of the list: the value of the attribute `note` by the parent's e-mail address."""
    people = world.part("attio", "people")
    entries = world.part("attio", "lists").get(LIST, {}).values()
    return {people[entry["parent_record"]]["email_addresses"][0]: entry.get("note") for entry in entries}


def with_list(addresses: Iterable[str]) -> Callable[[Attio], Inquiry]:
    """Makes the list and its attribute, and the people who may be on it."""

    def make(account: Attio) -> Inquiry:
        names = {"name": "Our best customers", "api_slug": LIST, "parent_object": "people"}
        access = {"workspace_access": "full-access", "workspace_member_access": []}
        yield from said(account, "/v2/lists", names | access)
        yield from with_attribute(LIST, "note", unique=False, of="lists")(account)
        for address in addresses:
            yield from said(account, "/v2/objects/people/records", {"values": {"email_addresses": [address]}})

    return make


def said(account: Attio, path: str, data: Mapping[str, Any]) -> Inquiry:
    """One request that a person makes."""
    answer = yield account.ask("POST", path, budget=account.writes, json={"data": data})
    answer.raise_for_status()


def with_attribute(
    thing: str, slug: str, *, unique: bool = True, of: str = "objects"
) -> Callable[[Attio], Inquiry]:
    """Makes an attribute of an object or list, as a person would before the first run."""

    def make(account: Attio) -> Inquiry:
        flags = {"is_required": False, "is_unique": unique, "is_multiselect": False}
        data = {"title": slug, "description": None, "api_slug": slug, "type": "text", "config": {}, **flags}
        yield from said(account, f"/v2/{of}/{thing}/attributes", data)

    return make


EXAM = Exam(
    settings={"access_token": "sandbox-attio-token"},
    services={
        "people": Sitting(held("people", "email_addresses", "job_title"), changing="job_title"),
        "companies": Sitting(held("companies", "domains", "name"), changing="name"),
        "users": Sitting(
            held("users", "user_id", "plan"),
            changing="plan",
            prepare=with_attribute("users", "plan", unique=False),
        ),
        "deals": Sitting(
            held("deals", "external_id", "name"),
            changing="name",
            values={"stage": "Lead", "owner": "owner@example.org"},
            prepare=with_attribute("deals", "external_id"),
        ),
        "list_entries": Sitting(on_list, changing="note", prepare=with_list(PEOPLE)),
        "objects": Sitting(
            held("workspaces", "workspace_id", "name"),
            changing="name",
            options={"object": "workspaces", "matching_attribute": "workspace_id"},
        ),
    },
    reads=("/query",),
)
