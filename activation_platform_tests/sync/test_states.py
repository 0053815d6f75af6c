"""Entries and debts as folds over events."""

import polars as pl

from activation_platform.sync.folds import (
    changed_entries,
    fold_debts,
    fold_entries,
    in_doubt,
    without_intents,
)
from activation_platform.sync.states import (
    DEBTS,
    EVENTS,
    PENDING_ERASURE,
    Debt,
    Event,
    State,
)

WRITE = {"debt": Debt.WRITE, "operation": "insert"}
DELETE = {"debt": Debt.DELETE, "operation": "delete", "state": State.KEPT}


def events(*rows: dict) -> pl.DataFrame:
    made = [
        {**dict.fromkeys(EVENTS), "key64": 1, "key": "a", "state": State.PRESENT, "raw": 1, "since": n, **row}
        for n, row in enumerate(rows)
    ]
    return pl.DataFrame([{**row, "state": int(row["state"])} for row in made], schema=EVENTS)


def debts(*rows: dict, before: pl.DataFrame | None = None, run: int = 1) -> pl.DataFrame:
    return fold_debts(DEBTS.to_frame() if before is None else before, events(*rows), run=run)


def entries(*rows: dict) -> pl.DataFrame:
    return fold_entries(changed_entries(events(*rows)))


def ended(*rows: dict) -> pl.DataFrame:
    """The events of a run that has come to its end."""
    told = events(*rows)
    return pl.concat([without_intents(told), in_doubt(told)])


def of(frame: pl.DataFrame, *columns: str) -> list[tuple]:
    return frame.select(columns).rows()


def test_the_newest_event_of_a_key_is_its_entry_and_kept_changes_nothing():
    folded = entries(
        {"event": Event.ACCEPTED, "key64": 2, "key": "b"},
        {"event": Event.ACCEPTED, "raw": 5},
        {"event": Event.REJECTED, "state": State.KEPT, "raw": 6},
        {"event": Event.DEPARTED, "state": State.DEPARTED, "key64": 2, "key": "b"},
    )
    assert of(folded, "key", "raw", "state") == [("a", 5, State.PRESENT), ("b", 1, State.DEPARTED)]


def test_an_answer_of_the_key_itself_outdoes_that_it_was_overwritten():
    trodden = {"event": Event.OVERWRITTEN, "raw": 0}
    answer = {"event": Event.ACCEPTED, "raw": 9}
    assert of(entries(answer, trodden), "raw") == [(9,)]
    assert of(entries(trodden), "raw") == [(0,)]
    left = {"event": Event.DEPARTED, "state": State.DEPARTED}
    assert of(entries(left, trodden), "raw", "state") == [(0, State.DEPARTED)]


def test_rejections_of_the_same_values_add_up_and_a_change_begins_again():
    no = {"event": Event.REJECTED, "state": State.KEPT, **WRITE}
    first = debts(no)
    second = debts(no, before=first, run=2)
    assert of(second, "attempts", "first_run") == [(2, 1)]
    assert of(debts({**no, "raw": 7}, before=second, run=3), "attempts", "first_run", "raw") == [(1, 1, 7)]


def test_an_acceptance_settles_the_write_and_what_was_set_aside():
    aside = {"event": Event.SET_ASIDE, "debt": Debt.ASIDE, "state": State.KEPT}
    for owed in (aside, {"event": Event.REJECTED, "state": State.KEPT, **WRITE}):
        assert debts({"event": Event.ACCEPTED, **WRITE}, before=debts(owed)).is_empty()


def test_one_key_may_owe_several_deletes():
    owed = debts(
        {"event": Event.OWED, "identifier": "A", **DELETE},
        {"event": Event.REJECTED, "identifier": "B", **DELETE},
    )
    assert sorted(of(owed, "identifier", "attempts")) == [("A", 0), ("B", 1)]
    rest = debts({"event": Event.ACCEPTED, "identifier": "A", **DELETE}, before=owed)
    assert of(rest, "identifier") == [("B",)]
    assert debts({"event": Event.CANCELLED, "identifier": "B", **DELETE}, before=rest).is_empty()


def test_an_intent_and_its_withdrawal_leave_debts_alone():
    owed = debts({"event": Event.REJECTED, "state": State.KEPT, **WRITE})
    after = debts({"event": Event.INTENT, **WRITE}, {"event": Event.UNSENT, **WRITE}, before=owed)
    assert after.equals(owed)


def test_an_erasure_of_what_was_left_behind_is_a_debt_of_its_own_kind():
    for event in (Event.REQUESTED, Event.UNKNOWN):
        owed = debts({"event": event, "identifier": "A", "request": "r", **DELETE})
        assert of(owed, "operation", "request") == [(PENDING_ERASURE, "r")]


INTENT = {
    "event": Event.INTENT,
    "state": State.UNKNOWN,
    "identifier": "A",
    "reason": "insert: in doubt",
    **WRITE,
}


def test_an_intent_without_an_answer_is_unknown():
    assert of(in_doubt(events(INTENT)), "event", "state", "reason") == [
        (Event.UNKNOWN, State.UNKNOWN, "insert: in doubt")
    ]


def test_an_intent_with_an_answer_or_a_withdrawal_is_gone():
    for event in (Event.ACCEPTED, Event.REJECTED, Event.UNSENT):
        answer = {"event": event, "identifier": "A", **WRITE}
        assert of(ended(INTENT, answer), "event") == [(event,)]


def test_only_what_was_heard_after_an_intent_answers_it():
    before = {"event": Event.CANCELLED, "identifier": "A", **DELETE}
    meant = {"event": Event.INTENT, "identifier": "A", **DELETE}
    assert of(ended(before, meant), "event") == [(Event.CANCELLED,), (Event.OWED,)]


def test_the_answer_for_one_identifier_is_none_for_another():
    answer = {"event": Event.ACCEPTED, "identifier": "B", **WRITE}
    assert sorted(of(ended(INTENT, answer), "event")) == [(Event.ACCEPTED,), (Event.UNKNOWN,)]


def test_a_moved_record_in_doubt_owes_the_delete_of_its_old_identifier_with_its_hash():
    told = in_doubt(events({**INTENT, "behind": "OLD"}))
    owed = told.filter(pl.col("event") == Event.OWED)
    assert of(owed, "identifier", "debt", "state", "request") == [("OLD", Debt.DELETE, State.KEPT, None)]
    assert owed["identifier64"].null_count() == 0


def test_an_asynchronous_delete_in_doubt_counts_as_requested():
    meant = {**INTENT, **DELETE, "state": State.DELETE_REQUESTED}
    assert of(fold_entries(in_doubt(events(meant))), "state") == [(State.DELETE_REQUESTED,)]
    behind = {**INTENT, **DELETE, "operation": PENDING_ERASURE}
    assert of(debts(*in_doubt(events(behind)).rows(named=True)), "operation") == [(PENDING_ERASURE,)]
