"""Patience: how often, and after how long, a request is tried again."""

import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

__all__ = ["Patience", "retry_after"]


@dataclass(frozen=True)
class Patience:
    """How a loader waits. Times in seconds; `sleep`, `now` and `random` are the outside world."""

    sleep: Callable[[float], Awaitable[None]]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    random: Callable[[], float] = random.random
    attempts: int = 5
    """Tries of a request that gets no usable answer."""
    first_wait: float = 0.5
    longest_wait: float = 30.0
    throttled_for: float = 600.0
    """How long one request may be put off by 429 before the run stops as rate limited."""
    answer_within: float = 30.0
    """Seconds to wait for one answer; a cancelled run waits no longer for what is in flight (SEMANTICS D5)."""

    def backoff(self, attempt: int) -> float:
        """Exponential, with full jitter: between half and all of the step, so that waiters spread."""
        step = min(self.longest_wait, self.first_wait * 2.0**attempt)
        return step * (0.5 + self.random() / 2)


def retry_after(response: httpx.Response, now: datetime) -> float | None:
    """Seconds that `Retry-After` asks for, given as seconds or as an HTTP date (RFC 9110, 10.2.3); None where it says nothing."""
    text = response.headers.get("Retry-After", "").strip()
    if not text:
        return None
    if re.fullmatch(r"[+-]?\d+(\.\d+)?", text):
        return max(0.0, float(text))
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    # A date counts whole seconds, rounded down: one more makes sure that the moment has passed.
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds() + 1.0)
