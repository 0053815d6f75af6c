"""What the tests of every service need to know of Iterable.

Iterable maintains no Python client: those on the package index are of others. Its own is for TypeScript; the description is from
there.
"""

import json
from collections import Counter
from typing import Any

from activation_platform.contracts.service import Inquiry
from activation_platform.destinations.iterable.destination import Iterable
from activation_platform.sandbox.iterable import API_KEY
from activation_platform_tests.destinations.exam import Exam, Sitting

NAME = "Our best customers"
DEFINITIONS = "iterable/api-docs.json#/definitions"
ERRATA: dict[str, Any] = {
    # Answers that others have recorded hold "params": null: grouparoo/grouparoo, plugins/@grouparoo/iterable/__tests__/fixtures.
    f"{DEFINITIONS}/IterableApiResponse/properties/params": {"type": "object", "nullable": True},
    # It says itself that this is a time in milliseconds.
    f"{DEFINITIONS}/ListDetails/properties/createdAt/format": "int64",
}


def with_fields(account: Iterable) -> Inquiry:
    """There is a field of every type."""
    values = {"plan": "gold", "score": 1.5, "visits": 3, "trial": True, "born": "2016-08-02 18:53:45 +00:00"}
    body = {"users": [{"email": "setup@example.com", "dataFields": values}], "createNewFields": True}
    yield account.call("POST", "/api/users/bulkUpdate", budget=account.updates, body=json.dumps(body))


def acquainted(account: Iterable) -> Inquiry:
    """Everybody who may be put on a list is a user."""
    for first in (0, 1_000):
        people = [{"email": f"person{number}@example.com"} for number in range(first, first + 1_000)]
        body = json.dumps({"users": people})
        yield account.call("POST", "/api/users/bulkUpdate", budget=account.updates, body=body)


EXAM = Exam(
    settings={"api_key": API_KEY},
    services={
        "events": Sitting(
            held=lambda world: Counter(one["id"] for one in world.part("iterable", "events")),
            prepare=acquainted,
        ),
        "lists": Sitting(
            held=lambda world: dict.fromkeys(
                one["email"] for one in world.part("iterable", "lists").get(NAME, ())
            ),
            options={"list": NAME},
            prepare=acquainted,
        ),
        "users": Sitting(
            held=lambda world: {
                one["email"]: one.get("firstName") for one in world.part("iterable", "users")
            },
            changing="firstName",
            prepare=with_fields,
        ),
    },
    description=("iterable/api-docs.json",),
    errata=ERRATA,
)
