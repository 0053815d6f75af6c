"""Errors as SendGrid words them: `{"errors": [{"message": ..., "field": ...}]}`.

The words of 401 and 403 are those of the vendor's description, those of 429 of its page on rate limits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from activation_platform.sandbox.exchange import Answer, Refused

_WORDS: Mapping[int, str] = {
    401: "authorization required",
    403: "access forbidden",
    429: "too many requests",
}


def error(status: int, reason: str) -> Answer:
    """Return an error answer; of those whose words are known, the reason is not said."""
    known = _WORDS.get(status)
    one: dict[str, Any] = {"message": reason} if known is None else {"field": None, "message": known}
    return Answer(status, {"errors": [one]})


def refused(reason: str, status: int = 400) -> Refused:
    """Return the refusal of a call."""
    return Refused(error(status, reason))


def bare(reason: str, status: int) -> Answer:
    """Return an error as a search by identifiers gives it: one, not in a list."""
    return Answer(status, {"message": reason})


def faulty(faults: Iterable[tuple[str, str]]) -> Refused:
    """Return the refusal of a call for several faults, each a field and a message (400)."""
    return Refused(Answer(400, {"errors": [{"field": field, "message": words} for field, words in faults]}))
