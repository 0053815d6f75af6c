"""What Attio lives through in the stateful tests."""

from typing import Any

from activation_platform.contracts.modes import Mode
from activation_platform.destinations.attio.destination import Attio
from activation_platform.destinations.attio.list_entries import ListEntries
from activation_platform.destinations.attio.lists import OfAList
from activation_platform.destinations.attio.people import People
from activation_platform.sandbox.faults import Kind, Rule
from activation_platform.sandbox.world import World
from activation_platform.sync.mapping import FieldMapping
from activation_platform_tests.destinations.attio.exam import LIST, on_list, with_list
from activation_platform_tests.destinations.stateful import KEYS, PEOPLE, REFUSED, Case, InStorm, address


def workspace(url: str = "http://sandbox/attio") -> Attio:
    return Attio(access_token="sandbox-attio-token", base_url=url)


def people(world: World) -> dict[str, Any]:
    return {name.partition("@")[0]: title for name, title in titles(world).items()}


def entered(world: World) -> dict[str, Any]:
    found = on_list(world)
    assert len(found) == len(world.part("attio", "lists")[LIST]), "one entry a record"
    return {address.partition("@")[0]: note for address, note in found.items()}


def titles(world: World) -> dict[str, Any]:
    found = world.part("attio", "people").values()
    return {one["email_addresses"][0]: one.get("job_title") for one in found}


PERSON = (FieldMapping("email_addresses", "email"), FieldMapping("job_title", "name"))
ENTRY = (FieldMapping("parent_record", "email"), FieldMapping("note", "name"))
EVERYBODY = with_list([f"{key}@example.org" for key in KEYS])
POISON = Rule(Kind.POISON, identifier=address(REFUSED))
CASES = [
    *(
        Case(lambda: People(workspace()), mode, PERSON, people)
        for mode in (Mode.UPSERT, Mode.MIRROR, Mode.INSERT_ONLY)
    ),
    *(
        Case(lambda: ListEntries(workspace(), OfAList(list=LIST)), mode, ENTRY, entered, EVERYBODY)
        for mode in (Mode.UPSERT, Mode.MIRROR)
    ),
]
IN_STORMS = {
    "people": InStorm(
        lambda url: People(workspace(url)),
        lambda number, title: {"email_addresses": address(number), "job_title": title},
        titles,
        POISON,
    ),
    "list_entries": InStorm(
        lambda url: ListEntries(workspace(url), OfAList(list=LIST)),
        lambda number, title: {"parent_record": address(number), "note": title},
        on_list,
        POISON,
        before=with_list([address(number) for number in range(PEOPLE + 10)]),
    ),
}
