"""What the tests of every service need to know of Klaviyo."""

from activation_platform.sandbox.klaviyo import PRIVATE_KEY
from activation_platform_tests.destinations.exam import Exam, Sitting

EXAM = Exam(
    settings={"private_key": PRIVATE_KEY},
    services={
        "profiles": Sitting(
            held=lambda world: {
                one["email"]: one.get("first_name") for one in world.part("klaviyo", "profiles").values()
            },
            changing="first_name",
        ),
    },
    description=("klaviyo/stable.json",),
)
