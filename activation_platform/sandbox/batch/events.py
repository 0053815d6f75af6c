"""What Batch accepts as an event of a profile: a name, a moment of the last 24 hours, attributes.

Vendor: https://doc.batch.com/developer/api/cep/profiles/update. An event that is not acceptable is left out alone, and so is
an attribute of one. Unconfirmed by the pages as read: how an error names the event, names of at most 30 characters, the
lengths of `$label` (200) and `$tags` (10 of 64; both said of the SDKs and of the older API), and that null is no value here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from activation_platform.sandbox.batch import attributes

MOST = 15
AGE_MAX = timedelta(hours=24)
NAME = re.compile(r"[a-z0-9_]{1,30}")
LABEL_MAX = 200
TAGS_MAX = 10
TAG_MAX = 64

Fault = dict[str, Any]


def record(
    held: list[dict[str, Any]], sent: list[Any], index: int, wall: float, poison: str | None
) -> list[Fault]:
    """Add events to those a profile holds; return an error for each event and each attribute that was left out."""
    faults: list[Fault] = []
    for event in sent:
        name = event.get("name") if isinstance(event, dict) else None
        if complaint := poison or _complaint(event, name, wall):
            faults.append({"category": "event", "bulk_index": index, "event": str(name), "reason": complaint})
            continue
        kept, left_out = _attributes(event.get("attributes") or {})
        faults += [
            {"category": "attribute", "bulk_index": index, "event": name, "attribute": key, "reason": reason}
            for key, reason in left_out.items()
        ]
        held.append({**event, "attributes": kept} if "attributes" in event else event)
    return faults


def _complaint(event: Any, name: Any, wall: float) -> str | None:
    if not isinstance(event, dict) or not set(event) <= {"name", "time", "attributes"}:
        return "An event is an object of name, time and attributes."
    if not isinstance(name, str) or not NAME.fullmatch(name):
        return "An event needs a name of a-z, 0-9 and _."
    if not isinstance(event.get("attributes", {}), dict | None):
        return "The attributes of an event are an object."
    return _untimely(event.get("time"), wall)


def _untimely(time: Any, wall: float) -> str | None:
    if time is None:
        return None
    try:
        moment = datetime.fromisoformat(time)
    except (TypeError, ValueError):
        return "The time of an event is an ISO 8601 instant."
    age = wall - (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if age < 0:
        return "An event cannot lie in the future."
    return "An event is less than 24 hours old." if age >= AGE_MAX.total_seconds() else None


def _attributes(sent: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The attributes that are kept, and why the others are not."""
    kept: dict[str, Any] = {}
    left_out: dict[str, str] = {}
    for key, value in sent.items():
        try:
            _check(key, value)
        except ValueError as reason:
            left_out[key] = str(reason)
        else:
            kept[key] = value
    return kept, left_out


def _check(key: str, value: Any) -> None:
    """Raise ValueError unless an event may carry this attribute; objects hold attributes, arrays hold objects or strings."""
    if key in RESERVED:
        RESERVED[key](value)
    elif value is None:
        raise ValueError("An attribute of an event has a value.")
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check(name, inner)
    elif isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        for each in value:
            _check(key, each)
    elif key.startswith("$"):
        raise ValueError(f"{key} is not a reserved attribute.")
    else:
        attributes.write({}, key, value)


def _label(value: Any) -> None:
    if not isinstance(value, str) or not 1 <= len(value) <= LABEL_MAX:
        raise ValueError(f"$label is a string of 1 to {LABEL_MAX} characters.")


def _tags(value: Any) -> None:
    if not isinstance(value, list) or len(value) > TAGS_MAX:
        raise ValueError(f"$tags is an array of at most {TAGS_MAX} strings.")
    if not all(isinstance(each, str) and 1 <= len(each) <= TAG_MAX for each in value):
        raise ValueError(f"A tag is a string of 1 to {TAG_MAX} characters.")


RESERVED: Mapping[str, Callable[[Any], None]] = {"$label": _label, "$tags": _tags}
