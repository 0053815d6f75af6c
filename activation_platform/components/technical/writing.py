"""The technical tables as Parquet, a file a day, each made anew only where what it is made of has changed.

    tables/<table>/v<version>/2026-01-31.parquet

A file says in its own footer what it was made of; so nothing else has to be kept beside it.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from activation_platform.components.technical.kept import Kept, kept_by_day, rows_of
from activation_platform.components.technical.schema import TABLES, Keys, Table
from activation_platform.sync.store import Store

__all__ = ["Day", "Written", "days_of", "written"]

_MADE_OF = b"activation_made_of"
_ROWS = 100_000
_LOCK_WAIT = 3600.0


@dataclass(frozen=True)
class Day:
    """The rows that a table has of one day, without having read them."""

    table: Table
    keys: Keys
    day: date
    kept: Sequence[Kept]

    @property
    def made_of(self) -> str:
        """Differs whenever the rows may differ."""
        parts = [self.table.versioned, self.keys, *(kept.told for kept in self.kept)]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def frames(self) -> Iterator[pl.DataFrame]:
        """The rows, in frames of a hundred thousand or so."""
        found = (frame for kept in self.kept for frame in rows_of(self.table.name, kept))
        return _gathered(self.table.rows(frame, self.keys) for frame in found)


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a table. `days`: all that it has now; `made`: those of them made anew; `removed`: those that went."""

    table: str
    place: str
    days: int
    made: int
    removed: int


def days_of(root: Store, table: Table, keys: Keys) -> list[Day]:
    """What a table is made of, as it is kept now."""
    return [Day(table, keys, day, kept) for day, kept in kept_by_day(root, table.name).items()]


def written(root: Store, to: Store, keys: Keys) -> list[Written]:
    """Bring the tables below `to` up to what is kept under a storage root. Two that write to one place wait for each other."""
    with (to / "tables").lock("tables", wait=_LOCK_WAIT):
        return [_table_written(root, to, table, keys) for table in TABLES.values()]


def _table_written(root: Store, to: Store, table: Table, keys: Keys) -> Written:
    folder = to / "tables" / table.name / f"v{table.version}"
    there, made = folder.names(), 0
    wanted = {f"{day.day}.parquet": day for day in days_of(root, table, keys)}
    for name, day in wanted.items():
        if name not in there or _was_made_of(folder, name) != day.made_of:
            folder.keep(name, partial(_write, day))
            made += 1
    gone = [name for name in there if name.endswith(".parquet") and name not in wanted]
    for name in gone:
        folder.delete(name)
    return Written(table.name, str(folder), len(wanted), made, len(gone))


def _was_made_of(folder: Store, name: str) -> str:
    """What a file's footer says; nothing where it is damaged."""
    try:
        facts = pq.read_schema(folder.file(name)).metadata or {}
    except (OSError, pa.ArrowInvalid):
        return ""
    return bytes(facts.get(_MADE_OF, b"")).decode()


def _write(day: Day, path: Path) -> None:
    plain = day.table.schema.to_frame().to_arrow().schema
    with pq.ParquetWriter(path, plain.with_metadata({_MADE_OF: day.made_of}), compression="zstd") as writer:
        for frame in day.frames():
            writer.write_table(frame.to_arrow().cast(plain))


def _gathered(frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Frames put together: the files of short runs hold a row or two each."""
    waiting: list[pl.DataFrame] = []
    rows = 0
    for frame in frames:
        waiting.append(frame)
        rows += frame.height
        if rows >= _ROWS:
            yield pl.concat(waiting)
            waiting, rows = [], 0
    if waiting:
        yield pl.concat(waiting)
