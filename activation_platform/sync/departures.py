"""Departures: what left the frame since the destination acknowledged it, and the deletes that are still owed."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from activation_platform.sync.identifiers import contested
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.order import Activation, RunOrder
from activation_platform.sync.states import ENTRIES, HELD, PENDING_ERASURE, Debt, Event, State, events_of
from activation_platform.sync.survey import Survey

__all__ = ["Departures", "cancelled", "departures"]

_DAY = 86_400_000_000


@dataclass
class Departures:
    """Deletes to send (`ENTRIES` columns; `_behind`: an identifier that a present key left behind) and what was decided."""

    deletes: pl.DataFrame
    events: list[pl.DataFrame] = field(default_factory=list)
    no_operation: int = 0
    withheld: int = 0
    standing: int = 0

    def spool(self, folder: Path) -> list[Path]:
        """The events as files of the plan."""
        paths = []
        for number, events in enumerate(self.events):
            path = folder / f"departures-{number}.arrow"
            events.write_ipc(path, compression="uncompressed")
            paths.append(path)
        return paths


def departures(
    found: Survey, activation: Activation, ledger: Ledger, wanted: pl.DataFrame, order: RunOrder, at: int
) -> Departures:
    """Judge every key that is not in the frame. `wanted`: the keys this run will write, with their identifiers."""
    head = ledger.head
    result = Departures(ENTRIES.to_frame().with_columns(_behind=pl.lit(value=False)))
    held = head.entries(head.where(head.in_states(*HELD) & ~found.seen))
    _forget_debts_of_the_gone(result, found, ledger, at)
    owed = ledger.debts.filter((pl.col("debt") == Debt.DELETE) & (pl.col("operation") != PENDING_ERASURE))
    if not activation.deletes:
        result.no_operation += held.height
        result.events.append(events_of(held, Event.DEPARTED, state=State.DEPARTED, debt=Debt.WRITE, at=at))
        result.events.append(cancelled(owed, at))
        return result
    if found.null_keys and not activation.null_keys_never_sent:
        # A row without a key may be any of the keys that seem to be gone (SEMANTICS B3).
        result.withheld += held.height
        return result
    if activation.delete_departed:
        departed = head.entries(head.where(head.in_states(State.DEPARTED) & ~found.seen))
        held = pl.concat([held, departed])
    due = (pl.col("attempts") < activation.retries) | (pl.col("tried") < at - _DAY) | pl.lit(order.full)
    waiting = owed.filter(~due)
    same = ["key64", "identifier"]
    tried = owed.select(*same, _achieved="request")
    gone = (
        held.join(waiting, on=same, how="anti", nulls_equal=True)
        .join(tried, on=same, how="left", nulls_equal=True)
        .with_columns(request=pl.coalesce("_achieved", "request"), _behind=pl.lit(value=False))
        .drop("_achieved")
    )
    debts = (
        owed.filter(due)
        .join(gone, on=same, how="anti", nulls_equal=True)
        .select("key64", "key", "raw", "identifier", "identifier64", "request", _behind=pl.lit(value=True))
    )
    result.standing += waiting.height
    _sort_out(result, pl.concat([gone, debts], how="diagonal_relaxed"), found, ledger, wanted, at)
    return result


def _sort_out(
    result: Departures, leaving: pl.DataFrame, found: Survey, ledger: Ledger, wanted: pl.DataFrame, at: int
) -> None:
    """Delete what nobody else holds; drop or keep what another present key holds (SEMANTICS B4)."""
    held, claimed = contested(
        leaving["identifier64"].fill_null(0).to_numpy(),
        ledger.head,
        found.seen,
        wanted["identifier64"].drop_nulls().to_numpy(),
    )
    free = leaving.filter(pl.Series(~held & ~claimed))
    result.deletes = free.select(*ENTRIES.names(), "_behind")
    suppressed = leaving.with_columns(_held=pl.Series(held)).filter(pl.Series(held | claimed))
    result.no_operation += suppressed.height
    dropped = suppressed.filter(pl.col("_held") & ~pl.col("_behind"))
    result.events.append(
        events_of(
            dropped,
            Event.DROPPED,
            state=State.REMOVED,
            debt=Debt.WRITE,
            reason=pl.lit("another key holds its identifier"),
            at=at,
        )
    )
    result.events.append(cancelled(suppressed.filter("_behind"), at))


def cancelled(rows: pl.DataFrame, at: int) -> pl.DataFrame:
    """Events that take back owed deletes."""
    kept = [name for name in ENTRIES.names() if name in rows.columns]
    return events_of(
        rows.select(kept),
        Event.CANCELLED,
        state=State.KEPT,
        debt=Debt.DELETE,
        operation=pl.lit("delete"),
        at=at,
    )


def _forget_debts_of_the_gone(result: Departures, found: Survey, ledger: Ledger, at: int) -> None:
    """A key that was set aside or rejected and has left the frame owes nothing any more (its entry, if any, departs)."""
    gone = pl.Series(np.unique(found.owed_but_gone))
    rows = ledger.debts.filter((pl.col("debt") != Debt.DELETE) & pl.col("key64").is_in(gone.implode()))
    kept = [name for name in ENTRIES.names() if name in rows.columns]
    result.events.append(
        events_of(rows.select(kept), Event.CANCELLED, state=State.KEPT, debt=Debt.WRITE, at=at)
    )
