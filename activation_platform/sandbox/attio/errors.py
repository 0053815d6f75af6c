"""Errors as Attio words them: `{status_code, type, code, message}`.

The codes of refused values and of 429 are from the vendor's description. Unconfirmed, and taken from public
clients of the API: 401 `unauthorized`, 400 `uniqueness_conflict`, `immutable_value`, and the array
`validation_errors` beside `validation_type`. Invented here: the code of a missing scope.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from activation_platform.sandbox.exchange import Answer, Refused

CODES: Mapping[int, tuple[str, str]] = {
    400: ("invalid_request_error", "validation_type"),
    401: ("auth_error", "unauthorized"),
    403: ("auth_error", "missing_scope"),
    404: ("invalid_request_error", "not_found"),
    409: ("invalid_request_error", "slug_conflict"),
    429: ("rate_limit_error", "rate_limit_exceeded"),
}


def error(
    status: int, reason: str, code: str | None = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """Return an error answer; without a code, the usual one of the status."""
    kind, usual = CODES.get(
        status, ("api_error", "internal_error") if status >= 500 else ("invalid_request_error", "invalid")
    )
    document = {"status_code": status, "type": kind, "code": code or usual, "message": reason}
    return Answer(status, document, headers or {})


def refused(reason: str, code: str = "validation_type", status: int = 400) -> Refused:
    """Return the refusal of a call."""
    return Refused(error(status, reason, code))


def invalid_value(slug: str, reason: str) -> Refused:
    """Return the refusal of one attribute's value, with the path to it."""
    answer = error(400, f'Invalid value for attribute "{slug}": {reason}')
    path: list[Any] = ["data", "values", slug]
    problem = {"code": "invalid_value", "path": path, "message": reason}
    return Refused(Answer(400, {**answer.document, "validation_errors": [problem]}))


def not_found(what: str) -> Refused:
    """Return the refusal of a call about something that does not exist (404)."""
    return Refused(error(404, f"{what} was not found."))
