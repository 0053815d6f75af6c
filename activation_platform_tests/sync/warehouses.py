"""Warehouses that the engine's tests put a frame into, so that it stays there: a DuckDB file, and a schema of a PostgreSQL."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from activation_platform.contracts.source import Source
from activation_platform.contracts.warehouse import Bench
from activation_platform.sources.delta import DeltaTable
from activation_platform.sources.duckdb import DuckDB
from activation_platform.sources.postgres import Postgres
from activation_platform.sources.relation import Relation
from activation_platform.sync.in_warehouse import InWarehouse
from activation_platform_tests.postgres_server import PostgreSQLServer

QUERY = "select * from things -- as they are"


@dataclass
class Staying:
    """A warehouse with one model, of whatever frame it was given last."""

    source: Source
    put: Callable[[pl.DataFrame], object]
    ask: Callable[[str], list[Any]]
    """Rows of a query, as its owner sees them."""
    run: Callable[[str], object]
    """Carries out a statement, as its owner."""
    fetched: list[int] = field(default_factory=list)
    """How many rows each run fetched."""
    empty: Callable[[], object] = object

    def __call__(self, frame: pl.DataFrame) -> tuple[pl.LazyFrame, InWarehouse]:
        self.put(frame)
        relation = Relation.of(self.source, QUERY, None)
        return relation.scan(self.source), _Counting(
            DeltaTable(self.source, relation, "things"), Path(tempfile.mkdtemp()), self.empty, self.fetched
        )

    def bench(self) -> Bench:
        """A bench of it, closed again."""
        with self.source.bench() as bench:
            return bench

    @property
    def tables(self) -> list[str]:
        """What it keeps of its one ledger."""
        found = self.ask(
            "select table_name from information_schema.tables where table_schema = 'activation_delta'"
        )
        return [name for (name,) in found if name != "ledgers"]

    @property
    def seen(self) -> dict[str, bool]:
        """Of every key that the warehouse watches, whether it is asked again whatever its row is."""
        (table,) = [name for name in self.tables if not name.endswith("_run")]
        return dict(self.ask(f"select key, raw is null from activation_delta.{table} order by key"))


class _Counting(InWarehouse):
    def __init__(
        self, delta: DeltaTable, room: Path, empty: Callable[[], object], fetched: list[int]
    ) -> None:
        super().__init__(delta, room, empty)
        self._count = fetched

    def survey(self, *given: Any, **more: Any) -> Any:
        found = super().survey(*given, **more)
        self._count.append(pl.scan_parquet(self._room / "*.parquet").select(pl.len()).collect().item())
        return found

    def __del__(self) -> None:
        shutil.rmtree(self._room, ignore_errors=True)


def in_duckdb(folder: Path) -> Staying:
    """A DuckDB file in a folder."""
    file = folder / "shop.duckdb"

    def put(frame: pl.DataFrame) -> None:
        with duckdb.connect(file) as connection:
            connection.register("given", frame.to_arrow())
            connection.execute("create or replace table things as select * from given")

    def ask(query: str) -> list[Any]:
        with duckdb.connect(file) as connection:
            return connection.execute(query).fetchall()

    return Staying(DuckDB(path=str(file)), put, ask, ask)


def in_postgres(server: PostgreSQLServer, database: str) -> Staying:
    """A database of a server."""

    def put(frame: pl.DataFrame) -> None:
        from adbc_driver_postgresql import dbapi

        with dbapi.connect(server.uri(database)) as connection, connection.cursor() as cursor:
            cursor.adbc_ingest("things", frame.to_arrow(), mode="replace")
            connection.commit()

    source = Postgres(
        host=server.host, port=server.port, database=database, user=server.user, password=server.password
    )
    return Staying(
        source,
        put,
        lambda query: server.rows(query, database),
        lambda statement: server.run(statement, database=database),
    )
