"""A contact written by itself: created, unless somebody has its details already, who may be meant or be another; or changed.

Source: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/createcontact and its neighbours.
"""

import re
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any

import httpx

from activation_platform.contracts.outcomes import (
    ALREADY_THERE,
    CREATED,
    UPDATED,
    Outcome,
    Verdict,
    ignored,
    rejected,
)
from activation_platform.contracts.service import body_of, said
from activation_platform.destinations.intercom.answers import is_missing, outcome_of
from activation_platform.destinations.intercom.people import folded

if TYPE_CHECKING:
    from activation_platform.destinations.intercom.destination import Intercom

__all__ = ["change", "create"]

_TAKEN_BY = re.compile(r"\b(archived )?contact matching those details already exists with id=(\w+)")

Body = Mapping[str, Any]
_Saying = Generator[httpx.Request, Any, Outcome]


def create(workspace: "Intercom", body: Body, known_by: str, *, overwrite: bool) -> _Saying:
    """Create a contact whom a field of the body tells from others; `overwrite` it where it is there already."""
    response = yield workspace.call("POST", "/contacts", json={"role": "user", **body})
    if response.status_code != httpx.codes.CONFLICT:
        return outcome_of(response, workspace, CREATED)
    words = workspace.refusal(response)
    taken = _TAKEN_BY.search(words)
    if taken is None:
        return rejected(words)
    archived, contact = bool(taken[1]), taken[2]
    if not archived:
        return (yield from _instead(workspace, contact, body, known_by, words, overwrite=overwrite))
    if not overwrite:
        return ignored("already there, in the archive")
    opened = yield workspace.call("POST", f"/contacts/{contact}/unarchive")
    if not opened.is_success:
        return rejected(workspace.refusal(opened))
    said(opened)
    outcome = yield from _instead(workspace, contact, body, known_by, words, overwrite=True)
    if outcome.verdict is not Verdict.ACCEPTED:
        yield workspace.call("POST", f"/contacts/{contact}/archive")
    return outcome


def change(workspace: "Intercom", contact: str, body: Body) -> Generator[httpx.Request, Any, Outcome | None]:
    """Write a contact; None where it was deleted since it was found."""
    response = yield workspace.call("PUT", f"/contacts/{contact}", json=body)
    return None if is_missing(response) else outcome_of(response, workspace, UPDATED)


def _instead(
    workspace: "Intercom", contact: str, body: Body, known_by: str, words: str, *, overwrite: bool
) -> _Saying:
    """Look at who has the details, and write that contact if it is the one that is meant, and not another."""
    shown = yield workspace.call("GET", f"/contacts/{contact}")
    if is_missing(shown):
        return rejected(words)
    held = body_of(shown, workspace).get(known_by)
    if held and folded(held) != folded(body.get(known_by)):
        return rejected(f"{words}, whose {known_by} is another")
    if not overwrite:
        return ALREADY_THERE
    return (yield from change(workspace, contact, body)) or rejected(words)
