"""What an Attio workspace tells of itself: its objects, their attributes, the records that a query finds."""

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any

import httpx

from activation_platform.contracts.errors import NotFound
from activation_platform.contracts.fields import nearest
from activation_platform.contracts.service import UnreadableAnswer, refuse, said

if TYPE_CHECKING:
    from activation_platform.destinations.attio.destination import Attio

__all__ = ["Told", "attributes_of", "listed", "records_with"]

_PAGE = 500

Told = Generator[httpx.Request, Any, list[Mapping[str, Any]]]
"""Asks, and returns what it was told: entries of a list."""


def attributes_of(
    workspace: "Attio", kind: str, slug: str
) -> Generator[httpx.Request, Any, dict[str, Mapping[str, Any]]]:
    """All attributes of an object or list, by slug; raises `NotFound` where there is none. `kind`: objects or lists."""
    attributes: dict[str, Mapping[str, Any]] = {}
    while True:  # until a page brings nothing new: the vendor's own limit on a page is not known
        response = yield workspace.ask(
            "GET",
            f"/v2/{kind}/{slug}/attributes",
            budget=workspace.reads,
            params={"limit": _PAGE, "offset": len(attributes)},
        )
        if response.status_code == httpx.codes.NOT_FOUND and kind == "objects":
            raise (yield from _no_object(workspace, slug))
        page = {str(one["api_slug"]): one for one in listed(workspace, response, "api_slug")}
        new = {name: one for name, one in page.items() if name not in attributes}
        if not new:
            return attributes
        attributes |= new


def records_with(workspace: "Attio", thing: str, attribute: str, value: Any) -> Told:
    """The records of an object with this value of an attribute: at most two, to tell one from several."""
    response = yield workspace.ask(
        "POST",
        f"/v2/objects/{thing}/records/query",
        budget=workspace.reads,
        json={"filter": {attribute: value}, "limit": 2},
    )
    return listed(workspace, response, "id")


def _no_object(workspace: "Attio", thing: str) -> Generator[httpx.Request, Any, NotFound]:
    """What to do about an object that does not exist, given those that do."""
    response = yield workspace.ask("GET", "/v2/objects", budget=workspace.reads)
    known = [str(one["api_slug"]) for one in listed(workspace, response, "api_slug")]
    return NotFound(
        f'This Attio workspace has no object "{thing}"',
        remedy=f"There is: {', '.join(known)}.{nearest(thing, known)} "
        "Deals, users and workspaces must first be enabled, under Workspace settings > Objects.",
    )


def listed(workspace: "Attio", response: httpx.Response, name: str) -> list[Mapping[str, Any]]:
    """The `data` of an answer: objects, each with a property `name`."""
    if not response.is_success:
        refuse(response, workspace)
    body = said(response)
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, list) or not all(isinstance(one, dict) and name in one for one in data):
        raise UnreadableAnswer(f"{response.status_code} without a list of data")
    return data
