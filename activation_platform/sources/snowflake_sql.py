"""What Snowflake says differently."""

from typing import ClassVar

import polars as pl
from sqlglot import exp

from activation_platform.contracts.json_value import JsonValue
from activation_platform.sources.dialect import Dialect, call, joined, text, unless_null
from activation_platform.sources.schemas import DELTA
from activation_platform.sources.snowflake_json import in_snowflake

__all__ = ["SnowflakeSql"]


class SnowflakeSql(Dialect):
    """https://docs.snowflake.com/en/sql-reference

    Every format is spelt out: an account may have others by default.
    """

    name: ClassVar[str] = "snowflake"
    schemas: ClassVar[str] = "SELECT SCHEMA_NAME FROM INFORMATION_SCHEMA.SCHEMATA"
    capitals: ClassVar[bool] = True

    def text(self, column: exp.Expr, dtype: pl.DataType) -> exp.Expr:
        """Doubles as Snowflake's own hash of them, because their text has fewer digits than they; texts as JSON.

        As JSON the number 1 in a VARIANT, which arrives as text like any other, differs from the text '1'.
        """
        if dtype == pl.String:
            return call("TO_JSON", call("TO_VARIANT", column))
        if dtype.is_float():
            return unless_null(column, exp.cast(call("HASH", column), "TEXT"))
        if dtype == pl.Binary:
            return call("HEX_ENCODE", column)
        if isinstance(dtype, pl.Datetime):
            return self.moment(column, dtype)
        if dtype == pl.Date:
            return call("TO_CHAR", column, text("YYYY-MM-DD"))
        if dtype == pl.Time:
            return call("TO_CHAR", column, text("HH24:MI:SS.FF9"))
        return exp.cast(column, "TEXT")

    def key(self, column: exp.Expr, dtype: pl.DataType, name: str) -> exp.Expr:
        """Without the collation that its column may have. https://docs.snowflake.com/en/sql-reference/functions/collate"""
        if dtype == pl.Date:
            return self.text(column, dtype)
        plain = super().key(column, dtype, name)
        return call("COLLATE", plain, text("")) if dtype == pl.String else plain

    def moment(self, column: exp.Expr, dtype: pl.Datetime) -> exp.Expr:
        """https://docs.snowflake.com/en/sql-reference/functions-conversion#date-and-time-formats-in-conversion-functions"""
        zoned = dtype.time_zone is not None
        utc = (
            call("CONVERT_TIMEZONE", text("UTC"), column)
            if zoned
            else exp.cast(column, "TIMESTAMP_NTZ", dialect="snowflake")
        )
        day, time = text("YYYY-MM-DD"), text("HH24:MI:SS.FF6")
        return joined(call("TO_CHAR", utc, day), text("T"), call("TO_CHAR", utc.copy(), time), text("Z"))

    def replaced(self, table: str, query: str) -> list[str]:
        """https://docs.snowflake.com/en/sql-reference/sql/create-table"""
        return [f"CREATE OR REPLACE TABLE {table} AS {query}"]

    def view(self, view: str, query: str) -> list[str]:
        """Who was let look at it still may. https://docs.snowflake.com/en/sql-reference/sql/create-view"""
        return [f"CREATE OR REPLACE VIEW {view} COPY GRANTS AS {query}"]

    def json(self, value: JsonValue, words: exp.Expr) -> exp.Expr:
        """By VARIANT."""
        del words
        return in_snowflake(value)

    def condition(self, node: exp.Expr) -> exp.Expr:
        """Regular expressions hold for the whole text here, so that there is something before and after.

        https://docs.snowflake.com/en/sql-reference/functions-regexp; unconfirmed: that `$` never stands before a last line break.
        """
        if isinstance(node, exp.RegexpLike):
            return call("REGEXP_LIKE", node.this, text(f".*({node.expression.name}).*"), text("s"))
        if isinstance(node, exp.Extract) and node.name == "ISODOW":
            return call("DAYOFWEEKISO", node.expression)
        if isinstance(node, exp.Encode):
            return call("TO_BINARY", node.this, text("UTF-8"))
        return node

    def fleeting(self, name: str) -> exp.Table:
        """In a schema of ours, because each table is in one, and a session needs not have one of its own."""
        return exp.table_(name, db=DELTA)
