"""SEMANTICS, part C: modes are promises about the destination."""

from datetime import UTC, datetime

import httpx
import pytest
import time_machine

from activation_platform.contracts.modes import Mode, RunType
from activation_platform.sync.history import Status
from activation_platform.sync.order import Guard, Guards
from activation_platform.sync.states import State
from activation_platform_tests.sync.world import thing

STRICT = Guards(deletes=Guard(percent=20, records=1))


def test_c_upsert_writes_new_and_changed_and_leaves_the_gone(workshop):
    workshop.mode = Mode.UPSERT
    workshop.vendor.things["a"] = {"name": "theirs", "other": 1}
    run = workshop.run(thing("a"), thing("b"))
    assert (run.figures.inserted, run.figures.updated) == (1, 1)
    assert workshop.vendor.things["a"]["other"] == 1
    workshop.run(thing("b", name="y"))
    assert workshop.vendor.names == {"a": "x", "b": "y"}
    assert workshop.states() == {"a": State.DEPARTED, "b": State.PRESENT}


def test_c_mirror_deletes_the_gone_and_nothing_that_is_not_ours(workshop):
    workshop.vendor.things["theirs"] = {"name": "theirs"}
    workshop.run(thing("a"), thing("b"))
    run = workshop.run(thing("b", name="y"))
    assert workshop.vendor.names == {"b": "y", "theirs": "theirs"}
    assert (run.figures.updated, run.figures.deleted) == (1, 1)


def test_c_mirror_takes_not_found_for_a_successful_delete(workshop):
    workshop.run(thing("a"))
    workshop.vendor.things.clear()
    assert workshop.run().figures.deleted == 1
    assert (workshop.states(), workshop.debts()) == ({}, [])


def test_c_update_only_creates_nothing(workshop):
    workshop.mode = Mode.UPDATE_ONLY
    workshop.vendor.things["a"] = {"name": "theirs"}
    run = workshop.run(thing("a"), thing("b"))
    assert workshop.vendor.names == {"a": "x"}
    assert (run.figures.updated, run.figures.ignored, run.figures.inserted) == (1, 1, 0)
    workshop.run(thing("b"))
    assert workshop.vendor.names == {"a": "x"}
    assert workshop.states() == {"a": State.DEPARTED, "b": State.IGNORED}


def test_c_insert_only_overwrites_nothing_and_never_sends_a_change(workshop):
    workshop.mode = Mode.INSERT_ONLY
    workshop.vendor.things["a"] = {"name": "theirs"}
    run = workshop.run(thing("a"), thing("b"))
    assert workshop.vendor.names == {"a": "theirs", "b": "x"}
    assert (run.figures.inserted, run.figures.ignored) == (1, 1)
    run = workshop.run(thing("a", name="y"), thing("b", name="y"))
    assert (workshop.vendor.writes, run.figures.no_operation) == ([], 2)
    assert workshop.run(thing("a", name="y"), thing("b", name="y")).figures.extracted == 0
    workshop.run(thing("b"))
    assert workshop.states() == {"a": State.IGNORED, "b": State.PRESENT}


@pytest.mark.parametrize("mode", [Mode.UPSERT, Mode.MIRROR])
def test_c_an_update_of_what_is_not_there_becomes_an_insert_in_the_same_run(workshop, mode):
    workshop.mode, workshop.vendor.knows_updates = mode, True
    workshop.run(thing("a"), thing("b"))
    del workshop.vendor.things["a"]  # behind our back
    run = workshop.run(thing("a", name="y"), thing("b", name="y"))
    assert [operation for operation, _ in workshop.vendor.writes] == ["update", "insert"]
    assert (workshop.vendor.of("update"), workshop.vendor.of("insert")) == (["a", "b"], ["a"])
    assert (run.figures.inserted, run.figures.updated, run.figures.ignored) == (1, 1, 0)
    assert workshop.vendor.names == {"a": "y", "b": "y"}
    assert workshop.states() == {"a": State.PRESENT, "b": State.PRESENT}


def test_c_update_only_takes_an_update_of_what_is_not_there_for_ignored(workshop):
    workshop.mode = Mode.UPDATE_ONLY
    workshop.vendor.things["a"] = {}
    workshop.run(thing("a"))
    workshop.vendor.things.clear()
    workshop.run(thing("a", name="y"))
    assert (workshop.vendor.things, workshop.states()) == ({}, {"a": State.IGNORED})


DIFFING = [Mode.UPSERT, Mode.UPDATE_ONLY, Mode.INSERT_ONLY, Mode.MIRROR]


@pytest.mark.parametrize("mode", DIFFING)
def test_c2_an_unchanged_frame_makes_no_write_request_whichever_partition_it_runs_for(workshop, mode):
    workshop.mode = mode
    workshop.vendor.things["a"] = {}
    rows = [thing("a"), thing("b", email="ann@example.org"), thing("c", email="no"), thing("d"), thing("d")]
    workshop.run(*rows)
    for order in ({"partition": "day-1", "snapshot": 1}, {}, {"explicit": False}):
        run = workshop.run(*rows, **order)
        assert (workshop.vendor.writes, run.status) == ([], Status.NOTHING_TO_DO)
        assert run.figures.extracted == 0


def test_c2_a_full_run_sends_everything_and_full_only_always_does(workshop):
    workshop.run(thing("a"), thing("b"))
    assert workshop.run(thing("a"), thing("b"), full=True).figures.updated == 2
    workshop.run_type = RunType.FULL_ONLY
    run = workshop.run(thing("a"), thing("b"))
    assert (run.figures.extracted, run.figures.updated, run.full) == (2, 2, True)


def test_c3_the_delete_guard_withholds_deletes_and_lets_the_others_go_on(workshop):
    workshop.settings["guards"] = STRICT
    workshop.run(thing("a"), thing("b"), thing("c"))
    run = workshop.run(thing("c", name="y"), thing("d"))
    assert workshop.vendor.sent == ["c", "d"]
    assert (run.figures.withheld, run.status) == (2, Status.WITH_ISSUES)
    assert any("allow: {deletes: 2}" in note and "67%" in note for note in run.notes)
    assert workshop.states()["a"] is State.PRESENT


def test_c3_an_empty_segment_is_stopped_by_the_default_guard_only_above_a_hundred_records(workshop):
    workshop.run(*(thing(f"k{n}") for n in range(101)))
    run = workshop.run()
    assert (workshop.vendor.writes, run.figures.withheld) == ([], 101)
    workshop.run(*(thing(f"k{n}") for n in range(100)))
    assert workshop.vendor.of("delete") == ["k100"]
    assert workshop.run().figures.deleted == 100


def test_c3_the_runs_config_lets_a_guard_through_up_to_a_ceiling(workshop):
    workshop.settings["guards"] = STRICT
    workshop.run(thing("a"), thing("b"), thing("c"))
    assert workshop.run(allow={"deletes": 2}).figures.withheld == 3
    run = workshop.run(allow={"deletes": 3})
    assert run.figures.deleted == 3
    assert any("allowed by this run's config" in note for note in run.notes)


def test_c3_a_guard_that_stops_the_run_sends_nothing_at_all(workshop):
    workshop.settings["guards"] = Guards(deletes=Guard(percent=20, records=1, stop="run"))
    workshop.run(thing("a"), thing("b"), thing("c"))
    failed = workshop.fails(thing("c", name="y"))
    assert (failed.run.status, workshop.vendor.writes) == (Status.STOPPED, [])
    assert "deletes guard" in failed.run.error


def test_c3_insert_and_update_guards_spare_first_and_full_runs(workshop):
    workshop.settings["guards"] = Guards(inserts=Guard(0, 0), updates=Guard(0, 0))
    assert workshop.run(thing("a")).figures.inserted == 1
    assert workshop.run(thing("a"), full=True).figures.updated == 1
    run = workshop.run(thing("a", name="y"), thing("b"))
    assert (workshop.vendor.writes, run.figures.withheld) == ([], 2)
    workshop.run(thing("a", name="y"), thing("b"), allow={"inserts": 1, "updates": 1})
    assert workshop.vendor.sent == ["a", "b"]


def test_c3_an_identifier_change_is_withheld_whole_when_updates_are(workshop):
    workshop.settings["guards"] = Guards(updates=Guard(0, 0))
    workshop.run(thing("a", id="A"))
    workshop.run(thing("a", id="B"))
    assert workshop.vendor.writes == []
    assert workshop.vendor.names == {"A": "x"}


def test_c3_a_withheld_partial_record_is_still_tried_again_when_it_returns(workshop):
    workshop.settings["guards"] = Guards(deletes=Guard(0, 0))
    workshop.vendor.partly["a"] = "e-mail refused"
    workshop.run(thing("a", email="ann@example.org"))
    assert workshop.run().figures.withheld == 1
    workshop.vendor.partly.clear()
    workshop.run(thing("a", email="ann@example.org"))
    assert workshop.vendor.things["a"]["email"] == "ann@example.org"


def test_c3_a_guard_needs_both_its_share_and_its_number(workshop):
    workshop.settings["guards"] = Guards(deletes=Guard(percent=50, records=1))
    rows = [thing(key) for key in "abcdef"]
    workshop.run(*rows)
    assert workshop.run(*rows[2:]).figures.deleted == 2
    assert workshop.run(*rows[5:]).figures.withheld == 3


@pytest.mark.parametrize("run_type", list(RunType)[:2])
def test_c2_a_full_pass_resumes_where_a_stopped_one_ended(workshop, run_type):
    rows = [thing(f"k{n}") for n in range(7)]
    workshop.run(*rows)
    workshop.run_type = run_type
    workshop.vendor.answers = ["", httpx.Response(429, headers={"Retry-After": "9999"})]
    workshop.fails(*rows, full=True)
    sent = workshop.vendor.sent
    run = workshop.run(*rows, full=True)
    assert (len(sent), len(workshop.vendor.sent), run.figures.updated) == (3, 4, 4)
    assert sorted(sent + workshop.vendor.sent) == sorted(row["key"] for row in rows)
    assert workshop.run(*rows, full=True).figures.updated == 7


def test_c2_what_changed_meanwhile_is_sent_again_in_a_resumed_pass(workshop):
    rows = [thing(f"k{n}") for n in range(7)]
    workshop.run(*rows)
    workshop.vendor.answers = ["", httpx.Response(429, headers={"Retry-After": "9999"})]
    workshop.fails(*rows, full=True)
    first = workshop.vendor.sent[0]
    changed = [{**row, "name": "y"} if row["key"] == first else row for row in rows]
    workshop.run(*changed, full=True)
    assert first in workshop.vendor.sent
    assert len(workshop.vendor.sent) == 5


def test_c2_a_delta_between_does_not_end_the_pass(workshop):
    rows = [thing(f"k{n}") for n in range(7)]
    workshop.run(*rows)
    workshop.vendor.answers = ["", httpx.Response(429, headers={"Retry-After": "9999"})]
    workshop.fails(*rows, full=True)
    workshop.run(*rows)
    assert workshop.run(*rows, full=True).figures.updated == 4


def test_a_clock_that_jumps_back_neither_repeats_nor_forgets(workshop):
    with time_machine.travel(datetime(2030, 1, 1, tzinfo=UTC)):
        workshop.run(thing("a"), thing("b"), thing("c"), thing("d"))
    with time_machine.travel(datetime(2020, 1, 1, tzinfo=UTC)):
        run = workshop.run(thing("a", name="y"), thing("b"), thing("c"), thing("d"))
        assert (workshop.vendor.sent, run.figures.updated) == (["a"], 1)
        workshop.vendor.answers = ["", httpx.Response(429, headers={"Retry-After": "9999"})]
        workshop.fails(thing("a"), thing("b"), thing("c"), thing("d"), full=True)
        workshop.run(thing("a"), thing("b"), thing("c"), thing("d"), full=True)
        assert len(workshop.vendor.sent) == 1
    since = [entry["since"] for entry in workshop.entries().values()]
    assert min(since) > datetime(2029, 12, 31, tzinfo=UTC).timestamp() * 1e6
