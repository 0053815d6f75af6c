"""What an operator asks of a list: which values it contains, how many it has."""

from datetime import datetime
from typing import Any

import polars as pl

from activation_platform.segmentation.fields import Kind, kind_of
from activation_platform.segmentation.intervals import Interval, intervals
from activation_platform.segmentation.operators import Operator

__all__ = ["LENGTHS", "SEARCHABLE", "lengths", "looked_for"]

SEARCHABLE = (Kind.TEXT, Kind.NUMBER, Kind.BOOLEAN)
"""The kinds of values that are looked for in lists: those that are one value in every engine."""

LENGTHS = frozenset({Operator.LENGTH_EQUALS, Operator.LENGTH_AT_LEAST, Operator.LENGTH_AT_MOST})


def lengths(operator: Operator, count: int) -> Interval:
    """Return the interval in which the length must lie."""
    low = None if operator is Operator.LENGTH_AT_MOST else count
    high = None if operator is Operator.LENGTH_AT_LEAST else count
    return Interval(low, high)


def looked_for(values: tuple[Any, ...], dtype: pl.DataType, now: datetime) -> list[Any]:
    """Return the values as those of lists of `dtype` are, None for one that no such list can contain."""
    if kind_of(dtype) is not Kind.NUMBER:
        return list(values)
    return [_exactly(intervals(Operator.EQUALS, value, dtype, now)) for value in values]


def _exactly(wanted: list[Interval]) -> Any:
    return wanted[0].low if wanted and wanted[0].point else None
