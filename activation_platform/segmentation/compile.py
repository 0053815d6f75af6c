"""The compiler of conditions: a tree, a schema and an instant become one SQL expression (sqlglot).

**Vocabulary.** Only what every SQL engine has: quoted columns, literals, CAST, `= <> < <= > >=`, IN, IS NULL, AND, OR,
NOT, COALESCE, LOWER, STRPOS, STARTS_WITH, ENDS_WITH, ARRAY_LENGTH. Users' text occurs only as a literal, users' field
names only as quoted identifiers, and relative times only as literal moments: no engine knows what time it is.

**Two-valued logic.** The expression is TRUE for exactly the rows that belong and FALSE or NULL for the others; a row is
taken by `WHERE`. AND and OR keep that property; NOT does not, so what is negated is wrapped in COALESCE(..., FALSE).
Hence no SQL "unknown" ever decides, and:

| operator                                               | null  | ""                  | NaN   |
|--------------------------------------------------------|-------|---------------------|-------|
| equals, in                                             | false | a text like another | false |
| above, at_least, below, at_most, between               | false |                     | false |
| contains, starts_with, ends_with                       | false | false               |       |
| before, after, in_last, in_next, older_than            | false |                     |       |
| not_equals, not_in, not_between, not_contains, not_... | true  | the opposite        | true  |
| is_null: true                                          | true  | false               | false |
| is_null: false                                         | false | true                | true  |
| is_empty: true (text "", list [])                      | true  | true                |       |
| is_empty: false                                        | false | false               |       |

`none` is the opposite of `any`. Text compares character by character (no collation, no Unicode normalisation);
`ignore_case` lower-cases both sides in the engine, one character for one (`İ` becomes `i`, `ß` stays).
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
from sqlglot import exp

from activation_platform.segmentation.conditions import AllOf, Comparison, Condition, NoneOf, members
from activation_platform.segmentation.fields import Kind, Schema, kind_of
from activation_platform.segmentation.intervals import Interval, intervals
from activation_platform.segmentation.operators import Operator, positive
from activation_platform.segmentation.problems import InvalidCondition
from activation_platform.segmentation.validate import problems

Columns = Callable[[str], exp.Condition]
"""Names a field in SQL."""


def quoted(field: str) -> exp.Condition:
    """Return a field as a quoted column."""
    return exp.column(field, quoted=True)


def compile_condition(
    condition: Condition, schema: Schema, *, now: datetime, column: Columns = quoted
) -> exp.Condition:
    """Return the expression that is TRUE for the rows of a model that belong at the instant `now`.

    Raises InvalidCondition with all problems of the condition over `schema`, and ValueError if `now` has no time zone.
    """
    if now.tzinfo is None:
        raise ValueError("the instant of a segment needs a time zone: datetime(..., tzinfo=UTC)")
    if found := problems(condition, schema):
        raise InvalidCondition(found)
    return _Compiler(schema, now.astimezone(UTC), column).compiled(condition)


class _Compiler:
    def __init__(self, schema: Schema, now: datetime, column: Columns) -> None:
        self._schema = schema
        self._now = now
        self._column = column

    def compiled(self, condition: Condition) -> exp.Condition:
        if isinstance(condition, Comparison):
            return self._leaf(condition)
        parts = [self.compiled(member) for member in members(condition)[1]]
        if isinstance(condition, AllOf):
            return exp.and_(*parts, copy=False)
        either = exp.or_(*parts, copy=False)
        return _opposite(either) if isinstance(condition, NoneOf) else either

    def _leaf(self, leaf: Comparison) -> exp.Condition:
        operator, dtype = positive(leaf.operator), self._schema[leaf.field]
        if operator in (Operator.IS_NULL, Operator.IS_EMPTY):
            is_so = self._absent(leaf.field, operator, kind_of(dtype))
            return is_so if leaf.value else _opposite(is_so)
        if kind_of(dtype) is Kind.TEXT:
            holds = self._text(leaf, operator)
        elif kind_of(dtype) is Kind.BOOLEAN:
            holds = exp.EQ(this=self._column(leaf.field), expression=exp.Boolean(this=leaf.value))
        else:
            holds = self._ordered(leaf.field, intervals(operator, leaf.value, dtype, self._now), dtype)
        return holds if operator is leaf.operator else _opposite(holds)

    def _absent(self, field: str, operator: Operator, kind: Kind) -> exp.Condition:
        null = exp.Is(this=self._column(field), expression=exp.Null())
        if operator is Operator.IS_NULL:
            return null
        if kind is Kind.TEXT:
            return exp.or_(null, exp.EQ(this=self._column(field), expression=exp.Literal.string("")))
        length = exp.ArraySize(this=self._column(field))
        return exp.or_(null, exp.EQ(this=length, expression=exp.Literal.number(0)))

    def _text(self, leaf: Comparison, operator: Operator) -> exp.Condition:
        column = _folded(self._column(leaf.field), leaf.ignore_case)
        if operator is Operator.IN:
            texts = [_folded(exp.Literal.string(text), leaf.ignore_case) for text in leaf.value]
            return exp.In(this=column, expressions=texts)
        text = _folded(exp.Literal.string(leaf.value), leaf.ignore_case)
        match operator:
            case Operator.CONTAINS:
                return exp.GT(
                    this=exp.StrPosition(this=column, substr=text), expression=exp.Literal.number(0)
                )
            case Operator.STARTS_WITH:
                return exp.StartsWith(this=column, expression=text)
            case Operator.ENDS_WITH:
                return exp.EndsWith(this=column, expression=text)
            case _:
                return exp.EQ(this=column, expression=text)

    def _ordered(self, field: str, wanted: list[Interval], dtype: pl.DataType) -> exp.Condition:
        points = [_literal(interval.low, dtype) for interval in wanted if interval.point]
        parts = [self._inside(field, interval, dtype) for interval in wanted if not interval.point]
        if len(points) == 1:
            parts.append(exp.EQ(this=self._column(field), expression=points[0]))
        elif points:
            parts.append(exp.In(this=self._column(field), expressions=points))
        return exp.or_(*parts, copy=False) if parts else exp.false()

    def _inside(self, field: str, interval: Interval, dtype: pl.DataType) -> exp.Condition:
        parts: list[exp.Condition] = []
        if interval.low is not None:
            above = exp.GT if interval.low_open else exp.GTE
            parts.append(above(this=self._column(field), expression=_literal(interval.low, dtype)))
        if interval.high is not None:
            below = exp.LT if interval.high_open else exp.LTE
            parts.append(below(this=self._column(field), expression=_literal(interval.high, dtype)))
        elif dtype.is_float():  # most engines sort NaN above every number and hold it equal to itself
            nan = _cast("NaN", "DOUBLE")
            parts.append(exp.NEQ(this=self._column(field), expression=nan))
        if not parts:
            return _opposite(exp.Is(this=self._column(field), expression=exp.Null()))
        return exp.and_(*parts, copy=False)


def _opposite(condition: exp.Condition) -> exp.Condition:
    if isinstance(condition, exp.Is | exp.Not | exp.Boolean):  # never NULL
        return exp.not_(condition, copy=False)
    return exp.not_(exp.Coalesce(this=condition, expressions=[exp.false()]), copy=False)


def _folded(text: exp.Condition, ignore_case: bool) -> exp.Condition:
    return exp.Lower(this=text) if ignore_case else text


def _literal(value: Any, dtype: pl.DataType) -> exp.Condition:
    """Write a bound in the field's own type, so that the engine converts the literal and never the column."""
    if isinstance(dtype, pl.Datetime):
        zoned = dtype.time_zone is not None
        text = value.isoformat(" ") if zoned else value.replace(tzinfo=None).isoformat(" ")
        if zoned and dtype.time_unit == "ns":  # DuckDB compares it with nothing else
            return exp.cast(
                exp.Literal.string(text), exp.DataType.build("TIMESTAMPTZ_NS", dialect="duckdb", udt=True)
            )
        return _cast(text, "TIMESTAMPTZ" if zoned else "TIMESTAMP")
    if isinstance(value, date):
        return _cast(value.isoformat(), "DATE")
    if isinstance(value, float):
        return _cast(repr(value), "DOUBLE")
    if isinstance(dtype, pl.Decimal):
        return _cast(format(value, "f"), f"DECIMAL({dtype.precision or 38}, {dtype.scale})")
    return exp.Literal.number(int(Decimal(value)))


def _cast(text: str, sql_type: str) -> exp.Condition:
    return exp.cast(exp.Literal.string(text), sql_type)
