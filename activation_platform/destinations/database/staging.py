"""The stage: a table made like another one, beside it, that is filled batch by batch and then put in its place at once.

The rows change places, not the tables: within one transaction the old rows are deleted and the stage's inserted. So grants,
views, indexes and triggers of the table stay what they are, and readers see the old rows until the new ones are complete.
"""

import hashlib
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import polars as pl
import sqlglot
from sqlglot import exp

from activation_platform.contracts.statement import Statement
from activation_platform.destinations.database.acknowledgements import Acknowledgements
from activation_platform.destinations.database.layout import Layout
from activation_platform.destinations.database.writing import Writing, named

__all__ = ["Staging"]

Talk = Generator[Statement, pl.DataFrame, Any]

LONGEST = 63
"""Bytes of a name: https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS."""
STAGES = """select table_name as "name" from information_schema.tables
where table_schema = cast($1 as varchar) and starts_with(table_name, cast($2 as varchar))"""
MADE_AS = """select sql from duckdb_tables()
where database_name = current_database() and schema_name = $1 and table_name = $2"""


@dataclass(frozen=True, slots=True)
class Staging:
    """The stages of one table. Its methods are the conversations of transactions."""

    dialect: str
    layout: Layout

    def name(self, pass_id: str) -> str:
        """The stage of a pass: `<table>__activation_<table and pass, as digits>`, cut to what a name may be."""
        return self._prefix + hashlib.sha256(pass_id.encode()).hexdigest()[:12]

    def begin(self, stage: str) -> Talk:
        """Make the stage, empty, and take away those of passes that died."""
        stale = yield Statement(STAGES, (self.layout.schema, self._prefix))
        for name in stale["name"]:
            yield self._dropped(name)
        yield Statement((yield from self._creation(stage)))

    def finish(self, stage: str, writing: Writing, acknowledgements: Acknowledgements) -> Talk:
        """Put the stage's rows in the place of the table's, once."""
        claimed = yield acknowledgements.finish(stage)
        if not claimed.is_empty():
            yield writing.empty()
            yield writing.fill_from(stage)
            yield self._dropped(stage)

    def abandon(self, stage: str) -> Talk:
        """Throw the stage away."""
        if stage.startswith(self._prefix):
            yield self._dropped(stage)

    def _creation(self, stage: str) -> Generator[Statement, pl.DataFrame, str]:
        """With the table's types, defaults, checks and unique indexes, so that a bad record shows in its batch."""
        new, like = named(self.layout.schema, stage), named(self.layout.schema, self.layout.table)
        if self.dialect == "postgres":
            return f"CREATE TABLE {new.sql(dialect=self.dialect)} (LIKE {like.sql(dialect=self.dialect)} INCLUDING ALL)"
        found = yield Statement(MADE_AS, (self.layout.schema, self.layout.table))
        made = sqlglot.parse_one(found["sql"][0], read=self.dialect)
        table = made.find(exp.Table)
        assert table is not None
        table.replace(new)
        return made.sql(dialect=self.dialect)

    def _dropped(self, name: str) -> Statement:
        return Statement(f"DROP TABLE IF EXISTS {named(self.layout.schema, name).sql(dialect=self.dialect)}")

    @property
    def _prefix(self) -> str:
        """What the names of all stages of this table begin with, and of no other's: part of a name may be cut off."""
        table = self.layout.table
        own = f"__activation_{hashlib.sha256(table.encode()).hexdigest()[:6]}"
        room = LONGEST - len(own) - 12
        return table.encode()[:room].decode(errors="ignore") + own
