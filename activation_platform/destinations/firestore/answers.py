"""What Firestore answers: a status for every write of a batch, or an error of the whole call.

Sources: https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases.documents/batchWrite, and for the codes
https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import httpx

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.errors import CredentialsRefused
from activation_platform.contracts.outcomes import ACCEPTED, Outcome, rejected, retry
from activation_platform.contracts.service import UnreadableAnswer, body_of

if TYPE_CHECKING:
    from activation_platform.destinations.firestore.destination import Firestore

__all__ = ["Code", "error_of", "outcomes_of", "says_later"]


class Code(IntEnum):
    """The codes of statuses that are told apart."""

    OK = 0
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    ABORTED = 10
    INTERNAL = 13
    UNAVAILABLE = 14
    UNAUTHENTICATED = 16


_LATER = (
    Code.DEADLINE_EXCEEDED,
    Code.RESOURCE_EXHAUSTED,
    Code.ABORTED,
    Code.INTERNAL,
    Code.UNAVAILABLE,
)
_EXHAUSTED = re.compile(rb'"code":\s*8\b')
_NOT_ALLOWED = (Code.PERMISSION_DENIED, Code.UNAUTHENTICATED)


def outcomes_of(
    account: "Firestore",
    response: httpx.Response,
    batch: Batch,
    meant: Mapping[Code, Outcome],
    success: Outcome = ACCEPTED,
) -> list[Outcome]:
    """One outcome a write. `meant`: what codes say that refuse nothing, because the write was made so."""
    told = _statuses(body_of(response, account))
    if len(told) != len(batch):
        raise UnreadableAnswer(f"{response.status_code} without a status for each write")
    for status in told:
        if status.get("code") in _NOT_ALLOWED:
            raise CredentialsRefused(
                f"firestore does not let us write a document ({account.redactor()(_words(status))})",
                remedy="Give the service account a role that may, such as roles/datastore.user.",
            )
    known = {Code.OK: success, **meant}
    return [_outcome(status, known) for status in told]


def error_of(response: httpx.Response) -> Mapping[str, Any]:
    """The error of a refused call (`code`, `message`, `status`); empty where it is not Google that speaks."""
    with suppress(ValueError, RecursionError):
        body = response.json()
        error = body.get("error") if isinstance(body, dict) else None
        return error if isinstance(error, dict) else {}
    return {}


def says_later(response: httpx.Response) -> bool:
    """Whether documents were contended for so that the call was aborted, or every write of a batch was one too many.

    https://cloud.google.com/firestore/docs/understand-error-codes
    """
    if response.status_code == httpx.codes.CONFLICT:
        return error_of(response).get("status") == Code.ABORTED.name
    if not response.is_success or not _EXHAUSTED.search(response.content):
        return False
    with suppress(ValueError, RecursionError):
        told = _statuses(response.json())
        return bool(told) and all(status.get("code") == Code.RESOURCE_EXHAUSTED for status in told)
    return False


def _statuses(body: Any) -> list[Mapping[str, Any]]:
    """The statuses of a batch; none where one of them is no status."""
    told = body.get("status") if isinstance(body, dict) else None
    if not isinstance(told, list):
        return []
    good = all(isinstance(one, dict) and isinstance(one.get("code", 0), int) for one in told)
    return told if good else []


def _outcome(status: Mapping[str, Any], known: Mapping[Code, Outcome]) -> Outcome:
    code, words = status.get("code", Code.OK), _words(status)
    return known.get(code) or (retry(words) if code in _LATER else rejected(words))


def _words(status: Mapping[str, Any]) -> str:
    return str(status.get("message") or "refused")
