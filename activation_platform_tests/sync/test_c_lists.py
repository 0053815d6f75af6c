"""SEMANTICS, parts B5 and C for lists: members enter and leave, and have nothing that changes."""

import pytest

from activation_platform.contracts.modes import Mode
from activation_platform.sync.states import State
from activation_platform_tests.sync.shop import Members
from activation_platform_tests.sync.world import Workshop, thing


@pytest.fixture
def members(workshop: Workshop) -> Workshop:
    """A mirrored list."""
    workshop.service = Members
    return workshop


def test_c_whoever_enters_is_added_and_whoever_leaves_is_removed(members):
    members.run(thing("a"), thing("b"))
    run = members.run(thing("b"), thing("c"))
    assert members.vendor.writes == [("insert", ["c"]), ("delete", ["a"])]
    assert (run.figures.inserted, run.figures.deleted) == (1, 1)


def test_c_under_upsert_nobody_is_removed_but_remembered_as_departed(members):
    members.mode = Mode.UPSERT
    members.run(thing("a"), thing("b"))
    run = members.run(thing("b"))
    assert (members.vendor.writes, run.figures.no_operation) == ([], 1)
    assert members.states() == {"a": State.DEPARTED, "b": State.PRESENT}


def test_c_a_full_run_adds_every_member_again(members):
    members.run(thing("a"), thing("b"))
    members.vendor.things.clear()
    members.run(thing("a"), thing("b"), full=True)
    assert members.vendor.of("insert") == ["a", "b"]


@pytest.mark.parametrize("mode", [Mode.UPSERT, Mode.MIRROR])
def test_b5_a_new_identifier_is_added_then_the_old_one_removed_as_one_update(members, mode):
    members.mode = mode
    members.run(thing("a", id="A"))
    run = members.run(thing("a", id="B"))
    assert members.vendor.writes == [("insert", ["B"]), ("delete", ["A"])]
    assert (run.figures.extracted, run.figures.updated) == (1, 1)
    assert members.run(thing("a", id="B")).figures.extracted == 0


@pytest.mark.parametrize("mode", [Mode.UPSERT, Mode.MIRROR])
def test_b5_the_old_identifier_stays_owed_until_its_removal_is_accepted(members, mode):
    members.mode = mode
    members.run(thing("a", id="A"))
    members.vendor.refuse["A"] = "locked"
    members.run(thing("a", id="B"))
    assert members.debts() == [("a", "delete", "A", "locked")]
    members.vendor.refuse.clear()
    members.run(thing("a", id="B"))
    assert (members.vendor.writes, members.debts()) == ([("delete", ["A"])], [])


def test_b5_a_crash_between_add_and_remove_still_removes_the_old_one(members):
    members.mode = Mode.UPSERT
    members.run(thing("a", id="A"))
    members.vendor.answers = ["dies after"]
    members.dies(thing("a", id="B"))
    members.run(thing("a", id="B"))
    assert members.vendor.things.keys() == {"B"}


def test_b4_an_old_identifier_that_another_member_has_taken_is_not_removed(members):
    members.mode = Mode.UPSERT
    members.run(thing("a", id="A"))
    members.run(thing("a", id="B"), thing("b", id="A"))
    assert (members.vendor.of("delete"), members.vendor.things.keys()) == ([], {"A", "B"})


def test_d2_under_a_mode_that_no_longer_removes_an_owed_removal_becomes_departed(members):
    members.run(thing("a"), thing("b"))
    members.vendor.refuse["a"] = "locked"
    members.run(thing("b"))
    members.mode = Mode.UPSERT
    members.run(thing("b"))
    assert (members.vendor.writes, members.debts()) == ([], [])
    assert members.states() == {"a": State.DEPARTED, "b": State.PRESENT}


def test_b3_rows_without_a_key_withhold_the_removal_of_an_old_identifier(members):
    members.mode = Mode.UPSERT
    members.run(thing("a", id="A"))
    run = members.run(thing("a", id="B"), thing(None, id="X"))
    assert members.vendor.writes == [("insert", ["B"])]
    assert any("withheld" in note for note in run.notes)
    members.run(thing("a", id="B"))
    assert members.vendor.writes == [("delete", ["A"])]


def test_b4_who_returns_to_an_identifier_that_another_key_has_given_back_is_added_again(members):
    members.mode = Mode.UPSERT
    members.run(thing("a", id="A"), thing("b", id="B"))
    members.run(thing("b", id="B"))
    members.run(thing("b", id="A"))
    members.mode = Mode.MIRROR
    members.run(thing("b", id="B"))
    assert members.vendor.writes == [("insert", ["B"]), ("delete", ["A"])]
    members.run(thing("a", id="A"), thing("b", id="B"))
    assert members.vendor.writes == [("insert", ["A"])]


def test_b7_under_mirror_an_old_identifier_is_kept_that_a_departed_member_has(members):
    members.mode = Mode.UPSERT
    members.run(thing("a", id="A"))
    members.run(thing("c", id="A"))
    members.run(thing("b", id="B"))
    assert members.states() == {"a": State.DEPARTED, "b": State.PRESENT, "c": State.DEPARTED}
    members.mode = Mode.MIRROR
    members.run(thing("a", id="C"), thing("b", id="B"))
    assert (members.vendor.of("delete"), members.vendor.things.keys()) == ([], {"A", "B", "C"})


def test_b7_once_departed_members_may_be_removed_none_of_their_identifiers_is_kept(members):
    members.mode = Mode.UPSERT
    members.run(thing("a", id="A"), thing("b", id="B"))
    members.run(thing("b", id="B"))
    members.mode = Mode.MIRROR
    members.settings["delete_departed"] = True
    members.run(thing("b", id="A"))
    assert members.vendor.things.keys() == {"A"}
    members.run(thing("b", id="C"))
    assert members.vendor.things.keys() == {"C"}
