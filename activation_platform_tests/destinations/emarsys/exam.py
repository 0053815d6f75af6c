"""What the tests of every service need to know of Emarsys."""

import json
from collections.abc import Mapping
from typing import Any

from activation_platform.contracts.service import Inquiry
from activation_platform.destinations.emarsys.contact_lists import ContactLists
from activation_platform.destinations.emarsys.destination import Emarsys
from activation_platform.sandbox.emarsys import SECRET, USERNAME
from activation_platform.sandbox.emarsys import Emarsys as EmarsysSandbox
from activation_platform.sandbox.world import World
from activation_platform_tests.destinations.exam import Exam, Sitting

KINDS = ("shorttext", "longtext", "largetext", "date", "url", "numeric", "singlechoice", "multichoice")
NAME = "Our best customers"
SUITE = "emarsys/EmarsysV2PostmanCollection.json#/item/0/item"
FIELDS = [{"id": "14", "name": "Country", "application_type": "singlechoice", "string_id": "country"}]
PERSONS = {"key_id": "3", "external_ids": ["jane@example.com"]}
ERRATA = {
    # External IDs are an array by the vendor's page on lists, whose description says a number, a text or an array.
    f"{SUITE}/4/item/1/request/body/raw": json.dumps(PERSONS | {"name": "Best", "description": "The best"}),
    **{f"{SUITE}/4/item/0/item/{n}/request/body/raw": json.dumps(PERSONS) for n in (3, 5, 7)},
    # The newer description of the vendor's has string_id, too: https://dev.emarsys.com/docs/core-api-reference.
    f"{SUITE}/9/item/1/response/0/body": json.dumps({"replyCode": 0, "replyText": "OK", "data": FIELDS}),
}


def with_fields(account: Emarsys) -> Inquiry:
    """There is a field of every type that can be written."""
    for kind in KINDS:
        yield account.call("POST", "/field", json={"name": f"own {kind}", "application_type": kind})


def people(world: World) -> Mapping[str, Any]:
    """The contacts by their e-mail addresses."""
    found = world.part("emarsys", "contacts").values()
    return {one["email"]: one.get("own_largetext") for one in found}


def acquainted(account: Emarsys) -> Inquiry:
    """Everybody who may be put on a list is a contact."""
    everybody = [f"person{number}@example.com" for number in range(ContactLists.batch_size + 1)]
    for start in range(0, len(everybody), 1_000):
        some = [{"3": email} for email in everybody[start : start + 1_000]]
        yield account.call("POST", "/contact", json={"key_id": "3", "contacts": some})


def members(world: World) -> Mapping[str, Any]:
    """Who is on the list."""
    contacts, ids = world.part("emarsys", "contacts"), world.part("emarsys", "lists").get(NAME, ())
    return dict.fromkeys(contacts[id_]["email"] for id_ in ids)


def rows(world: World) -> Mapping[str, Any]:
    """The rows of the table."""
    return {one["order_id"]: one.get("state") for one in world.part("emarsys", "tables")["shop.orders"]}


EXAM = Exam(
    settings={"username": USERNAME, "secret": SECRET},
    stand_in=lambda: EmarsysSandbox(read_only=("reader",)),
    services={
        "contact_lists": Sitting(held=members, options={"list": NAME}, prepare=acquainted),
        "contacts": Sitting(held=people, changing="own_largetext", prepare=with_fields),
        "relational_data": Sitting(held=rows, changing="state"),
    },
    description=("emarsys/EmarsysV2PostmanCollection.json",),
    errata=ERRATA,
    reads=("/checkids",),
)
