"""JSON:API documents: resources with links, pages of them, and what a request's body holds.

Source: https://developers.klaviyo.com/en/reference/api_overview. Unconfirmed: what a cursor looks like.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from activation_platform.sandbox.exchange import Answer, Call
from activation_platform.sandbox.klaviyo.errors import refused

HOST = "https://a.klaviyo.com"

_T = TypeVar("_T")


def resource(kind: str, id_: str, attributes: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return a resource, with the link to itself."""
    return {
        "type": kind,
        "id": id_,
        "attributes": dict(attributes),
        "links": {"self": f"{HOST}/api/{path}/{id_}"},
    }


def one(status: int, found: dict[str, Any]) -> Answer:
    """Return the answer of one resource."""
    return Answer(status, {"data": found, "links": found["links"]})


def page(call: Call, found: Sequence[_T], document: Callable[[_T], Any], most: int, usual: int) -> Answer:
    """Return the page of resources that a call asks for by `page[size]` (at most `most`) and `page[cursor]`."""
    size = call.query.get("page[size]", str(usual))
    if not size.isdecimal() or not 1 <= int(size) <= most:
        raise refused(f"Page size must be an integer between 1 and {most}.", "page[size]")
    start = call.query.get("page[cursor]", "0")
    if not start.isdecimal():
        raise refused("Invalid cursor.", "page[cursor]")
    here, end = f"{HOST}{call.path}", int(start) + int(size)
    following = f"{here}?page%5Bcursor%5D={end}" if end < len(found) else None
    links = {"self": here} | ({"next": following} if following else {})
    return Answer(200, {"data": [document(each) for each in found[int(start) : end]], "links": links})


def data(call: Call, kind: str) -> dict[str, Any]:
    """Return the one resource of a body, which must be of this type and have attributes."""
    found = call.document.get("data") if isinstance(call.document, dict) else None
    if not isinstance(found, dict) or found.get("type") != kind:
        raise refused(f"The body is a document of one {kind}.")
    if not isinstance(found.get("attributes", {}), dict):
        raise refused("attributes is an object.", "/data/attributes")
    return found


def related(found: Any, *path: str) -> Any:
    """Return what stands at a path of members and below `data` of each, None where something is missing."""
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
        found = found.get("data") if isinstance(found, dict) and "data" in found else found
    return found


def instant(seconds: float) -> str:
    """Return a time of day as Klaviyo writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
