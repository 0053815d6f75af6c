"""What Intercom answers: an object, or a list of errors with codes (https://developers.intercom.com/docs/references/rest-api/errors)."""

from typing import TYPE_CHECKING, Any

import httpx

from activation_platform.contracts.outcomes import Outcome, rejected
from activation_platform.contracts.service import UnreadableAnswer, refuse, said

if TYPE_CHECKING:
    from activation_platform.destinations.intercom.destination import Intercom

__all__ = ["is_missing", "listed", "outcome_of", "words_of"]


def listed(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The `data` of a list: objects."""
    data = body.get("data")
    if not isinstance(data, list) or not all(isinstance(one, dict) for one in data):
        raise UnreadableAnswer("200 without a list of data")
    return data


def is_missing(response: httpx.Response) -> bool:
    """Whether Intercom says that what the path names is not there; a 404 of somebody else says nothing."""
    return response.status_code == httpx.codes.NOT_FOUND and bool(words_of(response))


def outcome_of(response: httpx.Response, workspace: "Intercom", success: Outcome) -> Outcome:
    """What became of the one record that a call is about; raises `NotFound` where the call leads nowhere."""
    if response.is_success:
        said(response)
        return success
    if response.status_code == httpx.codes.NOT_FOUND:
        refuse(response, workspace)
    return rejected(workspace.refusal(response))


def words_of(response: httpx.Response) -> list[str]:
    """`code: message` of each error; none where the answer has another shape."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return []
    errors = body.get("errors") if isinstance(body, dict) and body.get("type") == "error.list" else None
    found = [error for error in errors or () if isinstance(error, dict)]
    return [": ".join(str(error[name]) for name in ("code", "message") if error.get(name)) for error in found]
