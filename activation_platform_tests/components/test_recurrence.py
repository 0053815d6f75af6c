"""Recurrences: which instants they name, how partitions are called, what is refused with the nearest that would do."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
import yaml
from pydantic import ValidationError

from activation_platform.components.recurrence import MOST_PARTITIONS, Recurrence
from activation_platform.contracts.errors import DeclarationError

PARIS = "Europe/Paris"


def recurrence(**said):
    return Recurrence.model_validate({"start": "2024-01-01", **said})


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(datetime(2026, 6, 1, tzinfo=UTC), tick=False):
        yield


def faults(**said):
    return [fault.message for fault in Recurrence.model_validate(said).faults()]


def keys(made, before):
    with time_machine.travel(before, tick=False):
        return made.partitions().get_partition_keys()


@pytest.mark.parametrize(
    ("said", "cron"),
    [
        ({"every": "15m"}, "*/15 * * * *"),
        ({"every": "60m"}, "0 * * * *"),
        ({"every": "1h"}, "0 */1 * * *"),
        ({"every": "6h"}, "0 */6 * * *"),
        ({"every": "24h"}, "0 0 * * *"),
        ({"every": "1d"}, "0 0 * * *"),
        ({"at": "07:30"}, "30 7 * * *"),
        ({"at": "7:05"}, "5 7 * * *"),
        ({"at": 1110}, "30 18 * * *"),  # 18:30 without quotes, as YAML reads it
        ({"at": "09:00", "days": ["mon", "wed"]}, "0 9 * * 1,3"),
        ({"every": "15m", "days": ["sun"]}, "*/15 * * * 0"),
        ({"cron": "0 6 * * 1"}, "0 6 * * 1"),
        ({}, "0 0 * * *"),
    ],
)
def test_every_way_to_say_it_is_one_cron(said, cron):
    assert recurrence(**said).crons == (cron,)
    assert recurrence(**said).grid == cron
    assert not list(recurrence(**said).faults())
    assert recurrence(**said).timed == (said != {})


def test_a_partition_is_the_instant_of_its_tick_and_the_newest_has_passed():
    made = recurrence(cron="0 6 * * 1")
    assert keys(made, datetime(2024, 1, 15, 5, 59, 59, tzinfo=UTC)) == [
        "2024-01-01-06:00",
        "2024-01-08-06:00",
    ]
    assert keys(made, datetime(2024, 1, 15, 6, 0, 0, tzinfo=UTC))[-1] == "2024-01-15-06:00"
    assert made.instant("2024-01-15-06:00") == datetime(2024, 1, 15, 6, tzinfo=UTC)


def test_a_time_zone_moves_the_instant_with_the_clocks():
    made = recurrence(at="07:00", timezone=PARIS)
    assert made.instant("2024-01-10-07:00+0100") == datetime(2024, 1, 10, 6, tzinfo=UTC)
    assert made.instant("2024-07-10-07:00+0200") == datetime(2024, 7, 10, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "day", "expected"),
    [
        ({"every": "1h"}, date(2024, 10, 27), 25),
        ({"every": "1h"}, date(2024, 3, 31), 23),
        ({"every": "15m"}, date(2024, 10, 27), 100),
        ({"at": "02:30"}, date(2024, 10, 27), 1),
        ({"at": "02:30"}, date(2024, 3, 31), 1),
    ],
)
def test_when_clocks_change_every_key_is_unique_and_its_instant_right(said, day, expected):
    made = recurrence(timezone=PARIS, **said)
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(PARIS))
    partitions = made.partitions()
    with time_machine.travel(midnight + timedelta(days=3), tick=False):
        found = [key for key in partitions.get_partition_keys() if key.startswith(str(day))]
        windows = [partitions.time_window_for_partition_key(key).start.timestamp() for key in found]
    assert len(found) == len(set(found)) == expected
    instants = [made.instant(key) for key in found]
    assert [instant.timestamp() for instant in instants] == windows
    assert instants == sorted(set(instants))
    assert [made.key(instant) for instant in instants] == found


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"every": "7m"}, "7m does not divide an hour; the nearest is 6m"),
        ({"every": "45m"}, "the nearest is 30m"),
        ({"every": "90m"}, "the nearest is 60m"),
        ({"every": "5h"}, "5h does not divide a day; the nearest is 4h"),
        ({"every": "0m"}, "the nearest is 1m"),
        ({"every": "2d"}, "the nearest is 1d"),
        ({"every": "soon"}, '"soon" is no interval; write 15m, 4h or 1d'),
        ({"at": "25:00"}, '"25:00" is no time of day; write "07:00"'),
        ({"cron": "every day"}, '"every day" is no cron expression of five fields'),
        ({"cron": "0 0 6 * * 1"}, "no cron expression of five fields"),
        ({"at": "07:00", "timezone": "Europe/Pariss"}, 'Did you mean "Europe/Paris"?'),
        ({"at": "07:00", "cron": "0 6 * * *"}, "takes one of every, at and cron, here at and cron"),
        ({"at": ["07:00", "7 o'clock"]}, '"7 o\'clock" is no time of day'),
        (
            {"cron": ["0 6 * * *", "0 0 31 4 *"]},
            '"0 0 31 4 *" is no cron expression of five fields that ever comes',
        ),
        ({"cron": "0 6 * * *", "days": ["mon"]}, "days go with every and at"),
        ({"days": ["mon"]}, "days go with every and at"),
        ({"at": []}, "at is an empty list"),
        ({"cron": []}, "cron is an empty list"),
        ({"at": "07:00", "days": []}, "days is an empty list"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(said, words):
    (message,) = faults(start="2026-01-01", **said)
    assert words in message


@pytest.mark.parametrize("said", [{"every": "15m"}, {"every": "1h"}, {"cron": "0 9,20 * * *"}])
def test_anything_more_frequent_than_daily_needs_a_start(said):
    (message,) = faults(**said)
    assert "`start:` is required" in message


@pytest.mark.parametrize("said", [{}, {"every": "1d"}, {"at": "07:00"}, {"cron": "0 6 * * 1"}])
def test_daily_and_rarer_need_none(said):
    assert faults(**said) == []


@pytest.mark.parametrize("said", [{"every": "5m"}, {"cron": "*/5 6-21 * * *"}, {"cron": "*/2 8-17 * * 1-5"}])
def test_too_many_partitions_are_refused_with_a_start_that_fits(said):
    (message,) = faults(start="2020-01-01", **said)
    assert f"are more than {MOST_PARTITIONS}" in message
    proposed = message.rpartition(" ")[2]
    assert faults(start=proposed, **said) == []
    assert date.fromisoformat(proposed) > date(2020, 1, 1)


def test_a_cron_that_rests_at_night_is_counted_by_its_ticks():
    assert list(recurrence(cron="*/5 9-16 * * 1-5", start="2023-06-01").faults()) == []
    assert len(list(recurrence(cron="*/5 * * * *", start="2023-06-01").faults())) == 1


def test_a_schedule_that_will_soon_have_too_many_partitions_is_a_doubt():
    (doubt,) = recurrence(every="15m", start="2023-09-01").doubts()
    assert "nears 100000 partitions" in doubt
    assert not list(recurrence(every="15m", start="2023-09-01").faults())
    assert not list(recurrence(every="15m", start="2026-01-01").doubts())
    assert not list(recurrence(every="15m", start="2020-01-01").doubts())  # that one is a fault


def test_a_start_in_the_future_has_no_partition_yet():
    made = recurrence(at="07:00", start="2999-01-01")
    assert list(made.faults()) == []
    assert made.partitions().get_last_partition_key() is None


MON_WED_AND_WEEKENDS = {"cron": ["0 9 * * mon,wed", "0 20 * * sat,sun"], "start": "2026-05-01"}


def test_e6_several_recurrences_are_one_grid_with_keys_that_are_never_scheduled():
    made = recurrence(**MON_WED_AND_WEEKENDS)
    assert made.crons == ("0 9 * * mon,wed", "0 20 * * sat,sun")
    everything = keys(made, datetime(2026, 5, 11, tzinfo=UTC))
    assert "2026-05-04-09:00" in everything
    assert [key for key in everything if made.is_scheduled(key)] == [
        "2026-05-02-20:00",
        "2026-05-03-20:00",
        "2026-05-04-09:00",
        "2026-05-06-09:00",
        "2026-05-09-20:00",
        "2026-05-10-20:00",
    ]


def test_e6_several_times_of_day_are_several_crons():
    made = recurrence(at=["09:00", 1110], days=["mon", "tue"])
    assert made.crons == ("0 9 * * 1,2", "30 18 * * 1,2")
    assert made.grid == "0,30 9,18 * * 1,2"


def test_e6_the_newest_scheduled_key_is_not_one_that_only_fills_the_grid():
    made = recurrence(**MON_WED_AND_WEEKENDS)
    wednesday_evening = datetime(2026, 5, 6, 20, 30, tzinfo=UTC)
    assert keys(made, wednesday_evening)[-1] == "2026-05-06-20:00"
    assert made.newest(wednesday_evening) == "2026-05-06-09:00"
    assert made.newest(datetime(2026, 5, 6, 9, tzinfo=UTC)) == "2026-05-06-09:00"
    assert made.newest(datetime(2026, 5, 6, 8, 59, 59, tzinfo=UTC)) == "2026-05-04-09:00"
    assert made.newest(datetime(2026, 5, 1, tzinfo=UTC)) is None


def test_e6_a_key_that_is_never_scheduled_is_refused_with_its_neighbours():
    made = recurrence(**MON_WED_AND_WEEKENDS)
    made.require_scheduled("2026-05-06-09:00")
    with pytest.raises(DeclarationError) as refused:
        made.require_scheduled("2026-05-06-20:00")
    assert "2026-05-06-20:00 is never scheduled" in refused.value.what
    assert "2026-05-06-09:00" in refused.value.remedy
    assert "2026-05-09-20:00" in refused.value.remedy


def test_e6_the_partitions_of_the_grid_are_what_is_counted():
    frequent_in_two_ways = ["*/5 8-17 * * 1-5", "7 * * * 6"]
    assert len(list(recurrence(cron=frequent_in_two_ways, start="2026-01-01").faults())) == 0
    (fault,) = recurrence(cron=frequent_in_two_ways, start="2025-01-01").faults()
    assert "are more than 100000" in fault.message
    proposed = fault.message.rpartition(" ")[2]
    assert not list(recurrence(cron=frequent_in_two_ways, start=proposed).faults())


def test_e6_no_more_than_one_tick_a_day_on_average_needs_no_start():
    assert faults(cron=["0 9 * * mon,wed", "0 20 * * sat,sun"]) == []
    assert faults(at=["09:00", "20:00"], days=["mon"]) == []


def test_e3_a_partition_owns_the_interval_that_ends_at_its_instant():
    made = recurrence(every="15m", start="2026-05-01")
    window = made.window("2026-05-01-10:30")
    assert (window.start, window.end) == (
        datetime(2026, 5, 1, 10, 15, tzinfo=UTC),
        datetime(2026, 5, 1, 10, 30, tzinfo=UTC),
    )


def test_e3_the_first_partition_owns_the_interval_before_it():
    made = recurrence(cron="0 6 * * 1")
    assert made.window("2024-01-01-06:00").start == datetime(2023, 12, 25, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    "said",
    [
        MON_WED_AND_WEEKENDS,
        {"every": "1h"},
        {"at": "02:30"},
        {"at": ["02:30", "09:00"], "days": ["sat", "sun", "mon"]},
        {"every": "4h", "days": ["sun"]},
        {},
    ],
)
@pytest.mark.parametrize("day", [date(2024, 3, 31), date(2024, 10, 27)])
def test_e3_windows_follow_one_another_without_gap_or_overlap_when_clocks_change(said, day):
    made = recurrence(**{**said, "start": str(day - timedelta(days=9)), "timezone": PARIS})
    after = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=9)
    scheduled = [key for key in keys(made, after) if made.is_scheduled(key)]
    windows = [made.window(key) for key in scheduled]
    assert len(windows) > 4
    assert [window.start for window in windows[1:]] == [window.end for window in windows[:-1]]
    assert all(window.start < window.end for window in windows)


def test_on_is_a_boolean_in_yaml_and_the_refusal_says_what_to_write():
    with pytest.raises(ValidationError, match="write `follow: upstream`"):
        Recurrence.model_validate(yaml.safe_load("{on: upstream}"))
