"""SEMANTICS, part A1: what becomes of an operation that got no answer, where saying it twice does harm."""

from datetime import timedelta

import pytest
import time_machine

from activation_platform.contracts.modes import Mode
from activation_platform.sync.order import InDoubt
from activation_platform.sync.states import State
from activation_platform_tests.sync.shop import LookedUpThings, OnceThings, Things
from activation_platform_tests.sync.world import Workshop, thing


@pytest.fixture
def once(workshop: Workshop) -> Workshop:
    """A mirror whose service is not idempotent, but can look up, and waits for no second answer."""
    workshop.service, workshop.attempts = LookedUpThings, 1
    return workshop


@pytest.mark.parametrize(("answer", "told"), [("answer lost", 1), ("lost", 1)])
def test_a1_an_insert_in_doubt_is_looked_up_and_told_once(once, answer, told):
    once.vendor.answers = [answer]
    once.run(thing("a"))
    assert once.states() == {"a": State.UNKNOWN}
    run = once.run(thing("a"))
    assert (once.vendor.told["a"], once.states()) == (told, {"a": State.PRESENT})
    assert run.figures.inserted == (answer == "lost")


@pytest.mark.parametrize("answer", ["dies", "dies after"])
def test_a1_a_crash_leaves_the_same_doubt(once, answer):
    once.vendor.answers = [answer]
    once.dies(thing("a"), thing("b"), thing("c"), thing("d"))
    run = once.run(thing("a"), thing("b"), thing("c"), thing("d"))
    done = 3 * (answer == "dies after")
    assert run.notes == [
        "run 1 had crashed: what was acknowledged to it is kept",
        f"3 operations of earlier runs got no answer; {done} had been carried out, {3 - done} had not (in_doubt: verify)",
    ]
    assert set(once.vendor.told.values()) == {1}
    assert once.vendor.things.keys() == {"a", "b", "c", "d"}


@pytest.mark.parametrize("answer", ["answer lost", "lost"])
def test_a1_an_update_in_doubt_ends_with_todays_value(once, answer):
    once.run(thing("a"))
    once.vendor.answers = [answer]
    once.run(thing("a", name="y"))
    once.run(thing("a", name="x"))
    assert once.vendor.names == {"a": "x"}


@pytest.mark.parametrize("answer", ["answer lost", "lost"])
def test_a1_a_delete_in_doubt_is_made_sure_of(once, answer):
    once.run(thing("a"), thing("b"))
    once.vendor.answers = [answer]
    once.run(thing("b"))
    once.run(thing("b"))
    assert (once.vendor.names, once.states()) == ({"b": "x"}, {"b": State.PRESENT})


def test_a1_an_insert_that_never_arrived_and_left_the_frame_is_nobodys(once):
    once.vendor.answers = ["lost"]
    once.run(thing("a"), thing("b"))
    once.run(thing("b"))
    assert (once.vendor.writes, once.states()) == ([("insert", ["b"])], {"b": State.PRESENT})


def test_a1_an_insert_that_never_arrived_after_a_delete_in_doubt_leaves_the_record_ours(once):
    once.run(thing("a"), thing("b"))
    once.vendor.answers = ["dies"]
    once.dies(thing("b"))
    once.vendor.answers = ["lost"]
    once.run(thing("a", name="y"), thing("b"))
    once.run(thing("b"))
    once.run(thing("b"))
    assert (once.vendor.things.keys(), once.states()) == ({"b"}, {"b": State.PRESENT})


def test_a1_skip_takes_it_for_done(once):
    once.settings["in_doubt"] = InDoubt.SKIP
    once.vendor.answers = ["lost"]
    once.run(thing("a"))
    run = once.run(thing("a"))
    assert (run.figures.extracted, once.states()) == (0, {"a": State.PRESENT})
    assert run.notes == ["1 operation of earlier runs got no answer; counted as carried out (in_doubt: skip)"]


def test_a1_resend_says_it_again(once):
    once.settings["in_doubt"] = InDoubt.RESEND
    once.vendor.answers = ["answer lost"]
    once.run(thing("a"))
    run = once.run(thing("a"))
    assert once.vendor.told["a"] == 2
    assert run.notes == [
        "1 operation of earlier runs got no answer; what is still due is sent again (in_doubt: resend)"
    ]


def test_a1_without_a_look_up_the_default_is_to_say_it_again(once):
    once.service = OnceThings
    once.vendor.answers = ["answer lost"]
    once.run(thing("a"))
    once.run(thing("a"))
    assert once.vendor.told["a"] == 2


def test_b5_a_moved_record_in_doubt_still_loses_its_old_identifier(once):
    once.run(thing("a", id="A"))
    once.vendor.answers = ["answer lost"]
    once.run(thing("a", id="B"))
    once.run(thing("a", id="B"))
    once.run(thing("a", id="B"))
    assert (once.vendor.things.keys(), once.debts()) == ({"B"}, [])


def test_a1_an_upsert_in_doubt_is_settled_too(once):
    once.mode = Mode.UPSERT
    once.vendor.answers = ["answer lost"]
    once.run(thing("a"))
    once.run(thing("a"))
    assert (once.vendor.told["a"], once.states()) == (1, {"a": State.PRESENT})


class LateThings(Things):
    """Things that the vendor may make up to an hour after it was told."""

    finishes_within = timedelta(hours=1)


@pytest.mark.parametrize("answer", ["dies", "dies after"])
def test_d4_who_left_while_the_vendor_may_still_be_at_them_is_deleted_once_it_is_not(workshop, answer):
    workshop.service, workshop.mode = LateThings, Mode.MIRROR
    with time_machine.travel("2026-03-01 12:00Z") as clock:
        workshop.run(thing("a"))
        workshop.vendor.answers = [answer]
        workshop.dies(thing("a"), thing("b"))

        clock.shift(timedelta(minutes=59))
        early = workshop.run(thing("a"))
        writes = list(workshop.vendor.writes)
        clock.shift(timedelta(minutes=2))
        workshop.vendor.things.setdefault("b", {"id": "b"})  # it has come to it
        late = workshop.run(thing("a"))

    assert (early.figures.withheld, early.figures.deleted) == (1, 0)
    assert ("delete", ["b"]) not in writes
    assert any("1 delete waits for a later run" in note for note in early.notes)
    assert late.figures.deleted == 1
    assert workshop.vendor.names.keys() == {"a"}


def test_d4_a_delete_that_got_no_answer_does_not_wait(workshop):
    workshop.service, workshop.mode = LateThings, Mode.MIRROR
    workshop.run(thing("a"), thing("b"))
    workshop.vendor.answers = ["dies"]
    workshop.dies(thing("a"))

    assert workshop.run(thing("a")).figures.deleted == 1
    assert workshop.vendor.names.keys() == {"a"}


def test_d4_who_is_back_before_the_vendor_has_come_to_them_is_written(workshop):
    workshop.service, workshop.mode = LateThings, Mode.MIRROR
    workshop.vendor.answers = ["dies"]
    workshop.dies(thing("a"), thing("b"))
    workshop.run(thing("a"))

    workshop.run(thing("a"), thing("b", name="y"))

    assert workshop.vendor.names == {"a": "x", "b": "y"}
    assert workshop.states() == {"a": State.PRESENT, "b": State.PRESENT}
