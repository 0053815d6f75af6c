"""What the tests of every service need to know of Emarsys."""

import json
from collections.abc import Mapping
from typing import Any

from activation_platform.contracts.service import Inquiry
from activation_platform.destinations.emarsys.destination import Emarsys
from activation_platform.sandbox.emarsys import SECRET, USERNAME
from activation_platform.sandbox.emarsys import Emarsys as EmarsysSandbox
from activation_platform.sandbox.world import World
from activation_platform_tests.destinations.exam import Exam, Sitting

KINDS = ("shorttext", "longtext", "largetext", "date", "url", "numeric", "singlechoice", "multichoice")
SUITE = "emarsys/EmarsysV2PostmanCollection.json#/item/0/item"
FIELDS = [{"id": "14", "name": "Country", "application_type": "singlechoice", "string_id": "country"}]
ERRATA = {
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


EXAM = Exam(
    settings={"username": USERNAME, "secret": SECRET},
    stand_in=lambda: EmarsysSandbox(read_only=("reader",)),
    services={"contacts": Sitting(held=people, changing="own_largetext", prepare=with_fields)},
    description=("emarsys/EmarsysV2PostmanCollection.json",),
    errata=ERRATA,
)
