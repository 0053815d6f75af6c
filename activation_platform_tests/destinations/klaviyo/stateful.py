"""What Klaviyo lives through in the stateful tests."""

from typing import Any

from activation_platform.contracts.modes import Mode
from activation_platform.destinations.klaviyo.destination import Klaviyo
from activation_platform.destinations.klaviyo.lists import Lists, ListsOptions
from activation_platform.destinations.klaviyo.profiles import Profiles
from activation_platform.sandbox.faults import Kind, Rule
from activation_platform.sandbox.world import World
from activation_platform.sync.mapping import FieldMapping
from activation_platform_tests.destinations.stateful import REFUSED, Case, InStorm, address


class TwoProfiles(Profiles):
    """Profiles, told two at a time."""

    batch_size = 2
    delete_batch_size = 2


class TwoMembers(Lists):
    """A list, told two members at a time."""

    batch_size = 2
    delete_batch_size = 2


class FewProfiles(Profiles):
    """Profiles in small batches, so that a run has many of them."""

    batch_size = 5
    delete_batch_size = 5


def account(url: str = "http://sandbox/klaviyo") -> Klaviyo:
    return Klaviyo(private_key="pk_sandbox_private_key", base_url=url)


def known(world: World) -> dict[str, Any]:
    found = world.part("klaviyo", "profiles").values()
    return {one["email"].partition("@")[0]: one.get("first_name") for one in found}


def listed(world: World) -> dict[str, Any]:
    profiles = world.part("klaviyo", "profiles")
    ids = world.part("klaviyo", "lists").get("vip", ())
    return dict.fromkeys(profiles[id_]["email"].partition("@")[0] for id_ in ids)


def titles(world: World) -> dict[str, str]:
    return {one["email"]: one["title"] for one in world.part("klaviyo", "profiles").values()}


PROFILE = (FieldMapping("email", "email"), FieldMapping("first_name", "name"))
CASES = [
    *(
        Case(lambda: TwoProfiles(account()), mode, PROFILE, known)
        for mode in (Mode.UPSERT, Mode.MIRROR, Mode.INSERT_ONLY)
    ),
    *(
        Case(lambda: TwoMembers(account(), ListsOptions(list="vip")), mode, PROFILE[:1], listed)
        for mode in (Mode.UPSERT, Mode.MIRROR)
    ),
]
IN_STORMS = {
    "profiles": InStorm(
        lambda url: FewProfiles(account(url)),
        lambda number, title: {"email": address(number), "title": title},
        titles,
        Rule(Kind.POISON, method="POST", identifier=address(REFUSED)),
    )
}
