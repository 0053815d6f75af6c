"""What Batch lives through in the stateful tests."""

from collections.abc import Sequence
from typing import Any

from activation_platform.contracts.modes import Mode
from activation_platform.destinations.batch.catalogs import Catalogs, CatalogsOptions
from activation_platform.destinations.batch.contact_lists import ContactLists, ContactListsOptions
from activation_platform.destinations.batch.destination import Batch
from activation_platform.destinations.batch.events import Events
from activation_platform.destinations.batch.profiles import Profiles
from activation_platform.sandbox.faults import Kind, Rule
from activation_platform.sandbox.world import World
from activation_platform.sync.mapping import FieldMapping
from activation_platform_tests.destinations.batch.exam import APPS
from activation_platform_tests.destinations.stateful import REFUSED, Case, InStorm, address


class SmallLists(ContactLists):
    """An audience, told two members at a time."""

    batch_size = 2


class SmallCatalogs(Catalogs):
    """A catalog, told two items at a time."""

    batch_size = 2


class FewProfiles(Profiles):
    """Profiles in small batches, so that a run has many of them."""

    batch_size = 5


def project(url: str = "http://sandbox/batch", apps: Sequence[str] = ("sandbox-live-key",)) -> Batch:
    return Batch(
        rest_api_key="sandbox-rest-key",
        project_key="sandbox-project",
        live_api_keys=list(apps),
        base_url=url,
    )


def profiles(world: World) -> dict[str, Any]:
    return {name: one.get("name") for name, one in world.part("batch", "profiles").items()}


def members(world: World) -> dict[str, Any]:
    return dict.fromkeys(world.part("batch", "audiences").get("vip", {}))


def items(world: World) -> dict[str, Any]:
    found = world.part("batch", "catalogs").get("products", {})
    return {id_: one.get("name") for id_, one in found.items()}


def told(world: World) -> dict[str, Any]:
    return {name: len(events) for name, events in world.part("batch", "events").items()}


def titles(world: World) -> dict[str, str]:
    return {address(int(name)): one["job_title"] for name, one in world.part("batch", "profiles").items()}


NAMED = (FieldMapping("custom_id", "id"), FieldMapping("name", "name"))
ITEM = (FieldMapping("id", "id"), FieldMapping("name", "name", on_null="keep"))
HAPPENED = (
    FieldMapping("event_id", "id"),
    FieldMapping("custom_id", "id"),
    FieldMapping("event_name", constant="seen"),
    FieldMapping("event_time", "at"),
)
CASES = [
    *(Case(lambda: Profiles(project()), mode, NAMED, profiles) for mode in (Mode.UPSERT, Mode.MIRROR)),
    *(
        Case(lambda: SmallLists(project(), ContactListsOptions("vip")), mode, NAMED[:1], members)
        for mode in (Mode.UPSERT, Mode.MIRROR, Mode.SNAPSHOT)
    ),
    *(
        Case(lambda: SmallCatalogs(project(), CatalogsOptions("products")), mode, ITEM, items)
        for mode in (Mode.UPSERT, Mode.MIRROR)
    ),
    Case(lambda: Events(project()), Mode.INSERT_ONLY, HAPPENED, told),
]
IN_STORMS = {
    "profiles": InStorm(
        lambda url: FewProfiles(project(url, APPS)),
        lambda number, title: {
            "custom_id": str(number),
            "$email_address": address(number),
            "job_title": title,
        },
        titles,
        Rule(Kind.POISON, identifier=str(REFUSED)),
    )
}
