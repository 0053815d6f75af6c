"""A tag of an Intercom workspace: found by its name, and given to contacts and taken from them.

Sources: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/tags/createtag,
https://developers.intercom.com/docs/references/rest-api/api.intercom.io/tags/detachtagfromcontact.
"""

from collections.abc import Generator, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import httpx

from activation_platform.contracts.outcomes import DELETED, Outcome
from activation_platform.contracts.service import BatchRefused, body_of, refuse, said
from activation_platform.destinations.intercom.answers import is_missing, listed, outcome_of

if TYPE_CHECKING:
    from activation_platform.destinations.intercom.destination import Intercom

__all__ = ["tag", "untag"]


def tag(workspace: "Intercom", name: str, contacts: Iterable[str]) -> Generator[httpx.Request, Any, None]:
    """Tag these contacts, and make the tag where there is none. Where Intercom refuses, because of one, it has tagged nobody."""
    body = {"name": name, "users": [{"id": contact} for contact in contacts]}
    response = yield workspace.call("POST", "/tags", json=body)
    if is_missing(response):  # one of them was deleted meanwhile
        raise BatchRefused(workspace.refusal(response))
    if not response.is_success:
        refuse(response, workspace)
    said(response)


def untag(
    workspace: "Intercom", name: str, people: Sequence[Sequence[str]]
) -> Generator[httpx.Request, Any, list[Outcome]]:
    """Untag people (the contacts that each is), one by one: there is no call for several. Who is not there has no tag."""
    there = (yield from _tag_named(workspace, name)) if any(people) else ""
    outcomes: list[Outcome] = []
    for contacts in people:
        outcome = DELETED
        for contact in contacts if there else ():
            response = yield workspace.call("DELETE", f"/contacts/{contact}/tags/{there}")
            told = DELETED if is_missing(response) else outcome_of(response, workspace, DELETED)
            outcome = outcome if told == DELETED else told
        outcomes.append(outcome)
    return outcomes


def _tag_named(workspace: "Intercom", name: str) -> Generator[httpx.Request, Any, str]:
    """The ID of the tag; empty where there is none of its name."""
    response = yield workspace.call("GET", "/tags")
    tags = listed(body_of(response, workspace))
    named = [one for one in tags if str(one.get("name")).casefold() == name.casefold()]
    exact = [one for one in named if one.get("name") == name]
    return str((exact or named)[0]["id"]) if named else ""
