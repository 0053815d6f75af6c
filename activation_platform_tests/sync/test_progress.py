"""Progress: what a run says of itself while it sends and while it waits, how often, and what holds it up."""

import asyncio
import re

import httpx
import pytest

from activation_platform.contracts.pace import Budget
from activation_platform.sync.progress import Meter, Progress, lasting
from activation_platform_tests.sync import shop
from activation_platform_tests.sync.test_loader import Desk
from activation_platform_tests.sync.world import Clock


class Run:
    """A run of 1,000 records as a meter reads it, and what it told."""

    def __init__(self) -> None:
        self.clock, self.told = Clock(0.0), []
        self.done, self.limit = 0, ""
        self.meter = Meter(lambda: (self.done, 1_000, self.limit), self.told.append, self.clock)

    def goes_on(self, records: int, seconds: float) -> None:
        self.done += records
        self.clock.time += seconds
        self.meter.look()


@pytest.fixture
def run() -> Run:
    return Run()


def test_speed_and_time_left_are_those_of_the_last_half_minute(run):
    for _ in range(20):
        run.goes_on(1, 1)
    for _ in range(30):
        run.goes_on(10, 1)
    assert run.told[-1] == Progress(320, 1_000, 10.0)
    assert run.told[-1].seconds_left == 68
    assert str(run.told[-1]) == "320 of 1,000 records answered, 10 a second, 1 min left"


def test_thousands_of_answers_a_second_are_told_a_few_times_a_second(run):
    for _ in range(999):
        run.goes_on(1, 0.001)
    assert len(run.told) == 5


def test_a_run_that_waits_says_so_although_no_answer_comes(run):
    run.limit = "waiting 12 s: shop asked for it"

    async def wait():
        async with run.meter.ticking(every=0):
            for _ in range(3):
                run.clock.time += 1
                await asyncio.sleep(0)

    asyncio.run(wait())
    assert len(run.told) == 4
    assert run.told[-1].seconds_left is None
    assert str(run.told[-1]) == "0 of 1,000 records answered, 0 a second, waiting 12 s: shop asked for it"


def test_the_beginning_and_the_end_are_told_however_quick_it_was(run):
    async def send():
        async with run.meter.ticking():
            run.done, run.limit = 1_000, "paced"

    asyncio.run(send())
    assert [(told.done, told.limit) for told in run.told] == [(0, ""), (1_000, "")]


def test_a_run_that_sends_nothing_tells_nothing():
    told = []
    Meter(lambda: (0, 0, ""), told.append).tell()
    assert told == []


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (59, "59 s"), (59.5, "1 min"), (3599, "1 h 0 min"), (7800, "2 h 10 min")],
)
def test_a_span_of_time_is_told_in_units_that_matter(seconds, words):
    assert lasting(seconds) == words


@pytest.fixture
def limits(monkeypatch):
    """What held a desk's loader up whenever it waited."""
    seen, sleep = [], Clock.sleep

    async def watched(clock, seconds):
        seen.append(clock.desk.loader.limit)
        await sleep(clock, seconds)

    monkeypatch.setattr(Clock, "sleep", watched)
    return seen


def test_what_holds_a_run_up_is_the_pace_that_the_vendor_allows(tmp_path, limits, monkeypatch):
    monkeypatch.setattr(shop, "PLENTY", Budget("things", per_second=2, burst=1))
    desk = Desk(tmp_path)
    desk.clock.desk = desk
    desk.load("a", "b", "c")
    assert set(limits) == {"paced by shop's limit of 2 a second (things)"}


def test_what_holds_a_run_up_is_the_rest_that_the_vendor_asked_for(tmp_path, limits):
    desk = Desk(tmp_path, httpx.Response(429, headers={"Retry-After": "90"}))
    desk.clock.desk = desk
    desk.load("a")
    assert limits[0] == "waiting 2 min: shop asked for it"
    assert "waiting 1 s: shop asked for it" in limits
    assert not any("paced" in limit for limit in limits)
    assert desk.loader.limit == ""


@pytest.mark.parametrize(
    ("answer", "words"), [(httpx.Response(503), "answers 503"), (httpx.ConnectError("no"), "does not answer")]
)
def test_what_holds_a_run_up_is_a_failure_of_the_vendor(tmp_path, limits, answer, words):
    desk = Desk(tmp_path, answer)
    desk.clock.desk = desk
    desk.load("a")
    assert set(limits) == {f"trying again: shop {words}"}
    assert desk.loader.limit == ""


def test_what_holds_a_run_up_is_the_pace_that_the_vendor_was_seen_to_take(tmp_path, limits, monkeypatch):
    monkeypatch.setattr(shop, "PLENTY", Budget("things", per_second=10, burst=10))
    desk = Desk(tmp_path, *["updated"] * 20, httpx.Response(429, headers={"Retry-After": "1"}))
    desk.clock.desk = desk
    desk.load(*map(chr, range(ord("A"), ord("A") + 40)))
    assert limits[0] == "paced by shop's limit of 10 a second (things)"
    assert any(
        re.fullmatch(r"slowed to \d\.\d+ a second \(things\): shop said too many", limit) for limit in limits
    )
