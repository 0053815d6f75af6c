"""Writes as they arrive: a batch, in which each succeeds or fails by itself, and a commit, in which all do.

Vendor: https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases.documents/batchWrite and …/commit.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from activation_platform.sandbox.exchange import MALFORMED, Answer, Call, Refused
from activation_platform.sandbox.firestore.database import Database, instant
from activation_platform.sandbox.firestore.errors import INVALID_ARGUMENT, Unwritable, error, malformed

MOST = 500
LARGEST = 10 * 1024 * 1024
_STATUS = {3: 400, 5: 404, 6: 409, 9: 400}


def batch(call: Call, database: Database) -> Answer:
    """Carry out each write by itself; whatever becomes of them, the call succeeds."""
    writes = _writes(call, {"writes", "labels"})
    places = [database.target(write) for write in writes]
    if len(set(places)) < len(places):
        raise malformed("Cannot write to the same document more than once in a batch.")
    results: list[dict[str, Any]] = []
    statuses: list[dict[str, Any]] = []
    for write, place in zip(writes, places, strict=True):
        try:
            _condemned(call, place)
            results.append(database.write(write, call.wall))
            statuses.append({})
        except Unwritable as refused:
            results.append({})
            statuses.append(refused.status)
    return Answer(200, {"writeResults": results, "status": statuses} if writes else {})


def commit(call: Call, database: Database) -> Answer:
    """Carry out all writes, or none."""
    writes = _writes(call, {"writes", "transaction"})
    before = deepcopy(database.documents)
    try:
        for write in writes:
            _condemned(call, database.target(write))
        results = [database.write(write, call.wall) for write in writes]
    except (Unwritable, Refused) as refused:
        database.documents = before
        if isinstance(refused, Refused):
            raise
        word = "ALREADY_EXISTS" if refused.status["code"] == 6 else ""
        return error(_STATUS[refused.status["code"]], refused.status["message"], word)
    return Answer(200, {"writeResults": results, "commitTime": instant(call.wall)})


def names(document: Any) -> Iterator[str]:
    """Return the IDs of the documents that a body is about."""
    writes = document.get("writes") if isinstance(document, dict) else None
    for write in writes if isinstance(writes, list) else ():
        about = write.get("update") or write.get("transform") or {} if isinstance(write, dict) else {}
        name = (
            write.get("delete") or about.get("name") or about.get("document")
            if isinstance(write, dict)
            else ""
        )
        yield str(name).rpartition("/")[2]


def _writes(call: Call, known: set[str]) -> list[Any]:
    given = call.document
    if len(call.body) > LARGEST:
        raise malformed(f"Request payload size exceeds the limit: {LARGEST} bytes.")
    if given is MALFORMED or not isinstance(given or {}, dict):
        raise malformed("Invalid JSON payload received. Unexpected token.")
    if unknown := sorted(set(given or {}) - known):
        raise malformed(f'Invalid JSON payload received. Unknown name "{unknown[0]}": Cannot find field.')
    writes = (given or {}).get("writes") or []
    if not isinstance(writes, list) or len(writes) > MOST:
        raise malformed(f"maximum {MOST} writes allowed per request")
    return writes


def _condemned(call: Call, place: str) -> None:
    """Refuse the document that a fault is about."""
    reason = call.poisoned.get(place.rpartition("/")[2])
    if reason is not None:
        raise Unwritable(INVALID_ARGUMENT, reason)
