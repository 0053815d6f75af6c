"""Pace: how much a vendor lets us ask, declared once by the platform, and what its answers say is left of it.

There are two families of headers: the drafts of the IETF (https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/:
`RateLimit`, before that `RateLimit-Remaining` and `RateLimit-Reset`), and `X-RateLimit-Remaining` with `X-RateLimit-Reset`,
which no standard describes: the reset is a number of seconds, or the Unix time in seconds or milliseconds.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx

__all__ = ["Budget", "Left", "in_seconds", "in_windows", "limit_left"]


@dataclass(frozen=True, slots=True)
class Budget:
    """A token bucket at the vendor, shared by all requests that name it.

    `per_second` tokens flow in, at most `burst` are saved up; a request costs what it says (1, or its records).
    Source: the vendor page linked where the budget is declared.
    """

    name: str
    per_second: float
    burst: float


def in_windows(name: str, a_second: int, a_minute: int) -> Budget:
    """A budget that keeps two limits at once, in whichever second and whichever minute it is counted."""
    per_second = (a_minute - a_second) / 59
    return Budget(name, per_second, burst=a_second - per_second)


def in_seconds(name: str, a_second: int) -> Budget:
    """A budget that keeps a limit in whichever second it is counted: a tenth of it, and one at least, is saved up."""
    burst = max(1.0, a_second / 10)
    return Budget(name, per_second=a_second - burst, burst=burst)


@dataclass(frozen=True, slots=True)
class Left:
    """What the vendor says is left: so many tokens, for so many seconds, after which there are new ones."""

    tokens: float
    seconds: float


_POLICY = re.compile(r"(?:^|[;,\s])(r|remaining|t|reset)\s*=\s*(\d+(?:\.\d+)?)")
_PREFIXES = ("RateLimit", "X-RateLimit", "X-Rate-Limit")
_UNIX_TIME = 1e9
_MILLISECONDS = 1e12


def limit_left(headers: httpx.Headers, now: float) -> Left | None:
    """What these headers of an answer say is left, at the Unix time `now`; None where they say nothing that can be used.

    Where several limits are told, the one that allows the least.
    """
    if not any(b"limit" in name.lower() for name, _ in headers.raw):
        return None
    told = [*_standard(headers.get("RateLimit", "")), *_customary(headers, now)]
    return min(told, key=lambda left: left.tokens / left.seconds, default=None)


def _standard(text: str) -> Iterator[Left]:
    """`"default";r=50;t=30`, or `limit=100, remaining=50, reset=30` of the drafts before the eighth."""
    for policy in [text] if "remaining" in text else text.split(","):
        found = dict(_POLICY.findall(policy))
        left, seconds = found.get("r", found.get("remaining")), found.get("t", found.get("reset"))
        if left is not None and seconds is not None and float(seconds) > 0:
            yield Left(float(left), float(seconds))


def _customary(headers: httpx.Headers, now: float) -> Iterator[Left]:
    for prefix in _PREFIXES:
        left, resets = (_number(headers.get(f"{prefix}-{what}", "")) for what in ("Remaining", "Reset"))
        if left is None or resets is None:
            continue
        if resets >= _UNIX_TIME:
            resets = (resets / 1000 if resets >= _MILLISECONDS else resets) - now
        if resets > 0:
            yield Left(left, resets)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
