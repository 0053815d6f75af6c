"""From batches and outcomes to events: what the journal is told before a batch leaves and after its answer."""

import polars as pl

from activation_platform.contracts.batch import IDENTIFIER, KEY, PREVIOUS, Batch
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import Outcome, Verdict
from activation_platform.sync.fingerprint import identifier_hash
from activation_platform.sync.states import PENDING_ERASURE, Debt, Event, State, doubt, events_of

__all__ = ["answered", "intent", "left_behind", "overwritten", "settled", "unsent"]

_WRITTEN = {
    Verdict.ACCEPTED: (Event.ACCEPTED, State.PRESENT),
    Verdict.REQUESTED: (Event.ACCEPTED, State.PRESENT),
    Verdict.REJECTED: (Event.REJECTED, State.KEPT),
    Verdict.RETRY: (Event.REJECTED, State.KEPT),
    Verdict.IGNORED: (Event.IGNORED, State.IGNORED),
    Verdict.PARTIAL: (Event.PARTIAL, State.PARTIAL),
    Verdict.UNKNOWN: (Event.UNKNOWN, State.UNKNOWN),
}
_DELETED = {
    Verdict.ACCEPTED: (Event.ACCEPTED, State.REMOVED),
    Verdict.IGNORED: (Event.ACCEPTED, State.REMOVED),
    Verdict.REQUESTED: (Event.REQUESTED, State.DELETE_REQUESTED),
    Verdict.REJECTED: (Event.REJECTED, State.KEPT),
    Verdict.RETRY: (Event.REJECTED, State.KEPT),
    Verdict.PARTIAL: (Event.REJECTED, State.KEPT),
    Verdict.UNKNOWN: (Event.UNKNOWN, State.UNKNOWN),
}


def _rows(batch: Batch, at: int) -> pl.DataFrame:
    """The batch's records as events without a verdict."""
    deleting = batch.operation is Operation.DELETE
    rows = batch.frame.select(
        key64="_key64", key=KEY, raw="_raw", sent="_sent", identifier=IDENTIFIER, identifier64="_identifier64"
    )
    return events_of(
        rows,
        Event.INTENT,
        state=State.UNKNOWN,
        debt=Debt.DELETE if deleting else Debt.WRITE,
        operation=pl.lit(str(batch.operation)),
        reason=pl.lit(doubt(batch.operation)),
        at=at,
    )


def intent(batch: Batch, *, deletes: bool, asynchronous: bool, at: int) -> pl.DataFrame:
    """What to assume of the batch if its answer never comes (see `ledger.in_doubt`).

    `deletes`: the mode deletes, so a moved record owes the delete of the identifier that it leaves behind.
    """
    events = _rows(batch, at)
    if batch.operation is Operation.DELETE:
        behind = batch.frame["_behind"]
        gone = State.DELETE_REQUESTED if asynchronous else State.UNKNOWN
        state = pl.when(behind).then(int(State.KEPT)).otherwise(int(gone)).cast(pl.UInt8)
        operation = pl.when(behind & asynchronous).then(pl.lit(PENDING_ERASURE)).otherwise("operation")
        return events.with_columns(state=state, operation=operation)
    if not deletes:
        return events
    return events.with_columns(request=pl.when(batch.frame["_moved"]).then(batch.frame[PREVIOUS]))


def unsent(batch: Batch, at: int) -> pl.DataFrame:
    """The intent came to nothing: entries and debts stay as they were."""
    return _rows(batch, at).with_columns(
        event=pl.lit(str(Event.UNSENT)),
        state=pl.lit(int(State.KEPT), dtype=pl.UInt8),
        reason=pl.lit(None, dtype=pl.String),
    )


def overwritten(entries: pl.DataFrame, at: int) -> pl.DataFrame:
    """Entries (`ENTRIES` columns) whose identifier another key is about to write: what was sent for them is no more."""
    return events_of(
        entries,
        Event.OVERWRITTEN,
        state=State.KEPT,
        at=at,
        reason=pl.lit("another key writes its identifier"),
    ).with_columns(state=entries["state"], sent=pl.lit(None, dtype=pl.UInt64), raw=pl.lit(0, dtype=pl.UInt64))


def answered(batch: Batch, outcomes: list[Outcome], *, asynchronous: bool, at: int) -> pl.DataFrame:
    """What the ledger remembers of a batch's outcomes, one event per record.

    An asynchronous delete without an answer counts as requested until the vendor's list of requests says otherwise.
    """
    deleting = batch.operation is Operation.DELETE
    table = _DELETED if deleting else _WRITTEN
    verdicts = [table[outcome.verdict] for outcome in outcomes]
    events = _rows(batch, at).with_columns(
        event=pl.Series([str(event) for event, _ in verdicts], dtype=pl.String),
        state=pl.Series([int(state) for _, state in verdicts], dtype=pl.UInt8),
        reason=pl.Series([outcome.reason or None for outcome in outcomes], dtype=pl.String),
        request=pl.Series([outcome.request or None for outcome in outcomes], dtype=pl.String),
        did=pl.Series([outcome.did or None for outcome in outcomes], dtype=pl.String),
    )
    in_doubt = pl.col("event") == Event.UNKNOWN
    events = events.with_columns(
        reason=pl.when(in_doubt).then(pl.lit(doubt(batch.operation))).otherwise("reason")
    )
    if not deleting:
        return events
    behind = batch.frame["_behind"]
    if asynchronous:
        requested = pl.lit(int(State.DELETE_REQUESTED), dtype=pl.UInt8)
        # The vendor's list tells this request from an earlier one by the time at which it was asked.
        asked = pl.when(in_doubt).then(batch.frame["_asked"])
        events = events.with_columns(
            state=pl.when(in_doubt).then(requested).otherwise("state"), since=asked.otherwise("since")
        )
    else:
        owed = pl.when(behind & in_doubt).then(pl.lit(str(Event.OWED)))
        events = events.with_columns(event=owed.otherwise("event"))
    return events.with_columns(
        state=pl.when(behind).then(pl.lit(int(State.KEPT), dtype=pl.UInt8)).otherwise("state")
    )


def left_behind(events: pl.DataFrame, batch: Batch, *, deletes: bool, at: int) -> pl.DataFrame:
    """Events for the old identifiers of records that moved: owed deletes, or a mere report.

    Rejected records did not move, and update only moves the destination's own record.
    """
    if batch.mode is Mode.UPDATE_ONLY:
        return events.clear()
    moved = batch.frame.filter(
        pl.Series(events["event"].is_in([Event.ACCEPTED, Event.PARTIAL, Event.UNKNOWN]))
        & batch.frame["_moved"]
    ).select(key64="_key64", key=KEY, raw="_raw", identifier=PREVIOUS)
    return events_of(
        moved.with_columns(identifier64=identifier_hash(pl.col("identifier"))),
        Event.OWED if deletes else Event.LEFT_BEHIND,
        state=State.KEPT,
        debt=Debt.DELETE if deletes else None,
        operation=pl.lit("delete") if deletes else pl.lit(None),
        reason=pl.lit("left behind under its old identifier"),
        at=at,
    )


def settled(pending: pl.DataFrame, states: list[str], requests: list[str], at: int) -> pl.DataFrame:
    """Events for pending deletes after polling: gone for good, found again, or never heard of (owed again).

    `pending` has `ENTRIES` columns and `_behind`.
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
        ("done", False, Event.DROPPED, State.REMOVED, Debt.WRITE, erased),
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
