"""The technical tables as Parquet, a file a day, each made anew only where what it is made of has changed.

    tables/<table>/v<version>/2026-01-31.parquet

What each file was made of stands in `tables/made_of.json`, so that in a bucket no file is fetched to find that out.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from activation_platform.components.technical.kept import Kept, kept_by_day, rows_of
from activation_platform.components.technical.schema import TABLES, Keys, Table
from activation_platform.sync.store import Hold, Store

__all__ = ["Day", "Written", "alone", "days_of", "written"]

_INDEX = "made_of.json"
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
    place = to / "tables"
    found = []
    with alone(to):
        known = place.read_json(_INDEX) or {"keys": Keys.HASHED, "made_of": {}}
        keys = keys or Keys(known["keys"])
        for table in TABLES.values():
            found.append(_table_written(place, table, days_of(root, table, keys), known["made_of"]))
            place.write_json(_INDEX, {**known, "keys": keys})
    return found


def alone(place: Store) -> AbstractContextManager[Hold]:
    """The lock under which the tables below a place, or those in warehouses, are brought up to date."""
    return (place / "tables").lock("tables", wait=_LOCK_WAIT)


def _table_written(place: Store, table: Table, days: Sequence[Day], made_of: dict[str, str]) -> Written:
    """Bring one table up to date. `made_of`: what each file of all tables was made of, by its path; it is kept in step."""
    above = f"{table.name}/v{table.version}"
    folder = place / above
    there = set(folder.names())
    wanted = {f"{day.day}.parquet": day for day in days}
    stale = {
        name: day
        for name, day in wanted.items()
        if name not in there or made_of.get(f"{above}/{name}") != day.made_of
    }
    for name, day in stale.items():
        folder.keep(name, partial(_write, day))
        made_of[f"{above}/{name}"] = day.made_of
    gone = [name for name in there if name.endswith(".parquet") and name not in wanted]
    for name in gone:
        folder.delete(name)
        made_of.pop(f"{above}/{name}", None)
    return Written(table.name, f"{folder}/*.parquet", len(wanted), len(stale), len(gone))


def _write(day: Day, path: Path) -> None:
    schema = day.table.schema.to_frame().to_arrow().schema
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for frame in day.frames():
            writer.write_table(frame.to_arrow().cast(schema))


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
