"""Errors as Google's APIs word them: https://cloud.google.com/apis/design/errors, and the codes of google.rpc.Code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from activation_platform.sandbox.exchange import Answer, Refused

INVALID_ARGUMENT = 3
NOT_FOUND = 5
ALREADY_EXISTS = 6
FAILED_PRECONDITION = 9

_WORDS: Mapping[int, str] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


class Unwritable(Exception):
    """One write is refused, with a code and words; its neighbours are not concerned."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.status: dict[str, Any] = {"code": code, "message": message}


def error(status: int, message: str, word: str = "") -> Answer:
    """Return an error of a whole call."""
    body = {"code": status, "message": message, "status": word or _WORDS.get(status, "UNKNOWN")}
    return Answer(status, {"error": body})


def malformed(message: str) -> Refused:
    """Return what ends a call whose body is not as it must be."""
    return Refused(error(400, message))


def ungranted(status: int, word: str, description: str) -> Refused:
    """Return a refusal of the token endpoint, which speaks OAuth (RFC 6749)."""
    return Refused(Answer(status, {"error": word, "error_description": description}))
