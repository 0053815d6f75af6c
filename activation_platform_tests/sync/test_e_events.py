"""SEMANTICS, part E3: events are sent once each, by the run that owns their window, in any order of runs."""

from datetime import UTC, date, datetime, timedelta

import httpx
import polars as pl
import pytest
import time_machine

from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.modes import Mode, RunType
from activation_platform.sync.history import Status
from activation_platform.sync.mapping import FieldMapping
from activation_platform.sync.order import Events, Window
from activation_platform.sync.states import State
from activation_platform_tests.sync.shop import Happenings
from activation_platform_tests.sync.world import Workshop

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def window(day: int) -> Window:
    return Window(START + (day - 1) * DAY, START + day * DAY)


def happenings(*rows: tuple[str, float | None], **more: list) -> pl.DataFrame:
    """Events by key and the day (from 0, with fractions) at which they happened."""
    times = [None if day is None else START + timedelta(days=day) for _, day in rows]
    return pl.DataFrame(
        {"key": [key for key, _ in rows], "at": times, **more},
        schema_overrides={"at": pl.Datetime("us", "UTC"), "key": pl.String},
    )


@pytest.fixture
def told(workshop: Workshop) -> Workshop:
    """Events of a shop, told once."""
    workshop.mode, workshop.service, workshop.run_type = Mode.INSERT_ONLY, Happenings, RunType.INCREMENTAL
    workshop.mapping = (FieldMapping("id", "key"), FieldMapping("when", "at"))
    workshop.settings["events"] = Events("at", late=timedelta(hours=12), keep=timedelta(days=10))
    return workshop


def test_e3_a_run_sends_the_events_of_its_own_window_only(told):
    frame = happenings(("before", -0.4), ("first", 0), ("last", 0.999), ("next", 1))
    run = told.run(frame, window=window(1))
    assert told.vendor.sent == ["first", "last"]
    assert (run.figures.extracted, run.figures.inserted) == (2, 2)


def test_e3_what_happened_before_the_first_run_is_not_late(told):
    frame = happenings(("before", -0.4), ("first", 0.1), ("second", 1.1))
    told.run(frame, window=window(1))
    told.settings["events"] = Events("at", late=timedelta(days=3))
    told.run(frame, window=window(2))
    assert told.vendor.sent == ["second"]
    told.run(frame, window=window(0))
    assert told.vendor.sent == ["before"]


def test_e3_a_first_run_that_failed_is_made_up_for_by_looking_back(told):
    told.vendor.answers = [httpx.Response(401)]
    told.fails(happenings(("a", 0.9)), window=window(1))
    told.run(happenings(("a", 0.9), ("b", 1.2)), window=window(2))
    assert told.vendor.sent == ["a", "b"]


def test_e3_each_event_is_sent_once_whatever_changes(told):
    told.run(happenings(("a", 0.5), ("b", 0.9)), window=window(1))
    run = told.run(happenings(("a", 0.6), ("b", 0.9), ("c", 1.5)), window=window(2))
    assert (told.vendor.sent, run.figures.inserted) == (["c"], 1)
    assert told.run(happenings(("c", 1.5)), window=window(2)).status is Status.NOTHING_TO_DO


def test_e3_an_event_that_came_late_is_sent_by_the_next_run_once(told):
    told.run(happenings(("a", 0.9)), window=window(1))
    told.run(happenings(("a", 0.9), ("came late", 0.8), ("b", 1.2)), window=window(2))
    assert told.vendor.sent == ["b", "came late"]


def test_e3_windows_are_filled_in_any_order(told):
    frame = happenings(("a", 0.4), ("b", 1.4), ("c", 2.4))
    for day, sent in ((3, ["c"]), (1, ["a"]), (2, ["b"]), (2, [])):
        run = told.run(frame, window=window(day), instant=window(day).end, snapshot=1, explicit=False)
        assert (told.vendor.sent, run.status is Status.SUPERSEDED) == (sent, False)
    assert set(told.vendor.told.values()) == {1}


def test_e3_events_never_leave(told):
    told.run(happenings(("a", 0.5)), window=window(1))
    run = told.run(happenings(("b", 5.5)), window=window(6))
    assert (told.vendor.sent, run.figures.no_operation) == (["b"], 0)
    assert told.states() == {"a": State.PRESENT, "b": State.PRESENT}


def test_e3_a_rejected_event_keeps_its_values_and_is_tried_after_its_window_has_passed(told):
    told.vendor.refuse["a"] = "not now"
    told.run(happenings(("a", 0.5), ("b", 0.6)), window=window(1))
    told.vendor.refuse.clear()
    run = told.run(happenings(("c", 9.5)), window=window(10))
    assert (told.vendor.sent, run.figures.inserted, told.debts()) == (["a", "c"], 2, [])
    assert told.vendor.things["a"] == {"id": "a", "when": "2026-03-01 12:00:00+00:00"}


def test_e3_a_rejected_event_whose_moment_had_no_zone_is_tried_again_beside_new_ones(told):
    def unzoned(*events):
        return happenings(*events).with_columns(pl.col("at").dt.replace_time_zone(None))

    told.vendor.refuse["a"] = "not now"
    told.run(unzoned(("a", 0.5)), window=window(1))
    told.vendor.refuse.clear()
    told.run(unzoned(("c", 9.5)), window=window(10))
    assert (told.vendor.sent, told.debts()) == (["a", "c"], [])
    assert told.vendor.things["a"]["when"] == "2026-03-01 12:00:00+00:00"


def test_d2_a_rejected_event_is_tried_n_times_then_on_a_full_run(told):
    told.settings["retries"] = 2
    told.vendor.refuse["a"] = "never"
    tried = [told.run(happenings(("a", 0.5)), window=window(day)).figures for day in range(1, 6)]
    assert [figures.destination_issues for figures in tried] == [1, 1, 1, 0, 0]
    assert tried[-1].standing == 1
    assert told.run(happenings(("z", 99.0)), window=window(6), full=True).figures.destination_issues == 1


def test_e3_an_owed_event_is_forgotten_once_its_key_would_be(told):
    told.vendor.refuse["a"] = "never"
    told.run(happenings(("a", 0.5)), window=window(1))
    told.settings["retries"] = 0
    with time_machine.travel(datetime.now(UTC) + timedelta(days=11)):
        told.run(happenings(("b", 5.5)), window=window(6))
    assert told.debts() == []


def test_e3_an_event_in_doubt_is_told_again_after_its_window_has_passed(told):
    told.attempts = 1
    told.vendor.answers = ["answer lost"]
    told.run(happenings(("a", 0.5)), window=window(1))
    assert told.states() == {"a": State.UNKNOWN}
    told.run(happenings(("b", 5.5)), window=window(6))
    assert (told.vendor.sent, told.vendor.told["a"], told.debts()) == (["a", "b"], 2, [])


def test_e3_an_event_in_doubt_after_a_crash_keeps_its_values(told):
    told.vendor.answers = ["dies"]
    told.dies(happenings(("a", 0.5)), window=window(1))
    told.run(happenings(("b", 5.5)), window=window(6))
    assert (told.vendor.told["a"], told.vendor.things["a"]["when"]) == (1, "2026-03-01 12:00:00+00:00")


def test_e3_an_event_without_a_moment_is_set_aside_not_dropped(told):
    run = told.run(happenings(("a", None), ("b", 0.5)), window=window(1))
    assert (told.vendor.sent, run.figures.source_issues) == (["b"], 1)
    assert told.issues() == [(1, "a", "set_aside", "says no moment at which it happened")]
    assert told.run(happenings(("a", None)), window=window(2)).figures.standing == 1
    told.run(happenings(("b", 0.5)), window=window(3))
    assert told.debts() == []


def test_e3_a_window_older_than_the_kept_keys_needs_a_full_run(told, monkeypatch):
    monkeypatch.setattr("activation_platform.sync.ledger._MAX_OVERLAY", 0.0)
    with time_machine.travel(START + DAY):
        told.run(happenings(("a", 0.5)), window=window(1))
    with time_machine.travel(START + 12 * DAY):
        told.run(happenings(("b", 11.5)), window=window(12))
        assert told.states() == {"b": State.PRESENT}
        failed = told.fails(happenings(("a", 0.5)), window=window(1))
        assert isinstance(failed.error, DeclarationError)
        assert "full: true" in failed.error.remedy
        assert told.run(happenings(("c", 10.2)), window=window(11)).figures.inserted == 1
        assert told.run(happenings(("a", 0.5)), window=window(1), full=True).figures.loaded == 1


def test_e3_days_and_moments_without_a_zone_are_in_utc(told):
    told.run(happenings(("a", 0.0)).with_columns(pl.col("at").dt.date()), window=window(1))
    told.run(happenings(("b", 0.999)).with_columns(pl.col("at").dt.replace_time_zone(None)), window=window(1))
    assert told.vendor.things.keys() == {"a", "b"}


@pytest.mark.parametrize("column", [["soon"], [5]])
def test_e3_an_event_time_that_is_no_moment_stops_the_run(told, column):
    failed = told.fails(pl.DataFrame({"key": ["a"], "at": column}), window=window(1))
    assert "is no moment" in str(failed.error)
    failed = told.fails(pl.DataFrame({"key": ["a"], "when": [date(2026, 3, 1)]}), window=window(1))
    assert isinstance(failed.error, DeclarationError)


def test_e3_a_duplicate_event_key_is_set_aside(told):
    run = told.run(happenings(("a", 0.5), ("a", 0.6), ("b", 0.5)), window=window(1))
    assert (told.vendor.sent, run.figures.source_issues) == (["b"], 1)


def test_e3_owed_events_whose_field_has_another_type_by_now_stop_the_run(told):
    told.vendor.refuse["a"] = "no"
    told.mapping = (*told.mapping, FieldMapping("amount", "amount"))
    told.run(happenings(("a", 0.5), amount=["much"]), window=window(1))
    failed = told.fails(happenings(("b", 5.5), amount=[7]), window=window(6))
    assert "do not fit the types" in str(failed.error)
    told.vendor.refuse.clear()
    told.run(happenings(("b", 5.5), amount=["little"]), window=window(6))
    assert told.vendor.things["a"]["amount"] == "much"
