"""From batches and outcomes to events: what the journal is told before a batch leaves and after its answer."""

from typing import Any

import polars as pl

from activation_platform.contracts.batch import IDENTIFIER, KEY, PREVIOUS, Batch
from activation_platform.contracts.modes import Mode, ObjectKind, Operation
from activation_platform.contracts.outcomes import Outcome, Verdict
from activation_platform.sync.fingerprint import text_hash
from activation_platform.sync.kept import packed
from activation_platform.sync.order import Activation
from activation_platform.sync.states import (
    EVENTS,
    NO_EVENTS,
    PENDING_ERASURE,
    Debt,
    Event,
    State,
    doubt,
    events_of,
)

__all__ = ["answered", "cleared", "intent", "left_behind", "overwritten", "replaced", "settled", "unsent"]

_WRITTEN = {
    Verdict.ACCEPTED: (Event.ACCEPTED, State.PRESENT),
    Verdict.REQUESTED: (Event.ACCEPTED, State.PRESENT),
    Verdict.REJECTED: (Event.REJECTED, State.KEPT),
    Verdict.RETRY: (Event.REJECTED, State.KEPT),
    Verdict.IGNORED: (Event.IGNORED, State.IGNORED),
    Verdict.PARTIAL: (Event.PARTIAL, State.PARTIAL),
    Verdict.UNKNOWN: (Event.UNKNOWN, State.UNKNOWN),
}
_NEVER_AGAIN = {
    Verdict.ACCEPTED: (Event.ACCEPTED, State.PRESENT),
    Verdict.IGNORED: (Event.ACCEPTED, State.PRESENT),
}
"""Under erase: who is erased is remembered, so that nobody asks for it again."""
_DELETED = {
    Verdict.ACCEPTED: (Event.ACCEPTED, State.REMOVED),
    Verdict.IGNORED: (Event.ACCEPTED, State.REMOVED),
    Verdict.REQUESTED: (Event.REQUESTED, State.DELETE_REQUESTED),
    Verdict.REJECTED: (Event.REJECTED, State.KEPT),
    Verdict.RETRY: (Event.REJECTED, State.KEPT),
    Verdict.PARTIAL: (Event.REJECTED, State.KEPT),
    Verdict.UNKNOWN: (Event.UNKNOWN, State.UNKNOWN),
}


def _assumed(batch: Batch, activation: Activation, at: int) -> dict[str, pl.Expr]:
    """What to assume of the batch's records until their answers come, as the columns of events in their order.

    Those of the kind *event* come with their values.
    """
    deleting = batch.operation is Operation.DELETE
    operation = Operation.INSERT if batch.operation is Operation.CLEAR else batch.operation
    reason = pl.lit(doubt(operation))
    if operation is Operation.INSERT:
        reason = pl.when("_ours").then(pl.lit(doubt(operation, ours=True))).otherwise(reason)
    columns = _NOTHING | {
        "key64": pl.col("_key64"),
        "key": pl.col(KEY),
        "raw": pl.col("_raw"),
        "sent": pl.col("_sent"),
        "identifier": pl.col(IDENTIFIER),
        "identifier64": pl.col("_identifier64"),
        "state": _state(State.UNKNOWN),
        "reason": reason,
        "since": pl.lit(at),
        "event": pl.lit(str(Event.INTENT)),
        "operation": pl.lit(str(operation)),
        "debt": pl.lit(str(Debt.DELETE if deleting and batch.mode is not Mode.ERASE else Debt.WRITE)),
    }
    if activation.service.can_look_up:
        columns["request"] = pl.lit(batch.id)
    if activation.kind is ObjectKind.EVENT:
        columns["values"] = pl.lit(packed(batch))
    return columns


_NOTHING = {name: pl.lit(None, dtype=dtype) for name, dtype in EVENTS.items()}


def _state(state: State) -> pl.Expr:
    return pl.lit(int(state), dtype=pl.UInt8)


def _events(batch: Batch, columns: dict[str, pl.Expr]) -> pl.DataFrame:
    return batch.frame.select(**columns) if len(batch) else NO_EVENTS


def intent(batch: Batch, activation: Activation, at: int) -> pl.DataFrame:
    """What to assume of the batch if its answer never comes (see `folds.in_doubt`).

    Where the old identifier of a moved record is deleted, it says which one that is.
    """
    columns = _assumed(batch, activation, at)
    if batch.operation is Operation.DELETE:
        asynchronous = activation.service.deletes_are_requests
        gone = State.DELETE_REQUESTED if asynchronous else State.UNKNOWN
        columns["state"] = pl.when("_behind").then(_state(State.KEPT)).otherwise(_state(gone))
        if asynchronous:
            asked = pl.when("_behind").then(pl.lit(PENDING_ERASURE))
            columns["operation"] = asked.otherwise(columns["operation"])
    elif activation.removes_left_behind:
        columns["behind"] = pl.when("_moved").then(PREVIOUS)
    return _events(batch, columns)


def unsent(batch: Batch, activation: Activation, at: int) -> pl.DataFrame:
    """The intent came to nothing: entries and debts stay as they were."""
    columns = _assumed(batch, activation, at)
    columns |= {"event": pl.lit(str(Event.UNSENT)), "state": _state(State.KEPT), "reason": _NOTHING["reason"]}
    return _events(batch, columns)


def overwritten(entries: pl.DataFrame, at: int) -> pl.DataFrame:
    """Entries (`ENTRIES` columns) whose identifier another key is about to write: what was sent for them is no more."""
    return events_of(
        entries,
        Event.OVERWRITTEN,
        state=State.KEPT,
        at=at,
        reason=pl.lit("another key writes its identifier"),
    ).with_columns(state=entries["state"], sent=pl.lit(None, dtype=pl.UInt64), raw=pl.lit(0, dtype=pl.UInt64))


def cleared(entries: pl.DataFrame, at: int) -> pl.DataFrame:
    """Every entry before its destination is emptied: nobody knows what stands there until the answers come (SEMANTICS C1)."""
    return events_of(
        entries.with_columns(sent=pl.lit(None, dtype=pl.UInt64)),
        Event.CLEARED,
        state=State.UNKNOWN,
        reason=pl.lit(doubt(Operation.CLEAR)),
        at=at,
    )


def replaced(entries: pl.DataFrame, at: int) -> pl.DataFrame:
    """Entries that a snapshot took away, because their keys were not part of it."""
    return events_of(
        entries,
        Event.ACCEPTED,
        state=State.REMOVED,
        operation=pl.lit(str(Operation.DELETE)),
        reason=pl.lit("replaced by a snapshot"),
        at=at,
    )


def answered(batch: Batch, outcomes: list[Outcome], activation: Activation, at: int) -> pl.DataFrame:
    """What the ledger remembers of a batch's outcomes, one event per record.

    An asynchronous delete without an answer counts as requested until the vendor's list of requests says otherwise.
    """
    deleting = batch.operation is Operation.DELETE
    table = _DELETED if deleting else _WRITTEN
    if batch.mode is Mode.ERASE:
        table = table | _NEVER_AGAIN
    assumed = _assumed(batch, activation, at)
    columns = assumed | _told(outcomes, table)
    in_doubt = columns["event"] == Event.UNKNOWN
    verdicts = {outcome.verdict for outcome in outcomes}
    if Verdict.UNKNOWN in verdicts:
        columns |= {
            name: pl.when(in_doubt).then(assumed[name]).otherwise(columns[name])
            for name in ("reason", "request")
        }
    if activation.kind is ObjectKind.EVENT:
        owed = in_doubt | (columns["event"] == Event.REJECTED)
        columns["values"] = pl.when(owed).then(assumed["values"])
    if deleting:
        _mind_the_left_behind(columns, in_doubt, asynchronous=activation.service.deletes_are_requests)
    return _events(batch, columns)


def _told(outcomes: list[Outcome], table: dict[Verdict, tuple[Event, State]]) -> dict[str, pl.Expr]:
    """What the other side said of each record; said once where it said the same of all."""
    same = bool(outcomes) and outcomes.count(outcomes[0]) == len(outcomes)
    verdicts = [table[outcome.verdict] for outcome in (outcomes[:1] if same else outcomes)]
    values: dict[str, list[Any]] = {
        "event": [str(event) for event, _ in verdicts],
        "state": [int(state) for _, state in verdicts],
        "reason": [outcome.reason or None for outcome in outcomes],
        "request": [outcome.request or None for outcome in outcomes],
        "did": [outcome.did or None for outcome in outcomes],
    }
    return {
        name: pl.lit(told[0] if same else pl.Series(told, dtype=EVENTS[name]), dtype=EVENTS[name])
        for name, told in values.items()
    }


def _mind_the_left_behind(columns: dict[str, pl.Expr], in_doubt: pl.Expr, *, asynchronous: bool) -> None:
    """Deletes of identifiers that records left behind leave the entries of their keys alone."""
    if asynchronous:
        columns["state"] = pl.when(in_doubt).then(_state(State.DELETE_REQUESTED)).otherwise(columns["state"])
        # The vendor's list tells this request from an earlier one by the time at which it was asked.
        columns["since"] = pl.when(in_doubt).then("_asked").otherwise(columns["since"])
    else:
        owed = pl.when(pl.col("_behind") & in_doubt).then(pl.lit(str(Event.OWED)))
        columns["event"] = owed.otherwise(columns["event"])
    columns["state"] = pl.when("_behind").then(_state(State.KEPT)).otherwise(columns["state"])


def left_behind(events: pl.DataFrame, batch: Batch, activation: Activation, at: int) -> pl.DataFrame:
    """Events for the old identifiers of records that moved: owed deletes, or a mere report.

    Rejected records did not move.
    """
    if not activation.moves or not batch.frame["_moved"].any():
        return NO_EVENTS
    deletes = activation.removes_left_behind
    moved = batch.frame.filter(
        pl.Series(events["event"].is_in([Event.ACCEPTED, Event.PARTIAL, Event.UNKNOWN]))
        & batch.frame["_moved"]
    ).select(key64="_key64", key=KEY, raw="_raw", identifier=PREVIOUS)
    return events_of(
        moved.with_columns(identifier64=text_hash(pl.col("identifier"))),
        Event.OWED if deletes else Event.LEFT_BEHIND,
        state=State.KEPT,
        debt=Debt.DELETE if deletes else None,
        operation=pl.lit("delete") if deletes else pl.lit(None),
        reason=pl.lit("left behind under its old identifier"),
        at=at,
    )


def settled(
    pending: pl.DataFrame, states: list[str], requests: list[str], *, remembers: bool, at: int
) -> pl.DataFrame:
    """Events for pending deletes after polling: gone for good, found again, or never heard of (owed again).

    `pending` has `ENTRIES` columns and `_behind`. `remembers`: who is gone for good stays in the ledger (mode erase).
    """
    found = pl.Series(requests, dtype=pl.String).replace("", None)
    named = (
        (pl.Series(states, dtype=pl.String) == "pending")
        & found.is_not_null()
        & found.ne_missing(pending["request"])
    )
    rows = pending.with_columns(
        _state=pl.Series(states, dtype=pl.String), request=pl.Series(requests, dtype=pl.String)
    )
    # Asked without an answer, and now found in the vendor's list: only its name is news.
    kept = rows.filter(named).with_columns(
        _state=pl.when("_behind").then(int(State.KEPT)).otherwise(int(State.DELETE_REQUESTED))
    )
    delete = pl.lit("delete")
    known = events_of(kept, Event.REQUESTED, state=State.KEPT, debt=Debt.DELETE, operation=delete, at=at)
    erased, never = "deleted at the destination", "delete: the destination never heard of it"
    verdicts = (
        ("done", False, Event.DROPPED, State.PRESENT if remembers else State.REMOVED, Debt.WRITE, erased),
        ("done", True, Event.CANCELLED, State.KEPT, Debt.DELETE, erased),
        ("unheard", False, Event.UNKNOWN, State.UNKNOWN, Debt.WRITE, never),
        ("unheard", True, Event.OWED, State.KEPT, Debt.DELETE, never),
    )
    return pl.concat(
        [
            known.with_columns(state=kept["_state"].cast(pl.UInt8), since=kept["since"]),
            *(
                events_of(
                    rows.filter((pl.col("_state") == word) & (pl.col("_behind") == behind)),
                    event,
                    state=state,
                    debt=debt,
                    reason=pl.lit(reason),
                    operation=delete,
                    at=at,
                )
                for word, behind, event, state, debt, reason in verdicts
            ),
        ]
    )
