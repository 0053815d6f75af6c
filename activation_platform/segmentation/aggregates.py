"""What a field of related rows, made one value, is: its type, and which fields a function takes."""

import polars as pl

from activation_platform.segmentation.fields import Kind
from activation_platform.segmentation.related import Aggregate, Function

__all__ = ["taken", "value_type"]

_NUMBERS = frozenset({Kind.NUMBER})
_ORDERED = frozenset({Kind.NUMBER, Kind.DATE, Kind.TIMESTAMP})
_TAKEN = {
    Function.SUM: _NUMBERS,
    Function.AVERAGE: _NUMBERS,
    Function.MIN: _ORDERED,  # texts are ordered by each engine's own collation
    Function.MAX: _ORDERED,
    Function.DISTINCT: frozenset({Kind.TEXT, Kind.BOOLEAN, *_ORDERED}),
    Function.FIRST: frozenset(Kind) - {Kind.OTHER},
    Function.LAST: frozenset(Kind) - {Kind.OTHER},
}


def taken(function: Function) -> frozenset[Kind]:
    """The kinds of fields that a function takes."""
    return _TAKEN[function]


def value_type(aggregate: Aggregate, dtype: pl.DataType) -> pl.DataType:
    """The type of the value that is made of a field of type `dtype`."""
    match aggregate.function:
        case Function.AVERAGE:
            return pl.Float64()
        case Function.DISTINCT:
            return pl.Int64()
        case Function.SUM:
            if dtype.is_float():
                return pl.Float64()
            return pl.Decimal(38, dtype.scale if isinstance(dtype, pl.Decimal) else 0)
        case _:
            return dtype
