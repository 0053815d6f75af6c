"""What the ledger knows of a key, as frames: entries (SEMANTICS A1), debts (D2) and the events that change both.

Events are what the journal stores. Entries and debts are folds over events, so that a crash, a replay and an ordinary
end of a run all go through the same two functions at the bottom of this file.
"""

from enum import IntEnum, StrEnum

import polars as pl

__all__ = [
    "DEBTS",
    "ENTRIES",
    "EVENTS",
    "HELD",
    "NO_DEBTS",
    "NO_ENTRIES",
    "NO_EVENTS",
    "Debt",
    "Event",
    "State",
    "changed_entries",
    "conform",
    "doubt",
    "events_of",
    "fold_debts",
    "fold_entries",
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
    if frame.schema == empty.schema:
        return frame
    return pl.concat([empty, frame], how="diagonal_relaxed").select(empty.columns).cast(empty.schema)


_MAKES = (Event.REJECTED, Event.PARTIAL, Event.SET_ASIDE, Event.OWED)
_EVENT_IN_DOUBT = (pl.col("event") == Event.UNKNOWN) & pl.col("values").is_not_null()
_LEFT_BEHIND_REQUESTED = pl.col("event").is_in([Event.REQUESTED, Event.UNKNOWN]) & (
    pl.col("state") == State.KEPT
)


def fold_entries(events: pl.DataFrame) -> pl.DataFrame:
    """The newest entry of every key that the events changed, sorted by `key64`; tombstones stay as `State.REMOVED`."""
    if events.is_empty():
        return NO_ENTRIES
    return (
        events.filter(pl.col("state") != State.KEPT)
        .select(ENTRIES.names())
        .unique("key64", keep="last", maintain_order=True)
        .sort("key64")
    )


def changed_entries(events: pl.DataFrame) -> pl.DataFrame:
    """`fold_entries` of a run.

    That another key wrote to the identifier that a key had before is outdone by an answer for the key itself and by the end
    of its entry, and comes on top of its departure.
    """
    trodden = pl.col("event") == Event.OVERWRITTEN
    if events.filter(trodden).is_empty():
        return fold_entries(events)
    words = [Event.ACCEPTED, Event.PARTIAL, Event.UNKNOWN, Event.IGNORED, Event.REQUESTED, Event.DROPPED]
    said = events.filter(pl.col("event").is_in(words) & (pl.col("state") != State.KEPT))["key64"]
    gone = events.filter(pl.col("event") == Event.DEPARTED)["key64"]
    departed = pl.lit(int(State.DEPARTED), dtype=pl.UInt8)
    return fold_entries(
        events.filter(~(trodden & pl.col("key64").is_in(said.implode()))).with_columns(
            state=pl.when(trodden & pl.col("key64").is_in(gone.implode())).then(departed).otherwise("state")
        )
    )


def fold_debts(debts: pl.DataFrame, events: pl.DataFrame, *, run: int) -> pl.DataFrame:
    """What is owed after the events of run number `run`.

    Each event concerns one debt of one key (for deletes: of one identifier); the last event decides. Any event on the
    key's write settles what was set aside before, and the other way round.
    """
    ours = events.filter(pl.col("debt").is_not_null() & ~pl.col("event").is_in([Event.INTENT, Event.UNSENT]))
    makes = pl.col("event").is_in(_MAKES) | _EVENT_IN_DOUBT | _LEFT_BEHIND_REQUESTED
    if ours.is_empty() or (debts.is_empty() and ours.filter(makes).is_empty()):
        return debts
    last = ours.with_columns(_slot=_slot()).unique(["key64", "_slot"], keep="last", maintain_order=True)
    before = debts.with_columns(_slot=_slot())
    same = pl.col("attempts").is_not_null() & (
        (pl.col("debt") == Debt.DELETE) | pl.col("raw").eq_missing(pl.col("_raw"))
    )
    made = (
        last.filter(makes)
        .join(
            before.select("key64", "_slot", "debt", "first_run", "attempts", _since="since", _raw="raw"),
            on=["key64", "_slot", "debt"],
            how="left",
        )
        .with_columns(
            pl.col("first_run").fill_null(run),
            attempts=pl.when(same).then("attempts").otherwise(0)
            + pl.when(pl.col("event") != Event.OWED).then(1).otherwise(0),
            tried="since",
            operation=pl.when(_LEFT_BEHIND_REQUESTED).then(pl.lit(PENDING_ERASURE)).otherwise("operation"),
            since=pl.col("_since").fill_null(pl.col("since")),
        )
    )
    kept = before.join(last.select("key64", "_slot"), on=["key64", "_slot"], how="anti")
    return pl.concat([frame.select(DEBTS.names()).cast(DEBTS) for frame in (kept, made)])


def _slot() -> pl.Expr:
    """Debts of one key share a slot when one takes the other's place."""
    return (
        pl.when(pl.col("debt") == Debt.DELETE)
        .then(pl.lit("delete:") + pl.col("identifier").fill_null(""))
        .otherwise(pl.lit("write"))
    )
