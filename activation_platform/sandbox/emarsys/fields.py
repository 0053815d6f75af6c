"""The field endpoints of Emarsys: which fields there are, which choices they have, and a new one.

Vendor: https://dev.emarsys.com/docs/core-api-reference (fields). Fields with choices are made by people, not by the API;
here a call may make one, too, with three choices.
"""

from __future__ import annotations

from typing import Any

from activation_platform.sandbox.emarsys.account import Account
from activation_platform.sandbox.emarsys.contacts import body_of
from activation_platform.sandbox.emarsys.replies import BAD_FIELD, ok, refused
from activation_platform.sandbox.exchange import Answer, Call

KINDS = ("shorttext", "longtext", "largetext", "date", "url", "numeric")
BY_HAND = ("singlechoice", "multichoice")
CHOICES = {"1": "one", "2": "two", "3": "three"}


def listed(call: Call, account: Account) -> Answer:  # noqa: ARG001 - in whatever language
    """Show the fields."""
    return ok(
        [
            {
                "id": one.number,
                "name": one.name,
                "application_type": one.kind,
                "string_id": one.string_id,
            }
            for one in account.fields.values()
        ]
    )


def choices(call: Call, account: Account) -> Answer:
    """Show the choices of fields, by the number of the field."""
    numbers = [one for one in call.query.get("fields", "").split(",") if one]
    for number in numbers:
        if number not in account.fields:
            raise refused(BAD_FIELD, f"Invalid field id: {number}")
    return ok({number: _choices(number, account) for number in numbers})


def create(call: Call, account: Account) -> Answer:
    """Make a field."""
    body = body_of(call)
    name, kind = body.get("name"), body.get("application_type")
    if not isinstance(name, str) or not name or any(one.name == name for one in account.fields.values()):
        raise refused(BAD_FIELD, "The name of a field is a text that no other field has")
    if kind not in (*KINDS, *BY_HAND):
        raise refused(BAD_FIELD, f"Invalid application type: {kind}")
    return ok({"id": int(account.add_field(name, kind, CHOICES if kind in BY_HAND else None))})


def _choices(number: str, account: Account) -> list[dict[str, Any]]:
    return [
        {"id": id_, "choice": words, "bit_position": position}
        for position, (id_, words) in enumerate(account.fields[number].choices.items(), start=1)
    ]
