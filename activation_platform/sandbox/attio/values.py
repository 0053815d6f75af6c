"""What Attio accepts as a value of each attribute type, and how it reads back.

Vendor: https://docs.attio.com/docs/attribute-types. `cast` turns a written value into its properties, or
raises ValueError with the reason. Stricter than the vendor, or simplified: a phone number must be written
with its country prefix and its `country_code` is only echoed; numbers are not taken from strings; an e-mail
address is compared in lower case.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

Value = dict[str, Any]

# The property that a bare value in a filter means, and that makes two values equal.
IMPLICIT: Mapping[str, str] = {
    "actor-reference": "referenced_actor_id",
    "checkbox": "value",
    "currency": "currency_value",
    "date": "value",
    "domain": "domain",
    "email-address": "email_address",
    "number": "value",
    "personal-name": "full_name",
    "phone-number": "phone_number",
    "rating": "value",
    "record-reference": "target_record_id",
    "select": "option",
    "status": "status",
    "text": "value",
    "timestamp": "value",
}
EMAIL = re.compile(r"(?P<local>[^@\s,;<>\"]+)@(?P<domain>[^@\s,;<>\".]+(?:\.[^@\s,;<>\".]+)+)")
PHONE = re.compile(r"\+[1-9]\d{6,14}")
DOMAIN = re.compile(
    r"(?:[a-z]+://)?(?:www\.)?(?P<domain>[a-z0-9-]+(?:\.[a-z0-9-]+)+)(?:[/?#:].*)?", re.IGNORECASE
)
DATE = re.compile(r"\d{4}-\d\d-\d\d")
NAMES = ("first_name", "last_name", "full_name")
PLACES = (
    *("line_1", "line_2", "line_3", "line_4", "locality", "region", "postcode"),
    *("country_code", "latitude", "longitude"),
)


def cast(kind: str, raw: Any) -> Value:
    """Return the properties of a value of a type; ValueError says why it is none."""
    if kind not in CASTS:
        raise ValueError(f"values of type {kind} cannot be written.")
    return CASTS[kind](raw)


def key_of(kind: str, value: Value) -> Any:
    """Return what makes two values of a type equal."""
    name = IMPLICIT.get(kind)
    return tuple(sorted(value.items())) if name is None else value[name]


def text_of(raw: Any, *names: str) -> str:
    """Return a string, or the string under one of `names` in an object."""
    if isinstance(raw, dict):
        raw = next((raw[name] for name in names if name in raw), None)
    if not isinstance(raw, str) or not raw.strip():
        raise ValueError("a string that is not empty is expected.")
    return raw


def _bare(raw: Any, name: str = "value") -> Any:
    return raw[name] if isinstance(raw, dict) and set(raw) == {name} else raw


def _text(raw: Any) -> Value:
    raw = _bare(raw)
    if not isinstance(raw, str):
        raise ValueError("a string is expected.")
    return {"value": raw}


def _finite(raw: Any) -> float | int:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw):
        raise ValueError("a number is expected.")
    return raw


def _number(raw: Any) -> Value:
    return {"value": _finite(_bare(raw))}


def _checkbox(raw: Any) -> Value:
    raw = _bare(raw)
    if raw in ("true", "false"):
        return {"value": raw == "true"}
    if not isinstance(raw, bool):
        raise ValueError("true or false is expected.")
    return {"value": raw}


def _currency(raw: Any) -> Value:
    value = _finite(_bare(raw, "currency_value"))
    if round(value, 4) != value:
        raise ValueError("a currency value has at most 4 decimals.")
    return {"currency_value": value, "currency_code": "USD"}


def _rating(raw: Any) -> Value:
    raw = _bare(raw)
    if isinstance(raw, bool) or not isinstance(raw, int) or not 0 <= raw <= 5:
        raise ValueError("a whole number from 0 to 5 is expected.")
    return {"value": raw}


def _date(raw: Any) -> Value:
    raw = _bare(raw)
    if not isinstance(raw, str) or not DATE.fullmatch(raw):
        raise ValueError("a calendar date YYYY-MM-DD is expected.")
    date.fromisoformat(raw)
    return {"value": raw}


def _timestamp(raw: Any) -> Value:
    raw = _bare(raw)
    if not isinstance(raw, str) or len(raw) < len("2024-01-01T00"):
        raise ValueError("an ISO 8601 instant is expected.")
    moment = datetime.fromisoformat(raw)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return {"value": moment.strftime("%Y-%m-%dT%H:%M:%S.%f000Z")}


def _email(raw: Any) -> Value:
    written = text_of(raw, "email_address", "original_email_address")
    match = EMAIL.fullmatch(written.strip())
    if match is None:
        raise ValueError(f'"{written}" is not a valid e-mail address.')
    domain = match["domain"].lower()
    return {
        "original_email_address": written,
        "email_address": written.strip().lower(),
        "email_domain": domain,
        "email_root_domain": ".".join(domain.split(".")[-2:]),
        "email_local_specifier": match["local"].lower(),
    }


def _phone(raw: Any) -> Value:
    written = text_of(raw, "original_phone_number")
    number = re.sub(r"[\s().-]", "", written)
    if not PHONE.fullmatch(number):
        raise ValueError(f'"{written}" is not a phone number in E.164 format.')
    country = raw.get("country_code") if isinstance(raw, dict) else None
    # The vendor's guide calls the normal form normalized_phone_number, its description phone_number.
    return {
        "original_phone_number": written,
        "phone_number": number,
        "normalized_phone_number": number,
        "country_code": country,
    }


def _domain(raw: Any) -> Value:
    written = text_of(raw, "domain")
    match = DOMAIN.fullmatch(written.strip())
    if match is None:
        raise ValueError(f'"{written}" is not a domain.')
    domain = match["domain"].lower()
    return {"domain": domain, "root_domain": ".".join(domain.split(".")[-2:])}


def _personal_name(raw: Any) -> Value:
    if isinstance(raw, dict):
        if set(raw) != set(NAMES) or not all(isinstance(part, str) for part in raw.values()):
            raise ValueError(f"a name object has the strings {', '.join(NAMES)}.")
        return {name: raw[name] for name in NAMES}
    last, comma, first = text_of(raw).partition(",")
    first, last = (first.strip(), last.strip()) if comma else (last.strip(), "")
    return {"first_name": first, "last_name": last, "full_name": f"{first} {last}".strip()}


def _location(raw: Any) -> Value:
    if isinstance(raw, str):
        return {**dict.fromkeys(PLACES), "line_1": text_of(raw)}
    if not isinstance(raw, dict) or not raw or not set(raw) <= set(PLACES):
        raise ValueError(f"a location object has {', '.join(PLACES)}.")
    return {name: raw.get(name) for name in PLACES}


# Selects, statuses and references to records and actors need the workspace: see writing.py.
CASTS: Mapping[str, Callable[[Any], Value]] = {
    "checkbox": _checkbox,
    "currency": _currency,
    "date": _date,
    "domain": _domain,
    "email-address": _email,
    "location": _location,
    "number": _number,
    "personal-name": _personal_name,
    "phone-number": _phone,
    "rating": _rating,
    "text": _text,
    "timestamp": _timestamp,
}
