"""Rate limits as vendors keep them: a token bucket for each named limit of a platform."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """A steady `rate` in units a second and a `burst`, the most units that can be spent at one instant."""

    rate: float
    burst: float

    def __post_init__(self) -> None:
        if not (0 < self.rate < math.inf and 0 < self.burst < math.inf):
            raise ValueError(
                f"a limit needs a finite rate and burst above 0, not {self.rate} and {self.burst}"
            )


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a bucket says to a call: `wait` is in seconds, 0 when it is allowed; `refill` until it is full."""

    allowed: bool
    limit: Limit
    remaining: float
    wait: float
    refill: float

    def headers(self) -> dict[str, str]:
        """Return X-RateLimit-* headers; Reset is in whole seconds until the bucket is full again."""
        return {
            "X-RateLimit-Limit": f"{self.limit.rate:g}",
            "X-RateLimit-Remaining": str(int(self.remaining)),
            "X-RateLimit-Reset": str(math.ceil(self.refill)),
        }


class Limits:
    """The buckets of one platform, by name; `enabled = False` lets everything through, and is not counted."""

    def __init__(self, declared: Mapping[str, Limit]) -> None:
        self._declared = dict(declared)
        self.enabled = True
        self.reset()

    def reset(self) -> None:
        """Return to the declared limits with full buckets; `enabled` stays as it is."""
        self._limits = dict(self._declared)
        self._levels: dict[str, tuple[float, float]] = {}

    def change(self, name: str, limit: Limit) -> None:
        """Replace the limit `name` by another, with a full bucket; KeyError when there is none of that name."""
        if name not in self._limits:
            raise KeyError(name)
        self._limits[name] = limit
        self._levels.pop(name, None)

    def spend(self, name: str, cost: float, now: float) -> Allowance:
        """Take `cost` units at the instant `now`, if the bucket holds them.

        A cost above the burst needs a full bucket and leaves it in debt, so that it is slow, never impossible.
        """
        limit = self._limits[name]
        if not self.enabled:
            return Allowance(True, limit, limit.burst, 0.0, 0.0)
        level, then = self._levels.get(name, (limit.burst, now))
        level = min(limit.burst, level + max(0.0, now - then) * limit.rate)
        short = min(cost, limit.burst) - level
        allowed = short <= 1e-9
        level = level - cost if allowed else level
        self._levels[name] = (level, now)
        wait = 0.0 if allowed else short / limit.rate
        return Allowance(allowed, limit, max(0.0, level), wait, (limit.burst - level) / limit.rate)

    def document(self) -> dict[str, dict[str, float]]:
        """Return the limits in force as JSON values: {name: {rate, burst}}."""
        return {name: {"rate": limit.rate, "burst": limit.burst} for name, limit in self._limits.items()}
