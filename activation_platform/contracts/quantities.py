"""Value types that are not text: numbers, true or false, days and moments."""

# ruff: noqa: D102 -- `clean`, `fit`, `at` and `rule` are documented once, by ValueType

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar, Self

import polars as pl

from activation_platform.contracts.value import INSTANT, Clean, Fit, ValueType, instant_of, judge

__all__ = ["TOO_EARLY", "Boolean", "Day", "Decimal", "Instant", "Integer", "Number"]


@dataclass(frozen=True, slots=True)
class Integer(ValueType):
    """A whole number that fits 64 bits; text and decimals are accepted where nothing is lost."""

    min: int | None = None
    max: int | None = None

    dtype: ClassVar[pl.DataType] = pl.Int64()
    label: ClassVar[str] = "whole number"

    def clean(self, raw: pl.Series) -> Clean:
        value = pl.col("value")
        rules = [(value.is_not_null(), "is not a whole number")]
        if self.min is not None:
            rules.append((value >= self.min, f"is below {self.min}"))
        if self.max is not None:
            rules.append((value <= self.max, f"is above {self.max}"))
        return judge(raw, self._values(raw.dtype), *rules)

    def fit(self, dtype: pl.DataType) -> Fit:
        return Fit.of(dtype, good=dtype.is_integer(), depends=dtype.is_numeric() or dtype == pl.String)

    def _values(self, dtype: pl.DataType) -> pl.Expr:
        column = pl.col("raw")
        if dtype.is_integer():
            return column.cast(pl.Int64, strict=False)
        if dtype == pl.String:
            return column.str.strip_chars().cast(pl.Int64, strict=False)
        if dtype.is_float() or dtype.is_decimal():
            whole = column.cast(pl.Int64, strict=False)
            return pl.when(whole.cast(dtype, strict=False) == column).then(whole)
        return pl.lit(None, dtype=pl.Int64)


@dataclass(frozen=True, slots=True)
class Number(ValueType):
    """A finite number (64-bit float). NaN and infinities are issues, never null (SEMANTICS B6)."""

    dtype: ClassVar[pl.DataType] = pl.Float64()
    label: ClassVar[str] = "number"

    def fit(self, dtype: pl.DataType) -> Fit:
        return Fit.of(dtype, good=dtype.is_numeric(), depends=dtype == pl.String)

    def clean(self, raw: pl.Series) -> Clean:
        column = pl.col("raw")
        if raw.dtype == pl.String:
            values = column.str.strip_chars().cast(pl.Float64, strict=False)
        elif raw.dtype.is_numeric():
            values = column.cast(pl.Float64, strict=False)
        else:
            values = pl.lit(None, dtype=pl.Float64)
        number = pl.col("value")
        return judge(
            raw,
            pl.when(values == 0.0).then(0.0).otherwise(values),  # -0.0 and 0.0 are one number
            (number.is_not_null(), "is not a number"),
            (number.is_finite(), "is not a finite number"),
        )


@dataclass(frozen=True, slots=True)
class Decimal(ValueType):
    """A decimal number, sent as text with every digit: at most `precision` digits, of which `scale` after the point.

    Floats are rounded to the scale, because their last digits are noise; what is exact must fit.
    """

    precision: int | None = None
    scale: int | None = None

    dtype: ClassVar[pl.DataType] = pl.String()
    label: ClassVar[str] = "decimal number"

    @property
    def rule(self) -> str:
        if self.precision is None:
            return self.label
        return f"{self.label} of at most {self.precision} digits, {self.scale or 0} of them after the point"

    def fit(self, dtype: pl.DataType) -> Fit:
        return Fit.of(dtype, good=dtype.is_numeric(), depends=dtype == pl.String)

    def clean(self, raw: pl.Series) -> Clean:
        value = pl.col("value")
        digits = value.str.replace("^-", "").str.split(".")
        rules = [(value.is_not_null(), "is not a decimal number")]
        if self.precision is not None:
            before, after = self.precision - (self.scale or 0), self.scale or 0
            whole = digits.list.get(0).replace("0", "").str.len_chars()
            fraction = digits.list.get(1, null_on_oob=True).str.len_chars().fill_null(0)
            rules += [
                (whole <= before, f"has more than {before} digits before the point"),
                (fraction <= after, f"has more than {after} digits after the point"),
            ]
        return judge(raw, self._values(raw.dtype), *rules)

    def _values(self, dtype: pl.DataType) -> pl.Expr:
        column = pl.col("raw")
        if dtype.is_float():
            column = pl.when(column.is_finite()).then(column)
            if self.scale is None:
                return column.cast(pl.String)
            column = column.round(self.scale).cast(pl.Decimal(38, self.scale), strict=False)
        elif not (dtype.is_integer() or dtype.is_decimal() or dtype == pl.String):
            return pl.lit(None, dtype=pl.String)
        text = column.cast(pl.String).str.strip_chars()
        # 1, +1.0 and 1.00 are one number, and one text
        parts = text.str.extract_groups(r"^\+?(-?)0*(\d*?)(?:\.(\d*?)0*)?$").struct
        sign, whole, fraction = (parts.field(name) for name in ("1", "2", "3"))
        point = pl.when(fraction.str.len_chars() > 0).then(pl.lit(".")).otherwise(pl.lit(""))
        short = pl.concat_str(
            sign, pl.when(whole == "").then(pl.lit("0")).otherwise(whole), point, fraction.fill_null("")
        )
        return pl.when(text.str.contains(r"\d")).then(short)


@dataclass(frozen=True, slots=True)
class Boolean(ValueType):
    """True or false; the words are accepted in any case."""

    dtype: ClassVar[pl.DataType] = pl.Boolean()
    label: ClassVar[str] = "true or false"

    def fit(self, dtype: pl.DataType) -> Fit:
        return Fit.of(dtype, good=dtype == pl.Boolean, depends=dtype == pl.String)

    def clean(self, raw: pl.Series) -> Clean:
        column = pl.col("raw")
        if raw.dtype == pl.Boolean:
            values = column
        elif raw.dtype == pl.String:
            words = column.str.strip_chars().str.to_lowercase()
            values = pl.when(words == "true").then(True).when(words == "false").then(False)
        else:
            values = pl.lit(None, dtype=pl.Boolean)
        return judge(raw, values, (pl.col("value").is_not_null(), "is not true or false"))


@dataclass(frozen=True, slots=True)
class Day(ValueType):
    """A calendar day; a timestamp gives its day in UTC."""

    dtype: ClassVar[pl.DataType] = pl.Date()
    label: ClassVar[str] = "date"

    def fit(self, dtype: pl.DataType) -> Fit:
        return Fit.of(dtype, good=dtype in (pl.Date, pl.Datetime), depends=dtype == pl.String)

    def clean(self, raw: pl.Series) -> Clean:
        column = pl.col("raw")
        if raw.dtype == pl.Date:
            values = column
        elif raw.dtype == pl.String:
            values = column.str.strip_chars().str.to_date("%Y-%m-%d", strict=False)
        else:
            values = instant_of(raw.dtype).dt.date()
        return judge(
            raw,
            values,
            (pl.col("value").is_not_null(), "is not a date"),
            (pl.col("value").dt.year().is_between(1, 9999), "is a date outside the years 1 to 9999"),
        )


TOO_EARLY = "lies in the future"
"""The reason that passes by itself: a record set aside for it is looked at again by every run."""


@dataclass(frozen=True, slots=True)
class Instant(ValueType):
    """A moment in UTC, to the microsecond; one without a zone is taken as UTC.

    `within_last`: it must be over, but not by as much as this, at the moment `now` that `at` gives the type; a type that
    was given none judges no age.
    """

    within_last: timedelta | None = None
    now: datetime | None = None

    dtype: ClassVar[pl.DataType] = INSTANT
    label: ClassVar[str] = "timestamp"

    @property
    def rule(self) -> str:
        return self.label if self.within_last is None else f"{self.label} within the last {self._hours}"

    def fit(self, dtype: pl.DataType) -> Fit:
        return Fit.of(dtype, good=dtype in (pl.Date, pl.Datetime), depends=dtype == pl.String)

    def at(self, now: datetime) -> Self:
        return self if self.within_last is None else replace(self, now=now)

    def clean(self, raw: pl.Series) -> Clean:
        value = pl.col("value")
        rules = [
            (value.is_not_null(), "is not a timestamp"),
            (value.dt.year().is_between(1, 9999), "is a timestamp outside the years 1 to 9999"),
        ]
        if self.within_last is not None and self.now is not None:
            rules.append((value <= self.now, TOO_EARLY))
            rules.append((value > self.now - self.within_last, f"is not within the last {self._hours}"))
        return judge(raw, instant_of(raw.dtype), *rules)

    @property
    def _hours(self) -> str:
        assert self.within_last is not None
        return f"{self.within_last / timedelta(hours=1):g} hours"
