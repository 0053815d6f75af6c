"""Rate budgets: token buckets that belong to an account and are shared, through the store, by every run of every process.

SEMANTICS D8. One small file a budget; a process that dies leaves nothing behind but the tokens it took. Tokens may be
borrowed: a request that finds too few takes them all the same and is told how long to wait.

Where the store is far away, a process takes tokens for up to `_AHEAD` seconds at once, an *advance*. What it has not used by
then is lost to everybody. So the requests of any T seconds were taken in T + ahead seconds; the shared bucket holds
`ahead * per_second` tokens less than the vendor's, and all processes together never exceed `burst + T * per_second`.
Others hear of a vendor's *too many* with their next advance, that is, at most `ahead` seconds later.
"""

import asyncio
import hashlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from activation_platform.contracts.pace import Budget
from activation_platform.sync.store import Store

__all__ = ["Budgets"]

_HEADROOM = 0.95
"""Share of the vendor's burst that is used: clocks differ and requests bunch up on their way."""

_AHEAD = 1.0
_SKEW = 60.0
"""Seconds by which the clocks of two machines may differ; a clock that differs by more was set back."""


@dataclass
class _Advance:
    """Tokens of which a process may use `left`, from one moment until another."""

    left: float = 0.0
    starts: float = 0.0
    ends: float = 0.0


class Budgets:
    """The budgets of one account, kept in a place of the storage root."""

    def __init__(self, place: Store, account: str, now: Callable[[], float] = time.time) -> None:
        self._place = place / _hidden(account)
        self._now = now
        self._turn = threading.Lock()
        self._advances: dict[str, _Advance] = {}
        self._blocked: dict[str, float] = {}

    async def turn(self, budget: Budget, cost: float) -> float:
        """Like `take`, without holding up the event loop where the store is far away."""
        if self._place.near:
            return self.take(budget, cost)
        return await asyncio.to_thread(self.take, budget, cost)

    def take(self, budget: Budget, cost: float) -> float:
        """Take tokens; returns how many seconds to wait before the request may leave."""
        if self._place.near:
            return self._spend(budget, cost)
        with self._turn:
            now = self._now()
            advance = self._advances.get(budget.name, _Advance())
            if advance.left < cost or now > advance.ends:
                ahead = _ahead(budget)
                tokens = max(cost, ahead * budget.per_second)
                starts = now + self._spend(budget, tokens)
                advance = self._advances[budget.name] = _Advance(tokens, starts, starts + ahead)
            advance.left -= cost
            return max(0.0, advance.starts - now)

    def blocked(self, budget: Budget) -> float:
        """How many seconds the vendor still wants everybody to wait, as far as is known here; takes nothing."""
        if not self._place.near:
            return max(0.0, self._blocked.get(budget.name, 0.0) - self._now())
        return self._change(budget, lambda tokens, until, now: (tokens, until, max(0.0, until - now)))

    def slow_down(self, budget: Budget, seconds: float) -> None:
        """The vendor said *too many*: nobody sends for so long, and nothing is saved up."""

        def block(tokens: float, blocked_until: float, now: float) -> tuple[float, float, float]:
            return min(tokens, 0.0), max(blocked_until, now + seconds), 0.0

        self._change(budget, block)
        self._advances.pop(budget.name, None)

    def _spend(self, budget: Budget, cost: float) -> float:
        def spend(tokens: float, blocked_until: float, now: float) -> tuple[float, float, float]:
            left = tokens - cost
            return left, blocked_until, max(0.0, -left / budget.per_second, blocked_until - now)

        return self._change(budget, spend)

    def _change(
        self, budget: Budget, change: Callable[[float, float, float], tuple[float, float, float]]
    ) -> float:
        ahead = 0.0 if self._place.near else _ahead(budget)
        capacity = max(budget.burst * _HEADROOM - ahead * budget.per_second, 1.0)
        wait = 0.0

        def changed(kept: bytes | None) -> bytes:
            nonlocal wait
            now = self._now()
            tokens, at, blocked_until = _read(kept or b"", capacity, now)
            tokens = min(capacity, tokens + max(0.0, now - at) * budget.per_second)
            tokens, blocked_until, wait = change(tokens, blocked_until, now)
            self._blocked[budget.name] = blocked_until
            return json.dumps([tokens, max(now, at), blocked_until]).encode()

        self._place.change(f"{_hidden(budget.name)}.json", changed, durable=False)
        return wait


def _ahead(budget: Budget) -> float:
    """For how many seconds tokens are taken at once: less than half of a burst; 0 where that would not be two tokens."""
    ahead = min(_AHEAD, budget.burst * _HEADROOM / budget.per_second / 2)
    return ahead if ahead * budget.per_second >= 2 else 0.0


def _hidden(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def _read(kept: bytes, capacity: float, now: float) -> tuple[float, float, float]:
    """Tokens, when they were counted, until when nobody sends; a full bucket where the file is new or torn."""
    try:
        tokens, at, blocked_until = json.loads(kept)
    except ValueError:
        return capacity, now, 0.0
    if at > now + _SKEW:  # the clock was set back: start counting from here
        return min(tokens, 0.0), now, min(blocked_until, now)
    return tokens, at, blocked_until
