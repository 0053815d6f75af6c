"""Databricks: read through the SQL Statement Execution API, as Arrow from the workspace's own cloud storage."""

import ipaddress
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

import polars as pl
from pydantic import Field
from sqlglot import exp

from activation_platform.contracts.auth import BearerToken
from activation_platform.contracts.errors import (
    ConnectionFailed,
    DeclarationError,
)
from activation_platform.contracts.source import CheckStep, Source, TableName
from activation_platform.contracts.warehouse import Bench
from activation_platform.sources.arrow import Reading, conformed
from activation_platform.sources.checking import check_steps
from activation_platform.sources.databricks_api import Result, Statements
from activation_platform.sources.databricks_columns import arrow_schema
from activation_platform.sources.databricks_login import ServicePrincipal
from activation_platform.sources.schemas import DELTA, OURS
from activation_platform.sources.statement import one_select, without_rows
from activation_platform.sources.stepwise import StepwiseBench

if TYPE_CHECKING:
    import httpx
    import pyarrow as pa

__all__ = ["Databricks"]

MOST = "100 GiB"
TABLES = f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{DELTA}'"  # noqa: S608 -- ours


class Databricks(Source):
    """A SQL warehouse of a Databricks workspace.

    Types: DECIMAL(p, s) → Decimal; TIMESTAMP → us UTC, TIMESTAMP_NTZ → us without a zone; ARRAY → List; STRUCT → Struct;
    VOID → String. MAP, VARIANT, INTERVAL and others without a home are refused with the cast to write. The session's zone is
    the warehouse's: it shows only where the SQL itself makes text or dates of a TIMESTAMP.
    """

    kind: ClassVar[str] = "databricks"
    dialect: ClassVar[str] = "databricks"
    secrets: ClassVar[tuple[str, ...]] = ("token", "client_secret")

    host: str
    """The workspace: `dbc-a1b2345c-d6e7.cloud.databricks.com`."""
    warehouse_id: str
    """The last part of the warehouse's HTTP path."""
    token: str = Field(default="", repr=False, json_schema_extra={"dagster__is_secret": True})
    """A personal access token; or instead:"""
    client_id: str = ""
    """A service principal's application id, with its OAuth secret:"""
    client_secret: str = Field(default="", repr=False, json_schema_extra={"dagster__is_secret": True})
    catalog: str = ""
    """Where tables are looked for that the SQL names without a catalog."""
    default_schema: str = ""
    """Where tables are looked for that the SQL names without a schema."""
    statement_timeout_seconds: float = 0
    """How long a query may take until its first row, the warehouse's start included; 0 = as long as the warehouse allows."""

    def read(self, query: str) -> Iterator[pl.DataFrame]:
        """Frames of a record batch each, as the warehouse made them."""
        with closing(self._statements()) as statements:
            yield from _rows(statements, query, self.statement_timeout_seconds)

    def columns(self, query: str) -> pl.Schema:
        """Names and types of the query's columns; the warehouse gives its result without a row."""
        text = without_rows(query, self.dialect)
        with closing(self._statements()) as statements:
            return Reading(
                arrow_schema(statements.result(text, self.statement_timeout_seconds).columns)
            ).schema

    def grants(self, tables: Sequence[TableName]) -> str:
        """The way down Unity Catalog to each table.

        https://docs.databricks.com/aws/en/data-governance/unity-catalog/manage-privileges/; what is named without its catalog or
        schema is looked for in the source's own. Who a token belongs to is not known here: it is left to be filled in.
        """
        who = self._principal()
        whole = [
            TableName(
                each.database or self.catalog, each.schema or self.default_schema or "default", each.name
            )
            for each in tables
        ]
        catalogs = sorted({each.database for each in whole if each.database})
        schemas = sorted({str(TableName("", each.database, each.schema)) for each in whole})
        return "\n".join(
            [
                f"-- in the workspace: CAN USE on the warehouse {self.warehouse_id}",
                *(f"GRANT USE CATALOG ON CATALOG {catalog} TO {who};" for catalog in catalogs),
                *(f"GRANT USE SCHEMA ON SCHEMA {schema} TO {who};" for schema in schemas),
                *(f"GRANT SELECT ON TABLE {table} TO {who};" for table in whole),
            ]
        )

    def grants_to_work(self) -> str:
        """Tables and views in the platform's own schemas of the source's catalog; it needs not make these itself."""
        who = self._principal()
        schemas = [str(TableName("", self.catalog, schema)) for schema in OURS]
        return "\n".join(
            [
                *([f"GRANT USE CATALOG ON CATALOG {self.catalog} TO {who};"] if self.catalog else []),
                *(f"CREATE SCHEMA IF NOT EXISTS {schema};" for schema in schemas),
                *(f"GRANT USE SCHEMA, CREATE TABLE ON SCHEMA {schema} TO {who};" for schema in schemas),
            ]
        )

    def check(self) -> Iterator[CheckStep]:
        """connection: the workspace answers; access: the warehouse runs a query of ours; schemas: those we see."""

        @contextmanager
        def answering() -> Iterator[Statements]:
            with closing(self._statements()) as statements:
                statements.result("SELECT 1", self.statement_timeout_seconds)
                yield statements

        def schemas(statements: Statements) -> list[str]:
            result = statements.result("SHOW SCHEMAS", self.statement_timeout_seconds)
            batches = _counted(statements, result, arrow_schema(result.columns))
            return [str(name) for batch in batches for name in batch.column(0).to_pylist()]

        return check_steps(
            answering(),
            schemas,
            answers=f"{self.host} answers",
            admits=f"Warehouse {self.warehouse_id} runs our queries",
            closed="No schema is open to us. GRANT USE SCHEMA ON SCHEMA … TO our user.",
        )

    @contextmanager
    def bench(self) -> Iterator[Bench]:
        """Statements that each stand alone, because the API has no session."""
        with closing(self._statements()) as statements:
            yield _Bench(self, statements)

    def _principal(self) -> str:
        return exp.to_identifier(self.client_id or "who owns the token", quoted=True).sql(
            dialect=self.dialect
        )

    def _statements(self) -> Statements:
        said = {"warehouse_id": self.warehouse_id, "catalog": self.catalog, "schema": self.default_schema}
        return Statements(
            self._address(), self._auth(), {name: value for name, value in said.items() if value}
        )

    def _auth(self) -> "httpx.Auth":
        if self.token and not self.client_id:
            return BearerToken(self.token)
        if self.client_id and self.client_secret and not self.token:
            return ServicePrincipal(self._address(), self.client_id, self.client_secret)
        raise DeclarationError(
            "A Databricks source logs in either with a token or as a service principal",
            remedy="Write `token`, or `client_id` and `client_secret`.",
        )

    def _address(self) -> str:
        parts = urlsplit(self.host if "://" in self.host else f"https://{self.host}")
        if not parts.hostname or parts.path.strip("/") or parts.query or parts.username:
            raise DeclarationError(
                f"{self.host!r} is no workspace's host",
                remedy="Write its name alone: dbc-….cloud.databricks.com.",
            )
        if parts.scheme != "https" and not _is_this_machine(parts.hostname):
            raise DeclarationError(
                "A token must not travel without TLS", remedy="Write the source's `host` without http://."
            )
        return f"{parts.scheme}://{parts.netloc}"


class _Bench(StepwiseBench):
    """A warehouse."""

    dialect: ClassVar[str] = Databricks.dialect

    def __init__(self, source: Databricks, statements: Statements) -> None:
        super().__init__(source)
        self._statements = statements
        self._within = source.statement_timeout_seconds

    def read(self, query: str) -> Iterator[pl.DataFrame]:
        """Frames of a record batch each, as the warehouse made them."""
        return _rows(self._statements, query, self._within)

    def run(self, statement: str) -> None:
        """Carry it out."""
        self._statements.run(statement, self._within)

    def tables(self) -> list[str]:
        """As Unity Catalog lists them."""
        return [name for frame in self.read(TABLES) for name in frame.to_series()]


def _rows(statements: Statements, query: str, within: float) -> Iterator[pl.DataFrame]:
    result = statements.result(one_select(query, Databricks.dialect), within)
    schema = arrow_schema(result.columns)
    yield from Reading(schema).frames(_counted(statements, result, schema))


def _counted(statements: Statements, result: Result, schema: "pa.Schema") -> "Iterator[pa.RecordBatch]":
    """The result's batches; ConnectionFailed where rows are missing that the warehouse counted: a mirror would delete them."""
    import pyarrow as pa

    if result.truncated:
        raise DeclarationError(
            f"Databricks cut the result off: it is larger than {MOST}",
            remedy="Select less, or split the model in two.",
        )
    rows = 0
    for link, content in statements.chunks(result):
        before = rows
        try:
            with pa.ipc.open_stream(content) as stream:
                for batch in stream:
                    rows += batch.num_rows
                    yield conformed(batch, schema)
        except pa.ArrowException:
            raise _broken(f"part {link.index} of the result is no whole Arrow stream") from None
        if rows - before != link.rows:
            raise _broken(f"part {link.index} of the result has {rows - before} rows instead of {link.rows}")
    if rows != result.rows:
        raise _broken(f"{rows} of the result's {result.rows} rows came")


def _broken(what: str) -> ConnectionFailed:
    return ConnectionFailed(
        f"Databricks: {what}", remedy="Nothing was taken; the next run reads everything anew."
    )


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
