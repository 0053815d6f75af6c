"""The plan: what a run will ask of the destination and what it decided without asking; made by `planning.py`."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from activation_platform.contracts.modes import Operation
from activation_platform.sync.mapping import BoundMapping
from activation_platform.sync.spool import spooled

__all__ = ["Counts", "Plan"]


@dataclass
class Counts:
    """Records by what the plan decided. `extracted` is the sum of all but `standing` (SEMANTICS F1)."""

    insert: int = 0
    update: int = 0
    delete: int = 0
    source_issues: int = 0
    no_operation: int = 0
    withheld: int = 0
    standing: int = 0
    left_behind: int = 0


@dataclass
class Plan:
    """Complete and on disk before the first request.

    `writes`: files of records to insert or update; `losers`: hashes of keys in them that may not write; `deletes`: one row a
    delete; `seen`: by ledger position, whether the frame holds the key; `writing`, `aside`: hashes of the identifiers that this
    run writes or sets aside; `overwritten`: entries whose identifier another key writes (see `identifiers.trodden`); `doubtful`:
    see `Departures`; `withheld`: operations that are kept back; `notes`: what the guards said, and what else people should know.
    """

    mapping: BoundMapping
    writes: list[Path]
    losers: pl.Series
    deletes: pl.DataFrame
    events: list[Path]
    seen: npt.NDArray[np.bool_]
    writing: npt.NDArray[np.uint64]
    aside: npt.NDArray[np.uint64]
    overwritten: pl.DataFrame
    doubtful: pl.Series
    null_keys: int
    rows: int
    counts: Counts = field(default_factory=Counts)
    withheld: set[Operation] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    def withhold(self, operation: Operation) -> None:
        """Keep all records of an operation back."""
        self.withheld.add(operation)
        self.counts.withheld += getattr(self.counts, operation)
        setattr(self.counts, operation, 0)
        if operation is Operation.DELETE:
            self.deletes = self.deletes.clear()

    def records(self, operation: Operation) -> Iterator[pl.DataFrame]:
        """The records of a write operation, in chunks."""
        if operation in self.withheld or not getattr(self.counts, operation):
            return
        for path in self.writes:
            chunk = spooled(path).filter(pl.col("_operation") == operation)
            yield (
                chunk.join(self.losers.to_frame("_key64"), on="_key64", how="anti")
                if len(self.losers)
                else chunk
            )

    def decided(self) -> Iterator[pl.DataFrame]:
        """The events that the plan decided without a request, in chunks."""
        return (spooled(path) for path in self.events)
