"""The profile endpoints of Batch: update (a stream) and mass-update (periodic, in bulk).

Vendor: https://doc.batch.com/developer/api/cep/profiles/update and .../mass-update. Batch answers 202 and
applies later; the sandbox applies at once. Unconfirmed: that an identifier of the wrong form refuses the whole
call, that the attributes beyond the fiftieth are refused one by one, and that too many profiles give 400.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from activation_platform.sandbox.batch import attributes, events
from activation_platform.sandbox.batch.errors import malformed
from activation_platform.sandbox.batch.store import Store
from activation_platform.sandbox.exchange import Answer, Call

ATTRIBUTES_MAX = 50
CUSTOM_ID_MAX = 512
KINDS = ("custom_id", "installation")

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
        poison, sent = call.poisoned.get(identifier), entry.get("events") or []
        if "attributes" in entry or not sent:
            faults += _write(profile.attributes, entry.get("attributes") or {}, index, poison)
        faults += events.record(profile.events, sent, index, call.wall, poison)
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
    sent = entry.get("events", [])
    if not isinstance(sent, list) or len(sent) > events.MOST:
        return f"events is an array of at most {events.MOST} events."
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


def _fault(index: int, name: str, reason: str) -> Fault:
    return {"category": "attribute", "bulk_index": index, "attribute": name, "reason": reason}
