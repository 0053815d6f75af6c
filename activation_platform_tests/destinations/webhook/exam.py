"""What the tests of every service need to know of a receiver of webhooks."""

from collections import Counter

from activation_platform.sandbox.webhook import SIGNING_KEY
from activation_platform_tests.destinations.exam import Exam, Sitting

EXAM = Exam(
    settings={"url": "/receiver", "signing_key": SIGNING_KEY},
    services={
        "requests": Sitting(
            lambda world: {id_: one.get("name") for id_, one in world.part("webhook", "things").items()},
            changing="name",
        ),
        "events": Sitting(
            lambda world: Counter(str(call["body"]["id"]) for call in world.part("webhook", "calls")),
        ),
    },
)
