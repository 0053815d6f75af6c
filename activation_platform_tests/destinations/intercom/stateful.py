"""What Intercom lives through in the stateful tests."""

from typing import Any

from activation_platform.contracts.modes import Mode
from activation_platform.contracts.service import Inquiry
from activation_platform.destinations.intercom.companies import Companies
from activation_platform.destinations.intercom.contacts import Contacts
from activation_platform.destinations.intercom.destination import Intercom
from activation_platform.destinations.intercom.segments import Segments, SegmentsOptions
from activation_platform.sandbox.faults import Kind, Rule
from activation_platform.sandbox.intercom import TOKEN
from activation_platform.sandbox.world import World
from activation_platform.sync.mapping import FieldMapping
from activation_platform_tests.destinations.stateful import KEYS, REFUSED, Case, InStorm, address


class TwoTagged(Segments):
    """A tag, told two people at a time."""

    batch_size = 2


def workspace(url: str = "http://sandbox/intercom") -> Intercom:
    return Intercom(access_token=TOKEN, base_url=url)


def contacts(world: World) -> dict[str, Any]:
    return {one["external_id"]: one.get("name") for one in world.part("intercom", "contacts").values()}


def companies(world: World) -> dict[str, Any]:
    return {name: one.get("name") for name, one in world.part("intercom", "companies").items()}


def tagged(world: World) -> dict[str, Any]:
    return dict.fromkeys(one["external_id"] for one in world.part("intercom", "tags").get("vip", ()))


def names(world: World) -> dict[str, str]:
    return {one["email"]: one["name"] for one in world.part("intercom", "contacts").values()}


def acquaint(workspace: Intercom) -> Inquiry:
    """Make everybody a contact."""
    for key in KEYS:
        yield workspace.call("POST", "/contacts", json={"role": "user", "external_id": key})


USER = (FieldMapping("external_id", "id"), FieldMapping("name", "name"))
COMPANY = (FieldMapping("company_id", "id"), FieldMapping("name", "name"))
CASES = [
    *(
        Case(lambda: Contacts(workspace()), mode, USER, contacts, before)
        for mode, before in (
            (Mode.UPSERT, None),
            (Mode.MIRROR, None),
            (Mode.INSERT_ONLY, None),
            (Mode.UPDATE_ONLY, acquaint),
        )
    ),
    *(Case(lambda: Companies(workspace()), mode, COMPANY, companies) for mode in (Mode.UPSERT, Mode.MIRROR)),
    *(
        Case(lambda: TwoTagged(workspace(), SegmentsOptions(tag="vip")), mode, USER[:1], tagged, acquaint)
        for mode in (Mode.UPSERT, Mode.MIRROR)
    ),
]
IN_STORMS = {
    "contacts": InStorm(
        lambda url: Contacts(workspace(url)),
        lambda number, name: {"external_id": f"p{number}", "email": address(number), "name": name},
        names,
        Rule(Kind.POISON, identifier=f"p{REFUSED}"),
        keeps=frozenset({"email"}),
    )
}
