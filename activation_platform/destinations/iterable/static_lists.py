"""The static lists of an Iterable project, found by their names, and made.

Source: https://api.iterable.com/api/docs (GET and POST /api/lists). A name may be that of several lists, for nothing says that
Iterable refuses to make one twice: then the oldest is meant, so that every run means the same.
"""

import json
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import httpx

from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.service import UnreadableAnswer, body_of

if TYPE_CHECKING:
    from activation_platform.destinations.iterable.destination import Iterable

__all__ = ["list_named", "list_of_the_name"]

_LISTS = "/api/lists"
_STATIC = "Standard"


def list_of_the_name(account: "Iterable", name: str) -> Generator[httpx.Request, Any, int]:
    """The ID of the static list of this name, which is made where there is none."""
    there = yield from list_named(account, name)
    if there is not None:
        return there
    response = yield account.call("POST", _LISTS, budget=account.lists, body=json.dumps({"name": name}))
    if not response.is_success:
        raise DeclarationError(
            f'Iterable refuses to make the list "{name}" ({account.refusal(response)})',
            remedy="Make it in Iterable, as a static list, or choose another name in the option list.",
        )
    made = body_of(response, account).get("listId")
    there = yield from list_named(account, name)  # the answer to an earlier try may have been lost
    if there is not None:
        return there
    if not isinstance(made, int):
        raise UnreadableAnswer(f"{response.status_code} without a listId")
    return made


def list_named(account: "Iterable", name: str) -> Generator[httpx.Request, Any, int | None]:
    """The ID of the static list of this name, None where there is none; of several, the oldest's."""
    told = body_of((yield account.call("GET", _LISTS, budget=account.lists)), account).get("lists")
    if not isinstance(told, list):
        raise UnreadableAnswer("200 without lists")
    named = [one for one in told if (one.get("name"), one.get("listType")) == (name, _STATIC)]
    oldest = min(named, key=lambda one: (one.get("createdAt") or 0, int(one["id"])), default=None)
    return None if oldest is None else int(oldest["id"])
