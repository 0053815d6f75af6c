"""What differs between the SQL of warehouses, one small class for each; everything else is one sqlglot tree for all."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import reduce
from importlib import import_module
from typing import ClassVar

import polars as pl
from sqlglot import exp

from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.json_value import JsonValue

__all__ = [
    "DIALECTS",
    "Dialect",
    "call",
    "dialect_of",
    "from_monday",
    "joined",
    "text",
    "to_the_end",
    "unless_null",
]

DIALECTS: Mapping[str, str] = {
    "bigquery": "activation_platform.sources.bigquery_sql:BigQuerySql",
    "databricks": "activation_platform.sources.databricks_sql:DatabricksSql",
    "duckdb": "activation_platform.sources.duckdb_sql:DuckDBSql",
    "postgres": "activation_platform.sources.postgres_sql:PostgresSql",
    "redshift": "activation_platform.sources.redshift_sql:RedshiftSql",
    "snowflake": "activation_platform.sources.snowflake_sql:SnowflakeSql",
}
"""Class by sqlglot's name of the dialect."""


def text(value: str) -> exp.Expr:
    """A literal."""
    return exp.Literal.string(value)


def call(function: str, *arguments: exp.Expr) -> exp.Expr:
    """A function of one warehouse, as it is named there."""
    return exp.Anonymous(this=function, expressions=list(arguments))


def joined(*parts: exp.Expr) -> exp.Expr:
    """One text of several, null if one of them is: `a || b`."""
    return reduce(lambda one, other: exp.DPipe(this=one, expression=other), parts)


def unless_null(column: exp.Expr, said: exp.Expr) -> exp.Expr:
    """What is said of a column where it has a value; null where it has none."""
    return exp.Case().when(exp.not_(column.copy().is_(exp.null())), said)


def to_the_end(pattern: exp.Expr) -> exp.Expr:
    """A segment's regular expression for engines in which `$` stands before a last line break, too, and `\\z` does not."""
    return text(re.sub(r"(\\.)|\$", lambda found: found[1] or r"\z", pattern.name))


def from_monday(day: exp.Expr, *, sunday: int) -> exp.Expr:
    """The day of a week that begins on Sunday, with whichever number, in one whose Monday is 1."""
    later = exp.paren(exp.Add(this=day, expression=exp.Literal.number(6 - sunday)))
    return exp.Add(
        this=exp.Mod(this=later, expression=exp.Literal.number(7)), expression=exp.Literal.number(1)
    )


class Dialect(ABC):
    """One warehouse's way to say what the others say differently."""

    name: ClassVar[str]
    """sqlglot's name of it."""
    schemas: ClassVar[str]
    """A query for the names of all schemas."""
    sessions: ClassVar[bool] = True
    """Whether statements can be one session, with temporary tables and transactions; else each stands alone, and is atomic."""
    capitals: ClassVar[bool] = False
    """Whether a name without quotes means one in capitals."""

    @abstractmethod
    def text(self, column: exp.Expr, dtype: pl.DataType) -> exp.Expr:
        """A column as text, so that no two values of it have the same; null stays null."""

    @abstractmethod
    def moment(self, column: exp.Expr, dtype: pl.Datetime) -> exp.Expr:
        """A timestamp as primary keys write it: `2026-01-31T07:00:00.000000Z`."""

    @abstractmethod
    def replaced(self, table: str, query: str) -> list[str]:
        """Statements that make a table hold the rows of a query and nothing else."""

    @abstractmethod
    def view(self, view: str, query: str) -> list[str]:
        """Statements that make a view show a query, whatever it showed before."""

    def fleeting(self, name: str) -> exp.Table:
        """A temporary table, which nobody else sees and which goes with its session."""
        return exp.to_table(name)

    def written(self, tree: exp.Expr) -> str:
        """A tree of ours, with every name in quotes: a name that has none yet is the one that people mean without them."""

        def quoted(node: exp.Expr) -> exp.Expr:
            if not isinstance(node, exp.Identifier) or node.quoted:
                return node
            return exp.to_identifier(node.name.upper() if self.capitals else node.name, quoted=True)

        return tree.transform(quoted).sql(dialect=self.name, comments=False)

    def conditions(self, tree: exp.Expr) -> exp.Expr:
        """A segment's condition in words that this dialect has; what is inside of something is said first."""
        said = tree.copy()
        for node in reversed(list(said.walk())):
            value = JsonValue.meant(node)
            if (word := self.condition(node) if value is None else self.json(value, node)) is not node:
                said = word if node is said else said
                node.replace(word)
        return said

    def condition(self, node: exp.Expr) -> exp.Expr:
        """One node of a condition; what is inside of it is said already."""
        return node

    @abstractmethod
    def json(self, value: JsonValue, words: exp.Expr) -> exp.Expr:
        """A value within JSON, null where it is not of its type; `words` are those of DuckDB."""

    def key(self, column: exp.Expr, dtype: pl.DataType, name: str) -> exp.Expr:
        """One column of a primary key, as `sync/fingerprint.py` writes it."""
        if isinstance(dtype, pl.Datetime):
            return self.moment(column, dtype)
        plain = (pl.String, pl.Enum, pl.Categorical, pl.Date, pl.Boolean, pl.Decimal)
        if not (dtype.is_integer() or isinstance(dtype, plain)):
            raise DeclarationError(
                f'the key column "{name}" is of type {dtype}, which the warehouse may write unlike us',
                remedy="Cast it to text in the model's SQL, or leave engine: warehouse out of the model.",
            )
        return exp.cast(column, "TEXT")


def dialect_of(name: str) -> Dialect:
    """What is special about a dialect; KeyError for one that no model can stay in."""
    module, _, word = DIALECTS[name].partition(":")
    found: type[Dialect] = getattr(import_module(module), word)
    return found()
