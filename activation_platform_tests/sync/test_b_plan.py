"""SEMANTICS, part B: what the plan compares."""

import polars as pl
import pytest

from activation_platform.contracts.modes import Mode
from activation_platform.sync import survey
from activation_platform.sync.history import Status
from activation_platform.sync.mapping import FieldMapping
from activation_platform.sync.states import State
from activation_platform_tests.sync.shop import ErasedThings
from activation_platform_tests.sync.world import MAPPING, thing, things

BAD = "not an address"


def test_b1_a_second_run_of_a_partition_sees_its_own_deltas(workshop):
    again = {"partition": "day-1", "snapshot": 1}
    workshop.run(thing("a"), **again)
    workshop.run(thing("a"), thing("b"), **again)
    assert workshop.vendor.sent == ["b"]
    workshop.run(thing("b"), **again)
    assert workshop.vendor.writes == [("delete", ["a"])]


def test_b1_the_head_is_the_same_after_the_deltas_are_folded_into_a_base(workshop):
    rows = [thing(f"k{n}") for n in range(40)]
    workshop.run(*rows)
    for n in range(8):
        rows[n] = thing(f"k{n}", name=f"changed {n}")
        workshop.run(*rows)
        assert workshop.vendor.sent == [f"k{n}"]
    assert set(workshop.states()) == {f"k{n}" for n in range(40)}


@pytest.mark.parametrize("many", [0, 100])
def test_b1_what_differs_is_sent_as_it_is_however_much_that_is(workshop, monkeypatch, many):
    monkeypatch.setattr(survey, "_MANY", many)
    first = {f"k{n}": f"name {n}" for n in range(40)}
    second = {f"k{n}": f"name {n}" if n % 3 else "changed" for n in range(5, 45)}
    for names in (first, second):
        workshop.run(*(thing(key, name) for key, name in names.items()))

        held = workshop.vendor.things
        assert {key: held[key]["name"] for key in held} == names
    changed = {key for key in second if second[key] != first.get(key)}
    assert set(workshop.vendor.sent) == changed | {f"k{n}" for n in range(5)}


def test_b2_what_is_equal_as_sent_is_not_sent(workshop):
    workshop.run(thing("a", email="ann@example.org"))
    run = workshop.run(thing("a", email="  ann@EXAMPLE.org "))
    assert (workshop.vendor.writes, run.figures.no_operation) == ([], 1)
    assert workshop.run(thing("a", email="  ann@EXAMPLE.org ")).figures.extracted == 0


def test_b2_unchanged_rows_are_not_validated(workshop, monkeypatch):
    workshop.run(thing("a", email="ann@example.org"))
    monkeypatch.setattr(
        "activation_platform.contracts.texts.clean_email",
        lambda value: pytest.fail("an unchanged value was normalised"),
    )
    workshop.run(thing("a", email="ann@example.org"))


def test_b3_a_set_aside_key_is_not_gone(workshop):
    workshop.run(thing("a"), thing("b"))
    run = workshop.run(thing("a", email=BAD), thing("b"))
    assert (workshop.vendor.writes, run.figures.source_issues) == ([], 1)
    assert workshop.states() == {"a": State.PRESENT, "b": State.PRESENT}
    assert workshop.issues() == [(2, "a", "set_aside", "email is not an e-mail address")]


def test_b3_a_set_aside_key_stands_until_it_changes(workshop):
    workshop.run(thing("a", email=BAD))
    run = workshop.run(thing("a", email=BAD))
    assert (run.figures.extracted, run.figures.standing) == (0, 1)
    run = workshop.run(thing("a", email="ann@example.org"))
    assert (workshop.vendor.sent, workshop.debts()) == (["a"], [])


def test_b3_a_set_aside_key_that_turns_back_to_what_was_sent_owes_nothing(workshop):
    workshop.run(thing("a"))
    workshop.run(thing("a", email=BAD))
    run = workshop.run(thing("a"))
    assert (workshop.vendor.writes, workshop.debts(), run.figures.no_operation) == ([], [], 1)


def test_b3_a_set_aside_key_that_leaves_is_gone(workshop):
    workshop.run(thing("a"))
    workshop.run(thing("a", email=BAD))
    workshop.run()
    assert workshop.vendor.of("delete") == ["a"]
    assert (workshop.states(), workshop.debts()) == ({}, [])


@pytest.mark.parametrize("rows", [500_000, 1])
def test_b3_duplicate_keys_are_set_aside_and_not_gone(workshop, monkeypatch, rows):
    monkeypatch.setattr(survey, "ROWS_AT_ONCE", rows)
    workshop.run(thing("a"), thing("b"))
    run = workshop.run(thing("a", name="1"), thing("a", name="2"), thing("c"), thing("c"), thing("b"))
    assert (workshop.vendor.writes, run.figures.source_issues) == ([], 2)
    assert workshop.states() == {"a": State.PRESENT, "b": State.PRESENT}
    run = workshop.run(thing("a"), thing("a"), thing("c"), thing("c", name="4"), thing("b"))
    assert (workshop.vendor.writes, run.figures.standing) == ([], 2)
    workshop.run(thing("a"), thing("c"), thing("b"))
    assert (workshop.vendor.sent, workshop.debts()) == (["c"], [])


def test_b3_rows_without_a_key_withhold_all_deletes(workshop):
    workshop.run(thing("a"), thing("b"))
    run = workshop.run(thing("a"), thing(None, id="b"))
    assert (workshop.vendor.writes, run.figures.withheld, run.figures.source_issues) == ([], 1, 1)
    assert "rows have no key" in " ".join(run.notes)
    run = workshop.run(thing("a"), thing(None, id="b"))
    assert (run.figures.standing, run.figures.source_issues) == (1, 0)
    workshop.run(thing("a"))
    assert workshop.vendor.of("delete") == ["b"]


def test_b3_rows_without_a_key_withhold_the_delete_of_what_moved(workshop):
    workshop.run(thing("a", id="A"))
    workshop.run(thing("a", id="B"), thing(None))
    assert workshop.vendor.of("delete") == []
    workshop.run(thing("a", id="B"))
    assert workshop.vendor.of("delete") == ["A"]


def test_b3_null_keys_that_are_never_sent_withhold_nothing(workshop):
    workshop.settings["null_keys_never_sent"] = True
    workshop.run(thing("a"), thing("b"))
    workshop.run(thing("a"), thing(None))
    assert workshop.vendor.of("delete") == ["b"]


def test_b4_new_keys_that_share_an_identifier_are_all_set_aside(workshop):
    run = workshop.run(thing("a", id="X"), thing("b", id="X"), thing("c"))
    assert (workshop.vendor.sent, run.figures.source_issues) == (["c"], 2)
    assert {key for _, key, _, _ in workshop.issues()} == {"a", "b"}
    run = workshop.run(thing("a", id="X"), thing("b", id="X"), thing("c"))
    assert (workshop.vendor.writes, run.figures.standing) == ([], 2)
    workshop.run(thing("a", id="X"), thing("c"))
    assert (workshop.vendor.sent, workshop.debts()) == (["X"], [])


def test_b4_identifiers_are_compared_after_normalisation(workshop):
    workshop.mapping = (FieldMapping("id", "rank"), *MAPPING[1:])
    frame = things(thing("a"), thing("b")).with_columns(rank=pl.Series(["7", "7"]))
    assert workshop.run(frame).figures.source_issues == 2


def test_b4_the_key_that_holds_the_identifier_keeps_it(workshop):
    workshop.run(thing("secret-a", id="XXXXXX"))
    run = workshop.run(thing("secret-a", id="XXXXXX"), thing("b", id="XXXXXX", name="usurper"))
    assert (workshop.vendor.writes, run.figures.source_issues) == ([], 1)
    ((_, key, _, reason),) = workshop.issues()
    assert key == "b"
    assert "X•••X" in reason
    assert "XXXXXX" not in reason
    assert "secret-a" not in reason


def test_b4_a_holder_that_may_not_move_keeps_what_it_holds(workshop):
    workshop.run(thing("a", id="X"), thing("z", id="Z"))
    workshop.run(thing("a", id="Z"), thing("z", id="Z"), thing("b", id="X", name="usurper"))
    assert workshop.vendor.writes == []
    assert workshop.vendor.names == {"X": "x", "Z": "x"}


@pytest.mark.parametrize("ranks", [(2, 1), (pl.Series(["b", "a"]).to_list()), (None, 1)])
def test_b4_first_by_lets_the_smallest_win_and_gives_back_what_it_took(workshop, ranks):
    workshop.settings["on_shared_identifier"] = "rank"

    def frame(*rows):
        return things(*rows).drop("rank").with_columns(rank=pl.Series([r.get("by") for r in rows]))

    first, second = ranks
    workshop.run(frame(thing("a", id="X", name="old", by=first)))
    workshop.run(frame(thing("a", id="X", name="old", by=first), thing("b", id="X", name="new", by=second)))
    assert workshop.vendor.names == {"X": "new"}
    workshop.run(frame(thing("a", id="X", name="old", by=first)))
    assert workshop.vendor.names == {"X": "old"}
    assert workshop.vendor.of("delete") == []
    assert workshop.states() == {"a": State.PRESENT}


def test_b4_a_delete_is_suppressed_while_another_present_key_holds_the_identifier(workshop):
    workshop.run(thing("a", id="X"))
    run = workshop.run(thing("b", id="X", name="new"))
    assert (workshop.vendor.of("delete"), workshop.vendor.names) == ([], {"X": "new"})
    assert workshop.states() == {"a": State.PRESENT, "b": State.PRESENT}
    assert run.figures.no_operation == 1
    workshop.run(thing("b", id="X", name="new"))
    assert workshop.vendor.writes == []
    assert workshop.states() == {"b": State.PRESENT}


def test_b4_a_delete_waits_while_the_new_owner_is_refused(workshop):
    workshop.run(thing("a", id="X"))
    workshop.vendor.refuse["X"] = "no"
    workshop.run(thing("b", id="X", name="new"))
    workshop.run(thing("b", id="X", name="new"))
    assert workshop.vendor.of("delete") == []
    workshop.vendor.refuse.clear()
    workshop.run()
    assert workshop.vendor.of("delete") == ["X"]
    assert (workshop.vendor.things, workshop.states(), workshop.debts()) == ({}, {}, [])


@pytest.mark.parametrize(
    "present",
    [
        [thing("b", id="X"), thing("c", id="X")],
        [thing("b", id="X", email=BAD)],
        [thing("b", id="X", name="1"), thing("b", id="X", name="2")],
    ],
    ids=["shared", "invalid", "duplicate"],
)
def test_b4_nothing_is_deleted_that_a_set_aside_row_still_names(workshop, present):
    workshop.run(thing("a", id="X"))
    for _ in range(2):
        workshop.run(*present)
        assert workshop.vendor.writes == []
    workshop.run()
    assert workshop.vendor.of("delete") == ["X"]


def test_b4_nothing_is_deleted_that_a_present_key_names_whose_record_was_ignored(workshop):
    workshop.mode = Mode.UPDATE_ONLY
    workshop.run(thing("b", id="X"))
    workshop.mode = Mode.MIRROR
    workshop.run(thing("a", id="X", name="a"), thing("b", id="X"))
    workshop.run(thing("b", id="X"))
    assert (workshop.vendor.of("delete"), workshop.vendor.names) == ([], {"X": "a"})
    workshop.run()
    assert workshop.vendor.of("delete") == ["X"]


def test_b4_a_departed_key_whose_identifier_was_taken_over_is_sent_when_it_returns(workshop):
    workshop.mode = Mode.UPSERT
    workshop.run(thing("a", id="X", name="mine"))
    workshop.run()
    workshop.run(thing("b", id="X", name="theirs"))
    workshop.run()
    workshop.run(thing("a", id="X", name="mine"))
    assert workshop.vendor.names == {"X": "mine"}


def test_b4_two_keys_can_swap_their_identifiers(workshop):
    workshop.run(thing("a", id="X", name="a"), thing("b", id="Y", name="b"))
    rows = [thing("a", id="Y", name="a"), thing("b", id="X", name="b")]
    workshop.run(*rows)
    assert (workshop.vendor.names, workshop.vendor.of("delete")) == ({"X": "b", "Y": "a"}, [])
    workshop.run(*rows)
    workshop.run(*rows)
    assert (workshop.vendor.writes, workshop.debts()) == ([], [])


def test_b4_a_move_that_is_refused_does_not_forget_who_overwrote_the_old_identifier(workshop):
    workshop.run(thing("a", id="X", name="a"))
    workshop.vendor.refuse["Z"] = "no"
    workshop.run(thing("a", id="Z", name="a"), thing("b", id="X", name="b"))
    assert workshop.vendor.names == {"X": "b"}
    workshop.run(thing("a", id="X", name="a"))
    assert workshop.vendor.names == {"X": "a"}


def test_b4_whose_record_was_overwritten_holds_the_identifier_no_more(workshop):
    workshop.run(thing("a", id="X", name="a"))
    workshop.vendor.refuse["Z"] = "no"
    workshop.run(thing("a", id="Z", name="a"), thing("b", id="X", name="b"))
    run = workshop.run(thing("a", id="X", name="a"), thing("b", id="X", name="b"))
    assert (workshop.vendor.names, run.figures.source_issues) == ({"X": "b"}, 1)
    workshop.run(thing("a", id="Z", email=BAD), thing("c", id="X", name="c"))
    assert workshop.vendor.names == {"X": "c"}


def test_b5_mirror_inserts_the_new_identifier_and_deletes_the_old_in_the_same_run(workshop):
    workshop.run(thing("a", id="A"))
    run = workshop.run(thing("a", id="B"))
    assert workshop.vendor.writes == [("update", ["B"]), ("delete", ["A"])]
    assert (run.figures.updated, run.figures.deleted, run.figures.left_behind) == (1, 0, 1)
    assert (workshop.vendor.names, workshop.debts()) == ({"B": "x"}, [])


def test_b5_mirror_keeps_the_old_identifier_until_the_new_one_is_accepted(workshop):
    workshop.run(thing("a", id="A"))
    workshop.vendor.refuse["B"] = "no"
    for _ in range(2):
        workshop.run(thing("a", id="B"))
        assert workshop.vendor.of("delete") == []
    workshop.vendor.refuse.clear()
    workshop.run(thing("a", id="B"))
    assert workshop.vendor.names == {"B": "x"}


@pytest.mark.parametrize("fault", ["lost", "answer lost"])
def test_b5_an_identifier_change_in_doubt_deletes_the_old_one_only_once_the_new_one_stands(workshop, fault):
    workshop.run(thing("a", id="A"))
    workshop.vendor.answers = [fault] * 5
    workshop.run(thing("a", id="B"))
    workshop.run(thing("a", id="B", email=BAD))
    assert workshop.vendor.writes == []
    assert "A" in workshop.vendor.things
    workshop.run(thing("a", id="B"))
    assert workshop.vendor.writes == [("update", ["B"]), ("delete", ["A"])]
    assert (workshop.vendor.names, workshop.debts()) == ({"B": "x"}, [])


def test_b5_an_identifier_change_in_doubt_that_leaves_deletes_both(workshop):
    workshop.run(thing("a", id="A"))
    workshop.vendor.answers = ["answer lost"] * 5
    workshop.run(thing("a", id="B"))
    workshop.run()
    assert workshop.vendor.of("delete") == ["A", "B"]
    assert workshop.vendor.things == {}


def test_b5_upsert_sends_the_new_identifier_and_reports_the_old(workshop):
    workshop.mode = Mode.UPSERT
    workshop.run(thing("a", id="A"))
    run = workshop.run(thing("a", id="B"))
    assert workshop.vendor.writes == [("update", ["B"])]
    assert (workshop.vendor.names, run.figures.left_behind) == ({"A": "x", "B": "x"}, 1)


def test_b5_update_only_updates_by_the_old_identifier(workshop):
    workshop.mode = Mode.UPDATE_ONLY
    workshop.vendor.things["A"] = {"name": "theirs"}
    workshop.run(thing("a", id="A"))
    run = workshop.run(thing("a", id="B", name="y"))
    assert (workshop.vendor.names, run.figures.updated, run.figures.left_behind) == ({"B": "y"}, 1, 0)


def test_b5_a_departed_key_that_returns_under_mirror_with_another_identifier_leaves_nothing_behind(workshop):
    workshop.mode = Mode.UPSERT
    workshop.run(thing("a", id="A"))
    workshop.run()
    workshop.mode = Mode.MIRROR
    workshop.run(thing("a", id="B"))
    assert workshop.vendor.names == {"B": "x"}


def test_b5_an_old_identifier_that_another_key_takes_over_is_not_deleted(workshop):
    workshop.run(thing("a", id="X", name="a"))
    workshop.run(thing("a", id="Y", name="a"), thing("b", id="X", name="b"))
    assert (workshop.vendor.of("delete"), workshop.vendor.names) == ([], {"X": "b", "Y": "a"})


def test_b5_an_old_identifier_whose_asynchronous_delete_is_in_doubt_is_settled_first(workshop):
    workshop.service, workshop.vendor.asynchronous = ErasedThings, True
    workshop.run(thing("a", id="A"))
    workshop.vendor.answers = ["", "dies after"]
    workshop.dies(thing("a", id="B"))
    workshop.run(thing("a", id="B"))
    assert workshop.vendor.of("delete") == []
    workshop.vendor.finish_erasures()
    workshop.run(thing("a", id="B"))
    assert (workshop.vendor.names, workshop.debts(), workshop.vendor.writes) == ({"B": "x"}, [], [])


def test_b6_null_clears_and_not_mapped_is_left_alone(workshop):
    workshop.run(thing("a", email="ann@example.org"))
    workshop.vendor.things["a"]["theirs"] = 1
    workshop.run(thing("a", email=None))
    assert workshop.vendor.things["a"] == {"id": "a", "email": None, "name": "x", "theirs": 1}


def test_b6_keep_leaves_a_null_out_and_turning_to_clear_sends_it(workshop):
    keep = (*MAPPING[:1], FieldMapping("email", "email", on_null="keep"), *MAPPING[2:])
    workshop.mapping = keep
    workshop.run(thing("a", email="ann@example.org"), thing("b", email="bob@example.org"))
    workshop.run(thing("a", email=None), thing("b", email="bob@example.org"))
    assert workshop.vendor.things["a"]["email"] == "ann@example.org"
    workshop.mapping = MAPPING
    workshop.run(thing("a", email=None), thing("b", email="bob@example.org"))
    assert workshop.vendor.sent == ["a"]
    assert workshop.vendor.things["a"]["email"] is None


def test_b6_empty_text_is_not_null(workshop):
    workshop.run(thing("a", name=""))
    workshop.run(thing("a", name=None))
    assert workshop.vendor.sent == ["a"]
    assert workshop.vendor.names == {"a": None}


def test_b6_a_required_null_sets_the_record_aside(workshop):
    run = workshop.run({"key": "a", "id": None, "name": "x"})
    assert run.figures.source_issues == 1
    assert workshop.issues() == [(1, "a", "set_aside", "id is missing")]


def test_b6_nan_and_infinities_are_issues(workshop):
    frame = things(thing("a"), thing("b"), thing("c")).with_columns(
        score=pl.Series([float("nan"), float("inf"), 1.0])
    )
    workshop.mapping = (*MAPPING, FieldMapping("score", "score"))
    workshop.run(frame)
    assert workshop.vendor.sent == ["c"]
    assert {reason for _, _, _, reason in workshop.issues()} == {"score is not a finite number"}


def test_b6_omit_field_sends_the_rest_and_counts_the_omission(workshop):
    workshop.mapping = (*MAPPING[:1], FieldMapping("email", "email", on_invalid="omit_field"), *MAPPING[2:])
    workshop.run(thing("a", email="ann@example.org"))
    run = workshop.run(thing("a", email=BAD, name="y"))
    assert workshop.vendor.things["a"] == {"id": "a", "email": "ann@example.org", "name": "y"}
    assert any("1 values break a rule and are left out" in note for note in run.notes)
    workshop.run(thing("a", email=None, name="y"))
    assert workshop.vendor.things["a"]["email"] is None


def test_b7_a_mode_change_sends_nothing_by_itself(workshop):
    workshop.vendor.things["i"] = {"name": "theirs"}
    for mode in (Mode.UPSERT, Mode.MIRROR, Mode.UPDATE_ONLY, Mode.INSERT_ONLY, Mode.MIRROR):
        first = workshop.day == 0
        workshop.mode = mode
        workshop.run(thing("a"), thing("b"))
        assert bool(workshop.vendor.writes) == first


def test_b7_departed_keys_are_deleted_under_mirror_only_when_that_is_approved(workshop):
    workshop.mode = Mode.UPSERT
    workshop.run(thing("a"), thing("b"))
    workshop.run(thing("a"))
    workshop.mode = Mode.MIRROR
    workshop.run(thing("a"))
    assert workshop.vendor.writes == []
    workshop.settings["delete_departed"] = True
    workshop.run(thing("a"))
    assert workshop.vendor.writes == [("delete", ["b"])]


def test_b7_a_mapping_change_sends_only_what_really_differs(workshop):
    workshop.run(thing("a", email="ann@example.org"), thing("b", email="Bob <bob@example.org>"))
    assert workshop.vendor.sent == ["a"]
    workshop.mapping = (*MAPPING[:1], FieldMapping("email", "email", on_invalid="omit_field"), *MAPPING[2:])
    workshop.run(thing("a", email="ann@example.org"), thing("b", email="Bob <bob@example.org>"))
    assert workshop.vendor.sent == ["b"]


def test_b7_a_full_run_deletes_no_more_than_a_delta_would(workshop):
    workshop.run(thing("a"), thing("b"), thing("c"))
    workshop.vendor.things["theirs"] = {}
    workshop.run(thing("a"), thing("b", email=BAD), full=True)
    assert workshop.vendor.of("delete") == ["c"]
    assert workshop.vendor.things.keys() == {"a", "b", "theirs"}


def test_b_two_runs_without_a_difference_have_nothing_to_do(workshop):
    workshop.run(thing("a"))
    assert workshop.run(thing("a")).status is Status.NOTHING_TO_DO
