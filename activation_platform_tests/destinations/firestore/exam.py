"""What the tests of every service need to know of Firestore."""

from typing import Any

from activation_platform.contracts.service import Inquiry
from activation_platform.destinations.firestore.destination import Firestore
from activation_platform.sandbox.firestore import PROJECT, service_account_key
from activation_platform.sandbox.world import World
from activation_platform_tests.destinations.exam import Exam, Sitting

AUDIENCE = "Our best customers"


def users(world: World) -> dict[str, dict[str, Any]]:
    """The documents of the collection that the examples name, by ID."""
    return world.part("firestore", "documents").get("users", {})


def known(account: Firestore) -> Inquiry:
    """A look at the database, with which a token comes: what goes wrong afterwards goes wrong with the requests."""
    yield from account.account()


EXAM = Exam(
    settings={"project": PROJECT, "credentials": service_account_key("{address}")},
    services={
        "audiences": Sitting(
            held=lambda world: dict.fromkeys(
                id_ for id_, one in users(world).items() if AUDIENCE in one["audiences"]
            ),
            options={"audience": AUDIENCE},
            prepare=known,
        ),
        "documents": Sitting(
            held=lambda world: {id_: one.get("city") for id_, one in users(world).items()},
            changing="city",
            prepare=known,
        ),
    },
    description=("firestore/firestore.v1.json",),
    errata={
        # Its JSON is null, whatever an enumeration's would be: https://protobuf.dev/programming-guides/json/.
        "firestore/firestore.v1.json#/schemas/Value/properties/nullValue": {"enum": ["NULL_VALUE", None]},
    },
    beside=("/token",),
    reads=("/token",),
)
