"""What Emarsys lives through in the stateful tests."""

from typing import Any

from activation_platform.contracts.modes import Mode
from activation_platform.contracts.service import Inquiry
from activation_platform.destinations.emarsys.contact_lists import ContactLists
from activation_platform.destinations.emarsys.contacts import Contacts
from activation_platform.destinations.emarsys.destination import Emarsys
from activation_platform.destinations.emarsys.lists import ContactListsOptions
from activation_platform.destinations.emarsys.relational_data import RelationalData
from activation_platform.destinations.emarsys.tables import RelationalDataOptions
from activation_platform.sandbox.emarsys import SECRET, USERNAME
from activation_platform.sandbox.faults import Kind, Rule
from activation_platform.sandbox.world import World
from activation_platform.sync.mapping import FieldMapping
from activation_platform_tests.destinations.stateful import KEYS, REFUSED, Case, InStorm, address

ORDERS = RelationalDataOptions(connection="shop", table="orders", key="order_id")


class ShortLists(ContactLists):
    """A list, told two members at a time."""

    batch_size = 2


class FewContacts(Contacts):
    """Contacts in small batches, so that a run has many of them."""

    batch_size = 5


class Rows(RelationalData):
    """Rows, told two at a time."""

    batch_size = 2


def account(url: str = "http://sandbox/emarsys") -> Emarsys:
    return Emarsys(username=USERNAME, secret=SECRET, base_url=url)


def contacts(world: World) -> dict[str, Any]:
    found = world.part("emarsys", "contacts").values()
    return {one["email"].partition("@")[0]: one.get("first_name") for one in found}


def listed(world: World) -> dict[str, Any]:
    people, ids = world.part("emarsys", "contacts"), world.part("emarsys", "lists").get("vip", ())
    return dict.fromkeys(people[id_]["email"].partition("@")[0] for id_ in ids)


def rows(world: World) -> dict[str, Any]:
    return {one["order_id"]: one["state"] for one in world.part("emarsys", "tables")["shop.orders"]}


def acquaint(account: Emarsys) -> Inquiry:
    """Make everybody a contact."""
    people = [{"3": f"{key}@example.org"} for key in KEYS]
    yield account.call("POST", "/contact", json={"key_id": "3", "contacts": people})


CONTACT = (FieldMapping("email", "email"), FieldMapping("first_name", "name"))
ORDER = (FieldMapping("order_id", "id"), FieldMapping("state", "name"))
CASES = [
    *(
        Case(
            lambda: Contacts(account()),
            mode,
            CONTACT,
            contacts,
            acquaint if mode is Mode.UPDATE_ONLY else None,
        )
        for mode in (Mode.UPSERT, Mode.MIRROR, Mode.UPDATE_ONLY, Mode.INSERT_ONLY)
    ),
    *(
        Case(
            lambda: ShortLists(account(), ContactListsOptions(list="vip")),
            mode,
            CONTACT[:1],
            listed,
            acquaint,
        )
        for mode in (Mode.UPSERT, Mode.MIRROR, Mode.SNAPSHOT)
    ),
    *(
        Case(lambda: Rows(account(), ORDERS), mode, ORDER, rows)
        for mode in (Mode.UPSERT, Mode.MIRROR, Mode.SNAPSHOT)
    ),
]
IN_STORMS = {
    "contacts": InStorm(
        lambda url: FewContacts(account(url)),
        lambda number, title: {"email": address(number), "city": title},
        lambda world: {one["email"]: one["city"] for one in world.part("emarsys", "contacts").values()},
        Rule(Kind.POISON, method="PUT", identifier=address(REFUSED)),
    ),
}
