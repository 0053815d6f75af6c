"""The GDPR endpoints of Batch, which is how a profile is deleted: one user per request, done later.

Vendor: https://doc.batch.com/api/gdpr/create and https://doc.batch.com/api/gdpr/get-all-requests.
Unconfirmed: the answer to a request (the sandbox gives 200 and the entry as it is listed).
"""

from __future__ import annotations

from typing import Any

from activation_platform.sandbox.batch.errors import malformed
from activation_platform.sandbox.batch.profiles import CUSTOM_ID_MAX
from activation_platform.sandbox.batch.store import Store
from activation_platform.sandbox.exchange import Answer, Call

REQUEST_TYPES = ("remove", "review")
ID_TYPES = ("custom_id", "advertising_id")


def request(call: Call, store: Store) -> Answer:
    """Ask for a person's removal (or review) in one app."""
    for reason in call.poisoned.values():
        raise malformed(reason)
    document = call.document
    if not isinstance(document, dict) or not set(document) <= {"request_type", "id", "callback_url"}:
        raise malformed("The body is an object of request_type, id and callback_url.")
    if document.get("request_type") not in REQUEST_TYPES:
        raise malformed(f"request_type is {' or '.join(REQUEST_TYPES)}.")
    kind, value = _person(document.get("id"))
    erasure = store.request_erasure(
        call.parameters["app_key"], document["request_type"], kind, value, call.now, call.wall
    )
    return Answer(200, erasure.document())


def requests(call: Call, store: Store) -> Answer:
    """List an app's requests, oldest first."""
    return Answer(200, [each.document() for each in store.polled(call.parameters["app_key"])])


def carried(document: Any) -> list[str]:
    """Return the identifier in a body, whatever its form."""
    person = document.get("id") if isinstance(document, dict) else None
    value = person.get("value") if isinstance(person, dict) else None
    return [value] if isinstance(value, str) else []


def _person(person: Any) -> tuple[str, str]:
    if not isinstance(person, dict) or set(person) != {"type", "value"} or person["type"] not in ID_TYPES:
        raise malformed(f"id is an object of value and type: {' or '.join(ID_TYPES)}.")
    value = person["value"]
    if not isinstance(value, str) or not 1 <= len(value) <= CUSTOM_ID_MAX:
        raise malformed(f"The value of id is a string of 1 to {CUSTOM_ID_MAX} characters.")
    return person["type"], value
