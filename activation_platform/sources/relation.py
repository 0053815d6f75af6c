"""A relation: the rows of a model, or of a segment of it, as a query that stays in its warehouse."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from polars.io.plugins import register_io_source
from sqlglot import exp

from activation_platform.contracts.source import Source
from activation_platform.sources.dialect import dialect_of, joined, text
from activation_platform.sources.statement import as_subquery

__all__ = ["Relation", "column", "lazily"]


def column(name: str) -> exp.Column:
    """A column, letter by letter."""
    return exp.column(name, quoted=True)


@dataclass(frozen=True)
class Relation:
    """A model's SQL, wrapped and never changed.

    `columns` are those that it exposes (name here: name there). `rows` is what is selected from where it has others besides,
    made of them; `schema` are the types of all of them as they arrive. `where` holds for the rows that belong.
    """

    query: str
    dialect: str
    columns: Mapping[str, str]
    schema: pl.Schema
    where: exp.Expr | None = None
    rows: exp.Expr | None = None

    @classmethod
    def of(cls, source: Source, query: str, exposed: Mapping[str, str] | None) -> "Relation":
        """A model as its source has it now; of the columns to expose (None: all), those that are there."""
        there = source.columns(query)
        columns = exposed or {name: name for name in there}
        found = {here: name for here, name in columns.items() if name in there}
        types = pl.Schema({here: there[name] for here, name in found.items()})
        return cls(query, source.dialect, found, types)

    def select(self, *wanted: exp.Expr) -> exp.Select:
        """A query for these expressions over the columns; for all of them where none is given."""
        query = exp.Table(this=exp.var(as_subquery(self.query, self.dialect, "model")))
        exposed = exp.select(
            *(column(there).as_(here, quoted=True) for here, there in self.columns.items())
        ).from_(query)
        if not wanted and self.where is None and self.rows is None:
            return exposed
        said = dialect_of(self.dialect).conditions
        rows = exposed.subquery("row") if self.rows is None else said(self.rows)
        chosen = exp.select(*(wanted or [column(name) for name in self.schema])).from_(rows)
        return chosen if self.where is None else chosen.where(said(self.where))

    @property
    def sql(self) -> str:
        """The query for all columns."""
        return dialect_of(self.dialect).written(self.select())

    def key(self, columns: Sequence[str]) -> exp.Expr:
        """The primary key as text, as `sync/fingerprint.py` writes it; null if any part is."""
        parts = [self.written(name) for name in columns]
        if len(parts) == 1:
            return parts[0]
        escaped = [_replaced(_replaced(part, "\\", "\\\\"), "|", "\\|") for part in parts]
        between = [one for part in escaped for one in (text("|"), part)]
        return joined(*between[1:])

    def written(self, name: str) -> exp.Expr:
        """One column of the primary key as text."""
        return dialect_of(self.dialect).key(column(name), self.schema[name], name)

    def count(self, source: Source, key: Sequence[str]) -> tuple[int, int, int]:
        """Rows, rows with a key, distinct keys, counted in the warehouse."""
        keys = self.select(self.key(key).as_("key")).subquery("keys")
        counts = exp.select("COUNT(*) AS total", "COUNT(key) AS keyed", "COUNT(DISTINCT key) AS different")
        query = dialect_of(self.dialect).written(counts.from_(keys))
        total, keyed, different = pl.concat(source.read(query)).row(0)
        return int(total), int(keyed), int(different)

    def scan(self, source: Source) -> pl.LazyFrame:
        """The rows as a frame that reads them, streamed, when it is collected."""
        return lazily(lambda: source.read(self.sql), self.schema)


def lazily(read: Callable[[], Iterator[pl.DataFrame]], schema: pl.Schema) -> pl.LazyFrame:
    """A frame of whatever is read, streamed, each time that it is collected."""

    def rows(
        with_columns: list[str] | None,
        predicate: pl.Expr | None,
        n_rows: int | None,
        batch_size: int | None,
    ) -> Iterator[pl.DataFrame]:
        del batch_size
        left = n_rows
        for frame in read():
            found = frame if predicate is None else frame.filter(predicate)
            found = found if left is None else found.head(left)
            left = None if left is None else left - found.height
            yield found if with_columns is None else found.select(with_columns)
            if left == 0:
                return

    return register_io_source(rows, schema=schema)


def _replaced(within: exp.Expr, old: str, new: str) -> exp.Expr:
    return exp.func("REPLACE", within, text(old), text(new))
