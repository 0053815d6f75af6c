"""Rows that travel to a warehouse within statements: slow for many, and always possible."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

import polars as pl
from sqlglot import exp

from activation_platform.contracts.warehouse import Bench
from activation_platform.sources.dialect import dialect_of

__all__ = ["StatingBench"]

TYPES = {pl.String(): "TEXT", pl.Boolean(): "BOOLEAN", pl.Int64(): "BIGINT"}
ROWS = 10_000
"""Of one statement; Snowflake takes 16,384."""
BYTES = 500_000
"""Of one statement, roughly; Snowflake takes a megabyte. https://docs.snowflake.com/en/user-guide/query-size-limits"""


class StatingBench(Bench):
    """A bench that says the rows it is given."""

    dialect: ClassVar[str]
    """sqlglot's name of the warehouse's SQL, in which a backslash escapes within texts."""

    making: ClassVar[str] = "CREATE TEMPORARY TABLE"
    escapes: ClassVar[Mapping[str, str]] = {"\\": "\\\\", "'": "''"}
    """What cannot stand in a literal as it is."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def placed(self, table: str) -> exp.Table:
        """Where a table for the time of the work lies."""
        return dialect_of(self.dialect).fleeting(table)

    def upload(self, table: str, rows: pl.DataFrame) -> None:
        """By INSERT into a temporary table."""
        dialect = dialect_of(self.dialect)
        name = dialect.written(self.placed(table))
        if table not in self._given:
            self.run(f"{self.making} {name} {dialect.written(_columns(rows.schema))}")
            self._given.add(table)
        for values in _said(rows, self.escapes):
            self.run(f"INSERT INTO {name} VALUES {values}")  # noqa: S608 -- every value is a literal


def _columns(schema: pl.Schema) -> exp.Expr:
    kinds = [
        exp.ColumnDef(this=exp.to_identifier(name), kind=exp.DataType.build(TYPES[dtype]))
        for name, dtype in schema.items()
    ]
    return exp.Schema(expressions=kinds)


def _said(rows: pl.DataFrame, escapes: Mapping[str, str]) -> Iterator[str]:
    """Rows as the list of values of as few statements as may be."""
    values = [_literal(pl.col(name), dtype, escapes) for name, dtype in rows.schema.items()]
    row = pl.concat_str(pl.lit("("), pl.concat_str(values, separator=", "), pl.lit(")"))
    said = rows.select(row.alias("row")).with_row_index("number")
    size = pl.col("row").str.len_bytes().cum_sum()
    for _, part in said.group_by(size // BYTES, pl.col("number") // ROWS, maintain_order=True):
        yield ", ".join(part["row"])


def _literal(value: pl.Expr, dtype: pl.DataType, escapes: Mapping[str, str]) -> pl.Expr:
    if dtype == pl.String:
        escaped = value.str.replace_many(list(escapes), list(escapes.values()))
        value = pl.concat_str(pl.lit("'"), escaped, pl.lit("'"))
    return value.cast(pl.String).fill_null("NULL")
