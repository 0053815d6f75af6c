"""Snowflake: read through its own connector in Arrow batches, in a session that commits nothing."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from math import ceil
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

import polars as pl
from pydantic import Field
from pydantic.config import JsonDict
from sqlglot import exp

from activation_platform.contracts.errors import (
    DeclarationError,
)
from activation_platform.contracts.redaction import Redactor
from activation_platform.contracts.source import CheckStep, Source, TableName
from activation_platform.contracts.warehouse import Bench
from activation_platform.sources.arrow import counted
from activation_platform.sources.checking import check_steps, first_column
from activation_platform.sources.schemas import OURS
from activation_platform.sources.snowflake_columns import exactly, reading
from activation_platform.sources.snowflake_errors import translated
from activation_platform.sources.statement import one_select
from activation_platform.sources.stating import StatingBench

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

__all__ = ["Snowflake"]

GRACE_SECONDS = 30
"""How much longer than a query may take we ask an account that does not answer: its own word comes first."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")
SECRET: JsonDict = {"dagster__is_secret": True}
SCHEMAS = """
select schema_name from information_schema.schemata
where schema_name <> 'INFORMATION_SCHEMA' order by schema_name
"""


class Snowflake(Source):
    """A Snowflake account, through `dagster-snowflake`'s resource.

    Types: NUMBER(p, 0) → Int64 (INTEGER and BIGINT are NUMBER(38, 0)), NUMBER(p, s) → Decimal(p, s); TIMESTAMP_NTZ → us,
    TIMESTAMP_LTZ and _TZ → us UTC; VARIANT, OBJECT, ARRAY, GEOGRAPHY and GEOMETRY → their JSON in a String. Numbers beyond
    64 bits, MAP, VECTOR and other types without a home are refused with the cast to write. The session's zone is UTC.
    """

    kind: ClassVar[str] = "snowflake"
    dialect: ClassVar[str] = "snowflake"
    secrets: ClassVar[tuple[str, ...]] = ("password", "private_key", "private_key_password", "oauth_token")

    account: str
    """`organisation-account`, as in the address of the account."""
    user: str
    warehouse: str
    """The virtual warehouse that computes; it must resume by itself."""
    database: str
    role: str = ""
    """Empty: the user's default role."""
    default_schema: str = ""
    """Where a table named without a schema is looked up."""
    password: str = Field(default="", repr=False, json_schema_extra=SECRET)
    """A password, or a programmatic access token."""
    private_key: str = Field(default="", repr=False, json_schema_extra=SECRET)
    """The PEM of an RSA key whose public half the user has; as it is, or in base64."""
    private_key_password: str = Field(default="", repr=False, json_schema_extra=SECRET)
    oauth_token: str = Field(default="", repr=False, json_schema_extra=SECRET)
    """An OAuth access token."""
    url: str = ""
    """Where the account is reached (PrivateLink, a proxy); empty = Snowflake's own address."""
    login_timeout_seconds: int = 30
    statement_timeout_seconds: float = 0
    """How long a query may take, and how long an account that stopped answering is asked; 0 = as long as the warehouse allows."""

    def read(self, query: str) -> Iterator[pl.DataFrame]:
        """Frames of the result's own chunks, at most 50,000 rows each."""
        with self._session() as session:
            yield from _rows(session, query)

    def columns(self, query: str) -> pl.Schema:
        """Names and types of the query's columns; the server only describes it."""
        with self._session() as session, closing(session.cursor()) as cursor:
            return reading(cursor.describe(one_select(query, self.dialect))).schema

    def grants(self, tables: Sequence[TableName]) -> str:
        """A role that may use the warehouse, look into the databases and schemas, and SELECT from the tables.

        https://docs.snowflake.com/en/sql-reference/sql/grant-privilege; what is named without its database or schema
        is looked for in the source's own.
        """
        role, warehouse, user = (
            _name(name) for name in (self.role or "ACTIVATION", self.warehouse, self.user)
        )
        here, schema = _name(self.database), _name(self.default_schema)
        whole = [TableName(table.database or here, table.schema or schema, table.name) for table in tables]
        databases = sorted({table.database for table in whole})
        schemas = sorted({f"{table.database}.{table.schema}" for table in whole if table.schema})
        return "\n".join(
            [
                f"CREATE ROLE IF NOT EXISTS {role};",
                f"GRANT USAGE ON WAREHOUSE {warehouse} TO ROLE {role};",
                *(f"GRANT USAGE ON DATABASE {database} TO ROLE {role};" for database in databases),
                *(f"GRANT USAGE ON SCHEMA {one} TO ROLE {role};" for one in schemas),
                *(f"GRANT SELECT ON TABLE {table} TO ROLE {role}; -- a view: ON VIEW" for table in whole),
                f"GRANT ROLE {role} TO USER {user};",
            ]
        )

    def grants_to_work(self) -> str:
        """Tables and views in the platform's own schemas of the source's database; it needs not make these itself.

        Temporary tables need no grant of their own. https://docs.snowflake.com/en/user-guide/security-access-control-privileges
        """
        role, here = _name(self.role or "ACTIVATION"), _name(self.database)
        schemas = [f"{here}.{schema}" for schema in OURS]
        return "\n".join(
            [
                f"GRANT USAGE ON DATABASE {here} TO ROLE {role};",
                *(f"CREATE SCHEMA IF NOT EXISTS {schema};" for schema in schemas),
                *(
                    f"GRANT USAGE, CREATE TABLE, CREATE VIEW ON SCHEMA {one} TO ROLE {role};"
                    for one in schemas
                ),
            ]
        )

    def check(self) -> Iterator[CheckStep]:
        """connection: the account answers; access: it lets us in; schemas: those of the database we may look into."""

        def rows(session: Any, query: str) -> list[str]:
            with closing(session.cursor()) as cursor:
                return first_column(cursor, query)

        return check_steps(
            self._session(),
            lambda session: rows(session, SCHEMAS),
            enter=lambda session: rows(session, "select 1 as x"),
            answers=f"{self.url or self.account} answers",
            admits=f"{self.user} may log in and use {self.warehouse}",
            closed=f"No schema of {self.database} is open. GRANT USAGE ON SCHEMA … TO the role.",
        )

    @contextmanager
    def bench(self) -> Iterator[Bench]:
        """A transaction that each statement which makes or drops a table commits, and after which another one begins.

        Each statement sees what was committed when it began.
        """
        with self._session() as session:
            yield _Bench(session)
            session.commit()

    @contextmanager
    def _session(self) -> "Iterator[SnowflakeConnection]":
        """A session whose transaction is rolled back, and that is closed however the read ends: that aborts the query it runs.

        https://docs.snowflake.com/en/sql-reference/parameters#abort-detached-query
        """
        resource, error_class = self._driver()
        opened = False
        try:
            with resource.get_connection() as session:
                opened = True
                try:
                    yield session
                    session.rollback()  # the resource commits when it is done
                except BaseException:
                    session.close()  # the resource leaves it open then
                    raise
        except error_class as error:
            raise translated(error, Redactor(self._secret_values())) from None
        except (ValueError, TypeError):
            if opened or not self.private_key:
                raise
            raise DeclarationError(
                "The source's private_key is no private key, or private_key_password does not open it",
                remedy="Give the PEM of an RSA key as `openssl genrsa` writes it, as it is or in base64.",
            ) from None

    def _driver(self) -> tuple[Any, Any]:
        """The connection as `dagster-snowflake` configures it, imported now, and what its driver raises."""
        self._one_credential()
        try:
            from dagster_snowflake import SnowflakeResource
            from snowflake.connector.errors import Error
        except ImportError as missing:
            raise DeclarationError(
                f"A Snowflake source needs {missing.name}, which is not installed",
                remedy="pip install 'activation_platform[snowflake]'",
            ) from None
        said: dict[str, Any] = {
            "account": self.account,
            "user": self.user,
            "password": self.password,
            "private_key": self.private_key,
            "private_key_password": self.private_key_password,
            "authenticator": "oauth" if self.oauth_token else "",
            "warehouse": self.warehouse,
            "database": self.database,
            "schema": self.default_schema,
            "role": self.role,
            "login_timeout": self.login_timeout_seconds,
        }
        return SnowflakeResource(
            **{name: value for name, value in said.items() if value},
            autocommit=False,
            timezone="UTC",
            additional_snowflake_connection_args=self._connector_arguments(),
        ), Error

    def _connector_arguments(self) -> dict[str, Any]:
        """https://docs.snowflake.com/en/developer-guide/python-connector/python-connector-api#functions"""
        parameters: dict[str, Any] = {
            "QUERY_TAG": "activation_platform",
            "ABORT_DETACHED_QUERY": True,  # a process that was killed pays for 5 minutes more, not for the whole query
        }
        arguments: dict[str, Any] = {
            "arrow_number_to_decimal": True,  # else NUMBER(p, s) arrives as double
            "platform_detection_timeout_seconds": 0,  # else it asks a cloud's metadata service who we are
            "session_parameters": parameters,
        }
        if self.statement_timeout_seconds:
            parameters["STATEMENT_TIMEOUT_IN_SECONDS"] = max(1, ceil(self.statement_timeout_seconds))
            arguments["network_timeout"] = ceil(self.statement_timeout_seconds) + GRACE_SECONDS
        if self.oauth_token:
            arguments["token"] = self.oauth_token
        if self.url:
            address = urlsplit(self.url)
            if address.scheme != "https" and address.hostname not in LOOPBACK:
                raise DeclarationError(
                    "A password must not travel without TLS", remedy="Write the source's `url` with https://."
                )
            arguments |= {"protocol": address.scheme, "host": address.hostname}
            arguments["port"] = address.port or (80 if address.scheme == "http" else 443)
        return arguments

    def _one_credential(self) -> None:
        given = [name for name in ("password", "private_key", "oauth_token") if getattr(self, name)]
        if len(given) != 1:
            raise DeclarationError(
                f"A Snowflake source takes one of password, private_key and oauth_token, here {' and '.join(given) or 'none'}",
                remedy="Name the one to log in with.",
            )

    def _secret_values(self) -> list[str]:
        return [value for name in self.secrets if (value := getattr(self, name))]


class _Bench(StatingBench):
    """A session."""

    dialect: ClassVar[str] = Snowflake.dialect

    def __init__(self, session: "SnowflakeConnection") -> None:
        super().__init__()
        self._session = session

    def read(self, query: str) -> Iterator[pl.DataFrame]:
        """Frames of the result's own chunks, at most 50,000 rows each."""
        return _rows(self._session, query)

    def run(self, statement: str) -> None:
        """Carry it out."""
        with closing(self._session.cursor()) as cursor:
            cursor.execute(statement)


def _rows(session: "SnowflakeConnection", query: str) -> Iterator[pl.DataFrame]:
    with closing(session.cursor()) as cursor:
        cursor.execute(one_select(query, Snowflake.dialect))
        plan = reading(cursor.description)
        tables = cursor.fetch_arrow_batches(force_microsecond_precision=True)
        yield from counted(plan.frames(exactly(tables, plan)), cursor.rowcount or 0, "Snowflake")


def _name(name: str) -> str:
    """A name as it stands in SQL: in quotes where it could not stand without."""
    return exp.to_identifier(name).sql(dialect="snowflake") if name else ""
