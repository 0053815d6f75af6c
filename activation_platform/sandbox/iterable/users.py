"""The users endpoints of Iterable: updated in bulk, shown, deleted later, forgotten, and which fields they have.

Source: the vendor's description, https://github.com/Iterable/api-client. Unconfirmed: that null takes a value away, what is
answered to the deletion of somebody unknown, and to a body that is too large.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from activation_platform.sandbox.exchange import MALFORMED, Answer, Call
from activation_platform.sandbox.iterable.errors import done, refused
from activation_platform.sandbox.iterable.project import (
    EMAIL_BASED,
    USER_ID_BASED,
    Deletion,
    Project,
    User,
    fits,
    folded,
    type_of,
)
from activation_platform.sandbox.iterable.tally import Tally

MAX_BODY = 4 * 1_000 * 1_000
USERS_MAX = 1_000
USER_ID_MAX = 52
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_USER_ID = re.compile(r"[ -~]*[!-~]")
OF_A_USER = {"email", "userId", "dataFields", "mergeNestedObjects", "preferUserId"}


def bulk_update(call: Call, project: Project) -> Answer:
    """Write many users; those who cannot be written are told, the others are."""
    given = body(call, {"users", "createNewFields"})
    tally = Tally()
    for one in many(given, "users", OF_A_USER):
        saved(one, call, project, tally, makes=True, new_fields=given.get("createNewFields", True))
    return tally.answer()


def show(call: Call, project: Project) -> Answer:
    """Show a user; who is not there is shown as nobody."""
    kind, value = _asked(call)
    user = project.find(kind, value)
    if user is None:
        return Answer(200, {})
    return Answer(200, {"user": {"email": "", **user.identifiers, "dataFields": user.document()}})


def delete(call: Call, project: Project, delay: float) -> Answer:
    """Take a deletion on; nobody is deleted yet."""
    for reason in call.poisoned.values():
        raise refused(reason)
    kind, value = _asked(call)
    if kind == "email" and project.kind == USER_ID_BASED:
        raise refused("A userID-based project deletes by userId")
    project.deletions.append(Deletion(kind, value, call.now + delay))
    return done()


def forget(call: Call, project: Project) -> Answer:
    """Delete a user at once, and let nobody write them again."""
    given = body(call, {"email", "userId"})
    kind, value = next(iter(given.items()), ("email", ""))
    project.delete(kind, str(value))
    project.forgotten.add((kind, folded(kind, str(value))))
    return done()


def fields(call: Call, project: Project) -> Answer:  # noqa: ARG001 - as all endpoints
    """Show the types of all fields."""
    return Answer(200, {"fields": dict(project.fields)})


def body(call: Call, known: set[str]) -> dict[str, Any]:
    """Return the object that a call carries; refuse one that is none, too large, or has what is not known."""
    if len(call.body) > MAX_BODY:
        raise refused("Request body is too large", 413)
    if call.document is MALFORMED or not isinstance(call.document, dict):
        raise refused("The body is not a JSON object", code="BadJsonBody")
    if not set(call.document) <= known:
        raise refused(f"Unknown: {', '.join(sorted(set(call.document) - known))}")
    return call.document


def many(given: Mapping[str, Any], name: str, known: set[str]) -> list[dict[str, Any]]:
    """Return the objects of a call of many."""
    ones = given.get(name)
    if not isinstance(ones, list) or not all(isinstance(one, dict) and set(one) <= known for one in ones):
        raise refused(f"{name} is an array of objects")
    if not all(isinstance(one.get("dataFields", {}), dict) for one in ones):
        raise refused("dataFields is an object")
    if len(ones) > USERS_MAX:
        raise refused(f"{name} holds at most {USERS_MAX}", code="BatchTooLarge")
    return ones


def saved(
    one: Mapping[str, Any],
    call: Call,
    project: Project,
    tally: Tally,
    *,
    makes: bool,
    new_fields: bool = True,
) -> User | None:
    """Write an object to whom it means, made where the project makes them; None, and told, where that cannot be."""
    kind, text, given = _said(one)
    user = project.find(kind, text)
    known = {name: value for name, value in given.items() if new_fields or name in project.fields}
    allowed = makes and (kind == "email" or project.kind != EMAIL_BASED or bool(one.get("preferUserId")))
    if not valid(kind, text) or (kind == "email" and project.kind == USER_ID_BASED):
        tally.fail("invalid", kind, text)
    elif (kind, folded(kind, text)) in project.forgotten:
        tally.fail("forgotten", kind, text)
    elif user is None and not allowed:
        tally.fail("notFound", kind, text)
    elif text in call.poisoned or not _fit(known, project):
        tally.fail("invalidData", kind, text)
    elif (wrong := _contested(known, user, project)) is not None:
        tally.fail(*wrong)
    else:
        user = user or project.add(kind, text)
        tally.dropped |= set(given) - set(known)
        tally.taken += 1
        project.received[text] += 1
        for name, value in known.items():
            if name not in project.fields and (made := type_of(value)) is not None:
                project.fields[name] = made
                tally.created.add(name)
            _put(user, name, value, project)
        return user
    return None


def meant(one: Mapping[str, Any], call: Call, project: Project, tally: Tally) -> User | None:
    """Return whom an object means; None, and told, where it means nobody."""
    kind, text, _ = _said(one)
    user = project.find(kind, text)
    if text in call.poisoned or not valid(kind, text):
        tally.fail("invalid", kind, text)
    elif (kind, folded(kind, text)) in project.forgotten:
        tally.fail("forgotten", kind, text)
    elif user is None:
        tally.fail("notFound", kind, text)
    else:
        return user
    return None


def valid(kind: str, value: str) -> bool:
    """Whether Iterable takes a text for an identifier."""
    if kind == "email":
        return _EMAIL.fullmatch(value) is not None
    return len(value) <= USER_ID_MAX and _USER_ID.fullmatch(value) is not None


def _said(one: Mapping[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """Whom an object means, and its fields: beside an address, the user ID is one of them."""
    kind = "email" if one.get("email") else "userId"
    beside = {"userId": one["userId"]} if kind == "email" and one.get("userId") else {}
    text = one.get(kind)
    return kind, text if isinstance(text, str) else "", {**one.get("dataFields", {}), **beside}


def _fit(known: Mapping[str, Any], project: Project) -> bool:
    return all(fits(value, project.fields[name]) for name, value in known.items() if name in project.fields)


def _contested(known: Mapping[str, Any], user: User | None, project: Project) -> tuple[str, str, str] | None:
    """The identifier that somebody cannot be given: reason, field and value."""
    for name in ("email", "userId"):
        value = str(known.get(name) or "")
        if value and not valid(name, value):
            return "invalid", name, value
        if value and project.find(name, value) not in (None, user):
            return "conflict", name, value
    return None


def _put(user: User, name: str, value: Any, project: Project) -> None:
    if name in ("email", "userId"):
        if value:
            project.identify(user, name, str(value))
    elif value is None:
        user.values.pop(name, None)
    else:
        user.values[name] = value


def _asked(call: Call) -> tuple[str, str]:
    """Whom a path or query names."""
    found = {**call.query, **call.parameters}
    for kind in ("email", "userId"):
        if found.get(kind):
            return kind, found[kind]
    raise refused("email or userId is needed")
