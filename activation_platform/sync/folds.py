"""The folds: what a ledger knows (entries, debts) as functions of the events that happened, and of nothing else."""

import polars as pl

from activation_platform.sync.fingerprint import text_hash
from activation_platform.sync.states import (
    DEBTS,
    ENTRIES,
    NO_EVENTS,
    PENDING_ERASURE,
    Debt,
    Event,
    State,
)

__all__ = ["changed_entries", "fold_debts", "fold_entries", "in_doubt", "without_intents"]

_MAKES = (Event.REJECTED, Event.PARTIAL, Event.SET_ASIDE, Event.OWED)
_EVENT_IN_DOUBT = (pl.col("event") == Event.UNKNOWN) & pl.col("values").is_not_null()
_LEFT_BEHIND_REQUESTED = pl.col("event").is_in([Event.REQUESTED, Event.UNKNOWN]) & (
    pl.col("state") == State.KEPT
)


def fold_entries(entries: pl.DataFrame) -> pl.DataFrame:
    """The newest entry of every key, sorted by `key64`; tombstones stay as `State.REMOVED`. Of one key, the last one counts."""
    entries = entries.sort("key64", maintain_order=True)
    newest = entries["key64"].ne_missing(entries["key64"].shift(-1))
    return entries if newest.all() else entries.filter(newest)


def changed_entries(events: pl.DataFrame) -> pl.DataFrame:
    """What the events of a run made of entries, in their order: of one key, the last one counts (see `fold_entries`).

    That another key wrote to the identifier that a key had before is outdone by an answer for the key itself and by the end
    of its entry, and comes on top of its departure.
    """
    if _any(events, Event.OVERWRITTEN):
        events = _outdone(events)
    changed = events["state"] != State.KEPT
    return (events if changed.all() else events.filter(changed))[ENTRIES.names()]


def _outdone(events: pl.DataFrame) -> pl.DataFrame:
    trodden = pl.col("event") == Event.OVERWRITTEN
    words = [Event.ACCEPTED, Event.PARTIAL, Event.UNKNOWN, Event.IGNORED, Event.REQUESTED, Event.DROPPED]
    said = events.filter(pl.col("event").is_in(words) & (pl.col("state") != State.KEPT))["key64"]
    gone = events.filter(pl.col("event") == Event.DEPARTED)["key64"]
    departed = pl.lit(int(State.DEPARTED), dtype=pl.UInt8)
    return events.filter(~(trodden & pl.col("key64").is_in(said.implode()))).with_columns(
        state=pl.when(trodden & pl.col("key64").is_in(gone.implode())).then(departed).otherwise("state")
    )


def fold_debts(debts: pl.DataFrame, events: pl.DataFrame, *, run: int) -> pl.DataFrame:
    """What is owed after the events of run number `run`.

    Each event concerns one debt of one key (for deletes: of one identifier); the last event decides. Any event on the
    key's write settles what was set aside before, and the other way round.
    """
    ours = pl.col("debt").is_not_null() & ~pl.col("event").is_in([Event.INTENT, Event.UNSENT])
    makes = pl.col("event").is_in(_MAKES) | _EVENT_IN_DOUBT | _LEFT_BEHIND_REQUESTED
    matters = ours if debts.height else ours & makes
    if not events.select(matters.any()).item():
        return debts
    last = (
        events.filter(ours)
        .with_columns(_slot=_slot())
        .unique(["key64", "_slot"], keep="last", maintain_order=True)
    )
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


def _any(events: pl.DataFrame, event: Event) -> bool:
    return bool((events["event"] == event).any())


def _slot() -> pl.Expr:
    """Debts of one key share a slot when one takes the other's place."""
    return (
        pl.when(pl.col("debt") == Debt.DELETE)
        .then(pl.lit("delete:") + pl.col("identifier").fill_null(""))
        .otherwise(pl.lit("write"))
    )


def in_doubt(events: pl.DataFrame) -> pl.DataFrame:
    """For every intent whose answer never came, the event that assumes the worst.

    An intent's row carries the state to assume (`UNKNOWN`; `DELETE_REQUESTED` for an asynchronous delete; `KEPT` for the
    delete of an identifier left behind, which stays owed, or requested if it is asynchronous) and, in `behind`, the
    identifier that a moved record leaves behind.
    """
    if not _any(events, Event.INTENT):
        return NO_EVENTS
    slot = ["key64", "debt", "identifier"]
    intent = pl.col("event") == Event.INTENT
    open_ = events.unique(slot, keep="last", maintain_order=True).filter(intent)
    owed = (pl.col("state") == State.KEPT) & (pl.col("operation") != PENDING_ERASURE)
    unknown = open_.with_columns(
        event=pl.when(owed).then(pl.lit(Event.OWED)).otherwise(pl.lit(Event.UNKNOWN)),
        request=pl.when(~owed).then("request"),
    )
    behind = open_.filter(pl.col("behind").is_not_null()).with_columns(
        identifier="behind",
        identifier64=text_hash(pl.col("behind")),
        request=pl.lit(None, dtype=pl.String),
        state=pl.lit(int(State.KEPT), dtype=pl.UInt8),
        event=pl.lit(Event.OWED),
        operation=pl.lit("delete"),
        debt=pl.lit(Debt.DELETE),
        reason=pl.lit("left behind"),
    )
    return pl.concat([unknown, behind])


def without_intents(events: pl.DataFrame) -> pl.DataFrame:
    """The events without intents, which are answered by now or in doubt."""
    return events.filter(pl.col("event") != Event.INTENT) if _any(events, Event.INTENT) else events
