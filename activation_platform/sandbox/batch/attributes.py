"""What Batch accepts as a profile attribute, and what writing it does.

A value that is not acceptable raises ValueError with the reason; Batch then leaves out that attribute alone.
Unconfirmed by the vendor's pages as read: names of at most 30 characters and arrays of at most 25 strings
(said of the SDKs), `$remove` (named in section titles only), and that an empty array is stored.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import available_timezones

NAME = re.compile(r"[a-z0-9_]{1,30}")
KEY = re.compile(r"(?:(?P<wrapper>date|url)\((?P<wrapped>[^()]*)\)|(?P<bare>[^()]+))")
EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\".]+(?:\.[^@\s,;<>\".]+)+")
PHONE = re.compile(r"\+[1-9]\d{6,14}")
TWO_LETTERS = re.compile(r"[A-Za-z]{2}")
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
URL = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
STRING_MAX = 300
URL_MAX = 2048
ARRAY_MAX = 25
SUBSCRIPTIONS = ("subscribed", "unsubscribed")


def write(attributes: dict[str, Any], key: str, value: Any) -> None:
    """Write one attribute into a profile's attributes, under the key as sent.

    null removes it, an object adds to and removes from an array. An attribute has one key at a time:
    `date(x)` replaces `x`.
    """
    check, name = _read_key(key)
    if value is None:
        _remove(attributes, name)
        return
    if isinstance(value, dict):
        value = _partial(attributes.get(key), value)
    check(value)
    _remove(attributes, name)
    attributes[key] = value


def _read_key(key: str) -> tuple[Callable[[Any], None], str]:
    if key.startswith("$"):
        if key not in NATIVE:
            raise ValueError(f"{key} is not a native attribute.")
        return NATIVE[key], key
    match = KEY.fullmatch(key)
    name = (match["wrapped"] or match["bare"] or "") if match else ""
    if match is None or not NAME.fullmatch(name):
        raise ValueError("An attribute name holds 1 to 30 lower case letters, digits and underscores.")
    return WRAPPED[match["wrapper"]] if match["wrapper"] else _custom, name


def _remove(attributes: dict[str, Any], name: str) -> None:
    for key in (name, f"date({name})", f"url({name})"):
        attributes.pop(key, None)


def _partial(before: Any, change: Mapping[str, Any]) -> list[str]:
    if not change or not set(change) <= {"$add", "$remove"}:
        raise ValueError("An object may only hold $add and $remove.")
    if before is not None and not isinstance(before, list):
        raise ValueError("$add and $remove need an array attribute.")
    added, removed = change.get("$add", []), change.get("$remove", [])
    for part in (added, removed):
        _array(part)
    kept = [value for value in before or [] if value not in removed]
    return kept + [value for value in dict.fromkeys(added) if value not in kept]


def _custom(value: Any) -> None:
    if isinstance(value, str):
        _string(value)
    elif isinstance(value, list):
        _array(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("A number is finite.")
    elif not isinstance(value, bool | int | float):
        raise ValueError("The value has an unsupported type.")


def _string(value: Any) -> None:
    if not isinstance(value, str) or not 1 <= len(value) <= STRING_MAX:
        raise ValueError(f"A string holds 1 to {STRING_MAX} characters.")


def _array(value: Any) -> None:
    if not isinstance(value, list) or len(value) > ARRAY_MAX:
        raise ValueError(f"An array holds at most {ARRAY_MAX} strings.")
    for each in value:
        _string(each)


def is_date(value: Any) -> bool:
    """Return whether a value is a moment of RFC 3339."""
    try:
        return (
            isinstance(value, str)
            and DATE.fullmatch(value) is not None
            and bool(datetime.fromisoformat(value))
        )
    except ValueError:
        return False


def is_url(value: Any) -> bool:
    """Return whether a value is an address."""
    return isinstance(value, str) and len(value) <= URL_MAX and URL.fullmatch(value) is not None


def _date(value: Any) -> None:
    if not is_date(value):
        raise ValueError("A date is written as 2006-01-02T15:04:05Z.")


def _url(value: Any) -> None:
    if not is_url(value):
        raise ValueError(f"A URL has a scheme and at most {URL_MAX} characters.")


def _text(pattern: re.Pattern[str], what: str) -> Callable[[Any], None]:
    def check(value: Any) -> None:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError(f"This is not {what}.")

    return check


def _subscription(value: Any) -> None:
    if value not in SUBSCRIPTIONS:
        raise ValueError("A marketing attribute is subscribed, unsubscribed or null.")


def _timezone(value: Any) -> None:
    if not isinstance(value, str) or value not in _timezones():
        raise ValueError("This is not an IANA time zone.")


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


WRAPPED: Mapping[str, Callable[[Any], None]] = {"date": _date, "url": _url}
NATIVE: Mapping[str, Callable[[Any], None]] = {
    "$email_address": _text(EMAIL, "an e-mail address"),
    "$email_marketing": _subscription,
    "$phone_number": _text(PHONE, "a phone number in E.164 format"),
    "$sms_marketing": _subscription,
    "$language": _text(TWO_LETTERS, "a language code of two letters"),
    "$region": _text(TWO_LETTERS, "a region code of two letters"),
    "$timezone": _timezone,
}
