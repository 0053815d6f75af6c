"""What Klaviyo answers: JSON:API documents, and errors that point at what they are about.

Source: https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from activation_platform.contracts.service import UnreadableAnswer, refuse, said

if TYPE_CHECKING:
    from activation_platform.destinations.klaviyo.destination import Klaviyo

__all__ = [
    "Fault",
    "fault_of",
    "faults_of",
    "is_taken",
    "next_page",
    "reasons_of",
    "resource_of",
    "resources_of",
]

_POSITION = re.compile(r"/data/(\d+)(?:/|$)")


@dataclass(frozen=True, slots=True)
class Fault:
    """An error: what is wrong, and the position in the request's array of data that it points at, where it does."""

    words: str
    position: int | None


def faults_of(response: httpx.Response) -> list[Fault]:
    """The errors of a refusal, none where it is not Klaviyo that speaks."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return []
    errors = body.get("errors") if isinstance(body, dict) else None
    return (
        [fault_of(error) for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    )


def fault_of(error: Mapping[str, Any]) -> Fault:
    """One error: `code: detail`."""
    source = error.get("source")
    pointer = str(source.get("pointer") or "") if isinstance(source, dict) else ""
    found = _POSITION.search(pointer)
    words = ": ".join(str(error[name]) for name in ("code", "detail") if error.get(name))
    return Fault(words or str(error.get("title") or "refused"), int(found[1]) if found else None)


def resource_of(response: httpx.Response, account: "Klaviyo") -> Mapping[str, Any]:
    """The one resource of an answer; raises `NotFound` or `BatchRefused` where it is a refusal."""
    resource = _data(response, account)
    if not isinstance(resource, dict) or not resource.get("id"):
        raise UnreadableAnswer(f"{response.status_code} without a resource")
    return resource


def resources_of(response: httpx.Response, account: "Klaviyo") -> list[Mapping[str, Any]]:
    """The resources of an answer, likewise."""
    resources = _data(response, account)
    if not isinstance(resources, list) or not _are_objects(resources):
        raise UnreadableAnswer(f"{response.status_code} without resources")
    return resources


def is_taken(response: httpx.Response) -> bool:
    """Whether a call was taken on: with an empty answer, or a document. Raises `UnreadableAnswer` for a page of somebody else."""
    if response.is_success and response.content:
        said(response)
    return response.is_success


def next_page(response: httpx.Response) -> str:
    """The cursor of the page after this one; empty after the last."""
    links = said(response).get("links")
    address = links.get("next") if isinstance(links, dict) else None
    return httpx.URL(address).params.get("page[cursor]", "") if isinstance(address, str) else ""


def reasons_of(faults: Sequence[Fault], size: int) -> dict[int, str]:
    """The words of faults by position; nothing where one of them does not say which of `size` records it means."""
    found: dict[int, str] = {}
    for fault in faults:
        if fault.position is None or fault.position >= size:
            return {}
        words = found.get(fault.position)
        found[fault.position] = fault.words if words is None else f"{words}; {fault.words}"
    return found


def _are_objects(found: Iterable[Any]) -> bool:
    return all(isinstance(one, dict) for one in found)


def _data(response: httpx.Response, account: "Klaviyo") -> Any:
    if not response.is_success:
        refuse(response, account)
    body = said(response)
    return body.get("data") if isinstance(body, dict) else None
