"""Redshift: small results row by row through a cursor, large ones unloaded to S3 as Parquet."""

import logging
import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any, ClassVar

import polars as pl
from pydantic import Field
from sqlglot import exp

from activation_platform.contracts.errors import (
    DeclarationError,
)
from activation_platform.contracts.postgres import Trouble, translated
from activation_platform.contracts.redaction import Redactor
from activation_platform.contracts.source import CheckStep, Source, Ssh, TableName
from activation_platform.contracts.warehouse import Bench
from activation_platform.sources.checking import check_steps, first_column
from activation_platform.sources.redshift_columns import reading
from activation_platform.sources.redshift_iam import aws_errors, not_given
from activation_platform.sources.redshift_json import REMEDY, UNREAD
from activation_platform.sources.redshift_rows import Large, described, read_rows
from activation_platform.sources.redshift_unload import Unload
from activation_platform.sources.schemas import OURS
from activation_platform.sources.statement import one_select
from activation_platform.sources.stating import StatingBench
from activation_platform.sources.tunnel import tunnelled

__all__ = ["Redshift"]

SSL_MODES = ("disable", "verify-ca", "verify-full")
SCHEMAS = """
SELECT nspname FROM pg_catalog.pg_namespace
WHERE nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\\\_%' AND has_schema_privilege(nspname, 'usage')
ORDER BY nspname
"""
REMEDIES = {
    Trouble.LOGIN: "Check the source's `user` and `password`, or with `iam: true` what the machine's role may do.",
    Trouble.GRANT: "Let a database owner GRANT it to the source's user.",
    Trouble.HOST: "Check the source's `host` and `port`, that the cluster is not paused, and that a firewall lets us through.",
    Trouble.SERVER: "Try again later: the cluster may be paused, resizing or restarting.",
    Trouble.DATABASE: "Correct the source's `database`.",
    Trouble.RELATION: "Correct the name in the SQL (with its schema), or create it.",
    Trouble.SLOW: "Select less, or raise the source's `statement_timeout_seconds` (or the cluster's).",
    Trouble.CANCELLED: "Somebody cancelled the query in Redshift: ask who, then run again.",
    Trouble.SLOW_CONNECT: "Check `host`, `port` and the firewall, or raise `connect_timeout_seconds`.",
    Trouble.SSL: "Set the source's `sslmode` to what the cluster's certificate allows.",
    Trouble.READ_ONLY: "A source is read and never written: select only.",
    Trouble.QUERY: "Correct the model's SQL.",
}


class Redshift(Source):
    """An Amazon Redshift cluster or serverless workgroup.

    Types: NUMERIC(p, s) → Decimal(p, s); TIMESTAMPTZ → us UTC; SUPER → String (its JSON); VARBYTE → Binary. INTERVAL, TIMETZ,
    GEOMETRY and other types without a home are refused with the cast to write. The session's zone is UTC.
    """

    kind: ClassVar[str] = "redshift"
    dialect: ClassVar[str] = "redshift"
    secrets: ClassVar[tuple[str, ...]] = ("password", "ssh.password", "ssh.private_key")

    host: str
    """The endpoint's host name, without port and database."""
    port: int = 5439
    database: str
    user: str
    password: str = Field(default="", repr=False, json_schema_extra={"dagster__is_secret": True})
    iam: bool = False
    """Instead of a password: credentials of some minutes, asked for with the AWS identity of this machine."""
    cluster: str = ""
    """With `iam`: the cluster's identifier, or"""
    workgroup: str = ""
    """the serverless workgroup's name."""
    region: str = ""
    sslmode: str = "verify-full"
    """verify-full, verify-ca or disable."""
    connect_timeout_seconds: float = 10
    statement_timeout_seconds: float = 0
    """How long a statement may take; 0 = as long as the cluster allows."""
    unload_to: str = ""
    """A folder on S3 (`s3://bucket/prefix`) through which large results go; empty: all go row by row."""
    unload_role: str = "default"
    """The ARN of the IAM role with which the cluster writes there; or its default role."""
    unload_above_rows: int = 100_000
    """How many rows the cluster must expect of a query for it to be unloaded."""
    ssh: Ssh | None = None
    """An SSH server to go through."""

    def read(self, query: str) -> Iterator[pl.DataFrame]:
        """Frames of 1,000 rows; of at most 50,000 where the result is unloaded."""
        with self._session() as cursor:
            yield from read_rows(cursor, query, self._large, alone=True)

    def columns(self, query: str) -> pl.Schema:
        """Names and types of the query's columns; no row is asked for."""
        with self._session() as cursor:
            return reading(described(cursor, one_select(query, self.dialect))).schema

    def grants(self, tables: Sequence[TableName]) -> str:
        """USAGE on the schemas, SELECT on the tables. https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html"""
        user = exp.to_identifier(self.user, quoted=True).sql(dialect=self.dialect)
        schemas = sorted({table.schema for table in tables if table.schema})
        lines = [f"GRANT USAGE ON SCHEMA {schema} TO {user};" for schema in schemas]
        lines += [f"GRANT SELECT ON {table} TO {user};" for table in tables]
        if self.unload_to:
            lines.append(
                f"-- in AWS: s3:PutObject on {self.unload_to}/* for the cluster's IAM role ({self.unload_role})"
            )
        return "\n".join(lines)

    def grants_to_work(self) -> str:
        """Temporary tables, and tables and views in the platform's own schemas; it needs not make these itself."""
        user, database = (
            exp.to_identifier(name, quoted=True).sql(dialect=self.dialect)
            for name in (self.user, self.database)
        )
        return "\n".join(
            [
                f"GRANT TEMPORARY ON DATABASE {database} TO {user};",
                *(f"CREATE SCHEMA IF NOT EXISTS {schema};" for schema in OURS),
                *(f"GRANT USAGE, CREATE ON SCHEMA {schema} TO {user};" for schema in OURS),
            ]
        )

    def check(self) -> Iterator[CheckStep]:
        """connection: the cluster answers; access: it lets us in; schemas: those we may look into."""
        return check_steps(
            self._session(),
            lambda cursor: first_column(cursor, SCHEMAS),
            enter=lambda cursor: first_column(cursor, "select 1"),
            answers=f"{self.host}:{self.port} answers",
            admits=f"{self.user} may log in to {self.database}",
            closed=f"No schema is open to {self.user}. GRANT USAGE ON SCHEMA … TO it.",
        )

    @contextmanager
    def bench(self) -> Iterator[Bench]:
        """A transaction that sees one state of the database, once it has begun to look at it."""
        with self._session() as cursor:
            cursor.execute("BEGIN")
            yield _Bench(cursor, self._large)
            cursor.execute("COMMIT")

    @property
    def _large(self) -> Large:
        unload = Unload(self.unload_to, self.unload_role) if self.unload_to else None
        return Large(unload, self.unload_above_rows)

    @contextmanager
    def _session(self) -> Iterator[Any]:
        """A cursor of a session in UTC, each statement its own transaction, through the tunnel if there is one."""
        with tunnelled(self.ssh, self.host, self.port) as (host, port), self._cursor(host, port) as cursor:
            yield cursor

    @contextmanager
    def _cursor(self, host: str, port: int) -> Iterator[Any]:
        """The cursor of a connection there; the driver's errors become ours."""
        driver, arrow_error = _driver()
        try:
            self._reached(host, port)
            with (
                closing(driver.connect(**self._login(host, port))) as connection,
                closing(connection.cursor()) as cursor,
            ):
                connection.autocommit = True
                cursor.execute("SET timezone TO 'UTC'")
                if self.statement_timeout_seconds:
                    cursor.execute(
                        f"SET statement_timeout TO {max(1, round(self.statement_timeout_seconds * 1000))}"
                    )
                yield cursor
        except aws_errors() as error:
            raise not_given(error) from None
        except (driver.Error, OSError, struct.error, arrow_error) as error:
            if UNREAD in str(error):  # in the server's sentence, or in its details
                raise DeclarationError(f"A condition came upon {UNREAD}", remedy=REMEDY) from None
            spoken = _Spoken(error)
            unload = self._large.unload
            if unload and (refusal := unload.refusal(str(spoken))):
                raise refusal from None
            raise translated(spoken, Redactor([self.password]), REMEDIES, whose="Redshift") from None

    def _reached(self, host: str, port: int) -> None:
        """Knock: the driver itself knows no time-out that ends with the connection's beginning."""
        socket.create_connection((host, port), self.connect_timeout_seconds).close()

    def _login(self, host: str, port: int) -> dict[str, Any]:
        if self.sslmode not in SSL_MODES:
            raise DeclarationError(
                f"There is no sslmode {self.sslmode!r}", remedy=f"Write one of {', '.join(SSL_MODES)}."
            )
        if self.ssh and self.sslmode == "verify-full":
            raise DeclarationError(
                "Through an SSH tunnel the driver cannot hold the cluster's certificate against its name",
                remedy="Write `sslmode: verify-ca`: the pinned host key says who is at the other end.",
            )
        encrypted = self.sslmode != "disable"
        if self.iam and not encrypted:
            raise DeclarationError(
                "With `iam: true` the connection must be encrypted", remedy="Leave `sslmode: disable` out."
            )
        said: dict[str, Any] = {
            "host": host,
            "port": port,
            "database": self.database,
            "ssl": encrypted,
            "application_name": "activation_platform",
        }
        if encrypted:
            said["sslmode"] = self.sslmode
        if not self.iam:
            return said | {"user": self.user, "password": self.password}
        if not self.cluster and not self.workgroup:
            raise DeclarationError(
                "With `iam: true` Redshift must know what to log in to",
                remedy="Write `cluster` or `workgroup`.",
            )
        named = {
            "cluster_identifier": self.cluster,
            "serverless_work_group": self.workgroup,
            "region": self.region,
        }
        said |= {name: value for name, value in named.items() if value}
        return said | {"iam": True, "db_user": self.user, "is_serverless": bool(self.workgroup)}


class _Bench(StatingBench):
    """A transaction of a session."""

    dialect: ClassVar[str] = Redshift.dialect

    def __init__(self, cursor: Any, large: Large) -> None:
        super().__init__()
        self._cursor = cursor
        self._large = large

    def read(self, query: str) -> Iterator[pl.DataFrame]:
        """Frames as the source reads them."""
        return read_rows(self._cursor, query, self._large, alone=False)

    def schemas(self, query: str) -> list[str]:
        """Without a cursor, as the source's own check asks: the catalogue is the leader's alone."""
        return first_column(self._cursor, query)

    def run(self, statement: str) -> None:
        """Carry it out."""
        self._cursor.execute(statement)


class _Spoken(Exception):
    """What the driver says, as `contracts.postgres` reads it: the server's sentence, and its code as `sqlstate`."""

    def __init__(self, error: Exception) -> None:
        said = error.args[0] if error.args else ""
        self.sqlstate = said.get("C", "") if isinstance(said, dict) else ""
        words = said.get("M", "") if isinstance(said, dict) else " ".join(map(str, error.args))
        super().__init__(words or type(error).__name__)


def _driver() -> tuple[Any, type[Exception]]:
    try:
        import pyarrow as pa
        import redshift_connector
    except ImportError as missing:
        raise DeclarationError(
            f"A Redshift source needs {missing.name}, which is not installed",
            remedy="pip install 'activation_platform[redshift]'",
        ) from None
    logging.getLogger("redshift_connector").setLevel(logging.WARNING)  # it logs what it sends
    return redshift_connector, pa.ArrowException
