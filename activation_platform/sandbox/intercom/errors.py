"""Errors as Intercom words them: `{type: "error.list", request_id, errors: [{code, message}]}`.

The codes are from the vendor's description and https://developers.intercom.com/docs/references/rest-api/errors/error-codes.
Unconfirmed: those of 413 and 5xx.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from activation_platform.sandbox.exchange import Answer, Refused

CODES: Mapping[int, str] = {
    400: "parameter_invalid",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    409: "conflict",
    413: "request_too_large",
    429: "rate_limit_exceeded",
    503: "service_unavailable",
}


def error(status: int, reason: str, code: str | None = None) -> Answer:
    """Return an error answer; without a code, the usual one of the status."""
    usual = CODES.get(status, "server_error" if status >= 500 else "bad_request")
    document = {
        "type": "error.list",
        "request_id": str(uuid.uuid5(uuid.NAMESPACE_URL, reason)),
        "errors": [{"code": code or usual, "message": reason}],
    }
    return Answer(status, document)


def refused(reason: str, status: int = 400, code: str | None = None) -> Refused:
    """Return the refusal of a call."""
    return Refused(error(status, reason, code))
