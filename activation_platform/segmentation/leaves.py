"""The compiler of leaves: one field, one operator and its value become one SQL expression (sqlglot).

**Vocabulary.** Only what every SQL engine has: quoted columns, literals, CAST, `= <> < <= > >=`, IN, IS NULL, AND, OR,
NOT, COALESCE, LOWER, STRPOS, STARTS_WITH, ENDS_WITH, REGEXP_MATCHES (of what `patterns.py` writes), EXTRACT (of what
`recurrences.py` counts), ARRAY_LENGTH, ARRAY_CONTAINS. Users' text occurs only as a literal, users' field names only as
quoted identifiers, and relative times only as literal moments: no engine knows what time it is.

**Two-valued logic.** The expression is TRUE for exactly the rows that belong and FALSE or NULL for the others. What is
negated is wrapped in COALESCE(..., FALSE), so that no SQL "unknown" ever decides. What every operator says of null, of what
is empty and of NaN stands in the one table of docs/segments.md, which `test_null_table.py` reads and holds.

Text compares character by character (no collation, no Unicode normalisation); `ignore_case` lower-cases both sides in the
engine, one character for one (`İ` becomes `i`, `ß` stays). A null or a NaN in a list equals nothing that is looked for, and
counts in its length.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
from sqlglot import exp

from activation_platform.segmentation.conditions import Comparison
from activation_platform.segmentation.fields import Kind, element, kind_of
from activation_platform.segmentation.intervals import Interval, intervals
from activation_platform.segmentation.lists import LENGTHS, lengths, looked_for
from activation_platform.segmentation.operators import NEGATIONS, Operator, positive
from activation_platform.segmentation.patterns import portable
from activation_platform.segmentation.recurrences import RECURRENCES, number, recurring

__all__ = ["NAN", "compile_leaf", "holds_for_null", "opposite"]


def compile_leaf(leaf: Comparison, held: exp.Condition, dtype: pl.DataType, now: datetime) -> exp.Condition:
    """Return the expression that is TRUE where `held`, of type `dtype`, satisfies the leaf at the instant `now` (in UTC)."""
    return _Leaf(leaf, held, dtype, now).compiled()


def holds_for_null(leaf: Comparison) -> bool:
    """Whether a leaf is true of null."""
    if leaf.operator in (Operator.IS_NULL, Operator.IS_EMPTY):
        return bool(leaf.value)
    return leaf.operator in NEGATIONS


def opposite(condition: exp.Condition) -> exp.Condition:
    """Return what is TRUE for exactly the rows for which a condition is not."""
    if isinstance(condition, exp.Not) and isinstance(condition.this, exp.Coalesce):
        return condition.this.this  # type: ignore[no-any-return]  # the opposite of an opposite
    if isinstance(condition, exp.Is | exp.Not | exp.Boolean):  # never NULL
        return exp.not_(condition, copy=False)
    return exp.not_(exp.Coalesce(this=condition, expressions=[exp.false()]), copy=False)


class _Leaf:
    def __init__(self, leaf: Comparison, held: exp.Condition, dtype: pl.DataType, now: datetime) -> None:
        self._leaf = leaf
        self._operator = positive(leaf.operator)
        self._held = held
        self._dtype = dtype
        self._now = now

    def compiled(self) -> exp.Condition:
        leaf, kind = self._leaf, kind_of(self._dtype)
        if self._operator in (Operator.IS_NULL, Operator.IS_EMPTY):
            return self._absent(kind) if leaf.value else opposite(self._absent(kind))
        if kind is Kind.TEXT:
            holds = self._text()
        elif kind is Kind.BOOLEAN:
            holds = exp.EQ(this=self._value, expression=exp.Boolean(this=leaf.value))
        elif isinstance(self._dtype, pl.List):
            holds = self._list(element(self._dtype))
        elif self._operator in RECURRENCES:
            counted = _Leaf(leaf, number(self._operator, self._value, self._dtype), pl.Int16(), self._now)
            holds = counted._ordered(recurring(self._operator, leaf.value, self._now.date()))
        else:
            holds = self._ordered(intervals(self._operator, leaf.value, self._dtype, self._now))
        return holds if self._operator is leaf.operator else opposite(holds)

    @property
    def _value(self) -> exp.Condition:
        """The value that the row holds; a copy, because a node has one place in a tree."""
        return self._held.copy()

    def _absent(self, kind: Kind) -> exp.Condition:
        null = exp.Is(this=self._value, expression=exp.Null())
        if self._operator is Operator.IS_NULL:
            return null
        if kind is Kind.TEXT:
            return exp.or_(null, exp.EQ(this=self._value, expression=exp.Literal.string("")))
        length = exp.ArraySize(this=self._value)
        return exp.or_(null, exp.EQ(this=length, expression=exp.Literal.number(0)))

    def _text(self) -> exp.Condition:
        leaf, column = self._leaf, self._folded(self._value)
        if self._operator is Operator.IN:
            return exp.In(
                this=column, expressions=[self._folded(exp.Literal.string(text)) for text in leaf.value]
            )
        if self._operator is Operator.MATCHES:
            pattern = portable(leaf.value, ignore_case=leaf.ignore_case)
            return exp.RegexpLike(this=column, expression=exp.Literal.string(pattern))
        text = self._folded(exp.Literal.string(leaf.value))
        match self._operator:
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

    def _list(self, inner: pl.DataType) -> exp.Condition:
        value = self._leaf.value
        if self._operator in LENGTHS:
            length = _Leaf(self._leaf, exp.ArraySize(this=self._value), pl.Int32(), self._now)
            return length._ordered([lengths(self._operator, value)])
        found = [
            exp.false()
            if wanted is None
            else exp.ArrayContains(this=self._value, expression=_element(wanted, inner))
            for wanted in looked_for(value, inner, self._now)
        ]
        join = exp.or_ if self._operator is Operator.CONTAINS_ANY else exp.and_
        return join(*found, copy=False)

    def _folded(self, text: exp.Condition) -> exp.Condition:
        return exp.Lower(this=text) if self._leaf.ignore_case else text

    def _ordered(self, wanted: list[Interval]) -> exp.Condition:
        points = [_literal(interval.low, self._dtype) for interval in wanted if interval.point]
        parts = [self._inside(interval) for interval in wanted if not interval.point]
        if len(points) == 1:
            parts.append(exp.EQ(this=self._value, expression=points[0]))
        elif points:
            parts.append(exp.In(this=self._value, expressions=points))
        return exp.or_(*parts, copy=False) if parts else exp.false()

    def _inside(self, interval: Interval) -> exp.Condition:
        parts: list[exp.Condition] = []
        if interval.low is not None:
            above = exp.GT if interval.low_open else exp.GTE
            parts.append(above(this=self._value, expression=_literal(interval.low, self._dtype)))
        if interval.high is not None:
            below = exp.LT if interval.high_open else exp.LTE
            parts.append(below(this=self._value, expression=_literal(interval.high, self._dtype)))
        elif self._dtype.is_float():  # most engines sort NaN above every number and hold it equal to itself
            parts.append(exp.NEQ(this=self._value, expression=NAN.copy()))
        if not parts:
            return opposite(exp.Is(this=self._value, expression=exp.Null()))
        return exp.and_(*parts, copy=False)


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


def _element(value: Any, dtype: pl.DataType) -> exp.Condition:
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    return exp.Literal.string(value) if isinstance(value, str) else _literal(value, dtype)


def _cast(text: str, sql_type: str) -> exp.Condition:
    return exp.cast(exp.Literal.string(text), sql_type)


NAN = _cast("NaN", "DOUBLE")
"""Most engines sort it above every number and hold it equal to itself."""
