"""What the tests of every service need to know of SendGrid."""

from activation_platform.contracts.service import Inquiry
from activation_platform.destinations.sendgrid.destination import SendGrid
from activation_platform.sandbox.sendgrid import SendGrid as SendGridSandbox
from activation_platform_tests.destinations.exam import Exam, Sitting


def with_contacts(account: SendGrid) -> Inquiry:
    """Makes the contacts who can be put on a list: SendGrid puts nobody there whom it does not know."""
    contacts = [{"email": f"person{number}@example.com"} for number in range(3_001)]
    answer = yield account.ask(
        "PUT", "/v3/marketing/contacts", budget=account.upserts, json={"contacts": contacts}
    )
    answer.raise_for_status()


EXAM = Exam(
    settings={"api_key": "SG.sandbox"},
    stand_in=lambda: SendGridSandbox(read_only=("SG.reads",)),
    services={
        "contact_lists": Sitting(
            lambda world: {
                one["email"]: None
                for members in world.part("sendgrid", "lists").values()
                for one in members.values()
            },
            prepare=with_contacts,
        ),
        "contacts": Sitting(
            lambda world: {
                one["email"]: one.get("city") for one in world.part("sendgrid", "contacts").values()
            },
            changing="city",
        ),
    },
)
