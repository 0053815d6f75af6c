"""The sandbox's whole world: its platforms, the faults on order, and the count of what was asked of it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from activation_platform.sandbox.faults import Faults, Rule
from activation_platform.sandbox.limits import Limit
from activation_platform.sandbox.platform import Platform

Clock = Callable[[], float]


class World:
    """Everything a sandbox knows. All its methods may be called from any thread.

    `clock` gives seconds on a monotonic scale (limits, erasure delays), `wall` the time of day.
    """

    def __init__(
        self, platforms: Iterable[Platform], *, seed: int, clock: Clock, wall: Clock, limits: bool
    ) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.wall = wall
        self.seed = seed
        self.platforms = {platform.name: platform for platform in platforms}
        self.faults = Faults(seed)
        self._asked: Counter[tuple[str, str, str, int | str]] = Counter()
        for platform in self.platforms.values():
            platform.reset(seed)
            platform.limits.enabled = limits

    def reset(self) -> None:
        """Forget all records, faults and counts, and return to the declared limits (on or off as they are)."""
        with self.lock:
            self.faults.clear()
            self._asked.clear()
            for platform in self.platforms.values():
                platform.limits.reset()
                platform.reset(self.seed)

    def state(self) -> dict[str, dict[str, Any]]:
        """Return the whole state: {platform: {part: ...}}, a copy."""
        with self.lock:
            return {name: platform.state(self.clock()) for name, platform in self.platforms.items()}

    def part(self, platform: str, name: str) -> Any:
        """Return one part of a platform's state; KeyError when there is no such platform or part."""
        with self.lock:
            return self.platforms[platform].state(self.clock())[name]

    def count(self, platform: str, method: str, template: str, status: int | str) -> None:
        """Count a call that ended with `status` (or a word such as `dropped`)."""
        self._asked[platform, method, template, status] += 1

    def requests(self) -> list[dict[str, Any]]:
        """Return how often each platform, method, path template and status was seen, in order of first sight."""
        with self.lock:
            return [
                {"platform": platform, "method": method, "path": template, "status": status, "count": count}
                for (platform, method, template, status), count in self._asked.items()
            ]

    def add_fault(self, rule: Rule) -> int:
        """Put a fault on order and return its number."""
        with self.lock:
            return self.faults.add(rule)

    def faults_in_force(self) -> list[dict[str, Any]]:
        """Return the rules with how often each matched and struck."""
        with self.lock:
            return self.faults.document()

    def clear_faults(self) -> None:
        """Drop all rules."""
        with self.lock:
            self.faults.clear()

    def finish_erasures(self) -> int:
        """Complete what the platforms erase later; return how many erasures ended."""
        with self.lock:
            return sum(platform.finish_erasures(self.clock()) for platform in self.platforms.values())

    def enable_limits(self, enabled: bool) -> None:
        """Switch all rate limits on or off."""
        with self.lock:
            for platform in self.platforms.values():
                platform.limits.enabled = enabled

    def change_limit(self, platform: str, name: str, limit: Limit) -> None:
        """Replace one limit; KeyError when the platform or the limit is unknown."""
        with self.lock:
            self.platforms[platform].limits.change(name, limit)

    def limits(self) -> dict[str, Any]:
        """Return the limits in force: {platform: {enabled, limits: {name: {rate, burst}}}}."""
        with self.lock:
            return {
                name: {"enabled": platform.limits.enabled, "limits": platform.limits.document()}
                for name, platform in self.platforms.items()
            }
