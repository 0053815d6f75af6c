"""Departures: what left the frame since the destination acknowledged it, and the deletes that are still owed."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from activation_platform.contracts.modes import Mode, ObjectKind, Operation
from activation_platform.sync.hashes import distinct
from activation_platform.sync.identifiers import contested
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.order import Activation, RunOrder
from activation_platform.sync.spool import spool
from activation_platform.sync.states import (
    ENTRIES,
    HELD,
    NO_ENTRIES,
    PENDING_ERASURE,
    Debt,
    Event,
    State,
    events_of,
)
from activation_platform.sync.survey import Survey

__all__ = ["Departures", "cancelled", "departures"]

_DAY = 86_400_000_000


@dataclass
class Departures:
    """Deletes to send (`ENTRIES` columns; `_behind`: an identifier that a present key left behind) and what was decided.

    `doubtful`: hashes of present keys that must be acknowledged before what they left behind may go.
    """

    deletes: pl.DataFrame
    events: list[pl.DataFrame] = field(default_factory=list)
    no_operation: int = 0
    withheld: int = 0
    standing: int = 0
    replaced: int = 0
    """Records that a snapshot will take away."""
    doubtful: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.UInt64))
    notes: list[str] = field(default_factory=list)

    def spool(self, folder: Path) -> list[Path]:
        """The events as files of the plan."""
        paths = []
        for number, events in enumerate(events for events in self.events if events.height):
            path = folder / f"departures-{number}.arrow"
            spool(events, path)
            paths.append(path)
        return paths


def departures(
    found: Survey,
    activation: Activation,
    ledger: Ledger,
    claimed: npt.NDArray[np.uint64],
    order: RunOrder,
    at: int,
) -> Departures:
    """Judge every key that is not in the frame. `claimed`: hashes of the identifiers that this run writes or sets aside."""
    head = ledger.head
    result = Departures(NO_ENTRIES.with_columns(_behind=pl.lit(value=False)))
    if activation.kind is ObjectKind.EVENT:
        return _past_events(result, found, activation, ledger, at)
    held = head.entries(head.found(*HELD, unless=found.seen))
    _forget_debts_of_the_gone(result, found, ledger, at)
    owed = ledger.debts.filter((pl.col("debt") == Debt.DELETE) & (pl.col("operation") != PENDING_ERASURE))
    takes_away = activation.deletes or activation.mode is Mode.SNAPSHOT
    if found.null_keys and takes_away and not activation.null_keys_never_sent:
        # A row without a key may be any of the keys that seem to be gone (SEMANTICS B3).
        result.withheld += held.height
        return result
    if activation.mode is Mode.SNAPSHOT:
        result.replaced = held.height  # what is owed ends with what it is owed for: see Journey
        return result
    if not activation.deletes:
        _let_go(result, held, at)
        no_longer = owed
        if activation.removes_left_behind:
            no_longer = owed.join(held, on=["key64", "identifier"], how="semi", nulls_equal=True)
            owed = owed.join(held, on=["key64", "identifier"], how="anti", nulls_equal=True)
        result.events.append(cancelled(no_longer, at))
        if not activation.removes_left_behind:
            return result
        held = held.clear()
    elif activation.delete_departed:
        departed = head.entries(head.found(State.DEPARTED, unless=found.seen))
        held = pl.concat([held, departed])
    due = (pl.col("attempts") <= activation.retries) | (pl.col("tried") < at - _DAY) | pl.lit(order.full)
    waiting = owed.filter(~due)
    same = ["key64", "identifier"]
    tried = owed.select(*same, _achieved="request")
    gone = (
        held.join(waiting, on=same, how="anti", nulls_equal=True)
        .join(tried, on=same, how="left", nulls_equal=True)
        .with_columns(request=pl.coalesce("_achieved", "request"), _behind=pl.lit(value=False))
        .drop("_achieved")
    )
    gone = _withhold_what_may_come_back(result, gone, activation, at)
    debts = (
        owed.filter(due)
        .join(gone, on=same, how="anti", nulls_equal=True)
        .select("key64", "key", "raw", "identifier", "identifier64", "request", _behind=pl.lit(value=True))
    )
    result.standing += waiting.height
    result.doubtful = _in_doubt(debts["key64"], found, ledger)
    leaving = pl.concat([gone, debts], how="diagonal_relaxed")
    _sort_out(result, leaving, activation, found, ledger, claimed, at)
    if waiting.height:
        days = (at - int(waiting["since"].min())) // _DAY  # type: ignore[arg-type]  # a column of integers
        result.notes.append(
            f"{waiting.height} deletes are owed, the oldest for {days} days: the destination refused each of them "
            f"{activation.retries} times or more; they are tried once a day"
        )
    return result


def _let_go(result: Departures, held: pl.DataFrame, at: int) -> None:
    """Under a mode that does not delete, what left the frame stays at the destination."""
    result.no_operation += held.height
    # Who left in doubt or in part comes back as changed: nobody knows what stands at the destination.
    known = pl.when(pl.col("state") == State.PRESENT).then("sent")
    departed = held.with_columns(sent=known)
    result.events.append(events_of(departed, Event.DEPARTED, state=State.DEPARTED, debt=Debt.WRITE, at=at))


def _withhold_what_may_come_back(
    result: Departures, gone: pl.DataFrame, activation: Activation, at: int
) -> pl.DataFrame:
    """Leave alone who left in doubt while the vendor may still be at what it was told of them; returns the others."""
    late = activation.service.finishes_within
    if not late:
        return gone
    written = (pl.col("state") == State.UNKNOWN) & ~pl.col("reason").str.starts_with(Operation.DELETE)
    coming = written & (pl.col("since") > at - late // timedelta(microseconds=1))
    rest = gone.filter(~coming)
    if waiting := gone.height - rest.height:
        result.withheld += waiting
        deletes = "delete waits" if waiting == 1 else "deletes wait"
        result.notes.append(
            f"{waiting} {deletes} for a later run: what the destination was told of these records got no answer, and it may be "
            f"at it for {late // timedelta(minutes=1)} minutes"
        )
    return rest


def _past_events(
    result: Departures, found: Survey, activation: Activation, ledger: Ledger, at: int
) -> Departures:
    """Events never leave; what was set aside is forgotten with its window, what is owed once its key would be (SEMANTICS E3)."""
    assert activation.events is not None
    gone = pl.Series(distinct(found.owed_but_gone))
    debts = ledger.debts.filter(pl.col("key64").is_in(gone.implode()))
    kept = pl.col("values").is_not_null() & (pl.col("since") >= activation.events.forgotten_before(at))
    result.standing += debts.filter(kept).height
    over = debts.filter(~kept).select([name for name in ENTRIES.names() if name in debts.columns])
    result.events.append(events_of(over, Event.CANCELLED, state=State.KEPT, debt=Debt.WRITE, at=at))
    return result


def _in_doubt(keys: pl.Series, found: Survey, ledger: Ledger) -> pl.Series:
    """Those of the keys that are in the frame and whose newest write never got its answer."""
    position = ledger.head.find(keys.to_numpy())
    known = np.flatnonzero(position >= 0)
    at = position[known]
    unsure = found.seen[at] & (ledger.head.state(at) == State.UNKNOWN)
    return keys.gather(known[unsure])


def _sort_out(
    result: Departures,
    leaving: pl.DataFrame,
    activation: Activation,
    found: Survey,
    ledger: Ledger,
    claimed: npt.NDArray[np.uint64],
    at: int,
) -> None:
    """Delete what nobody else holds (SEMANTICS B4).

    Where a present key holds the identifier, the delete is dropped; where one only claims it, it waits.
    """
    if leaving.is_empty():
        return
    identifiers = leaving["identifier64"].fill_null(0).to_numpy()
    held, wanted = contested(identifiers, ledger.head, found.seen, claimed, activation)
    free = leaving.filter(pl.Series(~held & ~wanted))
    result.deletes = free.select(*ENTRIES.names(), "_behind")
    suppressed = leaving.with_columns(_held=pl.Series(held)).filter(pl.Series(held | wanted))
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
    result.events.append(cancelled(suppressed.filter(pl.col("_held") & pl.col("_behind")), at))


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
    gone = pl.Series(distinct(found.owed_but_gone))
    rows = ledger.debts.filter((pl.col("debt") != Debt.DELETE) & pl.col("key64").is_in(gone.implode()))
    kept = [name for name in ENTRIES.names() if name in rows.columns]
    result.events.append(
        events_of(rows.select(kept), Event.CANCELLED, state=State.KEPT, debt=Debt.WRITE, at=at)
    )
