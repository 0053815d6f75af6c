"""Rate budgets on object storage: tokens are taken in advances, and all processes together stay within the vendor's limit."""

import asyncio
import json
import random
import subprocess
import sys
from bisect import bisect_right
from collections.abc import Sequence

import pytest

from activation_platform.contracts.pace import Budget
from activation_platform.sync.bucket import Bucket
from activation_platform.sync.budgets import Budgets
from activation_platform.sync.cache import Cache
from activation_platform.sync.objects import Objects
from activation_platform_tests.sync.homes import new_bucket
from activation_platform_tests.sync.test_d6_fences import Drowsy
from activation_platform_tests.sync.world import Clock

LIMITS = [
    Budget("even", per_second=50, burst=50),
    Budget("bursty", per_second=5, burst=60),
    Budget("narrow", per_second=100, burst=20),
    Budget("one by one", per_second=2, burst=1),
]


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def place(tmp_path):
    return Bucket(Objects("memory:///"), Cache(tmp_path))


def beyond(limit: Budget, sent: Sequence[float]) -> float:
    """By how many requests the worst window went over what the vendor allows."""
    sent = sorted(sent)
    worst = 0.0
    for start, first in enumerate(sent):
        for last in sent[start:]:
            count = bisect_right(sent, last) - start
            worst = max(worst, count - (limit.burst + (last - first) * limit.per_second))
    return worst


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.name)
def test_d8_whenever_processes_come_and_go_no_window_holds_more_than_the_vendor_allows(place, clock, limit):
    dice = random.Random(limit.name)
    processes = [Budgets(place, "account", now=clock) for _ in range(4)]
    sent = []
    for _ in range(300):
        if dice.random() < 0.03:  # everybody rests, and what was taken and what flowed in is there at once
            clock.time += dice.uniform(0, 5)
        clock.time += dice.uniform(0, 1 / limit.per_second)
        sent.append(clock.time + dice.choice(processes).take(limit, 1))
    assert beyond(limit, sent) <= 1e-6


def test_d8_the_limit_is_used_up_where_there_is_enough_to_send(place, clock):
    limit = Budget("even", per_second=50, burst=50)
    processes = [Budgets(place, "account", now=clock) for _ in range(3)]
    waits = [processes[number % 3].take(limit, 1) for number in range(1000)]
    assert 1000 / max(waits) >= 0.95 * limit.per_second


def test_d8_few_requests_to_the_store_serve_many_to_the_vendor(tmp_path, clock):
    objects = Drowsy(Objects("memory:///"))
    budgets = Budgets(Bucket(objects, Cache(tmp_path)), "account", now=clock)
    limit = Budget("even", per_second=500, burst=500)
    for _ in range(1000):
        clock.time += budgets.take(limit, 1)
    assert objects.seen.count("write_if") <= 6


def test_d8_what_the_vendor_said_to_one_is_heard_by_the_others_with_their_next_advance(place, clock):
    limit = Budget("even", per_second=50, burst=50)
    one, other = (Budgets(place, "account", now=clock) for _ in range(2))
    other.take(limit, 1)
    asyncio.run(one.refused(limit, 1, clock.time, 30))
    assert one.blocked(limit) == pytest.approx(30)
    assert one.take(limit, 1) == pytest.approx(30, abs=0.5)
    clock.time += 1
    assert other.take(limit, 1) == pytest.approx(29, abs=1)
    assert other.blocked(limit) == pytest.approx(29)


def test_d8_clocks_that_differ_by_seconds_make_no_tokens(place):
    limit = Budget("even", per_second=10, burst=10)
    early, late = Clock(), Clock()
    early.time, late.time = 1005.0, 1000.0
    ahead, behind = (Budgets(place, "account", now=clock) for clock in (early, late))
    for _ in range(50):
        ahead.take(limit, 5)
        behind.take(limit, 5)
    assert ahead.take(limit, 5) > 500 * 0.9 / 10


PROGRAM = """
import json, sys, time
from activation_platform.contracts.pace import Budget
from activation_platform.sync.bucket import Bucket
from activation_platform.sync.budgets import Budgets
budgets = Budgets(Bucket.at(sys.argv[1]) / "budgets", "account")
limit, sent, until = Budget("shared", per_second=100, burst=40), [], time.time() + 2
while time.time() < until:
    time.sleep(budgets.take(limit, 1))
    sent.append(time.time())
print(json.dumps(sent))
"""


def test_d8_two_processes_share_a_rate(front, tmp_path, monkeypatch):
    url = new_bucket(front, tmp_path / "cache", monkeypatch)
    command = [sys.executable, "-c", PROGRAM, url]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    sent = []
    for process in both:
        said, complaint = process.communicate(timeout=60)
        assert process.returncode == 0, complaint
        sent.append(json.loads(said))
    assert all(len(one) > 20 for one in sent), "one of them starved"
    # A process that is not scheduled in time sends late, and then closer together: this machine's doing, not the budget's.
    assert beyond(Budget("shared", per_second=100, burst=40), [at for one in sent for at in one]) <= 10
