"""Replies as Emarsys words them: `{"replyCode": 0, "replyText": "OK", "data": ...}`, with a code of its own for each refusal.

Codes: https://dev.emarsys.com/docs/emarsys-core-api-guides/c47a64a8ea7dc-http-200-errors,
https://help.emarsys.com/hc/en-us/articles/115004495754. Unconfirmed: those of 401, 403 and 429 (1), and of
what the vendor's pages do not speak of.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from activation_platform.sandbox.exchange import Answer, Refused

TOO_MANY = 1000
BAD_KEY = 2004
BAD_VALUE = 2005
BAD_FIELD = 2007
UNKNOWN = 2008
EXISTS = 2009
SEVERAL = 2010
BAD_LIST = 2020


def ok(data: Any) -> Answer:
    """Return the answer to a call that was carried out."""
    return Answer(200, {"replyCode": 0, "replyText": "OK", "data": data})


def refused(code: int, text: str, status: int = 400) -> Refused:
    """Return the refusal of a call."""
    return Refused(Answer(status, {"replyCode": code, "replyText": text, "data": ""}))


def errors_of(found: Mapping[str, tuple[int, str]]) -> Any:
    """Return errors by the value of the key field; an empty array where there are none."""
    return {key: {str(code): text} for key, (code, text) in found.items()} or []
