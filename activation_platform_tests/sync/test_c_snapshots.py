"""SEMANTICS, part C1: a snapshot replaces everything, and never empties before it can fill."""

import httpx
import pytest

from activation_platform.contracts.errors import Cancelled, GuardTripped, RateLimited
from activation_platform.contracts.modes import Mode
from activation_platform.sync.history import Status
from activation_platform.sync.order import Guard, Guards
from activation_platform.sync.states import State
from activation_platform_tests.sync.shop import ExportedThings, Members, StagedThings, Things
from activation_platform_tests.sync.world import Workshop, thing

WAYS = [StagedThings, Members, Things]
FOUR = [thing("a"), thing("b"), thing("c"), thing("d")]


@pytest.fixture
def shop(workshop: Workshop) -> Workshop:
    """A snapshot that is staged."""
    workshop.mode, workshop.service = Mode.SNAPSHOT, StagedThings
    return workshop


@pytest.mark.parametrize("service", WAYS)
def test_c1_everything_is_sent_every_run_and_takes_the_place_of_what_was_there(shop, service):
    shop.service = service
    shop.vendor.things["theirs"] = {"name": "theirs"}
    shop.run(*FOUR)
    run = shop.run(thing("b", name="y"), thing("e"))
    assert shop.vendor.names == {"b": "y", "e": "x"}
    assert (run.figures.inserted, run.figures.deleted, run.figures.extracted) == (2, 3, 5)
    assert shop.states() == {"b": State.PRESENT, "e": State.PRESENT}


@pytest.mark.parametrize("service", WAYS)
def test_c1_an_unchanged_frame_is_sent_again(shop, service):
    shop.service = service
    shop.run(*FOUR)
    assert shop.run(*FOUR).figures.inserted == 4
    assert shop.vendor.sent == ["a", "b", "c", "d"]


@pytest.mark.parametrize("answer", ["dies", "dies after", httpx.Response(401)])
@pytest.mark.parametrize("after", [0, 1, 2, 3])
def test_c1_a_staged_snapshot_that_does_not_come_to_its_end_changes_nothing_there(shop, answer, after):
    shop.run(thing("a", name="old"), thing("gone"))
    shop.vendor.answers = [*[""] * after, answer]
    with pytest.raises((BaseException,)):
        shop.run(*FOUR)
    finished = after == 3 and answer == "dies after"
    assert shop.vendor.names == (
        {"a": "x", "b": "x", "c": "x", "d": "x"} if finished else {"a": "old", "gone": "x"}
    )
    shop.vendor.answers.clear()
    shop.run(*FOUR)
    assert shop.vendor.names == {"a": "x", "b": "x", "c": "x", "d": "x"}
    assert set(shop.states().values()) == {State.PRESENT}


def test_c1_nothing_counts_before_the_whole_stands(shop):
    shop.vendor.answers = ["", "", "", httpx.Response(401)]
    failed = shop.fails(*FOUR)
    assert (failed.run.figures.inserted, failed.run.figures.unsent) == (0, 4)
    assert set(shop.states().values()) == {State.UNKNOWN}


def test_c1_a_switch_whose_answer_is_lost_is_in_doubt_and_a_mirror_later_sends_all_of_it(shop):
    shop.run(thing("a", name="old"), thing("gone"))
    shop.vendor.answers = ["", "", "", "dies after"]
    shop.dies(*FOUR)
    assert set(shop.states().values()) == {State.UNKNOWN, State.PRESENT}
    shop.mode = Mode.MIRROR
    shop.run(thing("a", name="old"), thing("b"))
    assert shop.vendor.names == {"a": "old", "b": "x"}


def test_d5_a_cancelled_snapshot_is_abandoned(shop):
    shop.run(thing("a", name="old"))
    asked = []
    shop.cancelled = lambda: bool(asked.append(1)) or len(shop.vendor.writes) > 0
    with pytest.raises(BaseException) as failed:
        shop.run(*FOUR)
    assert isinstance(failed.value.error, Cancelled)
    assert shop.vendor.names == {"a": "old"}
    assert list(shop.vendor.staged.values())[-1] == []


@pytest.mark.parametrize("after", [0, 1])
@pytest.mark.parametrize("answer", ["dies", "dies after"])
def test_c1_a_crash_between_clear_and_the_last_insert_is_completed_by_the_next_run(shop, after, answer):
    shop.service = Members
    shop.run(*FOUR, thing("gone"))
    shop.vendor.answers = [*[""] * after, answer]
    shop.dies(*FOUR)
    assert State.UNKNOWN in shop.states().values()
    shop.run(*FOUR)
    assert shop.vendor.things.keys() == {"a", "b", "c", "d"}
    assert set(shop.states().values()) == {State.PRESENT}


def test_c1_what_a_stopped_clear_left_is_completed_under_another_mode_too(shop):
    shop.service = Members
    shop.run(*FOUR)
    shop.vendor.answers = ["", httpx.Response(429, headers={"Retry-After": "9999"})]
    failed = shop.fails(*FOUR)
    assert isinstance(failed.error, RateLimited)
    assert len(shop.vendor.things) == 3
    shop.mode = Mode.MIRROR
    shop.run(*FOUR)
    assert shop.vendor.things.keys() == {"a", "b", "c", "d"}


def test_c1_a_record_that_is_refused_does_not_take_the_others_with_it(shop):
    shop.service = Members
    shop.run(*FOUR)
    shop.vendor.poison = {"b"}
    run = shop.run(*FOUR)
    assert shop.vendor.things.keys() == {"a", "c", "d"}
    assert (run.figures.inserted, run.figures.destination_issues, run.figures.deleted) == (3, 1, 0)
    assert "b" not in shop.states()


@pytest.mark.parametrize("service", WAYS)
def test_b3_a_record_that_is_set_aside_is_an_issue_and_no_longer_there(shop, service):
    shop.service = service
    shop.run(*FOUR)
    run = shop.run(*FOUR[:3], thing("d", email="not an address"))
    assert (run.figures.source_issues, run.figures.deleted, run.figures.inserted) == (1, 0, 3)
    assert (shop.vendor.things.keys(), shop.states().keys()) == ({"a", "b", "c"}, {"a", "b", "c"})


@pytest.mark.parametrize("service", WAYS)
def test_b3_rows_without_a_key_withhold_a_snapshot_that_would_take_something_away(shop, service):
    shop.service = service
    shop.run(*FOUR)
    run = shop.run(*FOUR[:3], thing(None, id="X"))
    assert (shop.vendor.writes, shop.vendor.things.keys()) == ([], {"a", "b", "c", "d"})
    assert (run.figures.withheld, run.figures.source_issues) == (4, 1)
    assert shop.run(*FOUR, thing(None, id="X")).figures.inserted == 4


def test_c3_the_deletes_guard_counts_what_a_staged_snapshot_takes_away(shop):
    shop.settings["guards"] = Guards(deletes=Guard(percent=20, records=1))
    shop.run(*FOUR)
    run = shop.run(thing("a"))
    assert (shop.vendor.things.keys(), run.figures.withheld) == ({"a", "b", "c", "d"}, 4)
    assert any("3 deletes are 75% of the 4 records" in note for note in run.notes)
    shop.run(thing("a"), allow={"deletes": 3})
    assert shop.vendor.things.keys() == {"a"}


def test_c3_a_clear_counts_as_deleting_the_whole_ledger(shop):
    shop.service = Members
    shop.settings["guards"] = Guards(deletes=Guard(percent=20, records=1, stop="run"))
    shop.run(*FOUR)
    failed = shop.fails(*FOUR)
    assert isinstance(failed.error, GuardTripped)
    assert "4 deletes are 100%" in str(failed.error)
    shop.run(
        *FOUR[:3], allow={"deletes": 1}
    )  # one batch replaces everything at once: only what it takes away counts
    assert shop.vendor.things.keys() == {"a", "b", "c"}


def test_c3_an_empty_segment_empties_the_destination(shop):
    for service in WAYS:
        shop.service = service
        shop.run(*FOUR)
        run = shop.run()
        assert (shop.vendor.things, shop.states(), run.figures.deleted) == ({}, {}, 4)


def test_b7_a_mirror_after_a_snapshot_sends_only_the_difference(shop):
    shop.run(*FOUR)
    shop.mode = Mode.MIRROR
    shop.run(*FOUR[:3], thing("e"))
    assert shop.vendor.writes == [("insert", ["e"]), ("delete", ["d"])]


def test_c1_changes_in_one_piece_count_together(workshop):
    workshop.service = ExportedThings
    workshop.run(thing("a", id="A"), thing("b"), thing("c"))
    run = workshop.run(thing("a", id="B"), thing("b", name="y"), thing("d"))
    assert [
        (operation, sorted(r["id"] for r in records))
        for operation, _, records in workshop.vendor.staged["mirror-2"]
    ] == [
        ("insert", ["d"]),
        ("update", ["B", "b"]),
        ("delete", ["A", "c"]),
    ]
    assert (run.figures.inserted, run.figures.updated, run.figures.deleted) == (1, 2, 1)
    assert workshop.vendor.names == {"B": "x", "b": "y", "d": "x"}


def test_c2_an_unchanged_frame_begins_no_piece(workshop):
    workshop.service = ExportedThings
    workshop.run(thing("a"))
    run = workshop.run(thing("a"))
    assert (run.status, len(workshop.vendor.staged)) == (Status.NOTHING_TO_DO, 1)


def test_d4_changes_in_one_piece_that_never_counted_are_sent_again(workshop):
    workshop.service = ExportedThings
    workshop.run(thing("a"), thing("b"))
    workshop.vendor.answers = ["", "", "", "dies"]
    workshop.dies(thing("a", name="y"), thing("c"))
    workshop.run(
        thing("a", name="x"), thing("c")
    )  # back to what was acknowledged: nobody knows what stands there
    assert workshop.vendor.names == {"a": "x", "c": "x"}
