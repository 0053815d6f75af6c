"""Rate budgets: token buckets that belong to an account and are shared, through files, by every run of every process.

SEMANTICS D8. One small file a budget; a process that dies leaves nothing behind but the tokens
it took. Tokens may be borrowed: a request that finds too few takes them all the same and is told how long to wait.
"""

import hashlib
import json
import time
from collections.abc import Callable

from activation_platform.contracts.pace import Budget
from activation_platform.sync.store import Store

__all__ = ["Budgets"]

_HEADROOM = 0.95
"""Share of the vendor's burst that is used: clocks differ and requests bunch up on their way."""


class Budgets:
    """The budgets of one account, kept in a place of the storage root."""

    def __init__(self, place: Store, account: str, now: Callable[[], float] = time.time) -> None:
        self._place = place / _hidden(account)
        self._now = now

    def take(self, budget: Budget, cost: float) -> float:
        """Take tokens; returns how many seconds to wait before the request may leave."""

        def spend(tokens: float, blocked_until: float, now: float) -> tuple[float, float, float]:
            left = tokens - cost
            return left, blocked_until, max(0.0, -left / budget.per_second, blocked_until - now)

        return self._change(budget, spend)

    def blocked(self, budget: Budget) -> float:
        """How many seconds the vendor still wants everybody to wait; takes nothing."""
        return self._change(budget, lambda tokens, until, now: (tokens, until, max(0.0, until - now)))

    def slow_down(self, budget: Budget, seconds: float) -> None:
        """The vendor said *too many*: nobody sends for so long, and nothing is saved up."""

        def block(tokens: float, blocked_until: float, now: float) -> tuple[float, float, float]:
            return min(tokens, 0.0), max(blocked_until, now + seconds), 0.0

        self._change(budget, block)

    def _change(
        self, budget: Budget, change: Callable[[float, float, float], tuple[float, float, float]]
    ) -> float:
        wait = 0.0

        def changed(kept: bytes | None) -> bytes:
            nonlocal wait
            now = self._now()
            tokens, at, blocked_until = _read(kept or b"", budget, now)
            capacity = max(budget.burst * _HEADROOM, 1.0)
            tokens = min(capacity, tokens + max(0.0, now - at) * budget.per_second)
            tokens, blocked_until, wait = change(tokens, blocked_until, now)
            return json.dumps([tokens, now, blocked_until]).encode()

        self._place.change(f"{_hidden(budget.name)}.json", changed, durable=False)
        return wait


def _hidden(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def _read(kept: bytes, budget: Budget, now: float) -> tuple[float, float, float]:
    """Tokens, when they were counted, until when nobody sends; a full bucket where the file is new or torn."""
    try:
        tokens, at, blocked_until = json.loads(kept)
    except ValueError:
        return budget.burst, now, 0.0
    if at > now:  # the clock was set back: start counting from here
        return min(tokens, 0.0), now, min(blocked_until, now)
    return tokens, at, blocked_until
