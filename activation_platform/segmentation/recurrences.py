"""What recurs every year or every week: the number that a day has in it, and which numbers an operator asks for.

In the year it is month * 100 + day: 31 March is 331. 29 February (229) recurs on 28 February where the year has no 29th.
In the week Monday is 1 and Sunday 7.
"""

from calendar import isleap
from datetime import date
from typing import Any

import polars as pl
from sqlglot import exp

from activation_platform.segmentation.intervals import Interval
from activation_platform.segmentation.operators import Operator
from activation_platform.segmentation.values import Weekday

__all__ = ["RECURRENCES", "in_utc", "number", "recurring"]

RECURRENCES = frozenset({Operator.ANNIVERSARY, Operator.ANNIVERSARY_WITHIN, Operator.DAY_OF_WEEK})
"""The operators that ask for such a number."""


def recurring(operator: Operator, value: Any, today: date) -> list[Interval]:
    """Return the intervals in one of which the number must lie."""
    if operator is Operator.DAY_OF_WEEK:
        numbers = sorted({list(Weekday).index(day) + 1 for day in value})
        return [Interval(number, number) for number in numbers]
    last = today if operator is Operator.ANNIVERSARY else value.after(today)
    first, end = _in_the_year(today), _in_the_year(last)
    if end == 228 and not isleap(last.year):
        end = 229
    return [Interval(first, end)] if first <= end else [Interval(low=first), Interval(high=end)]


def number(operator: Operator, held: exp.Condition, dtype: pl.DataType) -> exp.Condition:
    """Return the number of the day, in UTC, of a date or a timestamp."""
    day = in_utc(held, dtype)
    if operator is Operator.DAY_OF_WEEK:
        return _part("ISODOW", day)
    hundreds = exp.Mul(this=_part("MONTH", day), expression=exp.Literal.number(100))
    return exp.Add(this=hundreds, expression=_part("DAY", day))


def _in_the_year(day: date) -> int:
    return day.month * 100 + day.day


def _part(part: str, day: exp.Expr) -> exp.Condition:
    return exp.Extract(this=exp.var(part), expression=day.copy())


def in_utc(held: exp.Condition, dtype: pl.DataType) -> exp.Expr:
    """A date as it is, and a timestamp as one without a zone, in UTC."""
    if not isinstance(dtype, pl.Datetime):
        return held
    if dtype.time_unit == "ns":
        return _whole_microseconds(held)
    return exp.AtTimeZone(this=held, zone=exp.Literal.string("UTC")) if dtype.time_zone else held


def _whole_microseconds(held: exp.Condition) -> exp.Condition:
    """Rounded down: DuckDB, which alone has such fields, would round the last nanoseconds of a day up to the next one."""
    thousand = exp.Literal.number(1_000)
    count = exp.Anonymous(this="EPOCH_NS", expressions=[held])
    whole = exp.IntDiv(this=count, expression=thousand)
    left = exp.Mod(this=count.copy(), expression=thousand.copy())
    before_1970 = exp.cast(exp.LT(this=left, expression=exp.Literal.number(0)), "INT")
    return exp.Anonymous(this="MAKE_TIMESTAMP", expressions=[exp.Sub(this=whole, expression=before_1970)])
