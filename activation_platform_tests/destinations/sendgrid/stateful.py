"""What SendGrid lives through in the stateful tests."""

from typing import Any

from activation_platform.contracts.modes import Mode
from activation_platform.contracts.service import Inquiry
from activation_platform.destinations.sendgrid.contact_lists import ContactLists, ContactListsOptions
from activation_platform.destinations.sendgrid.contacts import Contacts
from activation_platform.destinations.sendgrid.destination import SendGrid
from activation_platform.sandbox.faults import Kind, Rule
from activation_platform.sandbox.world import World
from activation_platform.sync.mapping import FieldMapping
from activation_platform_tests.destinations.stateful import KEYS, REFUSED, Case, InStorm, address


class ShortLists(ContactLists):
    """A list, told two members at a time."""

    batch_size = 2


class FewContacts(Contacts):
    """Contacts in small batches, so that a run has many of them."""

    batch_size = 5
    delete_batch_size = 5


def account(url: str = "http://sandbox/sendgrid") -> SendGrid:
    return SendGrid(api_key="SG.sandbox", base_url=url)


def contacts(world: World) -> dict[str, Any]:
    found = world.part("sendgrid", "contacts").values()
    return {one["email"].partition("@")[0]: one.get("first_name") for one in found}


def listed(world: World) -> dict[str, Any]:
    found = world.part("sendgrid", "lists").get("vip", {}).values()
    return dict.fromkeys(one["email"].partition("@")[0] for one in found)


def titles(world: World) -> dict[str, str]:
    return {one["email"]: one["city"] for one in world.part("sendgrid", "contacts").values()}


def acquaint(account: SendGrid) -> Inquiry:
    """Make everybody a contact; the looks after that let the job be done."""
    people = [{"email": f"{key}@example.org"} for key in KEYS]
    yield account.ask("PUT", "/v3/marketing/contacts", budget=account.upserts, json={"contacts": people})
    for _ in range(2):
        yield account.ask("GET", "/v3/marketing/lists", budget=account.lists)


CONTACT = (FieldMapping("email", "email"), FieldMapping("first_name", "name"))
CASES = [
    *(
        Case(lambda: Contacts(account()), mode, CONTACT, contacts, before)
        for mode, before in ((Mode.UPSERT, None), (Mode.MIRROR, None), (Mode.UPDATE_ONLY, acquaint))
    ),
    *(
        Case(
            lambda: ShortLists(account(), ContactListsOptions(list="vip")),
            mode,
            CONTACT[:1],
            listed,
            acquaint,
        )
        for mode in (Mode.UPSERT, Mode.MIRROR)
    ),
]
IN_STORMS = {
    "contacts": InStorm(
        lambda url: FewContacts(account(url)),
        lambda number, title: {"email": address(number), "city": title},
        titles,
        Rule(Kind.POISON, method="PUT", identifier=address(REFUSED)),
    )
}
