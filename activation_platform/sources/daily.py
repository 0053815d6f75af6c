"""Tables in the schema `activation_stats` whose rows come and go by the day; which days stand there is kept beside them.

A day is replaced in one transaction. Where each statement stands alone, a day is unmarked first and marked last, so that one
that was broken off is made anew.
"""

from collections.abc import Iterable
from itertools import chain

import polars as pl
import polars.selectors as cs

from activation_platform.contracts.source import Source
from activation_platform.sources.canonical import Canonical
from activation_platform.sources.dialect import dialect_of
from activation_platform.sources.schemas import DELTA, STATS, own_table, require_schema

__all__ = ["DailyTable"]

_GIVEN = "activation_given"
_DAYS = "CREATE TABLE IF NOT EXISTS days (name TEXT, day TEXT, made_of TEXT)"
_KNOWN = "SELECT day, made_of FROM days WHERE name = :name"
_UNMARKED = "DELETE FROM days WHERE name = :name AND day = :day"
_MARKED = "INSERT INTO days (name, day, made_of) VALUES (:name, :day, :made_of)"
_EMPTIED = "DELETE FROM rows_of WHERE day = CAST(:day AS DATE)"
_TYPES: dict[pl.DataType, str] = {
    pl.String(): "TEXT",
    pl.Int64(): "BIGINT",
    pl.Boolean(): "BOOLEAN",
    pl.Float64(): "DOUBLE",
    pl.Date(): "DATE",
    pl.Datetime("us", "UTC"): "TIMESTAMPTZ",
}


class DailyTable:
    """One table, with a column `day` of dates. `schema`: its columns, of the types in `_TYPES`."""

    def __init__(self, source: Source, name: str, schema: pl.Schema) -> None:
        self._source, self._name, self._schema = source, name, schema
        dialect = dialect_of(source.dialect)
        self._sessions = dialect.sessions
        given = dialect.fleeting(_GIVEN) if dialect.sessions else own_table(source, DELTA, _GIVEN)
        tables = {"rows_of": own_table(source, STATS, name), "days": own_table(source, STATS, "table_days")}
        self._sql = Canonical(dialect, {**tables, "given": given})

    def days(self) -> dict[str, str]:
        """What each day that stands there was made of; the table is made where there is none."""
        columns = ", ".join(f"{name} {_TYPES[dtype]}" for name, dtype in self._schema.items())
        with self._source.bench() as bench:
            for schema in (DELTA, STATS):
                require_schema(bench, self._source, schema)
            bench.run(self._sql.say(_DAYS))
            bench.run(self._sql.say(f"CREATE TABLE IF NOT EXISTS rows_of ({columns})"))
        with self._source.bench() as bench:
            known = pl.concat(bench.read(self._sql.say(_KNOWN, name=self._name)))
            return dict(known.iter_rows())

    def replace(self, day: str, made_of: str, frames: Iterable[pl.DataFrame]) -> None:
        """Make the rows of a day these, streamed."""
        say = self._sql.say
        names = ", ".join(self._schema)
        cast = ", ".join(f"CAST({name} AS {_TYPES[dtype]})" for name, dtype in self._schema.items())
        with self._source.bench() as bench:
            # before all else: to make a temporary table may end a transaction (Snowflake)
            for rows in chain([self._schema.to_frame()], frames):
                bench.upload(_GIVEN, _plain(rows))
            bench.run(say(_UNMARKED, name=self._name, day=day))
            bench.run(say(_EMPTIED, day=day))
            bench.run(say(f"INSERT INTO rows_of ({names}) SELECT {cast} FROM given"))  # noqa: S608 -- names of ours
            bench.run(say(_MARKED, name=self._name, day=day, made_of=made_of))
            if not self._sessions:
                bench.run(say("DROP TABLE given"))

    def remove(self, day: str) -> None:
        """Take a day's rows away."""
        with self._source.bench() as bench:
            bench.run(self._sql.say(_EMPTIED, day=day))
            bench.run(self._sql.say(_UNMARKED, name=self._name, day=day))


def _plain(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of the types that every bench takes: moments as ISO 8601; a vendor's words may hold NUL, which PostgreSQL refuses."""
    moment = cs.datetime().dt.to_string("%Y-%m-%dT%H:%M:%S%.6f+00:00")
    without_nul = cs.string().str.replace_all("\0", "\ufffd", literal=True)
    return rows.with_columns(without_nul, moment, (cs.float() | cs.date()).cast(pl.String))
