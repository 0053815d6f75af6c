"""Warehouses that the engine's tests put a frame into, so that it stays there."""

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
from activation_platform.sources.bigquery import BigQuery
from activation_platform.sources.databricks import Databricks
from activation_platform.sources.delta import DeltaTable
from activation_platform.sources.duckdb import DuckDB
from activation_platform.sources.postgres import Postgres
from activation_platform.sources.redshift import Redshift
from activation_platform.sources.relation import Relation
from activation_platform.sources.schemas import OURS
from activation_platform.sources.snowflake import Snowflake
from activation_platform.sync.in_warehouse import InWarehouse
from activation_platform_tests.postgres_server import PostgreSQLServer
from activation_platform_tests.sources.bigquery_project import LOCATION, PROJECT, BigQueryProject
from activation_platform_tests.sources.databricks_workspace import TOKEN, WAREHOUSE, Workspace
from activation_platform_tests.sources.redshift_cluster import FUNCTIONS, Cluster
from activation_platform_tests.sources.snowflake_account import SnowflakeAccount

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
    query: str = QUERY

    def __call__(self, frame: pl.DataFrame) -> tuple[pl.LazyFrame, InWarehouse]:
        self.put(frame)
        relation = Relation.of(self.source, self.query, None)
        return relation.scan(self.source), _Counting(
            DeltaTable(self.source, relation, "things"), Path(tempfile.mkdtemp()), self.empty, self.fetched
        )

    def bench(self) -> Bench:
        """A bench of it, closed again."""
        with self.source.bench() as bench:
            return bench

    @property
    def table(self) -> str:
        """Where it keeps what it last saw of its one ledger's rows."""
        found = self.ask(
            "select table_name from information_schema.tables where lower(table_schema) = 'activation_delta'"
        )
        (name,) = [
            name for (name,) in found if not name.lower().endswith(("_run", "_mark")) and "__" not in name
        ]
        return f"activation_delta.{name}"

    @property
    def seen(self) -> dict[str, bool]:
        """Of every key that the warehouse watches, whether it is asked again whatever its row is."""
        return dict(self.ask(f"select key, raw is null from {self.table} order by key"))

    @property
    def mark(self) -> list[Any]:
        """Whose table it is, and the newest run that looked."""
        return self.ask(f"select * from {self.table}_mark")


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


def in_redshift(cluster: Cluster, database: str) -> Staying:
    """A database of a cluster."""
    server: PostgreSQLServer = cluster.server
    below = in_postgres(server, database)
    server.run(*FUNCTIONS, database=database)
    source = Redshift(
        host=cluster.host,
        port=cluster.port,
        database=database,
        user=server.user,
        password=server.password,
        sslmode="disable",
    )
    return Staying(source, below.put, below.ask, below.run)


KINDS = {
    pl.String: "varchar",
    pl.Boolean: "boolean",
    pl.Date: "date",
    pl.Float64: "double",
    pl.Int32: "int",
    pl.Int64: "bigint",
    pl.Binary: "binary",
}


def in_snowflake(account: SnowflakeAccount) -> Staying:
    """The database of an account, without what others left of ours."""
    account.run(*(f"drop schema if exists {schema} cascade" for schema in OURS))

    def put(frame: pl.DataFrame) -> None:
        columns = ", ".join(f'"{name}" {_kind(dtype)}' for name, dtype in frame.schema.items())
        rows = ", ".join(f"({', '.join(map(_said, row))})" for row in frame.rows())
        filled = [f"insert into things values {rows}"] if rows else []
        account.run(f"create or replace table things ({columns})", *filled)

    return Staying(Snowflake(**account.settings), put, account.rows, account.run)


def _kind(dtype: pl.DataType) -> str:
    if isinstance(dtype, pl.Datetime):
        return "timestamp_tz" if dtype.time_zone else "timestamp_ntz"
    if isinstance(dtype, pl.Decimal):
        return f"number({dtype.precision}, {dtype.scale})"
    return KINDS[type(dtype)]


def _said(value: object) -> str:
    """A value as Snowflake takes it."""
    if value is None:
        return "null"
    if isinstance(value, bytes):
        return f"to_binary('{value.hex()}', 'hex')"
    if isinstance(value, bool | int):
        return str(value).lower()
    said = str(value).replace("\\", "\\\\").replace("'", "''")
    return f"'{said}'"


def in_databricks(workspace: Workspace) -> Staying:
    """A workspace's only catalog, without what others left of ours."""
    _forget(workspace.database)
    source = Databricks(host=workspace.address, warehouse_id=WAREHOUSE, token=TOKEN)
    return _on_duckdb(source, workspace.database, "things")


def in_bigquery(project: BigQueryProject, key: dict[str, str]) -> Staying:
    """A project, without what others left of ours."""
    _forget(project.database)
    source = BigQuery(project=PROJECT, location=LOCATION, credentials=project.key(key["pem"]))
    return _on_duckdb(source, project.database, "shop.things")


def _forget(database: duckdb.DuckDBPyConnection) -> None:
    for schema in OURS:
        database.execute(f"drop schema if exists {schema} cascade")


def _on_duckdb(source: Source, database: duckdb.DuckDBPyConnection, table: str) -> Staying:
    """A stand-in behind which there is DuckDB."""

    def put(frame: pl.DataFrame) -> None:
        with database.cursor() as cursor:
            cursor.register("given", frame.to_arrow())
            cursor.execute(f"create or replace table {table} as select * from given")

    def ask(query: str) -> list[Any]:
        with database.cursor() as cursor:
            return cursor.execute(query).fetchall()

    return Staying(source, put, ask, ask, query=QUERY.replace("things", table))
