"""A source: a warehouse that is read, and written only where models stay in it, configured as a Dagster resource."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import dagster as dg
import polars as pl
from pydantic import Field

from activation_platform.contracts.warehouse import Bench

__all__ = ["CheckStep", "Source", "Ssh", "TableName"]


@dataclass(frozen=True, slots=True)
class CheckStep:
    """One step of a source's validation, in order: connection, access, schemas; then, of all models, grants and lineage."""

    name: str
    passed: bool
    words: str


@dataclass(frozen=True, slots=True, order=True)
class TableName:
    """A table as somebody's SQL names it: each part as it is written there, quotes included; empty where it is left out."""

    database: str
    schema: str
    name: str

    def __str__(self) -> str:
        return ".".join(part for part in (self.database, self.schema, self.name) if part)


class Ssh(dg.Config, extra="forbid"):
    """An SSH server that stands between us and a warehouse. `known_host_key`: its public keys, as `ssh-keyscan` prints them."""

    host: str
    port: int = 22
    user: str
    known_host_key: str = ""
    password: str = Field(default="", repr=False, json_schema_extra={"dagster__is_secret": True})
    private_key: str = Field(default="", repr=False, json_schema_extra={"dagster__is_secret": True})


class Source(dg.ConfigurableResource, ABC):  # type: ignore[type-arg]  # the parameter only matters to resources that yield something else
    """A warehouse.

    `read` and `columns` raise the errors of `contracts.errors`: ConnectionFailed (unreachable), CredentialsRefused (login
    or grant refused), NotFound (database, schema, table or file), DeclarationError (the SQL is wrong), TimedOut. Messages
    never hold a secret.
    """

    kind: ClassVar[str]
    """The word in YAML: `duckdb`, `postgres`."""
    dialect: ClassVar[str]
    """sqlglot's name of the warehouse's SQL."""
    secrets: ClassVar[tuple[str, ...]] = ()
    """Settings that hold secrets; `ssh.password` is the `password` in the setting `ssh`."""

    tells_expiry: ClassVar[bool] = False
    """Whether the warehouse may know on which day the credential expires."""

    @property
    def own_catalog(self) -> str:
        """The database or project of the platform's own schemas; empty: where a schema is looked for that is named alone."""
        return ""

    @abstractmethod
    def read(self, query: str) -> Iterator[pl.DataFrame]:
        """Rows of a SELECT in the warehouse's own dialect, streamed as frames of one schema; at least one frame, maybe empty."""

    @abstractmethod
    def columns(self, query: str) -> pl.Schema:
        """Names and Polars types of the SELECT's columns, without reading rows. Equal to the schema `read` gives."""

    @abstractmethod
    def grants(self, tables: Sequence[TableName]) -> str:
        """The SQL with which an owner lets this source read these tables, and nothing else; comments start with `--`."""

    @abstractmethod
    def grants_to_work(self) -> str:
        """The SQL with which an owner lets models stay in it."""

    @abstractmethod
    def bench(self) -> AbstractContextManager[Bench]:
        """Work that may write to the platform's own schemas; what is one transaction stands once the context has ended well."""

    @abstractmethod
    def check(self) -> Iterator[CheckStep]:
        """Validate the source up to its schemas; stops after the first step that fails. Never raises for a broken source."""

    def credential_expires(self) -> date | None:
        """The day on which the credential expires, where the warehouse knows one and tells it (`tells_expiry`)."""
        return None
