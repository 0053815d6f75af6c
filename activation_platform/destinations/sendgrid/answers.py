"""What SendGrid answers: a JSON object, or errors that may say which contact of a call they are about.

Source: https://www.twilio.com/docs/sendgrid/api-reference/contacts/add-or-update-a-contact. Unconfirmed: that `field` names a
contact by its position, as in `contacts[3].email`; where it does not, the call is parted until the contact stands alone.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from activation_platform.contracts.service import UnreadableAnswer, body_of

if TYPE_CHECKING:
    from activation_platform.destinations.sendgrid.destination import SendGrid

__all__ = ["Fault", "faults_by_position", "faults_of", "job_of"]

_POSITION = re.compile(r"contacts\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Fault:
    """An error: what it says, and the position of the contact that it names."""

    words: str
    position: int | None


def job_of(response: httpx.Response, account: "SendGrid") -> str:
    """The ID of the job that a call began."""
    job = body_of(response, account).get("job_id")
    if not isinstance(job, str) or not job:
        raise UnreadableAnswer(f"{response.status_code} without a job_id")
    return job


def faults_of(response: httpx.Response) -> list[Fault]:
    """The errors of a refusal; none where it is not in the vendor's shape."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return []
    errors = body.get("errors", [body]) if isinstance(body, dict) else None  # a search says one by itself
    return [_fault(error) for error in errors or () if isinstance(error, dict) and error.get("message")]


def faults_by_position(response: httpx.Response, size: int) -> dict[int, str]:
    """The words of a refusal by the position of the contact; nothing where one of them does not say which of `size` it means."""
    found: dict[int, str] = {}
    for fault in faults_of(response):
        if fault.position is None or fault.position >= size:
            return {}
        before = found.get(fault.position)
        found[fault.position] = fault.words if before is None else f"{before}; {fault.words}"
    return found


def _fault(error: dict[str, Any]) -> Fault:
    field, message = str(error.get("field") or ""), str(error["message"])
    named = _POSITION.search(field)
    place = field[named.end() :].lstrip(".") if named else field
    return Fault(f"{place}: {message}" if place else message, int(named[1]) if named else None)
