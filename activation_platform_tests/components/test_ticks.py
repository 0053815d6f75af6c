"""Ticks and grids: one cron expression that covers several, in every time zone, also on the days on which clocks change."""

from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile

import pytest
import time_machine

from activation_platform.components.ticks import covering, shortest_period, tick_before, ticks, ticks_a_day

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ZONES = (
    "UTC",
    "Europe/Paris",
    "America/New_York",
    "America/St_Johns",
    "Africa/Cairo",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
)
SEVERAL = {
    ("0 9 * * 1,3", "0 20 * * 0,6"): "0 9,20 * * 0,1,3,6",
    ("0 9 * * *", "30 20 * * *"): "0,30 9,20 * * *",
    ("0 9 * * mon", "0 9 * * tue-sun"): "0 9 * * *",
    ("0 9 1 * *", "0 9 15 1,2 *"): "0 9 1,15 * *",
    ("0 9 1 * *", "0 9 * * 1"): "0 9 * * *",  # no cron says "the first and Mondays" of two
    ("0 9 L * *", "0 10 15 * *"): "0 9,10 * * *",
    ("0 9 1 * 1", "0 6 L * 5"): "0 6,9 * * *",
    ("0 9 * * 3#2", "30 9 * * 5"): "0,30 9 * * 3,5",
    ("*/30 8-18 * * 1-5", "0 * * * 0,6"): "0,30 * * * *",
    ("30 2 * * *", "0 9 * * *"): "0,30 2,9 * * *",
    ("15 * * * *", "30 2 * * 0"): "15,30 * * * *",
}


CHANGES = (
    (datetime(2026, 3, 7, tzinfo=UTC), datetime(2026, 4, 26, tzinfo=UTC)),
    (datetime(2026, 10, 23, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC)),
)
"""When the clocks of these zones are changed."""


def between(crons, zone, since, until):
    return set(takewhile(lambda tick: tick < until, ticks(crons, zone, since)))


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.mark.parametrize(("crons", "grid"), SEVERAL.items())
def test_several_recurrences_are_covered_by_as_little_as_one_cron_can_say(crons, grid):
    assert covering(crons, "UTC") == grid


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("crons", SEVERAL)
def test_the_grid_holds_every_tick_also_when_clocks_change(crons, zone):
    grid = covering(crons, zone)
    for since, until in CHANGES:
        assert between([grid], zone, since, until) >= between(crons, zone, since, until)


def test_where_a_time_that_does_not_exist_would_be_missed_the_grid_is_hourly():
    assert covering(("15 * * * *", "30 2 * * 0"), "Europe/Paris") == "0,15,30 * * * *"


def test_a_single_recurrence_is_its_own_grid():
    assert covering(("0 9 * * 3#2",), "Europe/Paris") == "0 9 * * 3#2"
    assert covering(("0 9 * * 1", "0 9 * * 1"), "UTC") == "0 9 * * 1"


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("crons", [*SEVERAL, ("30 2 * * *",), ("*/15 * * * *",), ("0 */6 * * *",)])
def test_the_tick_before_a_tick_is_the_one_that_went_before(crons, zone):
    around = datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)
    for since in around:
        some = list(islice(ticks(crons, zone, since), 60))
        assert some == sorted(set(some))
        assert [tick_before(crons, zone, tick) for tick in some[1:]] == some[:-1]
        assert tick_before(crons, zone, some[-1] + timedelta(seconds=1)) == some[-1]


def test_an_hour_that_comes_twice_has_its_ticks_twice_and_one_that_never_comes_none():
    autumn = ticks(["0 * * * *"], "Europe/Paris", datetime(2026, 10, 25, tzinfo=UTC))
    assert [tick.hour for tick in islice(autumn, 3)] == [0, 1, 2]  # 2, 2 and 3 o'clock there
    (spring,) = islice(ticks(["30 2 * * *"], "Europe/Paris", datetime(2026, 3, 29, tzinfo=UTC)), 1)
    assert spring == datetime(2026, 3, 29, 1, tzinfo=UTC)  # 3 o'clock, when half past two does not come


def test_ticks_that_several_name_count_once():
    assert ticks_a_day(("0 9 * * *", "0 9,20 * * *")) == 2
    assert shortest_period(("0 9 * * *", "30 9 * * *", "30 9 * * *")) == timedelta(minutes=30)
