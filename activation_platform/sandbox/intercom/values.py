"""The values of a body: standard attributes by their types, custom ones by the attributes that are there.

Source: the vendor's description, https://github.com/intercom/Intercom-OpenAPI. Unconfirmed: the words of refusals, and that a
text of more than 255 characters is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from activation_platform.sandbox.exchange import MALFORMED, Call
from activation_platform.sandbox.intercom.errors import refused
from activation_platform.sandbox.intercom.workspace import Attribute, Workspace

LONGEST = 255

Kind = Callable[[Any], bool]


def is_text(value: Any) -> bool:
    """Whether a value is a text of acceptable length."""
    return isinstance(value, str) and len(value) <= LONGEST


def is_line(value: Any) -> bool:
    """Whether a value is a text, of any length."""
    return isinstance(value, str)


def is_whole(value: Any) -> bool:
    """Whether a value is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    """Whether a value is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_flag(value: Any) -> bool:
    """Whether a value is true or false."""
    return isinstance(value, bool)


_KINDS: Mapping[str, Kind] = {
    "string": is_text,
    "integer": is_whole,
    "float": is_number,
    "boolean": is_flag,
    "date": is_whole,
}


def body(call: Call) -> dict[str, Any]:
    """Return the object that a call carries; 400 when it is none, or where a fault condemns it."""
    if call.document is MALFORMED or not isinstance(call.document, dict):
        raise refused("The body is not a JSON object", code="bad_request")
    for reason in call.poisoned.values():
        raise refused(reason)
    return call.document


def standard(
    given: Mapping[str, Any], kinds: Mapping[str, Kind], never_null: frozenset[str]
) -> dict[str, Any]:
    """Return the standard attributes of a body; 400 at the first that is wrong or unknown."""
    for name, value in given.items():
        if name == "custom_attributes":
            continue
        if name not in kinds:
            raise refused(f"bad '{name}' parameter", code="bad_request")
        if value is None and name in never_null:
            raise refused(f"{name} cannot be null")
        if value is not None and not kinds[name](value):
            raise refused(f"{name} is invalid")
    return {name: value for name, value in given.items() if name != "custom_attributes"}


def custom(given: Mapping[str, Any], model: str, workspace: Workspace) -> dict[str, Any]:
    """Return the custom attributes of a body; 400 at the first that is not there or has another type."""
    values = given.get("custom_attributes") or {}
    if not isinstance(values, dict):
        raise refused("custom_attributes is invalid")
    for name, value in values.items():
        attribute = workspace.attribute(model, name)
        if attribute is None:
            raise refused(f"Custom attribute '{name}' does not exist")
        if value is not None and not _fits(attribute, value):
            raise refused(f"Custom attribute '{name}' is not a valid {attribute.data_type}")
    return values


def write(held: dict[str, Any], given: Mapping[str, Any]) -> None:
    """Put values in the place of what is held; null, and an empty text, takes a value away."""
    for name, value in given.items():
        if value is None or value == "":
            held.pop(name, None)
        else:
            held[name] = value


def _fits(attribute: Attribute, value: Any) -> bool:
    if attribute.options and value != "":
        return value in attribute.options
    return _KINDS[attribute.data_type](value)
