"""Batches: how the records of a plan are cut, operation by operation."""

from collections.abc import Callable, Iterator
from itertools import count

import polars as pl

from activation_platform.contracts.batch import IDENTIFIER, KEY, OMITTED, PREVIOUS, REQUEST, Batch
from activation_platform.contracts.modes import Operation
from activation_platform.contracts.rows import Rows
from activation_platform.sync.order import Activation
from activation_platform.sync.plan import Plan

__all__ = ["Cutter"]

_MARKS = {
    KEY: pl.String(),
    IDENTIFIER: pl.String(),
    PREVIOUS: pl.String(),
    REQUEST: pl.String(),
    "_key64": pl.UInt64(),
    "_raw": pl.UInt64(),
    "_sent": pl.UInt64(),
    "_identifier64": pl.UInt64(),
    "_moved": pl.Boolean(),
    "_ours": pl.Boolean(),
}
"""What the engine knows a record by, beside its values."""

_MANY = 2_000
"""Records of which everything is made at once: enough that a small step for each batch becomes one for all of them."""


class Cutter:
    """Cuts a plan into batches.

    `name` is unique among the passes of all ledgers; a batch's id is it and a number. `now`: the ledger's clock. `token`: what
    the service gave for a run in one piece.
    """

    def __init__(
        self, plan: Plan, activation: Activation, name: str, now: Callable[[], int], token: str = ""
    ) -> None:
        self._plan = plan
        self._activation = activation
        self._service = activation.service
        self._name = name
        self._now = now
        self._token = token
        self._numbers = count(1)
        self._fields = plan.mapping.mapped_fields
        self._columns = [
            *_MARKS,
            *(field.name for field in self._fields),
            *(OMITTED + field.name for field in self._fields if field.may_omit),
        ]

    def writes(self, operation: Operation) -> Iterator[Batch]:
        """Whole batches of inserts or updates, cut across the plan's files."""
        size = self._service.batch_size
        many = size * max(1, _MANY // size)
        rest: pl.DataFrame | None = None
        for records in self._plan.records(operation):
            chunk = records.select(self._columns)
            frame = chunk if rest is None else pl.concat([rest, chunk])
            whole = frame.height - frame.height % size
            for start in range(0, whole, many):
                yield from self._cut(operation, frame[start : min(start + many, whole)], size)
            rest = frame[whole:]
        if rest is not None:
            yield from self._cut(operation, rest, size)

    def emptying(self) -> Batch:
        """A batch of no records, which empties the destination."""
        values = {field.name: pl.Null() for field in self._fields}
        return self._batch(Operation.CLEAR, Rows(pl.DataFrame(schema={**_MARKS, **values})))

    def erasures(self) -> Iterator[Batch]:
        """Deletes of records that are in the frame (mode erase)."""
        for records in self._plan.records(Operation.DELETE):
            unmoved = {"_behind": pl.lit(value=False), "_same_run": pl.lit(value=False)}
            yield from self._deletes(
                records.select(*_MARKS).with_columns(pl.col(IDENTIFIER).alias(PREVIOUS), **unmoved)
            )

    def deletes(self, rows: pl.DataFrame) -> Iterator[Batch]:
        """Deletes of entries and owed identifiers: `ENTRIES` columns, `_behind`, `_same_run`."""
        leaving = rows.select(
            pl.col("key").alias(KEY),
            pl.col("identifier").alias(IDENTIFIER),
            pl.col("identifier").alias(PREVIOUS),
            pl.col("request").alias(REQUEST),
            "_behind",
            "_same_run",
            _key64="key64",
            _raw="raw",
            _sent="sent",
            _identifier64="identifier64",
        )
        yield from self._deletes(leaving)

    def _deletes(self, leaving: pl.DataFrame) -> Iterator[Batch]:
        size = self._service.delete_batch_size or self._service.batch_size
        for start in range(0, leaving.height, size):
            asked = pl.lit(self._now()).alias("_asked")
            yield self._batch(Operation.DELETE, Rows(leaving[start : start + size].with_columns(asked)))

    def _cut(self, operation: Operation, frame: pl.DataFrame, size: int) -> Iterator[Batch]:
        rows = Rows(frame)
        for start in range(0, len(rows), size):
            yield self._batch(operation, rows.part(start, start + size))

    def _batch(self, operation: Operation, rows: Rows) -> Batch:
        fields = () if operation is Operation.DELETE else self._fields
        name = f"{self._name}:{next(self._numbers)}"
        return Batch(operation, self._activation.mode, rows, fields, id=name, token=self._token)
