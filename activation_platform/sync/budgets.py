"""Rate budgets: what an account's vendor allows, shared, through the store, by every run of every process.

SEMANTICS D8. One small file a budget, which holds its `Allowance`; a process that dies leaves nothing behind but the tokens
it took. Tokens may be borrowed: a request that finds too few takes them all the same and is told how long to wait.

A process takes tokens for a moment at once, an *advance*: for longer where the store is far away. What it has not used by
then is lost to everybody. So the requests of any T seconds were taken in T + ahead seconds; the shared bucket holds
`ahead * per_second` tokens less than the vendor's, and all processes together never exceed `burst + T * per_second`.
Others hear of a vendor's *too many* with their next advance, that is, at most `ahead` seconds later.
"""

import asyncio
import hashlib
import json
import math
import threading
import time
from collections.abc import Callable
from dataclasses import astuple, dataclass

from activation_platform.contracts.pace import Budget, Left
from activation_platform.sync.allowance import Allowance
from activation_platform.sync.store import Store

__all__ = ["Budgets"]

_LIVES, _LIVES_NEAR = 1.0, 0.05
"""For how many seconds an advance may be used, where the store is far away and where it is near."""
_HOLDS, _HOLDS_NEAR = 1.0, 0.02
"""For how many seconds its tokens are enough; few, so that what leaves together is not much more than what flows in."""
_SKEW = 60.0
"""Seconds by which the clocks of two machines may differ; a clock that differs by more was set back."""

_Change = Callable[[Allowance, float], tuple[Allowance, float]]


@dataclass
class _Advance:
    """Tokens of which a process may use `left`, from one moment until another."""

    left: float = 0.0
    starts: float = 0.0
    ends: float = 0.0


class Budgets:
    """The budgets of one account, kept in a place of the storage root. `now`: the clock, in Unix seconds."""

    def __init__(self, place: Store, account: str, now: Callable[[], float] = time.time) -> None:
        self._place = place / _hidden(account)
        self.now = now
        self._turn = threading.Lock()
        self._advances: dict[str, _Advance] = {}
        self._known: dict[str, Allowance] = {}

    async def turn(self, budget: Budget, cost: float) -> float:
        """Like `take`, without holding up the event loop where the store is far away."""
        if self._place.near:
            return self.take(budget, cost)
        return await asyncio.to_thread(self.take, budget, cost)

    def take(self, budget: Budget, cost: float) -> float:
        """Take tokens; returns how many seconds to wait before the request may leave."""
        with self._turn:
            now = self.now()
            advance = self._advances.get(budget.name, _Advance())
            if advance.left < cost or now > advance.ends:
                ahead = self._ahead(budget)
                holds = min(_HOLDS_NEAR if self._place.near else _HOLDS, ahead)
                upto = min(holds * self.rate(budget), self._told(budget))
                tokens = max(cost, upto - upto % cost)  # a rest that pays for no request would be lost
                unused = advance.left
                wait = self._change(budget, lambda known, now: known.spent(budget, tokens, now), unused)
                starts = now + wait
                advance = self._advances[budget.name] = _Advance(tokens, starts, starts + ahead)
            advance.left -= cost
            return max(0.0, advance.starts - now)

    def rate(self, budget: Budget) -> float:
        """Tokens a second that the vendor takes, as far as is known here."""
        known = self._known.get(budget.name)
        return budget.per_second if known is None else known.rate(budget, self.now())

    def _told(self, budget: Budget) -> float:
        """Tokens that the vendor said are left for now."""
        known = self._known.get(budget.name)
        return math.inf if known is None or self.now() >= known.window_ends else known.window

    def blocked(self, budget: Budget) -> float:
        """How many seconds the vendor still wants everybody to wait, as far as is known here."""
        known = self._known.get(budget.name)
        now = self.now()
        return 0.0 if known is None or _set_back(known, now) else max(0.0, known.blocked_until - now)

    async def refused(self, budget: Budget, cost: float, sent: float, wait: float) -> None:
        """The vendor said *too many* to a request `sent` at a moment, and asked to wait so many seconds."""
        unused = self._advances.pop(budget.name, _Advance()).left
        await self._learn(
            budget, lambda known, now: (known.refused(budget, cost, sent, wait, now), 0.0), unused
        )

    async def hear(self, budget: Budget, left: Left, flying: float) -> None:
        """The vendor said what is left, while requests that cost `flying` tokens had no answer yet.

        It is remembered where it is less than would be used anyway, and news.
        """
        known, now = self._known.get(budget.name), self.now()
        if known is None or left.tokens >= self.rate(budget) * left.seconds:
            return
        if known.told(left, flying, now) != known:
            await self._learn(budget, lambda known, now: (known.told(left, flying, now), 0.0))

    async def _learn(self, budget: Budget, change: _Change, unused: float = 0.0) -> None:
        if self._place.near:
            self._change(budget, change, unused)
        else:
            await asyncio.to_thread(self._change, budget, change, unused)

    def _change(self, budget: Budget, change: _Change, unused: float) -> float:
        kept_back = self._ahead(budget) * budget.per_second
        wait = 0.0

        def changed(kept: bytes | None) -> bytes:
            nonlocal wait
            now = self.now()
            known, wait = change(_read(kept, budget, now).flowed(budget, now, kept_back, unused), now)
            self._known[budget.name] = known
            return json.dumps(astuple(known)).encode()

        self._place.change(f"{_hidden(budget.name)}.json", changed, durable=False)
        return wait

    def _ahead(self, budget: Budget) -> float:
        """For how many seconds an advance lives: less than half of a burst; 0 where its tokens would not be two."""
        lives, holds = (_LIVES_NEAR, _HOLDS_NEAR) if self._place.near else (_LIVES, _HOLDS)
        lives = min(lives, budget.burst / budget.per_second * 0.475)
        return lives if min(lives, holds) * budget.per_second >= 2 else 0.0


def _hidden(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def _read(kept: bytes | None, budget: Budget, now: float) -> Allowance:
    """What the file says; a full bucket where it is new or torn."""
    try:
        known = Allowance(*json.loads(kept or b""))
    except (TypeError, ValueError):
        return Allowance(budget.burst, now)
    return known.reset(now) if _set_back(known, now) else known


def _set_back(known: Allowance, now: float) -> bool:
    """Whether the clock was."""
    return known.at > now + _SKEW
