"""What the tests of every service need to know of SendGrid."""

from activation_platform.contracts.service import Inquiry
from activation_platform.destinations.sendgrid.contact_lists import ContactLists
from activation_platform.destinations.sendgrid.destination import SendGrid
from activation_platform.sandbox.sendgrid import API_KEY
from activation_platform.sandbox.sendgrid import SendGrid as SendGridSandbox
from activation_platform_tests.destinations.exam import Exam, Sitting

NAME = "Our best customers"
CONTACT = "sendgrid/tsg_mc_contacts_v3.json#/components/schemas/ContactRequest/properties"
DELETION = "paths/~1v3~1marketing~1contacts/delete/responses/202/content/application~1json/schema"
ERRATA = {
    # The page on the status of a job takes the ID from this answer, into a path.
    f"sendgrid/tsg_mc_contacts_v3.json#/{DELETION}/properties/job_id": {"type": "string"},
    # Any ID of a custom field may be said, and numbers as numbers; the description names the one of its example.
    f"{CONTACT}/custom_fields": {"type": "object"},
    # Reserved fields that may be written, by the example of field_definitions, and which contacts are shown with.
    **{
        f"{CONTACT}/{name}": {"type": "string"}
        for name in ("phone_number", "whatsapp", "line", "facebook", "unique_name")
    },
}


def acquainted(account: SendGrid) -> Inquiry:
    """Everybody who may be put on a list is a contact; the looks after that let the job be done."""
    people = [{"email": f"person{number}@example.com"} for number in range(ContactLists.batch_size + 1)]
    yield account.ask("PUT", "/v3/marketing/contacts", budget=account.upserts, json={"contacts": people})
    for _ in range(2):
        yield account.ask("GET", "/v3/marketing/lists", budget=account.lists)


def with_fields(account: SendGrid) -> Inquiry:
    """There is a custom field of every type."""
    for name, kind in (("plan", "Text"), ("score", "Number"), ("born", "Date")):
        body = {"name": name, "field_type": kind}
        yield account.ask("POST", "/v3/marketing/field_definitions", budget=account.definitions, json=body)


EXAM = Exam(
    settings={"api_key": API_KEY},
    stand_in=lambda: SendGridSandbox(read_only=("SG.reads",)),
    services={
        "contact_lists": Sitting(
            held=lambda world: dict.fromkeys(
                one["email"] for one in world.part("sendgrid", "lists").get(NAME, {}).values()
            ),
            options={"list": NAME},
            prepare=acquainted,
        ),
        "contacts": Sitting(
            held=lambda world: {
                one["email"]: one.get("postal_code") for one in world.part("sendgrid", "contacts").values()
            },
            changing="postal_code",
            prepare=with_fields,
        ),
    },
    description=(
        "sendgrid/tsg_mc_contacts_v3.json",
        "sendgrid/tsg_mc_custom_fields_v3.json",
        "sendgrid/tsg_mc_lists_v3.json",
    ),
    errata=ERRATA,
    beside=("/errors/",),
    reads=("/search/identifiers/{kind}",),
)
