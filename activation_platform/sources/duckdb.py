"""A DuckDB file: opened read-only for each read, so that others can replace it or write to it in between."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl
from sqlglot import exp

from activation_platform.contracts.duckdb import LOCKED_DOWN, require_file
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.source import CheckStep, Source, TableName
from activation_platform.contracts.warehouse import Bench
from activation_platform.sources.arrow import Reading, names_refused
from activation_platform.sources.checking import check_steps
from activation_platform.sources.duckdb_errors import translated
from activation_platform.sources.statement import one_select

if TYPE_CHECKING:
    import duckdb

__all__ = ["DuckDB"]

BATCH_ROWS = 50_000
MEMORY = "1GiB"
"""What a bench may hold; DuckDB works on disk beyond."""
ADVICE = {
    "interval": "extract(epoch from {column}), in seconds, or {column}::VARCHAR",
    "map": "to_json({column})",
    "union": "to_json({column})",
    "variant": "{column}::JSON",
    "uhugeint": "{column}::HUGEINT or {column}::VARCHAR",
    "time with time zone": "{column}::VARCHAR",
}
"""Types that no Polars column holds truthfully, and what to write instead."""
OTHERS = frozenset({"bignum", "bit", "geometry"})


class DuckDB(Source):
    """A DuckDB database in a file (1.x or 2.x format).

    Types: DECIMAL and HUGEINT (up to 38 digits) → Decimal; TIMESTAMP, _MS, _NS keep their unit, _S → ms; TIMESTAMPTZ → us UTC;
    UUID, ENUM, JSON and NULL → String; arrays → List. INTERVAL, MAP, UNION, VARIANT, UHUGEINT, BIGNUM, BIT and TIMETZ are
    refused with the cast to write. The session's zone is UTC.
    """

    kind: ClassVar[str] = "duckdb"
    dialect: ClassVar[str] = "duckdb"

    path: str
    """The file, absolute or relative to the working directory."""

    def read(self, query: str) -> Iterator[pl.DataFrame]:
        """Frames of at most 50,000 rows."""
        with self._session() as session:
            yield from _rows(session, query)

    def columns(self, query: str) -> pl.Schema:
        """Names and types of the query's columns; nothing is executed but its empty beginning."""
        with self._session() as session:
            return Reading(_relation(session, query).limit(0).to_arrow_reader().schema).schema

    def grants(self, tables: Sequence[TableName]) -> str:
        """Nothing: a file has no users of its own."""
        del tables
        return f"-- DuckDB needs nothing: whoever runs the platform must be able to read {self.path}"

    def grants_to_work(self) -> str:
        """Nothing, again."""
        return f"-- where models stay in it, whoever runs the platform must also be able to write {self.path} and its folder"

    def check(self) -> Iterator[CheckStep]:
        """connection: the file opens; access: it answers; schemas: those that hold a table or view."""
        return check_steps(
            self._session(),
            lambda session: [row[0] for row in session.sql(SCHEMAS).fetchall()],
            enter=lambda session: session.sql("select 1").fetchall(),
            answers=f"{self.path} opens read-only",
            admits="Queries are answered",
            closed="The database holds no table and no view",
            refusals=(),
        )

    @contextmanager
    def bench(self) -> Iterator[Bench]:
        """The file open for writing, which keeps every other process out of it meanwhile."""
        with self._session(read_only=False) as session:
            session.execute(f"SET memory_limit = '{MEMORY}'")
            session.begin()
            yield _Bench(session)
            session.commit()

    @contextmanager
    def _session(self, *, read_only: bool = True) -> "Iterator[duckdb.DuckDBPyConnection]":
        import duckdb
        import pyarrow as pa

        file = Path(self.path).expanduser()
        require_file(file, "Correct the source's `path`.")
        try:
            session = (
                _opened(file) if not read_only else duckdb.connect(file, read_only=True, config=LOCKED_DOWN)
            )
            try:
                session.execute("SET TimeZone = 'UTC'")
                yield session
            finally:
                session.close()
        except (duckdb.Error, OSError, pa.ArrowException) as error:
            # in mid-stream it is Arrow's or OSError, without the driver's class
            raise translated(error, self.path) from None


WAIT = 60.0
"""Seconds for which a bench waits for other processes: other runs look at the file, too."""
SCHEMAS = """
select distinct table_schema from information_schema.tables
where table_catalog = current_database() order by table_schema
"""


def _opened(file: Path) -> "duckdb.DuckDBPyConnection":
    """The file open for writing, once the other processes that have it open have closed it; for a time they are waited for."""
    import duckdb

    deadline = time.monotonic() + WAIT
    while True:
        try:
            return duckdb.connect(file, config=LOCKED_DOWN)
        except duckdb.IOException as error:
            if "Could not set lock" not in str(error) or time.monotonic() >= deadline:
                raise
        time.sleep(0.1)


class _Bench(Bench):
    """A transaction of an open file."""

    def __init__(self, session: "duckdb.DuckDBPyConnection") -> None:
        self._session = session
        self._given: set[str] = set()

    def read(self, query: str) -> Iterator[pl.DataFrame]:
        """Frames of at most 50,000 rows."""
        return _rows(self._session, query)

    def run(self, statement: str) -> None:
        """Carry it out."""
        self._session.execute(statement)

    def upload(self, table: str, rows: pl.DataFrame) -> None:
        """From Polars' own memory into a temporary table."""
        name, given = _quoted(table), "activation_upload"
        self._session.register(given, rows.to_arrow())
        first = (
            f"CREATE TEMPORARY TABLE {name} AS SELECT *"
            if table not in self._given
            else f"INSERT INTO {name} SELECT *"
        )
        self._session.execute(f"{first} FROM {given}")
        self._session.unregister(given)
        self._given.add(table)


def _rows(session: "duckdb.DuckDBPyConnection", query: str) -> Iterator[pl.DataFrame]:
    reader = _relation(session, query).to_arrow_reader(BATCH_ROWS)
    yield from Reading(reader.schema).frames(reader)


def _relation(session: "duckdb.DuckDBPyConnection", query: str) -> "duckdb.DuckDBPyRelation":
    import duckdb

    statements = session.extract_statements(one_select(query, DuckDB.dialect))
    # MULTI is one statement that DuckDB itself takes apart: a PIVOT without a list of values
    selects = (duckdb.StatementType.SELECT, duckdb.StatementType.MULTI)
    if len(statements) != 1 or statements[0].type not in selects:
        raise DeclarationError(
            "The query is not one SELECT", remedy="Write one SELECT: a source is read only."
        )
    relation = session.sql(statements[0])
    names_refused(relation.columns)
    refused = [
        f"{name!r} is {kind}: write {advice.replace('{column}', _quoted(name))}"
        for name, kind in zip(relation.columns, relation.types, strict=True)
        if (advice := _advice(kind))
    ]
    if refused:
        raise DeclarationError(
            f"No destination understands {'; '.join(refused)}", remedy="Cast it in the SQL."
        )
    return relation


def _advice(kind: Any) -> str | None:
    if kind.id in OTHERS:
        return "{column}::VARCHAR"
    if kind.id in ADVICE:
        return ADVICE[kind.id]
    if kind.id in ("list", "array", "struct") and any(
        _advice(child) for _, child in kind.children if not isinstance(child, int)
    ):
        return "to_json({column})"
    return None


def _quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql(dialect="duckdb")
