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
    statuses = body_of(response, account).get("status")
    if not isinstance(statuses, list) or len(statuses) != len(batch):
        raise UnreadableAnswer(f"{response.status_code} without a status for each write")
    known = {Code.OK: success, **meant}
    return [_outcome(status if isinstance(status, dict) else {"code": -1}, known) for status in statuses]


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
        body = response.json()
        statuses = body.get("status") if isinstance(body, dict) else None
        codes = [one.get("code") for one in statuses or () if isinstance(one, dict)]
        return bool(codes) and set(codes) == {Code.RESOURCE_EXHAUSTED}
    return False


def _outcome(status: Mapping[str, Any], meant: Mapping[Code, Outcome]) -> Outcome:
    code, words = status.get("code", Code.OK), str(status.get("message") or "refused")
    if code in _NOT_ALLOWED:
        raise CredentialsRefused(
            f"firestore does not let us write a document ({words})",
            remedy="Give the service account a role that may, such as roles/datastore.user.",
        )
    return meant.get(code) or (retry(words) if code in _LATER else rejected(words))
