"""What Databricks says differently."""

from typing import ClassVar

import polars as pl
from sqlglot import exp

from activation_platform.contracts.json_value import JsonValue
from activation_platform.sources.databricks_json import in_databricks
from activation_platform.sources.dialect import Dialect, call, joined, text, to_the_end

__all__ = ["DatabricksSql"]


class DatabricksSql(Dialect):
    """https://docs.databricks.com/aws/en/sql/language-manual/

    A statement has the zone of its warehouse, which is UTC unless somebody changed it: keys that are moments are refused then.
    """

    name: ClassVar[str] = "databricks"
    schemas: ClassVar[str] = "SELECT schema_name FROM information_schema.schemata"
    sessions: ClassVar[bool] = False

    def text(self, column: exp.Expr, dtype: pl.DataType) -> exp.Expr:
        """Moments as numbers, in whichever zone; nested values as JSON, which quotes texts, and as Spark writes them, too."""
        plain = exp.cast(column, "TEXT")
        if dtype == pl.Binary:
            return exp.func("hex", column)
        if isinstance(dtype, pl.Datetime) and dtype.time_zone:
            return exp.cast(exp.Anonymous(this="unix_micros", expressions=[column]), "TEXT")
        if dtype.is_nested():
            json = exp.Anonymous(this="to_json", expressions=[column])
            return joined(json, text(" "), plain)
        return plain

    def moment(self, column: exp.Expr, dtype: pl.Datetime) -> exp.Expr:
        """https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-datetime-pattern"""
        del dtype

        def written(pattern: str) -> exp.Expr:
            return exp.Anonymous(this="date_format", expressions=[column.copy(), text(pattern)])

        return joined(written("yyyy-MM-dd"), text("T"), written("HH:mm:ss.SSSSSS"), text("Z"))

    def json(self, value: JsonValue, words: exp.Expr) -> exp.Expr:
        """By VARIANT."""
        del words
        return in_databricks(value)

    def condition(self, node: exp.Expr) -> exp.Expr:
        """Regular expressions are those of Java, days are counted from 1970, in whichever zone; percentiles are exact; a moment
        without a zone is compared with one of its own type, because the warehouse's zone may pass over an hour.

        https://docs.databricks.com/aws/en/sql/language-manual/functions/percentile
        https://docs.databricks.com/aws/en/sql/language-manual/functions/regexp_like
        https://docs.databricks.com/aws/en/sql/language-manual/functions/extract
        https://docs.databricks.com/aws/en/sql/language-manual/data-types/timestamp-ntz-type
        """
        if isinstance(node, exp.RegexpLike):
            return exp.RegexpLike(this=node.this, expression=to_the_end(node.expression))
        if isinstance(node, exp.Cast) and node.to.this is exp.DType.TIMESTAMP:
            return exp.cast(node.this, exp.DType.TIMESTAMPNTZ)
        if isinstance(node, exp.WithinGroup):
            return call("PERCENTILE", node.expression.expressions[0].this, node.this.this)
        if isinstance(node, exp.ArraySize):  # of null, SIZE may be -1
            return call("ARRAY_SIZE", node.this)
        if isinstance(node, exp.AtTimeZone):
            seconds = call("UNIX_SECONDS", node.this)
            days = call("FLOOR", exp.Div(this=seconds, expression=exp.Literal.number(86_400)))
            return call("DATE_FROM_UNIX_DATE", exp.cast(days, "INT"))
        if isinstance(node, exp.Extract) and node.name == "ISODOW":
            return exp.Extract(this=exp.var("DAYOFWEEK_ISO"), expression=node.expression)
        return node

    def replaced(self, table: str, query: str) -> list[str]:
        """https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-ddl-create-table-using"""
        return [f"CREATE OR REPLACE TABLE {table} AS {query}"]

    def view(self, view: str, query: str) -> list[str]:
        """https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-ddl-create-view"""
        return [f"CREATE OR REPLACE VIEW {view} AS {query}"]
