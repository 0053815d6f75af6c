"""What the ledger knows of a key, as frames: entries (SEMANTICS A1), debts (D2) and the events that change both.

Events are what the journal stores. Entries and debts are folds over events (`folds.py`), so that a crash, a replay and an
ordinary end of a run all go through the same functions.
"""

from enum import IntEnum, StrEnum

import polars as pl

__all__ = [
    "DEBTS",
    "DEBT_WORDS",
    "ENTRIES",
    "EVENTS",
    "HELD",
    "NO_DEBTS",
    "NO_ENTRIES",
    "NO_EVENTS",
    "Debt",
    "Event",
    "Owed",
    "State",
    "conform",
    "doubt",
    "events_of",
    "filled",
]


class State(IntEnum):
    """A key's state in the ledger."""

    REMOVED = 0
    """Tombstone in a delta: the ledger knows nothing of the key any more."""
    PRESENT = 1
    IGNORED = 2
    UNKNOWN = 3
    PARTIAL = 4
    DEPARTED = 5
    DELETE_REQUESTED = 6
    KEPT = 255
    """Only in events: the entry, if there is one, stays as it is."""


HELD = (State.PRESENT, State.UNKNOWN, State.PARTIAL)
"""States in which the destination holds, or may hold, a record of ours."""


def doubt(operation: str, *, ours: bool = False) -> str:
    """The reason of an entry in doubt; it begins with the operation that got no answer.

    `ours`: whether a record of ours may have stood there before, so that it may be there even if the operation never arrived.
    """
    return f"{operation}: sent, but no answer came" + (" (it may have been there before)" if ours else "")


class Event(StrEnum):
    """What happened to a key in a run: what a vendor answered, or what the plan decided without a request."""

    INTENT = "intent"
    UNSENT = "unsent"
    """The intent came to nothing: the account was refused, or the run was stopped, before the vendor took anything on."""
    OVERWRITTEN = "overwritten"
    """Another key writes to this key's identifier: what was sent for this one no longer stands there."""
    ACCEPTED = "accepted"
    REQUESTED = "requested"
    REJECTED = "rejected"
    IGNORED = "ignored"
    PARTIAL = "partial"
    UNKNOWN = "unknown"
    EQUAL = "equal"
    """Nothing to send: equal as sent, back unchanged, or never sent by the mode."""
    SET_ASIDE = "set_aside"
    DEPARTED = "departed"
    DROPPED = "dropped"
    """Forgotten without a request: settled at the vendor, or gone before it was ever accepted."""
    OWED = "owed"
    """A delete that this run found out it owes (the identifier under which a record was left behind)."""
    LEFT_BEHIND = "left_behind"
    """A record stays at the destination under an identifier that its key no longer has, and the mode does not delete."""
    CLEARED = "cleared"
    """The destination is about to be emptied, to be filled anew: until the answers come nobody knows what stands there."""
    CANCELLED = "cancelled"
    """A debt that no longer exists: the identifier is back in the frame, or the mode no longer deletes."""


class Debt(StrEnum):
    """What is owed for a key."""

    WRITE = "write"
    DELETE = "delete"
    ASIDE = "aside"


class Owed(StrEnum):
    """The same in words, for people."""

    WRITE = "write owed"
    """What was rejected, or partly accepted."""
    DELETE = "delete owed"
    ASIDE = "set aside"


DEBT_WORDS = {debt: str(Owed[debt.name]) for debt in Debt}


ENTRIES = pl.Schema(
    {
        "key64": pl.UInt64(),
        "key": pl.String(),
        "raw": pl.UInt64(),
        "sent": pl.UInt64(),
        "identifier": pl.String(),
        "identifier64": pl.UInt64(),
        "state": pl.UInt8(),
        "reason": pl.String(),
        "request": pl.String(),
        "since": pl.Int64(),
    }
)
"""One row a key. `since`: Unix time in microseconds of the last change. `request`: ids of a pending delete; of an entry in
doubt, the id of the batch that got no answer.

A null `sent`: nobody knows what stands at the destination, so that no value is *equal as sent*."""

EVENTS = pl.Schema(
    {
        **ENTRIES,
        "event": pl.String(),
        "operation": pl.String(),
        "did": pl.String(),
        "debt": pl.String(),
        "behind": pl.String(),
        "values": pl.String(),
    }
)
"""An entry as it stands after the event (`state` KEPT: unchanged), and what happened.

`debt`: the debt it concerns. `behind`: of an intent, the identifier that the record leaves behind and that is then owed a delete.
`values`: of a record of the kind *event*, its values as sent (see `kept.py`)."""

DEBTS = pl.Schema(
    {
        "key64": pl.UInt64(),
        "key": pl.String(),
        "debt": pl.String(),
        "operation": pl.String(),
        "identifier": pl.String(),
        "identifier64": pl.UInt64(),
        "raw": pl.UInt64(),
        "reason": pl.String(),
        "request": pl.String(),
        "first_run": pl.Int64(),
        "attempts": pl.UInt32(),
        "since": pl.Int64(),
        "tried": pl.Int64(),
        "values": pl.String(),
    }
)
"""What is owed. `first_run`: sequence number of the run that found it; `since`, `tried`: Unix microseconds; `request`: what an
earlier try already achieved. The operation `requested` marks an identifier left behind that the vendor is erasing."""

NO_ENTRIES, NO_EVENTS, NO_DEBTS = ENTRIES.to_frame(), EVENTS.to_frame(), DEBTS.to_frame()
"""Frames without rows, made once: to make one of twelve columns takes half a millisecond."""

PENDING_ERASURE = "requested"

_NOTHING = pl.lit(None)


def events_of(
    rows: pl.DataFrame,
    event: Event,
    *,
    state: State,
    debt: Debt | None = None,
    reason: pl.Expr = _NOTHING,
    operation: pl.Expr = _NOTHING,
    at: int,
) -> pl.DataFrame:
    """The same event for every row. `rows` has the columns of `ENTRIES` that the event should carry; the others are null."""
    if rows.is_empty():
        return NO_EVENTS
    given = set(rows.columns)
    frame = rows.with_columns(
        state=pl.lit(int(state)),
        event=pl.lit(str(event)),
        debt=pl.lit(str(debt) if debt else None),
        reason=reason,
        operation=operation,
        since=pl.lit(at),
        did=pl.lit(None),
    )
    return frame.select(
        (pl.col(name) if name in given or name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in EVENTS.items()
    )


def conform(frame: pl.DataFrame, empty: pl.DataFrame) -> pl.DataFrame:
    """The frame with the columns of `empty`, in their order; those that it lacks are null. Costs nothing where it has them."""
    if frame.columns == empty.columns and frame.dtypes == empty.dtypes:
        return frame
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in empty.schema.items()
    )


def filled(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame without the columns that hold nothing but nulls; `conform` brings them back."""
    return frame[[column.name for column in frame if column.null_count() < frame.height]]
