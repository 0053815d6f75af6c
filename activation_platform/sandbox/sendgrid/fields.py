"""The custom fields of a SendGrid account: listed beside the reserved ones, and created.

Vendor: https://www.twilio.com/docs/sendgrid/api-reference/custom-fields.
"""

from __future__ import annotations

import re

from activation_platform.sandbox.exchange import Answer, Call
from activation_platform.sandbox.sendgrid.account import ADDRESS, IDENTIFIERS, TEXTS, Account, Definition
from activation_platform.sandbox.sendgrid.errors import refused
from activation_platform.sandbox.sendgrid.jobs import Jobs

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
TYPES = ("Text", "Number", "Date")
MOST = 500
RESERVED = (*IDENTIFIERS, *TEXTS, "alternate_emails")


def listed(call: Call, account: Account, jobs: Jobs) -> Answer:  # noqa: ARG001 - as all endpoints
    """Show all fields."""
    reserved = [{"name": name, "field_type": "Text"} for name in RESERVED]
    return Answer(
        200,
        {
            "custom_fields": [one.listed() for one in account.definitions.values()],
            "reserved_fields": reserved,
            "_metadata": {"self": f"{ADDRESS}/field_definitions"},
        },
    )


def create(call: Call, account: Account, jobs: Jobs) -> Answer:  # noqa: ARG001 - as all endpoints
    """Define a custom field."""
    body = call.document if isinstance(call.document, dict) else {}
    name, kind = body.get("name"), body.get("field_type")
    taken = {one.lower() for one in (*RESERVED, *(each.name for each in account.definitions.values()))}
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise refused("a name holds letters, digits and underscores, and begins with no digit")
    if name.lower() in taken:
        raise refused("there is already a field of this name")
    if kind not in TYPES:
        raise refused(f"field_type is one of {', '.join(TYPES)}")
    if len(account.definitions) >= MOST:
        raise refused(f"an account has at most {MOST} custom fields")
    made = Definition(f"e{len(account.definitions) + 1}_{kind[0]}", name, kind)
    account.definitions[made.id] = made
    return Answer(200, made.document())
