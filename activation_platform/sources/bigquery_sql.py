"""What BigQuery says differently."""

from typing import ClassVar

import polars as pl
from sqlglot import exp

from activation_platform.contracts.json_value import JsonValue
from activation_platform.sources.bigquery_json import in_bigquery
from activation_platform.sources.dialect import Dialect, call, from_monday, text

__all__ = ["BigQuerySql"]

_NARROW, _RESULT, _FINE = 14, 38, 9
"""Digits before the point of factors whose product is a NUMERIC; all digits of what a sum or a formula is in the end; those
after the point that a NUMERIC has.
"""


class BigQuerySql(Dialect):
    """https://cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax

    Unconfirmed: that a FLOAT64 within a nested value is written as JSON with every digit.
    """

    name: ClassVar[str] = "bigquery"
    schemas: ClassVar[str] = ""  # the client lists them: SQL would have to know the region
    sessions: ClassVar[bool] = False

    def text(self, column: exp.Expr, dtype: pl.DataType) -> exp.Expr:
        """As JSON, because a column of JSON cannot be cast; numbers with the 17 digits that tell any two apart."""
        said = (
            exp.Anonymous(this="FORMAT", expressions=[text("%.17g"), column])
            if dtype.is_float()
            else exp.Anonymous(this="TO_JSON_STRING", expressions=[column])
        )
        return exp.Case().when(exp.not_(exp.Is(this=column.copy(), expression=exp.null())), said)

    def moment(self, column: exp.Expr, dtype: pl.Datetime) -> exp.Expr:
        """https://cloud.google.com/bigquery/docs/reference/standard-sql/format-elements"""
        word = "FORMAT_TIMESTAMP" if dtype.time_zone else "FORMAT_DATETIME"
        return exp.Anonymous(this=word, expressions=[text("%Y-%m-%dT%H:%M:%E6SZ"), column])

    def json(self, value: JsonValue, words: exp.Expr) -> exp.Expr:
        """By its type JSON."""
        del words
        return in_bigquery(value)

    def condition(self, node: exp.Expr) -> exp.Expr:
        """A percentile is a window over all rows; several columns are compared as one struct; a timestamp is in UTC; Sunday is 1;
        NaN is not equal to itself.

        https://cloud.google.com/bigquery/docs/reference/standard-sql/navigation_functions#percentile_cont,
        https://cloud.google.com/bigquery/docs/reference/standard-sql/subqueries#in_subquery_concepts,
        https://cloud.google.com/bigquery/docs/reference/standard-sql/timestamp_functions#extract
        """
        if isinstance(node, exp.Select) and isinstance(node.expressions[0], exp.WithinGroup):
            return _percentile(node)
        if isinstance(node, exp.In) and isinstance(node.this, exp.Tuple):
            keys = node.args["query"].this
            keys.set("expressions", [exp.Tuple(expressions=keys.expressions)])
        if isinstance(node, exp.Interval):  # of a number, not of a text
            return exp.Interval(this=exp.Literal.number(node.name), unit=node.unit)
        if isinstance(node, exp.NEQ) and node.expression == exp.cast(text("NaN"), "DOUBLE"):
            return exp.not_(call("IS_NAN", node.this))
        if isinstance(node, exp.Encode):  # which has no collation
            return exp.cast(node.this, "BYTES", dialect="bigquery")
        if isinstance(node, exp.Cast):
            return _wide_enough(node)
        if isinstance(node, exp.AtTimeZone):
            zoned: exp.Expr = node.this
            return zoned
        if isinstance(node, exp.Extract) and node.name == "ISODOW":
            return from_monday(exp.Extract(this=exp.var("DAYOFWEEK"), expression=node.expression), sunday=1)
        return node

    def replaced(self, table: str, query: str) -> list[str]:
        """https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#create_table_statement"""
        return [f"CREATE OR REPLACE TABLE {table} AS {query}"]

    def view(self, view: str, query: str) -> list[str]:
        """https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#create_view_statement"""
        return [f"CREATE OR REPLACE VIEW {view} AS {query}"]


def _wide_enough(cast: exp.Cast) -> exp.Cast:
    """A factor of a product that may have more than the 29 digits that NUMERIC has before the point, or what has more after it.

    Decimals of 38 digits are results of sums and formulas, which arrive as NUMERIC.
    https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types
    """
    if cast.to.this is not exp.DType.DECIMAL:
        return cast
    digits, scale = (int(one.name) for one in cast.to.expressions)
    if scale <= _FINE and (digits - scale <= _NARROW or digits == _RESULT):
        return cast
    return exp.cast(cast.this, "BIGNUMERIC", dialect="bigquery")


def _percentile(model: exp.Select) -> exp.Select:
    share, order = model.expressions[0].this, model.expressions[0].expression
    function = exp.Anonymous(this="PERCENTILE_CONT", expressions=[order.expressions[0].this, share.this])
    return model.select(exp.Window(this=function), append=False).limit(1)
