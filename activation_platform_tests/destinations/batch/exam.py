"""What the tests of every service need to know of Batch."""

from activation_platform_tests.destinations.exam import Exam, Sitting

EXAM = Exam(
    settings={
        "rest_api_key": "sandbox-rest-key",
        "project_key": "sandbox-project",
        "live_api_keys": ["sandbox-ios-key", "sandbox-web-key"],
    },
    services={
        "contact_lists": Sitting(
            lambda world: dict.fromkeys(world.part("batch", "audiences").get("vip_customers", ()))
        ),
        "contacts": Sitting(
            lambda world: {
                id_: one.get("name") for id_, one in world.part("batch", "custom_data")["0"].items()
            },
            changing="name",
        ),
        "erasures": Sitting(lambda world: dict.fromkeys(world.part("batch", "profiles"))),
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
