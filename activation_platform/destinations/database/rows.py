"""What one batch does to the rows of a table: the statements of its transaction, and what became of each record."""

from collections.abc import Generator, Iterator

import polars as pl

from activation_platform.contracts.batch import IDENTIFIER, OMITTED, PREVIOUS, Batch, MappedField
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import (
    ACCEPTED,
    ALREADY_THERE,
    CREATED,
    DELETED,
    UNKNOWN_THERE,
    UPDATED,
    Outcome,
    rejected,
)
from activation_platform.contracts.statement import Statement
from activation_platform.destinations.database.writing import POSITION, Writing

__all__ = ["GONE_ALREADY", "SEVERAL", "Talk", "written"]

Talk = Generator[Statement, pl.DataFrame, list[Outcome]]

GONE_ALREADY = ACCEPTED
SEVERAL = rejected("several rows of the table have this identifier")

_FOUND = {Mode.INSERT_ONLY: ALREADY_THERE}
"""What becomes of a record whose row is there; under the other modes it is updated."""
_NOT_FOUND = {Mode.UPDATE_ONLY: UNKNOWN_THERE}
"""What becomes of a record whose row is not there; under the other modes it is created."""


def written(batch: Batch, writing: Writing) -> Talk:
    """Carry a batch out; one outcome per record.

    Rows that are there are locked before they are counted on, so that what is said of them is true when it is committed.
    """
    if batch.operation is Operation.DELETE:
        return (yield from _deleted(batch, writing))
    if batch.mode is Mode.SNAPSHOT:  # onto an empty stage
        yield from _inserted(batch, writing)
        return batch.all(CREATED)
    identifiers, counts = yield from _located(batch, writing)
    outcomes = [_outcome(batch.mode, count) for count in counts]
    updated = [n for n, outcome in enumerate(outcomes) if outcome is UPDATED]
    if updated:
        yield from _updated(batch.take(updated), identifiers[updated], writing)
    created = [n for n, outcome in enumerate(outcomes) if outcome is CREATED]
    if created:
        yield from _inserted(batch.take(created), writing)
    return outcomes


def _outcome(mode: Mode, count: int) -> Outcome:
    if not count:
        return _NOT_FOUND.get(mode, CREATED)
    found = _FOUND.get(mode, UPDATED)
    return SEVERAL if count > 1 and found is UPDATED else found


def _located(
    batch: Batch, writing: Writing
) -> Generator[Statement, pl.DataFrame, tuple[pl.Series, list[int]]]:
    """By which identifier each record's row is known, and how many rows have it.

    Update only looks for the identifier that was last sent, and then for today's (SEMANTICS B5).
    """
    today = batch.frame[IDENTIFIER]
    lock = batch.mode is not Mode.INSERT_ONLY
    if batch.mode is not Mode.UPDATE_ONLY:
        return today, (yield from _counted(today, writing, lock=lock))
    identifiers = batch.frame[PREVIOUS].fill_null(today)
    counts = yield from _counted(identifiers, writing, lock=lock)
    elsewhere = pl.Series(counts, dtype=pl.Int64).eq(0) & identifiers.ne(today)
    if elsewhere.any():
        identifiers = today.zip_with(elsewhere, identifiers)
        counts = yield from _counted(identifiers, writing, lock=lock)
    return identifiers, counts


def _counted(
    identifiers: pl.Series, writing: Writing, *, lock: bool
) -> Generator[Statement, pl.DataFrame, list[int]]:
    found = yield writing.find(identifiers, lock=lock)
    counts = [0] * len(identifiers)
    for position in found[POSITION]:
        counts[position] += 1
    return counts


def _deleted(batch: Batch, writing: Writing) -> Talk:
    identifiers = batch.frame[IDENTIFIER]
    counts = yield from _counted(identifiers, writing, lock=True)
    yield writing.delete(identifiers)
    return [DELETED if count else GONE_ALREADY for count in counts]


def _updated(
    batch: Batch, identifiers: pl.Series, writing: Writing
) -> Generator[Statement, pl.DataFrame, None]:
    """The key is set only where it changes."""
    moved = identifiers.ne(batch.frame[IDENTIFIER])
    for rows, names in _shapes(batch, {writing.key.name: moved}):
        if names:
            yield writing.update(identifiers[rows], batch.frame[rows].select(names))


def _inserted(batch: Batch, writing: Writing) -> Generator[Statement, pl.DataFrame, None]:
    for rows, names in _shapes(batch, {}):
        yield writing.insert(batch.frame[rows].select(names))


def _shapes(batch: Batch, known: dict[str, pl.Series]) -> Iterator[tuple[list[int], list[str]]]:
    """The rows of the batch by the set of fields that they carry: what is left out must keep its value, or get its default."""
    carried = [known.get(field.name, _carried(batch.frame, field)) for field in batch.fields]
    marks = pl.DataFrame([mark.alias(str(number)) for number, mark in enumerate(carried)])
    for flags, part in marks.with_row_index("row").group_by(marks.columns, maintain_order=True):
        yield (
            part["row"].to_list(),
            [field.name for field, flag in zip(batch.fields, flags, strict=True) if flag],
        )


def _carried(frame: pl.DataFrame, field: MappedField) -> pl.Series:
    carried = pl.repeat(True, frame.height, dtype=pl.Boolean, eager=True)
    if field.keeps_null:
        carried &= frame[field.name].is_not_null()
    if field.may_omit:
        carried &= ~frame[OMITTED + field.name]
    return carried
