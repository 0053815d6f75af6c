"""Tables in the schema `activation_stats` whose rows come and go by the day; which days stand there is kept beside them.

A day is replaced in one transaction. Where each statement stands alone, a day is unmarked first and marked last, so that one
that was broken off is made anew.
"""

from collections.abc import Iterable, Mapping
from itertools import chain

import polars as pl
import polars.selectors as cs

from activation_platform.contracts.source import Source
from activation_platform.sources.canonical import Canonical
from activation_platform.sources.dialect import dialect_of
from activation_platform.sources.schemas import DELTA, STATS, own_table, require_schema

__all__ = ["DailyTables"]

_GIVEN = "activation_given"
_MADE = "CREATE TABLE IF NOT EXISTS {table} ({columns})"
_DAYS = "CREATE TABLE IF NOT EXISTS days (name TEXT, day TEXT, made_of TEXT)"
_KNOWN = "SELECT name, day, made_of FROM days"
_UNMARKED = "DELETE FROM days WHERE name = :name AND day = :day"
_MARKED = "INSERT INTO days (name, day, made_of) VALUES (:name, :day, :made_of)"
_EMPTIED = "DELETE FROM {table} WHERE day = CAST(:day AS DATE)"
_FILLED = "INSERT INTO {table} ({columns}) SELECT {values} FROM given"
_TYPES: dict[pl.DataType, str] = {
    pl.String(): "TEXT",
    pl.Int64(): "BIGINT",
    pl.Boolean(): "BOOLEAN",
    pl.Float64(): "DOUBLE",
    pl.Date(): "DATE",
    pl.Datetime("us", "UTC"): "TIMESTAMPTZ",
}


class DailyTables:
    """Tables with a column `day` of dates. `schemas`: the columns of each by its name, of the types in `_TYPES`."""

    def __init__(self, source: Source, schemas: Mapping[str, pl.Schema]) -> None:
        self._source, self._schemas = source, schemas
        dialect = dialect_of(source.dialect)
        self._sessions = dialect.sessions
        given = dialect.fleeting(_GIVEN) if dialect.sessions else own_table(source, DELTA, _GIVEN)
        tables = {name: own_table(source, STATS, name) for name in schemas}
        days = own_table(source, STATS, "table_days")
        self._sql = Canonical(dialect, {**tables, "days": days, "given": given})

    def standing(self) -> dict[tuple[str, str], str]:
        """What each day that stands there was made of, by table and day; tables that are not there are made."""
        with self._source.bench() as bench:
            for schema in (DELTA, STATS):
                require_schema(bench, self._source, schema)
            bench.run(self._sql.say(_DAYS))
            for table, columns in self._schemas.items():
                said = ", ".join(f"{name} {_TYPES[dtype]}" for name, dtype in columns.items())
                bench.run(self._sql.say(_MADE.format(table=table, columns=said)))
        with self._source.bench() as bench:
            found = pl.concat(bench.read(self._sql.say(_KNOWN)))
            return {(name, day): made_of for name, day, made_of in found.iter_rows()}

    def replace(self, table: str, day: str, made_of: str, frames: Iterable[pl.DataFrame]) -> None:
        """Make the rows that a table has of a day these, streamed."""
        say, schema = self._sql.say, self._schemas[table]
        values = ", ".join(f"CAST({name} AS {_TYPES[dtype]})" for name, dtype in schema.items())
        with self._source.bench() as bench:
            # before all else: to make a temporary table may end a transaction (Snowflake)
            for rows in chain([schema.to_frame()], frames):
                bench.upload(_GIVEN, _plain(rows))
            bench.run(say(_UNMARKED, name=table, day=day))
            bench.run(say(_EMPTIED.format(table=table), day=day))
            bench.run(say(_FILLED.format(table=table, columns=", ".join(schema), values=values)))
            bench.run(say(_MARKED, name=table, day=day, made_of=made_of))
            if not self._sessions:
                bench.run(say("DROP TABLE given"))

    def remove(self, table: str, day: str) -> None:
        """Take the rows that a table has of a day away."""
        with self._source.bench() as bench:
            bench.run(self._sql.say(_EMPTIED.format(table=table), day=day))
            bench.run(self._sql.say(_UNMARKED, name=table, day=day))


def _plain(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of the types that every bench takes: moments as ISO 8601; a vendor's words may hold NUL, which PostgreSQL refuses."""
    moment = cs.datetime().dt.to_string("%Y-%m-%dT%H:%M:%S%.6f+00:00")
    without_nul = cs.string().str.replace_all("\0", "\ufffd", literal=True)
    return rows.with_columns(without_nul, moment, (cs.float() | cs.date()).cast(pl.String))
