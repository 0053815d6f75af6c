"""A database: where it is, who writes to it, and how a session with it is opened."""

from pathlib import Path
from typing import ClassVar
from urllib.parse import SplitResult, unquote, urlsplit

import dagster as dg
from pydantic import Field, field_validator

from activation_platform.contracts.destination import Destination
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.service import Inquiry, Service
from activation_platform.contracts.statement import Session, Statement
from activation_platform.destinations.database.events import Events
from activation_platform.destinations.database.table import Table

__all__ = ["Database"]

DIALECTS = {"postgresql": "postgres", "postgres": "postgres", "duckdb": "duckdb"}
EXAMPLES = "postgresql://user@host:5432/database or duckdb:///folder/file.duckdb"


class Database(Destination):
    """A PostgreSQL database (12 or newer) or a DuckDB file.

    `base_url` says where it is: `postgresql://user@host:5432/database`, with `?sslmode=require` and the other parameters
    that libpq knows, or `duckdb:///folder/file.duckdb`. `password` is PostgreSQL's. Tables keep their grants, views,
    indexes and triggers under every mode. What the user needs to be granted: docs/databases.md.
    """

    platform: ClassVar[str] = "database"
    docs: ClassVar[str] = "https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS"
    services: ClassVar[tuple[type[Service], ...]] = (Events, Table)
    secrets: ClassVar[tuple[str, ...]] = ("password",)
    carrier: ClassVar[str] = "sql"

    base_url: str
    password: str = Field(default="", repr=False, json_schema_extra={"dagster__is_secret": True})

    @field_validator("base_url")
    @classmethod
    def _leads_to_a_database(cls, base_url: str) -> str:
        if not isinstance(base_url, dg.EnvVar):
            try:
                _parts(base_url)
            except DeclarationError as error:
                raise ValueError(f"{error.what}. {error.remedy}") from None
        return base_url

    @property
    def dialect(self) -> str:
        """`postgres` or `duckdb`."""
        return DIALECTS[_parts(self.base_url).scheme]

    @property
    def host(self) -> str:
        """Server, port and database, or the file's full path."""
        parts = _parts(self.base_url)
        if self.dialect == "duckdb":
            return str(self._file)
        return f"{parts.hostname or 'localhost'}:{parts.port or 5432}{unquote(parts.path)}"

    def connect(self) -> Session:
        """Open a session. The driver is imported here."""
        if self.dialect == "duckdb":
            from activation_platform.destinations.database.duckdb import DuckDBSession

            return DuckDBSession(self._file)
        from activation_platform.destinations.database.postgres import PostgresSession

        return PostgresSession(self.base_url, self.password)

    def account(self) -> Inquiry:
        """The database's own name for itself."""
        answer = yield Statement('SELECT CAST(current_database() AS VARCHAR) AS "name"')
        return answer["name"][0]

    @property
    def _file(self) -> Path:
        return Path(unquote(_parts(self.base_url).path)).expanduser().resolve()


def _parts(base_url: str) -> SplitResult:
    """The address, taken apart. Raises DeclarationError where it leads to no database, or says a password."""
    try:
        parts = urlsplit(base_url)
        known = parts.scheme in DIALECTS and parts.port != 0
    except ValueError:  # what it says of a host or port that is none may quote the address
        known = False
    if not known:
        raise DeclarationError("base_url leads to no database", remedy=f"Write {EXAMPLES}.")
    if parts.password is not None or "password=" in parts.query:
        raise DeclarationError(
            "base_url holds a password", remedy="Take it out, and write password: env:NAME."
        )
    if DIALECTS[parts.scheme] == "duckdb" and (parts.netloc or not parts.path):
        raise DeclarationError(
            "base_url leads to no file",
            remedy="Write duckdb:///folder/file.duckdb, or duckdb:file.duckdb below the working directory.",
        )
    return parts
