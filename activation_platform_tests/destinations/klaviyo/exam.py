"""What the tests of every service need to know of Klaviyo."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from activation_platform.sandbox.klaviyo import PRIVATE_KEY
from activation_platform.sandbox.world import World
from activation_platform_tests.destinations.exam import Exam, Sitting


def members(world: World) -> Mapping[str, Any]:
    """Who is on any list."""
    profiles = world.part("klaviyo", "profiles")
    return {profiles[id_]["email"]: None for ids in world.part("klaviyo", "lists").values() for id_ in ids}


def subscribed(world: World) -> Mapping[str, Any]:
    """Who agreed to e-mail."""
    profiles = world.part("klaviyo", "profiles").values()
    return {
        one["email"]: None
        for one in profiles
        if one["consent"].get("email", {}).get("consent") == "SUBSCRIBED"
    }


EXAM = Exam(
    settings={"private_key": PRIVATE_KEY},
    services={
        "events": Sitting(
            lambda world: Counter(one["unique_id"] for one in world.part("klaviyo", "events")),
        ),
        "lists": Sitting(members),
        "profiles": Sitting(
            lambda world: {
                one["email"]: one.get("first_name") for one in world.part("klaviyo", "profiles").values()
            },
            changing="first_name",
        ),
        "subscriptions": Sitting(subscribed),
    },
    description=("klaviyo/stable.json",),
)
