"""The custom data endpoint of Batch's older platform: data of an app's users, many at a time.

Vendor: https://doc.batch.com/api/custom-data-api/set-update. Unconfirmed by the pages as read: the answer to a call, that a
call with one bad update is refused as a whole, the lengths, and what becomes of somebody whom the app does not know (the
sandbox keeps what it is told, of anybody). Prefixes, the empty array and the form of dates are those of production code that
cites the page.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from activation_platform.sandbox.batch.errors import malformed
from activation_platform.sandbox.batch.store import Store
from activation_platform.sandbox.exchange import Answer, Call

USERS_MAX = 10_000
ID_MAX = 512
KEY = re.compile(r"(?P<kind>u|ut)\.[a-z0-9_]{1,30}|date\(u\.[a-z0-9_]{1,30}\)")
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
STRING_MAX = 300


def update(call: Call, store: Store) -> Answer:
    """Change the data of an app's users; null takes a value away."""
    for reason in call.poisoned.values():
        raise malformed(reason)
    users = call.document
    if not isinstance(users, list) or not users or len(users) > USERS_MAX:
        raise malformed(f"The body is an array of 1 to {USERS_MAX} users.")
    for index, user in enumerate(users):
        if complaint := _complaint(user):
            raise malformed(f"User {index}: {complaint}")
    held = store.custom_data[call.parameters["app_key"]]
    for user in users:
        before = {} if user["update"]["overwrite"] else held.get(user["id"], {})
        after = {**before, **user["update"]["values"]}
        held[user["id"]] = {key: value for key, value in after.items() if value is not None}
    return Answer(202, {})


def carried(document: Any) -> list[str]:
    """Return the ids in a body, whatever its form."""
    users = document if isinstance(document, list) else ()
    found = (user.get("id") for user in users if isinstance(user, dict))
    return [id_ for id_ in found if isinstance(id_, str)]


def _complaint(user: Any) -> str | None:
    if not isinstance(user, dict) or set(user) != {"id", "update"}:
        return "it is an object of id and update."
    if not isinstance(user["id"], str) or not 1 <= len(user["id"]) <= ID_MAX:
        return f"an id is a string of 1 to {ID_MAX} characters."
    change = user["update"]
    if not isinstance(change, dict) or set(change) != {"overwrite", "values"}:
        return "update is an object of overwrite and values."
    if not isinstance(change["overwrite"], bool) or not isinstance(change["values"], dict):
        return "overwrite is true or false, values an object."
    wrong = (key for key, value in change["values"].items() if not _acceptable(key, value))
    return next((f"{key} is not acceptable." for key in wrong), None)


def _acceptable(key: str, value: Any) -> bool:
    match = KEY.fullmatch(key)
    if match is None:
        return False
    if value is None:
        return True
    if match["kind"] == "ut":
        return isinstance(value, list) and bool(value) and all(map(_is_text, value))
    if match["kind"] == "u":
        return _is_text(value) or isinstance(value, bool | int | float)
    return isinstance(value, str) and _is_date(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= STRING_MAX


def _is_date(value: str) -> bool:
    try:
        return DATE.fullmatch(value) is not None and bool(datetime.fromisoformat(value))
    except ValueError:
        return False
