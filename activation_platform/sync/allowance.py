"""An allowance: what is left of one budget at a moment, and the rate at which it grows, as the vendor's answers teach it.

The declared rate is a cap. Below it, a refusal (429) lowers the rate to what the vendor was seen to take since the refusal
before; from there it soon rises to just above that, and only after a while further. So a limit that nobody declared is found
within seconds and then kept to, with a refusal now and then. What the vendor says is left until its window ends is kept, too.

Moments are Unix times in seconds, amounts are tokens. Measured in `benchmarks/sending.py`.
"""

from dataclasses import dataclass, replace

from activation_platform.contracts.pace import Budget, Left

__all__ = ["SHORT", "Allowance"]

SHORT = 2.0
"""A vendor that asks for a wait of up to so many seconds may mean milliseconds: `Retry-After` counts whole seconds, and a date
may be rounded up twice. The refused request waits so long; everybody waits only where more is asked."""

_HEADROOM = 0.95
"""Share of the vendor's burst that is used: clocks differ and requests bunch up on their way."""

_UNSURE = 0.6
"""What is left of the rate while the vendor was not watched for long enough to know what it takes."""
_WATCHED = 1.0
"""Seconds between two refusals from which on what was taken in between tells the vendor's rate."""
_AT_LEAST = 0.3
"""What is left of the rate at least: those who wait for their turn may be why little was taken."""
_BELOW, _ABOVE = 0.97, 1.03
"""Shares of the vendor's rate, as seen, from which and to which the rate rises."""
_SOON, _LATER = 1.0, 50.0
"""Seconds after which the rate is half-way there; and after which it has about doubled."""
_SLOWEST = 1e-3
"""Share of the declared rate that always flows in, so that a better day is noticed."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """Tokens that were left `at` a moment; below 0, they are owed. It is a value: each verb returns the next one.

    `blocked_until`: the moment before which nobody sends. `low`, `high`: between them lies the rate since it was `lowered`
    (0: never was); refusals of what was sent before `deaf_until` tell nothing new. `taken` tokens, less those refused, since
    the moment from which the vendor is `watched`. `window`: what the vendor says is left until `window_ends`.
    """

    tokens: float
    at: float
    blocked_until: float = 0.0
    lowered: float = 0.0
    low: float = 0.0
    high: float = 0.0
    deaf_until: float = 0.0
    watched: float = 0.0
    taken: float = 0.0
    window: float = 0.0
    window_ends: float = 0.0

    def rate(self, budget: Budget, now: float) -> float:
        """Tokens that flow in a second."""
        if not self.lowered:
            return budget.per_second
        age = max(0.0, now - self.lowered)
        risen = (self.high - self.low) * age / (age + _SOON) + self.low * (age / _LATER) ** 2
        return min(budget.per_second, max(self.low + risen, budget.per_second * _SLOWEST))

    def flowed(self, budget: Budget, now: float, kept_back: float = 0.0, unused: float = 0.0) -> "Allowance":
        """The allowance at a later moment.

        `kept_back` tokens of the burst are for those who took some ahead; `unused` ones were taken and are lost, but the
        vendor never saw them.
        """
        capacity = max(budget.burst * _HEADROOM - kept_back, 1.0)
        flowing = max(0.0, now - max(self.at, self.blocked_until)) * self.rate(budget, now)
        tokens = min(capacity, self.tokens + flowing)
        window = self.window + unused if now < self.window_ends else 0.0
        return replace(self, tokens=tokens, at=max(now, self.at), taken=self.taken - unused, window=window)

    def spent(self, budget: Budget, cost: float, now: float) -> tuple["Allowance", float]:
        """Without `cost` tokens, borrowed if need be; and how many seconds to wait before they may be used."""
        wait = max(0.0, self.blocked_until - now)
        tokens = self.tokens - cost
        wait += max(0.0, -tokens) / self.rate(budget, now)
        window = self.window - cost
        if now < self.window_ends and window < 0.0:
            wait = max(wait, self.window_ends - now)
        return replace(self, tokens=tokens, taken=self.taken + cost, window=window), wait

    def refused(self, budget: Budget, cost: float, sent: float, wait: float, now: float) -> "Allowance":
        """After the vendor refused a request that was `sent` at a moment and asked to wait so many seconds."""
        rate = self.rate(budget, now)
        after = replace(self, taken=self.taken - cost)
        if wait > SHORT and now + wait > self.blocked_until:
            flown = (now + wait - max(now, self.blocked_until)) * rate
            after = replace(after, tokens=min(0.0, self.tokens + flown), blocked_until=now + wait)
        if sent <= self.deaf_until:
            return after
        deaf_until = now + min(wait, 1.0)
        after = replace(after, lowered=now, deaf_until=deaf_until, tokens=min(0.0, after.tokens))
        if self.watched and now - self.watched >= _WATCHED:
            seen = min(rate, max(after.taken / (now - self.watched), _AT_LEAST * rate))
            return replace(after, low=_BELOW * seen, high=_ABOVE * seen, watched=now, taken=0.0)
        after = replace(after, low=_UNSURE * rate, high=rate)
        return after if self.watched else replace(after, watched=now, taken=0.0)

    def told(self, left: Left, flying: float, now: float) -> "Allowance":
        """After the vendor said what is left, with `flying` tokens' worth of requests on their way to it.

        What it says of one window only falls: what was sent since is not yet counted there.
        """
        ends, about = now + left.seconds, min(1.0, left.seconds / 2)
        if now >= self.window_ends or ends > self.window_ends + about:
            return replace(self, window=left.tokens - flying, window_ends=ends)
        if ends < self.window_ends - about:  # a late word of the window before
            return self
        return replace(self, window=min(left.tokens, self.window))

    def reset(self, now: float) -> "Allowance":
        """After the clock was set back: counting starts from here."""
        return Allowance(min(self.tokens, 0.0), now, min(self.blocked_until, now))
