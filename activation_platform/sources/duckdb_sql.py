"""What DuckDB says differently."""

from typing import ClassVar

import polars as pl
from sqlglot import exp

from activation_platform.contracts.json_value import JsonValue
from activation_platform.sources.dialect import Dialect, joined, text

__all__ = ["DuckDBSql"]


class DuckDBSql(Dialect):
    """https://duckdb.org/docs/stable/sql/introduction"""

    name: ClassVar[str] = "duckdb"
    schemas: ClassVar[str] = (
        "SELECT DISTINCT schema_name FROM information_schema.schemata WHERE catalog_name = current_database()"
    )

    def text(self, column: exp.Expr, dtype: pl.DataType) -> exp.Expr:
        """Nested values as JSON, which quotes texts, and as DuckDB writes them, which keeps every digit."""
        plain = exp.cast(column, "TEXT")
        if dtype == pl.Binary:
            return exp.func("hex", column)
        if dtype.is_nested():
            return joined(exp.cast(exp.func("to_json", column), "TEXT"), text(" "), plain)
        return plain

    def moment(self, column: exp.Expr, dtype: pl.Datetime) -> exp.Expr:
        """https://duckdb.org/docs/stable/sql/functions/dateformat"""
        in_utc = exp.AtTimeZone(this=column, zone=text("UTC")) if dtype.time_zone else column
        return exp.func("strftime", exp.cast(in_utc, "TIMESTAMP"), text("%Y-%m-%dT%H:%M:%S.%fZ"))

    def json(self, value: JsonValue, words: exp.Expr) -> exp.Expr:
        """As conditions say it anyway."""
        del value
        return words

    def replaced(self, table: str, query: str) -> list[str]:
        """https://duckdb.org/docs/stable/sql/statements/create_table"""
        return [f"CREATE OR REPLACE TABLE {table} AS {query}"]

    def view(self, view: str, query: str) -> list[str]:
        """https://duckdb.org/docs/stable/sql/statements/create_view"""
        return [f"CREATE OR REPLACE VIEW {view} AS {query}"]
