"""A batch: records of one operation, on their way to one destination, as a frame and as mappings."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import polars as pl

from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import ACCEPTED, Outcome
from activation_platform.contracts.rows import Rows

__all__ = ["IDENTIFIER", "KEY", "OMITTED", "PREVIOUS", "REQUEST", "Batch", "MappedField", "Record"]

_T = TypeVar("_T")

KEY = "_key"
IDENTIFIER = "_identifier"
PREVIOUS = "_previous_identifier"
REQUEST = "_request"
OMITTED = "_omitted:"
"""Prefix of the Boolean column that marks values of a field left out of single records (SEMANTICS B6)."""


@dataclass(frozen=True, slots=True)
class MappedField:
    """A field that takes part: `keeps_null` leaves a null out of the record instead of clearing the field."""

    name: str
    keeps_null: bool = False
    may_omit: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """One record as sent.

    `identifier` is what the destination knows it by, `previous_identifier` what it was last sent under
    (null for a record that is new to us); `values` holds exactly the fields to write, null meaning *clear*.
    `request` is what an earlier try of the same operation with the same values already achieved (`Outcome.request`, or the
    `Settlement.request` of an unheard delete), so that only what is missing is asked again (SEMANTICS D7); else empty.
    """

    key: str
    identifier: str | None
    previous_identifier: str | None
    values: Mapping[str, Any]
    request: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """At most `service.batch_size` records of one operation.

    `rows.frame` has one row a record: `KEY`, `IDENTIFIER`, `PREVIOUS` (texts), a column per field with the values as sent, and
    for fields that may be omitted from single records a Boolean column `OMITTED + name`. A delete has no field columns;
    it may have a column `REQUEST` (text, null where nothing was achieved yet). `id` names the batch among all batches of
    this ledger; its halves keep it. `token` is what `Service.begin` returned, where the service has a `begin`.
    """

    operation: Operation
    mode: Mode
    rows: Rows
    fields: tuple[MappedField, ...] = ()
    id: str = ""
    token: str = ""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def frame(self) -> pl.DataFrame:
        """The rows as a frame."""
        return self.rows.frame

    @property
    def records(self) -> Sequence[Record]:
        """The rows as records."""
        return self.made("records", Batch._records)

    def made(self, name: Hashable, make: Callable[["Batch"], Sequence[_T]]) -> Sequence[_T]:
        """What `make` makes of each record. It is asked once for all batches that are cut from the same rows, with all of
        them as one batch (whose `id` says nothing), for they have the same fields. `name` tells it from other things that are
        made of them.
        """
        return self.rows.made((name, self.operation), lambda rows: make(replace(self, rows=rows)))

    def _records(self) -> list[Record]:
        return [self._record(row) for row in self.frame.iter_rows(named=True)]

    def _record(self, row: dict[str, Any]) -> Record:
        values = {
            field.name: row[field.name]
            for field in self.fields
            if not (field.keeps_null and row[field.name] is None)
            and not (field.may_omit and row[OMITTED + field.name])
        }
        return Record(row[KEY], row[IDENTIFIER], row[PREVIOUS], values, row.get(REQUEST) or "")

    def all(self, outcome: Outcome) -> list[Outcome]:
        """The same outcome for every record."""
        return [outcome] * len(self)

    def accepted(self, except_for: Mapping[int, Outcome] | None = None) -> list[Outcome]:
        """Accepted, but for the records at these positions."""
        exceptions = except_for or {}
        return [exceptions.get(index, ACCEPTED) for index in range(len(self))]

    def halves(self) -> tuple["Batch", "Batch"]:
        """Two batches that together are this one, in order."""
        middle = len(self) // 2
        return self.part(0, middle), self.part(middle, len(self))

    def part(self, start: int, stop: int) -> "Batch":
        """The records from `start` to before `stop`, as a batch."""
        return replace(self, rows=self.rows.part(start, stop))

    def take(self, positions: Sequence[int]) -> "Batch":
        """The records at these positions, as a batch."""
        return self.of(self.frame[list(positions)])

    def of(self, frame: pl.DataFrame) -> "Batch":
        """The same with other rows."""
        return replace(self, rows=Rows(frame))
