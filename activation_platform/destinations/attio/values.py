"""What the values of a record look like on the wire, written and read.

Source: https://docs.attio.com/docs/attribute-types. Every value is written as an array, which the API takes for single
and multiple values alike. Unconfirmed: that an empty array clears a single value too, as it does a list.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

__all__ = ["FIRST_NAME", "LAST_NAME", "NAME", "folded", "plain", "values_to_write"]

NAME = "name"
FIRST_NAME = "name.first_name"
LAST_NAME = "name.last_name"


def values_to_write(values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The `values` of a record's body: an array per attribute, empty where it is cleared."""
    body = {name: _written(value) for name, value in values.items() if name not in (FIRST_NAME, LAST_NAME)}
    if FIRST_NAME in values or LAST_NAME in values:
        body[NAME] = _name(values.get(FIRST_NAME), values.get(LAST_NAME), values.get(NAME))
    return body


def plain(value: Any) -> Any:
    """The value inside what Attio answers for an attribute (`{"email_address": "a@b.c", "attribute_type": …}`)."""
    if not isinstance(value, dict):
        return value
    # The description says phone_number, the page on phone numbers normalized_phone_number.
    phone = ("phone_number", "normalized_phone_number", "original_phone_number")
    inner = ("email_address", *phone, "domain", "value")
    return next((value[name] for name in inner if value.get(name) is not None), None)


def folded(value: Any) -> Any:
    """A value as Attio compares it: e-mail addresses and domains are kept in lower case."""
    return value.lower() if isinstance(value, str) else value


def _name(first: str | None, last: str | None, full: str | None) -> list[Any]:
    """A name from its parts; all three properties must be written, so a part that is not sent is empty."""
    if first is None and last is None:
        return _written(full)
    joined = " ".join(part for part in (first, last) if part)
    return [{"first_name": first or "", "last_name": last or "", "full_name": full or joined}]


def _written(value: Any) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, list):
        return value
    if isinstance(value, datetime):
        return [value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"]
    if isinstance(value, date):
        return [value.isoformat()]
    return [value]
