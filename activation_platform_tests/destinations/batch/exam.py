"""What the tests of every service need to know of Batch."""

from activation_platform.sandbox.batch import Batch
from activation_platform_tests.destinations.exam import Exam, Sitting

APPS = ["sandbox-ios-key", "sandbox-web-key"]

EXAM = Exam(
    settings={
        "rest_api_key": "sandbox-rest-key",
        "project_key": "sandbox-project",
        "live_api_keys": APPS,
    },
    stand_in=lambda: Batch(app_keys=APPS),
    services={
        "catalogs": Sitting(
            lambda world: {
                id_: one.get("name")
                for id_, one in world.part("batch", "catalogs").get("products", {}).items()
            },
            changing="name",
        ),
        "contact_lists": Sitting(
            lambda world: dict.fromkeys(world.part("batch", "audiences").get("vip_customers", ()))
        ),
        "contacts": Sitting(
            lambda world: {
                id_: one.get("u.name") for id_, one in world.part("batch", "custom_data")["0"].items()
            },
            changing="name",
            takes_anyone=True,
        ),
        "erasures": Sitting(lambda world: dict.fromkeys(world.part("batch", "profiles")), born_by="profiles"),
        "events": Sitting(
            lambda world: {id_: len(events) for id_, events in world.part("batch", "events").items()},
            values={"event_name": "seen"},
        ),
        "profiles": Sitting(
            lambda world: {id_: one.get("name") for id_, one in world.part("batch", "profiles").items()},
            changing="name",
        ),
    },
)
