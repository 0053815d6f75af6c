"""Patience: how often, and after how long, a request is tried again."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from activation_platform.contracts.waiting import doubled

__all__ = ["Patience"]


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
        return doubled(attempt, self.first_wait, self.longest_wait, self.random())
