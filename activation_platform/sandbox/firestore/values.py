"""Values of documents: what they must look like, how many bytes they take, and what they hold.

Vendor: https://cloud.google.com/firestore/docs/reference/rest/v1/Value, and for sizes
https://cloud.google.com/firestore/docs/storage-size.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any

from activation_platform.sandbox.firestore.errors import INVALID_ARGUMENT, Unwritable, malformed

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)")
_LONGEST_TEXT = 1_048_487


def _whole(value: Any) -> bool:
    """Whether it is a number of 64 bits, as text or not."""
    text = str(value)
    return re.fullmatch(r"-?\d{1,19}", text) is not None and -(2**63) <= int(text) < 2**63


def _bytes(value: Any) -> bool:
    try:
        return isinstance(value, str) and len(base64.b64decode(value, validate=True)) <= _LONGEST_TEXT
    except binascii.Error:
        return False


KINDS: Mapping[str, Callable[[Any], bool]] = {
    "nullValue": lambda value: value in (None, "NULL_VALUE"),
    "booleanValue": lambda value: isinstance(value, bool),
    "integerValue": lambda value: not isinstance(value, bool) and _whole(value),
    "doubleValue": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "timestampValue": lambda value: isinstance(value, str) and _MOMENT.fullmatch(value) is not None,
    "stringValue": lambda value: isinstance(value, str),
    "bytesValue": _bytes,
    "referenceValue": lambda value: isinstance(value, str),
    "arrayValue": lambda value: isinstance(value, dict) and set(value) <= {"values"},
    "mapValue": lambda value: isinstance(value, dict) and set(value) <= {"fields"},
}


def read(value: Any, *, within_array: bool = False) -> dict[str, Any]:
    """Return a value as it is kept; 400 where it is none, `Unwritable` where no document may hold it."""
    if not isinstance(value, dict) or len(value) != 1 or (kind := next(iter(value))) not in KINDS:
        raise malformed("Invalid value (oneof), oneof field 'value_type' must be set once.")
    inner = value[kind]
    if not KINDS[kind](inner):
        raise malformed(f"Invalid value at '{kind}'.")
    if kind == "arrayValue":
        if within_array:
            raise Unwritable(INVALID_ARGUMENT, "Cannot convert an array value in an array value.")
        return {kind: {"values": [read(one, within_array=True) for one in inner.get("values") or ()]}}
    if kind == "mapValue":
        return {kind: {"fields": fields(inner.get("fields") or {})}}
    if kind == "stringValue" and len(inner.encode()) > _LONGEST_TEXT:
        raise Unwritable(INVALID_ARGUMENT, f"The value is longer than {_LONGEST_TEXT} bytes.")
    return {kind: str(inner) if kind == "integerValue" else None if kind == "nullValue" else inner}


def fields(given: Any) -> dict[str, dict[str, Any]]:
    """Return the fields of a document or map; `Unwritable` where a name is not allowed."""
    if not isinstance(given, dict):
        raise malformed("Invalid value at 'fields'.")
    for name in given:
        if not name or len(name.encode()) > 1_500 or re.fullmatch("__.*__", name, re.DOTALL):
            raise Unwritable(INVALID_ARGUMENT, f"The property name {name[:100]!r} is not allowed.")
    return {name: read(one) for name, one in given.items()}


def plain(value: Mapping[str, Any]) -> Any:
    """Return what a value holds."""
    kind, inner = next(iter(value.items()))
    if kind == "arrayValue":
        return [plain(one) for one in inner["values"]]
    if kind == "mapValue":
        return {name: plain(one) for name, one in inner["fields"].items()}
    return int(inner) if kind == "integerValue" else inner


def size(value: Mapping[str, Any]) -> int:
    """Return the bytes that a value takes."""
    kind, inner = next(iter(value.items()))
    if kind == "arrayValue":
        return sum(map(size, inner["values"]))
    if kind == "mapValue":
        return size_of(inner["fields"])
    if kind in ("stringValue", "referenceValue"):
        return len(inner.encode()) + 1
    if kind == "bytesValue":
        return len(base64.b64decode(inner))
    return 1 if kind in ("nullValue", "booleanValue") else 8


def size_of(given: Mapping[str, Mapping[str, Any]]) -> int:
    """Return the bytes that fields take, with their names."""
    return sum(len(name.encode()) + 1 + size(value) for name, value in given.items())
