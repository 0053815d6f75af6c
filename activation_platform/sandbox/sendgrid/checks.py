"""What a contact must be for a call to be taken on: its form, its lengths, its identifiers.

Lengths: the vendor's description of the call. The words on an e-mail address, on unknown custom fields and on null are those that
others report of the API (https://github.com/sendgrid/sendgrid-nodejs/issues/953, https://github.com/sendgrid/docs/issues/6323);
all others are made up. Dates are MM/DD/YYYY, as the page on CSV files says; unconfirmed for this call.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from activation_platform.sandbox.sendgrid.account import IDENTIFIERS, TEXTS, Definition

EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\".]+(?:\.[^@\s,;<>\".]+)+")
PHONE = re.compile(r"\+[1-9]\d{6,14}")
LENGTHS: Mapping[str, int] = {
    "email": 254,
    "external_id": 254,
    "anonymous_id": 254,
    "first_name": 50,
    "last_name": 50,
    "address_line_1": 100,
    "address_line_2": 100,
    "city": 60,
    "state_province_region": 50,
    "country": 50,
}
ALTERNATES = 5
TEXT_BYTES = 32_766


def faults(contact: Any, definitions: Mapping[str, Definition]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a contact: a field and a message."""
    if not isinstance(contact, dict):
        yield "", "a contact is an object"
        return
    if not any(contact.get(kind) for kind in IDENTIFIERS):
        yield "", f"at least one identifier is required: {', '.join(IDENTIFIERS)}"
    for name, value in contact.items():
        words = _fault(name, value)
        if words:
            yield name, words
    custom = contact.get("custom_fields", {})
    for id_, value in custom.items() if isinstance(custom, dict) else ():
        words = _custom(id_, value, definitions)
        if words:
            yield f"custom_fields.{id_}", words


def lowered(contact: Mapping[str, Any]) -> dict[str, Any]:
    """Return the contact with its e-mail address in lower case, as it is kept."""
    return {**contact, "email": contact["email"].lower()} if contact.get("email") else dict(contact)


def _fault(name: str, value: Any) -> str | None:
    if name == "custom_fields":
        return None if isinstance(value, dict) else "custom_fields is an object"
    if name == "alternate_emails":
        return _list(value)
    if name not in (*IDENTIFIERS, *TEXTS):
        return f"there is no field {name}"
    if not isinstance(value, str):
        return f"{name} is a string"
    if len(value) > LENGTHS.get(name, len(value)):
        return f"{name} is longer than {LENGTHS[name]} characters"
    if name == "email" and not EMAIL.fullmatch(value):
        return f"email '{value}' is not valid"
    if name == "phone_number_id" and not PHONE.fullmatch(value):
        return f"phone_number_id '{value}' is not valid"
    return None


def _list(value: Any) -> str | None:
    if not isinstance(value, list) or len(value) > ALTERNATES:
        return f"alternate_emails is an array of at most {ALTERNATES}"
    wrong: Collection[Any] = [
        one for one in value if not isinstance(one, str) or len(one) > 254 or not EMAIL.fullmatch(one)
    ]
    return f"email '{next(iter(wrong))}' is not valid" if wrong else None


def _custom(id_: str, value: Any, definitions: Mapping[str, Definition]) -> str | None:
    definition = definitions.get(id_)
    if definition is None:
        return "invalid custom field ids supplied"
    if value is None:
        return f'custom field "{id_}" cannot be null'
    kind = definition.field_type
    if kind == "Text" and (not isinstance(value, str) or len(value.encode()) > TEXT_BYTES):
        return f'custom field "{id_}" is not a text of at most {TEXT_BYTES} bytes'
    if kind == "Number" and not _is_number(value):
        return f'custom field "{id_}" is not a number'
    if kind == "Date" and not _is_day(value):
        return f'custom field "{id_}" is not a date'
    return None


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return re.fullmatch(r"-?\d+(\.\d+)?", value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_day(value: Any) -> bool:
    try:
        datetime.strptime(value, "%m/%d/%Y")  # noqa: DTZ007 - a day has no zone
    except (TypeError, ValueError):
        return False
    return True
