"""Numbers of formulas: what is known of their size, so that no engine ever overflows or rounds what another keeps.

An *exact* number has at most `whole` digits before the point and `scale` after it; a *real* one is 0 or lies, without its sign,
between 10^-low and 10^high. Both are known before anything runs: a field counts as far as it has the size that fields may have,
and every operation says the size of what it makes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from sqlglot import exp

__all__ = [
    "Exact",
    "Number",
    "Real",
    "added",
    "divided",
    "multiplied",
    "negated",
    "number_of",
    "rounded",
    "unified",
    "written",
]

_DIGITS = 38
_SCALE = 9
"""BigQuery keeps so many digits after the point, and Snowflake three more."""
_KEPT = 6
_WHOLE = 19
"""Digits of an integer of 64 bits."""
_REAL = 50
_LARGEST = 300
"""Powers of ten: what a field may have, and where the range of floats (10^308) nearly ends."""
_LOST = 17
"""Powers of ten between a float and the least difference that it can have from another."""
_INTEGERS: Mapping[type[pl.DataType], int] = {
    pl.Int8: 3,
    pl.UInt8: 3,
    pl.Int16: 5,
    pl.UInt16: 5,
    pl.Int32: 10,
    pl.UInt32: 10,
    pl.Int64: _WHOLE,
}


@dataclass(frozen=True, slots=True)
class Exact:
    """An integer or a decimal."""

    sql: exp.Condition
    whole: int
    scale: int

    @property
    def dtype(self) -> pl.DataType:
        """Its type as a field."""
        return pl.Decimal(_DIGITS, self.scale) if self.scale or self.whole >= _WHOLE else pl.Int64()

    @property
    def result(self) -> exp.Condition:
        """The value in the type of the field."""
        decimal = f"DECIMAL({_DIGITS}, {self.scale})"
        return exp.cast(self.sql, "BIGINT" if isinstance(self.dtype, pl.Int64) else decimal)

    def sized(self, whole: int, scale: int) -> exp.Condition:
        """The value as a decimal of so many digits."""
        return exp.cast(self.sql, f"DECIMAL({whole + scale}, {scale})")

    @property
    def real(self) -> "Real":
        """The same as a float."""
        return Real(_double(self.sql), self.whole, self.scale)


@dataclass(frozen=True, slots=True)
class Real:
    """A float."""

    sql: exp.Condition
    high: int
    low: int

    def __post_init__(self) -> None:
        if max(self.high, self.low) > _LARGEST:
            raise ValueError(
                "multiplies or divides floats so often that the result might be too large for one; make a part of it a "
                "computed field of its own"
            )

    @property
    def dtype(self) -> pl.DataType:
        """Its type as a field."""
        return pl.Float64()

    @property
    def result(self) -> exp.Condition:
        """The value in the type of the field."""
        return self.sql

    @property
    def real(self) -> "Real":
        """Itself."""
        return self


Number = Exact | Real


def number_of(column: exp.Condition, dtype: pl.DataType) -> Number:
    """A field; null where it is larger than numbers in formulas may be."""
    if dtype.is_float():
        value = _double(column)
        size = exp.Abs(this=value)
        nearly_none = exp.LT(this=size, expression=_float(10.0**-_REAL))
        not_too_large = exp.LT(this=size.copy(), expression=_float(10.0**_REAL))
        counting = exp.Case().when(nearly_none, _float(0.0)).when(not_too_large, value.copy())
        return Real(counting, _REAL, _REAL)
    precision, scale = _decimal(dtype)
    if scale > _SCALE:
        return Real(_double(column), precision - scale, scale)
    if precision - scale <= _WHOLE:
        return Exact(column, precision - scale, scale)
    # Beside a float, because not every engine has an integer of so many digits.
    fitting = exp.LT(this=exp.Abs(this=_double(column)), expression=_float(10.0**_WHOLE))
    return Exact(exp.Case().when(fitting, column), _WHOLE, scale)


def written(text: str) -> Number:
    """A number as it stands in a formula."""
    whole, _, part = text.partition(".")
    if not (whole + part).isdigit() or len(whole) > _WHOLE or len(part) > _SCALE:
        raise ValueError(
            f"{text} is no number here: write its digits out, at most {_WHOLE} before the point and {_SCALE} after it"
        )
    return Exact(exp.Literal.number(text), len(whole), len(part))


def negated(one: Number) -> Number:
    """`-a`"""
    sql = exp.paren(exp.Neg(this=one.sql))
    return Exact(sql, one.whole, one.scale) if isinstance(one, Exact) else Real(sql, one.high, one.low)


def added(operation: type[exp.Binary], one: Number, other: Number) -> Number:
    """`a + b` and `a - b`"""
    if isinstance(one, Exact) and isinstance(other, Exact):
        whole, scale = max(one.whole, other.whole) + 1, max(one.scale, other.scale)
        if _fits(whole, scale):
            sql = operation(this=one.sized(whole, scale), expression=other.sized(whole, scale))
            return Exact(exp.paren(sql), whole, scale)
    first, second = one.real, other.real
    sql = operation(this=first.sql, expression=second.sql)
    return Real(exp.paren(sql), max(first.high, second.high) + 1, max(first.low, second.low) + _LOST)


def multiplied(one: Number, other: Number) -> Number:
    """`a * b`"""
    if isinstance(one, Exact) and isinstance(other, Exact):
        whole, scale = one.whole + other.whole, one.scale + other.scale
        if _fits(whole, scale):
            factors = (each.sized(each.whole, each.scale) for each in (one, other))
            return Exact(exp.paren(exp.Mul(this=next(factors), expression=next(factors))), whole, scale)
    first, second = one.real, other.real
    sql = exp.paren(exp.Mul(this=first.sql, expression=second.sql))
    return Real(sql, first.high + second.high, first.low + second.low)


def divided(one: Number, other: Number) -> Number:
    """`a / b`, null where `b` is 0."""
    first, second = one.real, other.real
    by = exp.Nullif(this=second.sql, expression=_float(0.0))
    sql = exp.paren(exp.Div(this=first.sql, expression=by, typed=True, safe=False))
    return Real(sql, first.high + second.low, first.low + second.high)


def rounded(places: int, one: Number) -> Number:
    """`round(a, places)`; a half is rounded away from zero."""
    if isinstance(one, Exact):
        if places >= one.scale:
            return one
        shorter = exp.Round(this=one.sized(one.whole, one.scale), decimals=exp.Literal.number(places))
        return Exact(shorter, one.whole + 1, places)
    shift, half = _float(10.0**places), _float(0.5)
    size = exp.Mul(this=exp.Abs(this=one.sql), expression=shift)
    steps = exp.Floor(this=exp.Add(this=size, expression=half))
    kept = exp.Div(this=steps, expression=shift.copy(), typed=True, safe=False)
    sign = _double(exp.Sign(this=one.sql.copy()))
    return Real(
        exp.paren(exp.Mul(this=sign, expression=exp.paren(kept))), max(one.high, 0) + places + 1, places
    )


def unified(several: Sequence[Number]) -> list[Number]:
    """Numbers that may stand for one another, as numbers of one size."""
    exact = [one for one in several if isinstance(one, Exact)]
    if len(exact) == len(several):
        whole, scale = max(one.whole for one in exact), max(one.scale for one in exact)
        if _fits(whole, scale):
            return [Exact(one.sized(whole, scale), whole, scale) for one in exact]
    real = [one.real for one in several]
    high, low = max(one.high for one in real), max(one.low for one in real)
    return [Real(one.sql, high, low) for one in real]


def _fits(whole: int, scale: int) -> bool:
    """Whether every engine keeps so many digits: Databricks reckons with one more, and drops what stands after the sixth then.

    https://docs.databricks.com/aws/en/sql/language-manual/data-types/decimal-type
    """
    return scale <= _SCALE and whole + scale <= (_DIGITS if scale <= _KEPT else _DIGITS - 1)


def _decimal(dtype: pl.DataType) -> tuple[int, int]:
    """All digits of an exact type, and those after the point."""
    if isinstance(dtype, pl.Decimal):
        return max(dtype.precision or _DIGITS, dtype.scale + 1), dtype.scale
    return _INTEGERS.get(type(dtype), _WHOLE + 1), 0


def _double(sql: exp.Condition) -> exp.Condition:
    return exp.cast(sql.copy(), "DOUBLE")


def _float(value: float) -> exp.Condition:
    return exp.cast(exp.Literal.string(repr(value)), "DOUBLE")
