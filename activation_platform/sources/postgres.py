"""PostgreSQL: read through ADBC, streamed, in a read-only transaction."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote, urlencode

import polars as pl
from pydantic import Field
from sqlglot import exp

from activation_platform.contracts.errors import (
    DeclarationError,
)
from activation_platform.contracts.postgres import Trouble, driver, translated
from activation_platform.contracts.redaction import Redactor
from activation_platform.contracts.source import CheckStep, Source, Ssh, TableName
from activation_platform.contracts.warehouse import Bench
from activation_platform.sources.checking import check_steps, first_column
from activation_platform.sources.postgres_columns import arrays_measured, one_dimensional, reading
from activation_platform.sources.schemas import OURS
from activation_platform.sources.statement import one_select
from activation_platform.sources.tunnel import tunnelled

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Cursor

__all__ = ["Postgres"]

BATCH_HINT = "adbc.postgresql.batch_size_hint_bytes"
USE_COPY = "adbc.postgresql.use_copy"
BATCH_BYTES = str(8 * 2**20)
"""What a batch is asked to weigh: the driver's own 16 MB doubles the memory and is not faster."""
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
READING = ("SET TRANSACTION READ ONLY",)
WORKING = (
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "SET LOCAL datestyle = 'ISO'",
    "SET LOCAL extra_float_digits = 1",  # the shortest text that is the same number
)
SCHEMAS = """
select nspname from pg_catalog.pg_namespace
where nspname <> 'information_schema' and nspname not like 'pg\\_%' and has_schema_privilege(oid, 'usage')
order by nspname
"""
VALID_UNTIL = """
select rolvaliduntil::date from pg_catalog.pg_roles where rolname = current_user and isfinite(rolvaliduntil)
"""
REMEDIES = {
    Trouble.LOGIN: "Check the source's `user` and `password`.",
    Trouble.GRANT: "Let a database owner GRANT it to the source's user.",
    Trouble.HOST: "Check the source's `host` and `port`, and that a firewall lets us through.",
    Trouble.SERVER: "Try again later; if it stays, ask who runs the database.",
    Trouble.DATABASE: "Correct the source's `database`.",
    Trouble.RELATION: "Correct the name in the SQL (with its schema), or create it.",
    Trouble.SLOW: "Select less, or raise the source's `statement_timeout_seconds` (or the server's).",
    Trouble.CANCELLED: "Somebody cancelled the query in the database: ask who, then run again.",
    Trouble.SLOW_CONNECT: "Check `host`, `port` and the firewall, or raise `connect_timeout_seconds`.",
    Trouble.SSL: "Set the source's `sslmode` to what the server speaks.",
    Trouble.READ_ONLY: "A source is read and never written: select only.",
    Trouble.QUERY: "Correct the model's SQL; if a segment asks for values within JSON, PostgreSQL must be 16 or newer.",
}


class Postgres(Source):
    """A PostgreSQL database (12 or newer).

    Types: numeric(p, s) → Decimal(p, s) up to 38 digits; numeric without a precision (also `sum` and `avg` of numerics) →
    String, every digit kept, because its scale differs from row to row: cast it, `sum(x)::numeric(18, 2)`, to compute with it;
    timestamptz → us UTC; json, jsonb, uuid and enums → String; arrays → List (one dimension). interval, money, timetz, composite,
    network, geometric and other types without a home are refused with the cast to write. The session's zone is UTC.
    """

    kind: ClassVar[str] = "postgres"
    dialect: ClassVar[str] = "postgres"
    secrets: ClassVar[tuple[str, ...]] = ("password", "ssh.password", "ssh.private_key")
    tells_expiry: ClassVar[bool] = True

    host: str
    """A host name, an address, or the folder of a Unix socket."""
    port: int = 5432
    database: str
    user: str
    password: str = Field(default="", repr=False, json_schema_extra={"dagster__is_secret": True})
    """Empty: the client library looks into its own password file."""
    sslmode: str = "prefer"
    """disable, allow, prefer, require, verify-ca or verify-full, as libpq understands them."""
    connect_timeout_seconds: int = 10
    statement_timeout_seconds: float = 0
    """How long a query may take, from its start to its last row; 0 = as long as the server allows."""
    ssh: Ssh | None = None
    """An SSH server to go through."""

    def read(self, query: str) -> Iterator[pl.DataFrame]:
        """Frames of about 8 MB."""
        with self._session() as cursor:
            yield from _rows(cursor, query)

    def columns(self, query: str) -> pl.Schema:
        """Names and types of the query's columns; the server only plans it."""
        text = one_select(query, self.dialect)
        with self._session() as cursor:
            columns = cursor.adbc_execute_schema(text)
            cursor.adbc_statement.set_options(**{USE_COPY: "false"})
            cursor.execute(f"EXPLAIN {text}")  # preparing asks for no grant, planning does
            return reading(columns).schema

    def grants(self, tables: Sequence[TableName]) -> str:
        """CONNECT on the database, USAGE on the schemas, SELECT on the tables.

        https://www.postgresql.org/docs/current/sql-grant.html
        """
        role = exp.to_identifier(self.user, quoted=True).sql(dialect=self.dialect)
        database = exp.to_identifier(self.database, quoted=True).sql(dialect=self.dialect)
        schemas = sorted({table.schema for table in tables if table.schema})
        return "\n".join(
            [
                f"GRANT CONNECT ON DATABASE {database} TO {role};",
                *(f"GRANT USAGE ON SCHEMA {schema} TO {role};" for schema in schemas),
                *(f"GRANT SELECT ON {table} TO {role};" for table in tables),
            ]
        )

    def grants_to_work(self) -> str:
        """Temporary tables, and tables and views in the platform's own schemas; it needs not make these itself."""
        role = exp.to_identifier(self.user, quoted=True).sql(dialect=self.dialect)
        database = exp.to_identifier(self.database, quoted=True).sql(dialect=self.dialect)
        return "\n".join(
            [
                f"GRANT TEMPORARY ON DATABASE {database} TO {role};",
                *(f"CREATE SCHEMA IF NOT EXISTS {schema};" for schema in OURS),
                *(f"GRANT USAGE, CREATE ON SCHEMA {schema} TO {role};" for schema in OURS),
            ]
        )

    def check(self) -> Iterator[CheckStep]:
        """connection: the server answers; access: it lets us in; schemas: those we may look into."""
        return check_steps(
            self._session(),
            lambda cursor: first_column(cursor, SCHEMAS),
            enter=lambda cursor: first_column(cursor, "select 1"),
            answers=f"{self.host}:{self.port} answers",
            admits=f"{self.user} may log in to {self.database}",
            closed=f"No schema is open to {self.user}. GRANT USAGE ON SCHEMA … TO it.",
        )

    def credential_expires(self) -> date | None:
        """The day until which the role's password is valid; None where another way to log in is used.

        https://www.postgresql.org/docs/current/view-pg-roles.html
        """
        if not self.password:
            return None
        with self._session() as cursor:
            told = first_column(cursor, VALID_UNTIL)
        return date.fromisoformat(told[0]) if told else None

    @contextmanager
    def bench(self) -> Iterator[Bench]:
        """A transaction that sees one state of the database, and in which every type is written without loss."""
        with self._session(*WORKING) as cursor:
            yield _Bench(cursor)
            cursor.connection.commit()

    @contextmanager
    def _session(self, *settings: str) -> "Iterator[Cursor]":
        """A cursor in a transaction, rolled back unless it is committed, through the tunnel if there is one."""
        through = tunnelled(self.ssh, self.host, self.port)
        with through as (host, port), self._cursor(host, port, settings or READING) as cursor:
            yield cursor

    @contextmanager
    def _cursor(self, host: str, port: int, settings: Sequence[str]) -> "Iterator[Cursor]":
        """The cursor of a connection there; the driver's errors become ours."""
        dbapi, arrow_error = driver("A PostgreSQL source")
        try:
            with (
                closing(dbapi.connect(self._uri(host, port))) as connection,
                closing(connection.cursor()) as cursor,
            ):
                for setting in (*settings, "SET LOCAL TIME ZONE 'UTC'"):
                    cursor.execute(setting)
                if self.statement_timeout_seconds:
                    milliseconds = max(1, round(self.statement_timeout_seconds * 1000))
                    cursor.execute(f"SET LOCAL statement_timeout = {milliseconds}")
                cursor.adbc_statement.set_options(**{BATCH_HINT: BATCH_BYTES})
                yield cursor
        except (dbapi.Error, OSError, arrow_error) as error:
            # in mid-stream it is Arrow's or OSError, without the driver's class
            raise translated(error, Redactor([self.password]), REMEDIES) from None

    def _uri(self, host: str, port: int) -> str:
        """https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS, every part percent-encoded."""
        if self.sslmode not in SSL_MODES:
            raise DeclarationError(
                f"There is no sslmode {self.sslmode!r}", remedy=f"Write one of {', '.join(SSL_MODES)}."
            )
        said = {
            "host": self.host,  # a certificate is checked against this name, wherever we connect to
            "hostaddr": host if self.ssh else "",
            "port": str(port),
            "dbname": self.database,
            "user": self.user,
            "password": self.password,
            "sslmode": self.sslmode,
            "connect_timeout": str(self.connect_timeout_seconds),
            "application_name": "activation_platform",
        }
        return "postgresql:///?" + urlencode({k: v for k, v in said.items() if v}, quote_via=quote)


class _Bench(Bench):
    """A transaction of a connection."""

    def __init__(self, cursor: "Cursor") -> None:
        self._cursor = cursor

    def read(self, query: str) -> Iterator[pl.DataFrame]:
        """Frames of about 8 MB."""
        return _rows(self._cursor, query)

    def run(self, statement: str) -> None:
        """Carry it out."""
        self._cursor.execute(statement)

    def upload(self, table: str, rows: pl.DataFrame) -> None:
        """By COPY into a temporary table."""
        self._cursor.adbc_ingest(table, rows.to_arrow(), mode="create_append", temporary=True)


def _rows(cursor: "Cursor", query: str) -> Iterator[pl.DataFrame]:
    text = one_select(query, Postgres.dialect)
    columns = cursor.adbc_execute_schema(text)
    plan = reading(columns)
    cursor.execute(arrays_measured(text, columns))
    with closing(cursor.fetch_record_batch()) as batches:
        yield from plan.frames(one_dimensional(batches, columns))
