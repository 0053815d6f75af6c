"""SEMANTICS, part C: a service whose operation erases; new to us = erased, changed and gone = nothing."""

import pytest

from activation_platform.contracts.modes import Mode
from activation_platform.sync.order import Guard, Guards
from activation_platform.sync.states import State
from activation_platform_tests.sync.shop import ErasedPeople
from activation_platform_tests.sync.world import Workshop, thing


@pytest.fixture
def erased(workshop: Workshop) -> Workshop:
    """A vendor that holds four people and erases them when it gets round to it."""
    workshop.mode, workshop.service = Mode.ERASE, ErasedPeople
    workshop.vendor.asynchronous = True
    workshop.vendor.things = {name: {} for name in "abcd"}
    return workshop


def test_c_everybody_in_the_frame_is_erased_once(erased):
    run = erased.run(thing("a"), thing("b"))
    assert (erased.vendor.sent, run.figures.deleted, run.figures.deletes_requested) == (["a", "b"], 2, 2)
    assert set(erased.states().values()) == {State.DELETE_REQUESTED}
    erased.vendor.finish_erasures()
    run = erased.run(thing("a", name="y"), thing("b"), thing("c"))
    assert (erased.vendor.sent, erased.vendor.things.keys()) == (["c"], {"c", "d"})
    assert erased.states() == {
        "a": State.PRESENT,
        "b": State.PRESENT,
        "c": State.DELETE_REQUESTED,
    }


def test_c_while_the_vendor_erases_nothing_is_asked_or_counted_again(erased):
    erased.run(thing("a"))
    run = erased.run(thing("a"))
    assert (erased.vendor.writes, run.figures.extracted, run.figures.standing) == ([], 0, 1)


def test_c2_a_run_in_full_erases_whoever_came_back_there_and_waits_for_whom_it_erases(erased):
    erased.run(thing("a"))
    erased.vendor.finish_erasures()
    erased.run(thing("a"), thing("b"))
    erased.vendor.things["a"] = {}

    run = erased.run(thing("a"), thing("b"), full=True)

    assert (erased.vendor.sent, run.figures.deleted) == (["a"], 1)
    erased.vendor.finish_erasures()
    assert erased.vendor.things.keys() == {"c", "d"}
    assert erased.run(thing("a"), thing("b")).figures.extracted == 0
    assert set(erased.states().values()) == {State.PRESENT}


def test_c_gone_is_nothing(erased):
    erased.run(thing("a"))
    erased.vendor.finish_erasures()
    erased.run(thing("b"))
    assert erased.vendor.sent == ["b"]
    assert erased.run(thing("b")).figures.extracted == 0


def test_c_who_was_refused_is_asked_for_until_it_is_done(erased):
    erased.settings["retries"] = 1
    erased.vendor.refuse["a"] = "not today"
    issues = [erased.run(thing("a")).figures.destination_issues for _ in range(4)]
    assert issues == [1, 1, 1, 1]
    erased.vendor.refuse.clear()
    assert erased.run(thing("a")).figures.deleted == 1


def test_c_a_request_the_vendor_never_heard_of_is_asked_again(erased):
    erased.vendor.answers = ["dies"]
    erased.dies(thing("a"))
    erased.run(thing("a"))
    assert [erasure["id"] for erasure in erased.vendor.erasures] == ["a"]


def test_c_who_left_before_the_vendor_heard_of_it_is_erased_when_they_come_back(erased):
    erased.vendor.answers = ["dies"]
    erased.dies(thing("a"))
    erased.run()
    assert erased.states() == {"a": State.DEPARTED}
    assert erased.run(thing("a")).figures.deleted == 1
    assert erased.vendor.sent == ["a"]


def test_c_a_request_whose_answer_was_lost_is_not_asked_twice(erased):
    erased.vendor.answers = ["dies after"]
    erased.dies(thing("a"))
    erased.run(thing("a"))
    assert [erasure["id"] for erasure in erased.vendor.erasures] == ["a"]
    assert erased.states() == {"a": State.DELETE_REQUESTED}


@pytest.mark.parametrize("full", [False, True])
def test_c3_every_record_counts_as_a_delete_for_the_guard_on_first_and_full_runs_too(erased, full):
    erased.settings["guards"] = Guards(deletes=Guard(percent=50, records=1))
    run = erased.run(thing("a"), thing("b"), full=full)
    assert (erased.vendor.writes, run.figures.withheld) == ([], 2)
    assert any("2 deletes are 100% of the 2 rows of the model" in note for note in run.notes)
    assert erased.run(thing("a"), thing("b"), allow={"deletes": 2}).figures.deleted == 2


def test_d7_the_plan_says_how_long_it_takes(erased):
    class Slow(ErasedPeople):
        """Erase slowly."""

        erasures_per_second = 0.5

    erased.service = Slow
    run = erased.run(thing("a"), thing("b"))
    assert any(
        "2 records are to be erased for good; at 0.5 a second that takes about 4 seconds" in n
        for n in run.notes
    )
