"""Errors as Klaviyo words them: `{"errors": [{id, code, title, detail, source: {pointer}}]}`.

Source: https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling. Unconfirmed: the codes of 413 and 5xx.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from activation_platform.sandbox.exchange import Answer, Refused

# By status: code and title.
CODES: Mapping[int, tuple[str, str]] = {
    400: ("invalid", "Invalid input."),
    401: ("authentication_failed", "Incorrect authentication credentials."),
    403: ("permission_denied", "You do not have permission to perform this action."),
    404: ("not_found", "Not found."),
    409: ("duplicate_profile", "Conflict."),
    413: ("payload_too_large", "Payload too large."),
    429: ("throttled", "Request was throttled."),
}


class Faulty(Exception):
    """One resource of a request is wrong: where (below the resource), and why."""

    def __init__(self, pointer: str, reason: str, code: str = "invalid") -> None:
        super().__init__(reason)
        self.pointer = pointer
        self.reason = reason
        self.code = code

    def document(self, resource: str) -> dict[str, Any]:
        """Return the error, as about the resource at this pointer."""
        return _error(self.code, "Invalid input.", self.reason, f"{resource}{self.pointer}")

    def refused(self, resource: str) -> Refused:
        """Return the refusal of a call for it."""
        status = 409 if self.code == "duplicate_profile" else 400
        return Refused(Answer(status, {"errors": [self.document(resource)]}))


def error(
    status: int, reason: str, pointer: str = "/data", headers: Mapping[str, str] | None = None
) -> Answer:
    """Return an error answer."""
    code, title = CODES.get(status, ("server_error", "Internal error.") if status >= 500 else CODES[400])
    return Answer(status, {"errors": [_error(code, title, reason, pointer)]}, headers or {})


def refused(reason: str, pointer: str = "/data", status: int = 400) -> Refused:
    """Return the refusal of a call."""
    return Refused(error(status, reason, pointer))


def _error(code: str, title: str, detail: str, pointer: str) -> dict[str, Any]:
    id_ = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{pointer} {detail}"))
    return {"id": id_, "code": code, "title": title, "detail": detail, "source": {"pointer": pointer}}
