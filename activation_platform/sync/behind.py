"""What a run leaves behind: identifiers that its keys had before, and what may be deleted at its end (SEMANTICS B4, B5)."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from activation_platform.contracts.modes import Operation
from activation_platform.sync.departures import cancelled
from activation_platform.sync.hashes import Hashes, is_among
from activation_platform.sync.head import Head
from activation_platform.sync.identifiers import contested
from activation_platform.sync.order import Activation
from activation_platform.sync.plan import Plan
from activation_platform.sync.states import NO_EVENTS, Event

__all__ = ["Behind", "Leaving"]


@dataclass(frozen=True)
class Leaving:
    """What to delete (`ENTRIES` columns, `_behind`, `_same_run`), which debts are no more, and how many planned deletes wait."""

    deletes: pl.DataFrame
    cancelled: pl.DataFrame
    waiting: int


class Behind:
    """Hears the answers to a run's writes, and knows at their end what may be deleted."""

    def __init__(self, plan: Plan, activation: Activation, head: Head) -> None:
        self._plan = plan
        self._activation = activation
        self._head = head
        self._moved: list[pl.DataFrame] = [NO_EVENTS]
        self._accepted_late: list[pl.Series] = [pl.Series(dtype=pl.UInt64)]
        self._not_accepted: list[pl.Series] = [pl.Series(dtype=pl.UInt64)]
        self._not_taken: list[Hashes] = [np.empty(0, dtype=np.uint64)]

    def hear(self, events: pl.DataFrame, behind: pl.DataFrame) -> None:
        """Take note of the answers to a batch of writes, and of the identifiers that its records left behind."""
        if behind.height:
            self._moved.append(behind)
        stands = events["event"] == Event.ACCEPTED
        if not stands.all():
            stands |= events["event"] == Event.PARTIAL
            self._not_accepted.append(events["key64"].filter(~stands))
            self._not_taken.append(events["identifier64"].filter(~stands).drop_nulls().to_numpy())
        if len(self._plan.doubtful):
            late = stands & events["key64"].is_in(self._plan.doubtful.implode())
            self._accepted_late.append(events["key64"].filter(late))

    def leaving(self, at: int) -> Leaving:
        """Deletes: what left the frame, what was owed, and what this run's moves left behind."""
        free, no_longer = self._free(at)
        moved = free.with_columns(_behind=pl.lit(value=True), _same_run=pl.lit(value=True))
        planned = self._plan.deletes.with_columns(_same_run=pl.lit(value=False))
        rows = pl.concat([planned, moved], how="diagonal_relaxed")
        if Operation.DELETE in self._plan.withheld:
            return Leaving(rows.clear(), no_longer, 0)
        # An old identifier goes only once its record stands under the new one.
        waits = pl.col("_behind") & pl.col("key64").is_in(self._not_standing().implode())
        waiting = rows.filter(waits & ~pl.col("_same_run")).height
        return Leaving(rows.filter(~waits), no_longer, waiting)

    def _free(self, at: int) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Identifiers left behind in this run that nobody else has; what another key has taken is owed no more."""
        moved = pl.concat(self._moved)
        if not self._activation.removes_left_behind or moved.is_empty():
            return moved.clear(), moved.clear()
        taken = self._taken()
        identifiers = moved["identifier64"].to_numpy()
        held, claimed = contested(
            identifiers,
            self._head,
            self._plan.seen,
            np.concatenate([self._plan.aside, _without(self._plan.writing, taken)]),
            self._activation,
            moved=moved["key64"],
        )
        held |= is_among(identifiers, taken)
        return moved.filter(pl.Series(~(held | claimed))), cancelled(moved.filter(pl.Series(held)), at)

    def _taken(self) -> Hashes:
        """Hashes of the identifiers that this run wrote."""
        if self._plan.withheld & {Operation.INSERT, Operation.UPDATE}:
            return np.empty(0, dtype=np.uint64)
        return _without(self._plan.writing, np.concatenate(self._not_taken))

    def _not_standing(self) -> pl.Series:
        """Hashes of keys that were not accepted in this run, or were in doubt before it and got no answer since."""
        doubtful = self._plan.doubtful
        late = pl.concat(self._accepted_late)
        return pl.concat([*self._not_accepted, doubtful.filter(~doubtful.is_in(late.implode()))])


def _without(values: Hashes, others: Hashes) -> Hashes:
    return values[~is_among(values, others)]
