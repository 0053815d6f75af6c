"""A warehouse that works for us: the session in which it does, and the difference that it computes where the rows stay there.

What it last saw of an activation's rows is a *filter*: it may say of a row that it may have changed, and never misses one that
has. The ledger remains the truth of what the destination holds, and judges every row that is fetched.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

__all__ = ["KEPT", "KNOWN", "TEXT_OF_KEY", "Asked", "Bench", "Compared", "Delta"]

TEXT_OF_KEY = "_activation_key"
"""The column of fetched rows that holds the primary key as the warehouse writes it."""

KNOWN = "_activation_known"
"""The column of fetched rows that says whether the warehouse had seen the key before."""

KEPT = pl.Schema({"key": pl.String(), "held": pl.Boolean(), "settled": pl.Boolean(), "ignored": pl.Int64()})
"""What became of a key, where it is not what is expected of it.

`held`: the ledger has an entry that is not departed. `settled`: the row as it was fetched needs no second look. `ignored`: since
when the destination ignores it (Unix microseconds)."""


class Bench(ABC):
    """Work in a warehouse, which reads what models read and writes to the schemas of the platform alone.

    It is one transaction where the warehouse has such; else each statement stands alone. All methods raise the errors of
    `contracts.errors`.
    """

    @abstractmethod
    def read(self, query: str) -> Iterator[pl.DataFrame]:
        """As `Source.read`, with what was written here before."""

    @abstractmethod
    def run(self, statement: str) -> None:
        """Carry out one statement without an answer."""

    @abstractmethod
    def upload(self, table: str, rows: pl.DataFrame) -> None:
        """Append rows to a table for the time of the work, made when it is first named."""

    def clear(self, beginning: str) -> None:
        """Drop what earlier work left, by the beginning of its tables' names. Nothing to do where it went with its session."""
        del beginning

    def schemas(self, query: str) -> list[str]:
        """The names of all schemas, as the dialect's query finds them."""
        return [name for frame in self.read(query) for name in frame.to_series()]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run asks of its warehouse: the rows that may differ from what was last seen of them.

    `token`, `run`, `newest`: whose the table must be, the number of this run and of the one before. `columns` are fetched, of
    which those in `compared` count, with the `seed` of what they are compared under. `ignored_before`: who is ignored for longer
    is asked again (Unix microseconds). `everything`: all rows are fetched. `touched`: the keys that the ledger holds and that
    changed since a moment, as frames with the column `key`. `into`: a folder for the rows.
    """

    token: str
    run: int
    newest: int
    key: tuple[str, ...]
    columns: tuple[str, ...]
    compared: tuple[str, ...]
    seed: str
    ignored_before: int
    everything: bool
    touched: Callable[[int], Iterator[pl.DataFrame]]
    into: Path


@dataclass(frozen=True, slots=True)
class Compared:
    """What the warehouse found in one look at its rows.

    `whole`: all rows with a key were fetched, because it had nothing to compare with. `rows`, `keyed`: all rows, and those with
    a key; `values`: how many of these have a value, by column. `known`: the keys that it had seen before; `gone`: those of them
    that no row has any more. `parts`: Parquet files of the fetched rows, at least one, maybe empty.
    """

    whole: bool
    rows: int
    keyed: int
    known: int
    values: Mapping[str, int]
    gone: pl.Series
    parts: list[Path]


class Delta(ABC):
    """What a warehouse last saw of the rows of one ledger: a table of keys and raw fingerprints that only it computes."""

    @abstractmethod
    def compare(self, asked: Asked) -> Compared:
        """Look at all rows, once. From then on, what was fetched and what is gone is asked again until it is merged."""

    @abstractmethod
    def merge(self, token: str, run: int, clock: int, exceptions: Iterable[pl.DataFrame]) -> None:
        """Take the rows that a run fetched for seen, but for the exceptions (of `KEPT`); what is gone is forgotten.

        `clock`: the moment up to which the ledger's changes are in it (Unix microseconds). A run that was merged before, or
        that is no longer the newest, changes nothing.
        """
