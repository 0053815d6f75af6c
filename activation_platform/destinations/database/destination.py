"""A database: where it is, who writes to it, and how a session with it is opened."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from pydantic import Field

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

    `url` says where it is: `postgresql://user@host:5432/database`, with `?sslmode=require` and the other parameters
    that libpq knows, or `duckdb:///folder/file.duckdb`. `password` is PostgreSQL's. Tables keep their grants, views,
    indexes and triggers under every mode. What the user needs to be granted: docs/destinations/database.md.
    """

    platform: ClassVar[str] = "database"
    docs: ClassVar[str] = "https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS"
    services: ClassVar[tuple[type[Service], ...]] = (Events, Table)
    verified: ClassVar[tuple[str, ...]] = ("a real PostgreSQL, and DuckDB itself",)
    secrets: ClassVar[tuple[str, ...]] = ("password",)
    carrier: ClassVar[str] = "sql"
    conversations: ClassVar[int] = 8

    url: str
    password: str = Field(default="", repr=False, json_schema_extra={"dagster__is_secret": True})

    @classmethod
    def objections(cls, settings: Mapping[str, Any]) -> Iterator[str]:
        """What the address cannot be."""
        if settings.get("base_url"):
            yield 'the address of a database is "url"; there is no "base_url" beside it'
        url = str(settings.get("url", ""))
        if not url.startswith("env:"):
            try:
                _parts(url)
            except DeclarationError as error:
                yield f"{error.what}. {error.remedy}"

    @property
    def root_url(self) -> str:
        """The address, which holds no secret."""
        return self.url

    @property
    def dialect(self) -> str:
        """`postgres` or `duckdb`."""
        return DIALECTS[_parts(self.url).scheme]

    @property
    def host(self) -> str:
        """Server, port and database, or the file's full path."""
        parts = _parts(self.url)
        if self.dialect == "duckdb":
            return str(self._file)
        server = parts.hostname or dict(parse_qsl(parts.query)).get("host", "localhost")
        return f"{server}:{parts.port or 5432}{unquote(parts.path)}"

    def connect(self) -> Session:
        """Open a session. The driver is imported here."""
        if self.dialect == "duckdb":
            from activation_platform.destinations.database.duckdb import DuckDBSession

            return DuckDBSession(self._file)
        from activation_platform.destinations.database.postgres import PostgresSession

        return PostgresSession(self.url, self.password)

    def account(self) -> Inquiry:
        """The database's own name for itself."""
        answer = yield Statement('SELECT CAST(current_database() AS VARCHAR) AS "name"')
        return answer["name"][0]

    @property
    def _file(self) -> Path:
        return Path(unquote(_parts(self.url).path)).expanduser().resolve()


def _parts(url: str) -> SplitResult:
    """The address, taken apart. Raises DeclarationError where it leads to no database, or says a password."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in DIALECTS and parts.port != 0
    except ValueError:  # what it says of a host or port that is none may quote the address
        known = False
    if not known:
        raise DeclarationError("url leads to no database", remedy=f"Write {EXAMPLES}.")
    if parts.password is not None or "password=" in parts.query:
        raise DeclarationError("url holds a password", remedy="Take it out, and write password: env:NAME.")
    if DIALECTS[parts.scheme] == "duckdb" and (parts.netloc or not parts.path):
        raise DeclarationError(
            "url leads to no file",
            remedy="Write duckdb:///folder/file.duckdb, or duckdb:file.duckdb below the working directory.",
        )
    return parts
