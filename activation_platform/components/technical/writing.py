"""The technical tables as Parquet, a file a day, each made anew only where what it is made of has changed.

    tables/<table>/v<version>/2026-01-31.parquet

A file says in its own footer what it was made of, so that nothing has to be kept beside it.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from activation_platform.components.technical.kept import Kept, kept_by_day, rows_of
from activation_platform.components.technical.schema import TABLES, Keys, Table
from activation_platform.sync.store import Hold, Store

__all__ = ["Day", "Written", "alone", "days_of", "written"]

_MADE_OF, _KEYS = b"activation_made_of", b"activation_keys"
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


def written(root: Store, to: Store, keys: Keys | None = None) -> list[Written]:
    """Bring the files below `to` up to what is kept under a storage root; without a word on keys, they stay as they are there.

    Two that write to one place wait for each other.
    """
    with alone(to):
        keys = keys or _keys_there(to)
        return [_table_written(root, to, table, keys) for table in TABLES.values()]


def alone(place: Store) -> AbstractContextManager[Hold]:
    """The lock under which the tables below a place, or those in warehouses, are brought up to date."""
    return (place / "tables").lock("tables", wait=_LOCK_WAIT)


def _table_written(root: Store, to: Store, table: Table, keys: Keys) -> Written:
    folder = _folder(to, table)
    known = {name: _footer(folder, name).get(_MADE_OF) for name in _files(folder)}
    wanted = {f"{day.day}.parquet": day for day in days_of(root, table, keys)}
    stale = {name: day for name, day in wanted.items() if known.get(name) != day.made_of.encode()}
    for name, day in stale.items():
        folder.keep(name, partial(_write, day))
    gone = [name for name in known if name not in wanted]
    for name in gone:
        folder.delete(name)
    return Written(table.name, f"{folder}/*.parquet", len(wanted), len(stale), len(gone))


def _keys_there(to: Store) -> Keys:
    for table in TABLES.values():
        folder = _folder(to, table)
        for name in _files(folder):
            return Keys(_footer(folder, name).get(_KEYS, b"").decode() or Keys.HASHED)
    return Keys.HASHED


def _folder(to: Store, table: Table) -> Store:
    return to / "tables" / table.name / f"v{table.version}"


def _files(folder: Store) -> list[str]:
    return [name for name in folder.names() if name.endswith(".parquet")]


def _footer(folder: Store, name: str) -> Mapping[bytes, bytes]:
    """What a file says of itself; nothing where it is damaged."""
    try:
        return pq.read_schema(folder.file(name)).metadata or {}
    except (OSError, pa.ArrowInvalid):
        return {}


def _write(day: Day, path: Path) -> None:
    plain = day.table.schema.to_frame().to_arrow().schema
    footer = {_MADE_OF: day.made_of, _KEYS: day.keys}
    with pq.ParquetWriter(path, plain.with_metadata(footer), compression="zstd") as writer:
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
