"""Errors as Iterable words them: `{code, msg, params}`, where `params` is null unless there is more to say.

The codes are those of the vendor's description (IterableApiResponse). Unconfirmed: which of them 404, 413 and 5xx carry.
"""

from __future__ import annotations

from collections.abc import Mapping

from activation_platform.sandbox.exchange import Answer, Refused

CODES: Mapping[int, str] = {
    400: "BadParams",
    401: "BadApiKey",
    403: "Forbidden",
    404: "NotFound",
    409: "ForgottenUserError",
    413: "BatchTooLarge",
    429: "RateLimitExceeded",
}


def error(status: int, reason: str, code: str | None = None) -> Answer:
    """Return an error answer; without a code, the usual one of the status."""
    return Answer(status, {"code": code or CODES.get(status, "GenericError"), "msg": reason, "params": None})


def refused(reason: str, status: int = 400, code: str | None = None) -> Refused:
    """Return the refusal of a call."""
    return Refused(error(status, reason, code))


def done() -> Answer:
    """Return what a call without a result of its own is answered with."""
    return Answer(200, {"code": "Success", "msg": "", "params": None})
