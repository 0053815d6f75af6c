"""The profile endpoints of Batch: update (a stream) and mass-update (periodic, in bulk).

Vendor: https://doc.batch.com/developer/api/cep/profiles/update and .../mass-update. Batch answers 202 and
applies later; the sandbox applies at once. Unconfirmed: that an identifier of the wrong form refuses the whole
call, that the attributes beyond the fiftieth are refused one by one, and that too many profiles give 400.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from activation_platform.sandbox.batch import attributes
from activation_platform.sandbox.batch.errors import malformed
from activation_platform.sandbox.batch.store import Store
from activation_platform.sandbox.exchange import Answer, Call

ATTRIBUTES_MAX = 50
EVENTS_MAX = 15
CUSTOM_ID_MAX = 512
EVENT_AGE_MAX = timedelta(hours=24)
KINDS = ("custom_id", "installation")
EVENT_NAME = re.compile(r"[a-z0-9_]{1,30}")

Fault = dict[str, Any]


def profiles(call: Call, most: int) -> list[Any]:
    """Return the profiles of a call, checked as a whole: at most `most`, each well formed, else 400."""
    document = call.document
    if not isinstance(document, list) or not document:
        raise malformed("The body is a JSON array of profiles.")
    if len(document) > most:
        raise malformed(f"A call holds at most {most} profiles.")
    for index, entry in enumerate(document):
        if complaint := _complaint(entry):
            raise malformed(f"Profile {index}: {complaint}")
    return document


def apply(call: Call, entries: list[Any], store: Store) -> Answer:
    """Apply checked profiles and answer 202, with an error for each attribute or event that was left out."""
    faults: list[Fault] = []
    for index, entry in enumerate(entries):
        ((kind, identifier),) = entry["identifiers"].items()
        profile = store.profile(kind, identifier)
        sent = entry.get("attributes") or {}
        faults += _write(profile.attributes, sent, index, call.poisoned.get(identifier))
        if events := entry.get("events"):
            faults += _record(profile.events, events, index, call.wall)
    if faults:
        return Answer(202, {"code": "SUCCESS_WITH_PARTIAL_ERRORS", "errors": faults})
    return Answer(202, {"code": "SUCCESS"})


def carried(document: Any) -> list[str]:
    """Return the identifiers in a body, whatever its form."""
    found: list[str] = []
    for entry in document if isinstance(document, list) else ():
        identifiers = entry.get("identifiers") if isinstance(entry, dict) else None
        if isinstance(identifiers, dict):
            found += [value for value in identifiers.values() if isinstance(value, str)]
    return found


def _complaint(entry: Any) -> str | None:
    if not isinstance(entry, dict) or not set(entry) <= {"identifiers", "attributes", "events"}:
        return "it is an object of identifiers, attributes and events."
    identifiers = entry.get("identifiers")
    if not isinstance(identifiers, dict) or len(identifiers) != 1 or next(iter(identifiers)) not in KINDS:
        return f"it has exactly one identifier: {' or '.join(KINDS)}."
    value = next(iter(identifiers.values()))
    if not isinstance(value, str) or not 1 <= len(value) <= CUSTOM_ID_MAX:
        return f"an identifier is a string of 1 to {CUSTOM_ID_MAX} characters."
    if not isinstance(entry.get("attributes", {}), dict | None):
        return "attributes is an object."
    events = entry.get("events", [])
    if not isinstance(events, list) or len(events) > EVENTS_MAX:
        return f"events is an array of at most {EVENTS_MAX} events."
    return None


def _write(held: dict[str, Any], sent: Mapping[str, Any], index: int, poison: str | None) -> list[Fault]:
    faults = []
    if poison is not None:
        first = next(iter(sent), "custom_id")
        faults.append(_fault(index, first, poison))
        sent = {key: value for key, value in sent.items() if key != first}
    for position, (key, value) in enumerate(sent.items()):
        try:
            if position >= ATTRIBUTES_MAX:
                raise ValueError(f"A profile takes at most {ATTRIBUTES_MAX} attributes in a call.")
            attributes.write(held, key, value)
        except ValueError as reason:
            faults.append(_fault(index, key, str(reason)))
    return faults


def _fault(index: int, name: str, reason: str, category: str = "attribute") -> Fault:
    return {"category": category, "bulk_index": index, category: name, "reason": reason}


def _record(held: list[dict[str, Any]], sent: list[Any], index: int, wall: float) -> list[Fault]:
    faults = []
    for event in sent:
        name = event.get("name") if isinstance(event, dict) else None
        if not isinstance(name, str) or not EVENT_NAME.fullmatch(name):
            faults.append(_fault(index, str(name), "An event needs a name of a-z, 0-9 and _.", "event"))
        elif complaint := _untimely(event.get("time"), wall):
            faults.append(_fault(index, name, complaint, "event"))
        else:
            held.append(event)
    return faults


def _untimely(time: Any, wall: float) -> str | None:
    if time is None:
        return None
    try:
        age = wall - datetime.fromisoformat(time).timestamp()
    except (TypeError, ValueError):
        return "The time of an event is an ISO 8601 instant."
    if age < 0:
        return "An event cannot lie in the future."
    return "An event is less than 24 hours old." if age >= EVENT_AGE_MAX.total_seconds() else None
