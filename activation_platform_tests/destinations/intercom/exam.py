"""What the tests of every service need to know of Intercom."""

from typing import Any

from activation_platform.contracts.service import Inquiry
from activation_platform.destinations.intercom.destination import Intercom
from activation_platform.destinations.intercom.segments import Segments
from activation_platform.sandbox.intercom import TOKEN
from activation_platform_tests.destinations.exam import Exam, Sitting

TAG = "Our best customers"
SCHEMAS = "intercom/api.intercom.io.2.15.yaml#/components/schemas"
# The examples of the description itself hold numbers and truths beside texts.
CUSTOM = {"type": "object", "additionalProperties": {"nullable": True}}
# What such an answer has beside a contact's reference stands beside the composition, which is judged by itself.
REFERENCE = {
    "type": {"enum": ["contact"]},
    "id": {"type": "string"},
    "external_id": {"type": "string", "nullable": True},
}
ERRATA: dict[str, Any] = {
    f"{SCHEMAS}/contact_{state}": {"type": "object", "properties": {**REFERENCE, word: {"type": "boolean"}}}
    for state, word in (("deleted", "deleted"), ("archived", "archived"), ("unarchived", "archived"))
} | {
    f"{SCHEMAS}/{schema}/properties/custom_attributes": CUSTOM
    for schema in ("create_or_update_company_request", "update_company_request", "company")
}


def acquainted(account: Intercom) -> Inquiry:
    """Everybody who may be tagged is a contact."""
    for number in range(Segments.batch_size + 1):
        yield account.call("POST", "/contacts", json={"role": "user", "external_id": f"id{number}"})


def with_attributes(account: Intercom) -> Inquiry:
    """There is a custom attribute of every type."""
    for model in ("contact", "company"):
        for kind in ("string", "integer", "float", "boolean", "date"):
            body = {"name": f"{model} {kind}", "model": model, "data_type": kind}
            yield account.call("POST", "/data_attributes", json=body)


EXAM = Exam(
    settings={"access_token": TOKEN},
    services={
        "companies": Sitting(
            held=lambda world: {
                id_: one.get("name") for id_, one in world.part("intercom", "companies").items()
            },
            changing="name",
            prepare=with_attributes,
        ),
        "contacts": Sitting(
            held=lambda world: {
                one["external_id"]: one.get("name") for one in world.part("intercom", "contacts").values()
            },
            changing="name",
            prepare=with_attributes,
        ),
        "segments": Sitting(
            held=lambda world: dict.fromkeys(
                one["external_id"] for one in world.part("intercom", "tags").get(TAG, ())
            ),
            options={"tag": TAG},
            prepare=acquainted,
        ),
    },
    description=("intercom/api.intercom.io.2.15.yaml",),
    errata=ERRATA,
    reads=("/search",),
)
