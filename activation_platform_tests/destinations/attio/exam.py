"""What the tests of every service need to know of Attio."""

from collections.abc import Callable, Mapping
from typing import Any

from activation_platform.contracts.service import Inquiry
from activation_platform.destinations.attio.destination import Attio
from activation_platform.sandbox.world import World
from activation_platform_tests.destinations.exam import Exam, Sitting


def held(thing: str, identifier: str, value: str) -> Callable[[World], Mapping[str, Any]]:
    """The records of an object: the value of one attribute by another."""

    def found(world: World) -> Mapping[str, Any]:
        records = world.part("attio", thing).values()
        return {one(record[identifier]): record.get(value) for record in records}

    def one(value: Any) -> str:
        return str(value[0] if isinstance(value, list) else value)

    return found


def with_attribute(thing: str, slug: str, *, unique: bool = True) -> Callable[[Attio], Inquiry]:
    """Makes an attribute of an object, as a person would before the first run."""

    def make(account: Attio) -> Inquiry:
        flags = {"is_required": False, "is_unique": unique, "is_multiselect": False}
        data = {"title": slug, "description": None, "api_slug": slug, "type": "text", "config": {}, **flags}
        path = f"/v2/objects/{thing}/attributes"
        answer = yield account.ask("POST", path, budget=account.writes, json={"data": data})
        answer.raise_for_status()

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
        "objects": Sitting(
            held("workspaces", "workspace_id", "name"),
            changing="name",
            options={"object": "workspaces", "matching_attribute": "workspace_id"},
        ),
    },
    reads=("/query",),
)
