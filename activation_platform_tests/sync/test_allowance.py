"""Pacing against vendors whose limit is known, hidden, or not what was declared: an event by event simulation, in no time."""

import asyncio
import heapq
import math
import random
from collections import deque
from dataclasses import dataclass, field

import pytest

from activation_platform.contracts.pace import Budget, Left
from activation_platform.sync.allowance import SHORT
from activation_platform.sync.budgets import Budgets
from activation_platform_tests.sync.world import Clock


class Memory:
    """A place that holds its files in memory: thousands of changes would keep a disk busy."""

    near = True

    def __init__(self):
        self.files: dict[str, bytes] = {}

    def __truediv__(self, name: str) -> "Memory":
        return self

    def change(self, name: str, change, *, durable: bool) -> None:
        self.files[name] = change(self.files.get(name))


@dataclass
class Bucket:
    """A vendor that takes `rate` requests a second, and `burst` at once; from `halves` on, half as many a second."""

    rate: float
    burst: float
    halves: float = math.inf
    whole_seconds: bool = True
    left: float = field(init=False)
    at: float = 0.0

    def __post_init__(self):
        self.left = self.burst

    def refuses(self, at: float) -> float | None:
        """None, or for how many seconds."""
        rate = self.rate / 2 if at >= self.halves else self.rate
        self.left, self.at = min(self.burst, self.left + (at - self.at) * rate), at
        if self.left >= 1:
            self.left -= 1
            return None
        wait = (1 - self.left) / rate
        return math.ceil(wait) if self.whole_seconds else wait

    def allowed(self, seconds: float) -> float:
        return self.burst + self.rate * (min(seconds, self.halves) + max(0.0, seconds - self.halves) / 2)


@dataclass
class Window:
    """A vendor that takes so many requests in each window of some seconds, and says how many are left of it."""

    requests: int
    seconds: float
    said: bool = True
    used: int = 0
    number: int = 0

    def refuses(self, at: float) -> float | None:
        if int(at / self.seconds) != self.number:
            self.number, self.used = int(at / self.seconds), 0
        if self.used < self.requests:
            self.used += 1
            return None
        return (self.number + 1) * self.seconds - at

    def left(self, at: float) -> Left | None:
        return Left(self.requests - self.used, (self.number + 1) * self.seconds - at) if self.said else None

    def allowed(self, seconds: float) -> float:
        return self.requests * math.ceil(seconds / self.seconds)


class Traffic:
    """So many workers that always have something to send, at one gate, to a vendor 56 to 128 ms away."""

    def __init__(self, budget: Budget, vendor, workers: int = 32):
        self.clock, self.budget, self.vendor = Clock(), budget, vendor
        self.start = self.clock.time
        self.place = Memory()
        self.budgets = Budgets(self.place, "account", now=self.clock)
        self.dice = random.Random(7)
        self.waiting, self.open = deque(range(workers)), True
        self.events: list = []
        self.accepted = self.refused = self.flying = 0

    def at(self, seconds: float, do, *args) -> None:
        heapq.heappush(self.events, (self.clock.time + seconds, self.dice.random(), do, args))

    def run(self, seconds: float) -> tuple[float, float]:
        """The share of what is allowed that was reached, and the share of refusals."""
        self.next()
        while self.events[0][0] <= self.start + seconds:
            self.clock.time, _, do, args = heapq.heappop(self.events)
            do(*args)
        share = self.accepted / self.vendor.allowed(seconds)
        return share, self.refused / (self.accepted + self.refused)

    def next(self) -> None:
        if self.open and self.waiting:
            self.open = False
            self.at(self.budgets.take(self.budget, 1), self.leave, self.waiting.popleft())

    def leave(self, worker: int) -> None:
        if self.budgets.blocked(self.budget):
            self.at(self.budgets.take(self.budget, 1), self.leave, worker)
            return
        now = self.clock.time - self.start
        wait = self.vendor.refuses(now)
        left = self.vendor.left(now) if isinstance(self.vendor, Window) else None
        self.flying += 1
        self.at(self.dice.uniform(0.056, 0.128), self.hear, worker, self.clock.time, wait, left)
        self.open = True
        self.next()

    def hear(self, worker: int, sent: float, wait: float | None, left: Left | None) -> None:
        self.flying -= 1
        if left is not None:
            asyncio.run(self.budgets.hear(self.budget, left, self.flying))
        if wait is None:
            self.accepted += 1
            self.come(worker)
        else:
            self.refused += 1
            asyncio.run(self.budgets.refused(self.budget, 1, sent, wait))
            self.at(wait if wait <= SHORT else 0.0, self.come, worker)

    def come(self, worker: int) -> None:
        self.waiting.append(worker)
        self.next()


UNKNOWN = Budget("unknown", per_second=1000, burst=1000)


def test_a_declared_limit_is_reached_without_a_refusal():
    declared = Budget("declared", per_second=100, burst=20)
    share, refusals = Traffic(declared, Bucket(100, 20)).run(30)
    assert (share >= 0.99, refusals) == (True, 0)


@pytest.mark.parametrize("whole_seconds", [True, False])
def test_a_hidden_limit_is_found_and_kept_to(whole_seconds):
    vendor = Bucket(100, 20, whole_seconds=whole_seconds)
    share, refusals = Traffic(UNKNOWN, vendor).run(60)
    assert share >= 0.97
    assert refusals < 0.03


def test_a_limit_that_halves_is_followed():
    share, refusals = Traffic(UNKNOWN, Bucket(100, 20, halves=20)).run(60)
    assert share >= 0.93
    assert refusals < 0.05


def test_a_limit_far_below_the_declared_one_is_found():
    declared = Budget("declared", per_second=50, burst=5)
    share, refusals = Traffic(declared, Bucket(5, 5)).run(120)
    assert share >= 0.8
    assert refusals < 0.25


def test_a_refusal_that_was_a_whim_is_forgotten():
    declared = Budget("declared", per_second=100, burst=20)
    traffic = Traffic(declared, Bucket(100, 20))
    asyncio.run(traffic.budgets.refused(declared, 1, traffic.clock.time, 1))
    assert traffic.budgets.rate(declared) < 100
    traffic.clock.time += 3 * 60
    traffic.budgets.take(declared, 1)
    assert traffic.budgets.rate(declared) == 100


def test_the_rate_never_stops_altogether():
    traffic = Traffic(UNKNOWN, Bucket(1, 1))
    for _ in range(100):
        traffic.clock.time += 2
        asyncio.run(traffic.budgets.refused(UNKNOWN, 1, traffic.clock.time, 1))
    assert traffic.budgets.rate(UNKNOWN) >= 1


def test_what_a_vendor_says_is_left_is_kept_to():
    share, refusals = Traffic(UNKNOWN, Window(200, 2)).run(30)
    assert share >= 0.9
    assert refusals < 0.02


def test_a_window_that_is_not_told_is_kept_to_as_well():
    share, refusals = Traffic(UNKNOWN, Window(200, 2, said=False)).run(60)
    assert share >= 0.85
    assert refusals < 0.05


def test_d8_what_one_process_learns_holds_for_the_other():
    traffic = Traffic(UNKNOWN, Bucket(100, 20))
    traffic.run(10)
    other = Budgets(traffic.place, "account", now=traffic.clock)
    other.take(UNKNOWN, 1)
    assert other.rate(UNKNOWN) == pytest.approx(100, rel=0.2)
