"""Errors as Batch words them: `{"error_code": ..., "error_message": ...}`."""

from __future__ import annotations

from collections.abc import Mapping

from activation_platform.sandbox.exchange import Answer, Refused

# AUTHENTICATION_INVALID and TOO_MANY_REQUESTS are known; the other words are unconfirmed.
CODES: Mapping[int, str] = {
    400: "MALFORMED_REQUEST",
    401: "AUTHENTICATION_INVALID",
    403: "FORBIDDEN",
    404: "ROUTE_NOT_FOUND",
    413: "PAYLOAD_TOO_LARGE",
    429: "TOO_MANY_REQUESTS",
    503: "MAINTENANCE",
}


def error(status: int, reason: str, headers: Mapping[str, str] | None = None) -> Answer:
    """Return an error answer."""
    code = CODES.get(status, "SERVER_ERROR" if status >= 500 else "BAD_REQUEST")
    return Answer(status, {"error_code": code, "error_message": reason}, headers or {})


def malformed(reason: str) -> Refused:
    """Return the refusal of a whole call for its form (400)."""
    return Refused(error(400, reason))
