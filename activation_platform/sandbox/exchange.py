"""What passes between a client and a stand-in: a call, its answer, or a refusal."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final


class Malformed:
    """The type of `MALFORMED`: a body that is not JSON."""

    def __repr__(self) -> str:
        return "MALFORMED"


MALFORMED: Final = Malformed()


@dataclass(frozen=True, slots=True)
class Call:
    """One request as a stand-in sees it, its body already read.

    `path` is the path below the platform's prefix, `parameters` what its template captured. Header names
    are in lower case. `document` is the decoded JSON body, None without a body, `MALFORMED` when it is not
    JSON; `body` is what came. `now` is the sandbox's clock (seconds, monotonic), `wall` the time of day (seconds since 1970).
    `poisoned` maps identifiers of records that a fault condemns to the reason to give.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    document: Any
    now: float
    wall: float
    parameters: Mapping[str, str] = field(default_factory=dict)
    poisoned: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: a status, a document that is sent as JSON (None: nothing is sent), and extra headers."""

    status: int
    document: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        """Return the body as UTF-8 JSON."""
        return b"" if self.document is None else json.dumps(self.document, separators=(",", ":")).encode()


class Refused(Exception):
    """Raised anywhere below a route to end the call with this answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


Endpoint = Callable[[Call], Answer]


def decoded(body: bytes) -> Any:
    """Return a JSON body as Python values, None when empty, `MALFORMED` when it is not JSON (or says NaN)."""
    if not body:
        return None
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return MALFORMED


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)
