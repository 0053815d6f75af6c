"""A value type: how a column of raw values becomes what is sent, and why a value cannot be.

Every type is column-wise: `clean(series)` takes a Polars series of any sendable dtype and gives two series of the
same length: the values as sent (of dtype `self.dtype`, null where there is none) and the reasons (null = fine).
A reason never contains the value, so that issues can be shown; it reads after the field's name ("is not …").
Null in is always null out: whether null clears or keeps is the mapping's decision (SEMANTICS B6).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import ClassVar, Self

import polars as pl

__all__ = ["INSTANT", "Clean", "Fit", "ValueType", "instant_of", "judge", "text_of"]

INSTANT = pl.Datetime("us", "UTC")


@dataclass(frozen=True, slots=True)
class Clean:
    """Values as sent and, row by row, why a value cannot be sent (null where it can)."""

    values: pl.Series
    reasons: pl.Series


class Fit(Enum):
    """What the type of a column says of its values: nothing against them, that it depends on each, that none can be sent."""

    GOOD = "good"
    DEPENDS = "depends"
    NEVER = "never"

    @classmethod
    def of(cls, dtype: pl.DataType, *, good: bool, depends: bool = False) -> "Fit":
        """That of a column; one of nulls alone fits everywhere."""
        if good or dtype == pl.Null:
            return cls.GOOD
        return cls.DEPENDS if depends else cls.NEVER


class ValueType(ABC):
    """What a field holds at the destination."""

    dtype: ClassVar[pl.DataType]
    label: ClassVar[str]

    @abstractmethod
    def clean(self, raw: pl.Series) -> Clean:
        """Normalise and validate a column."""

    def fit(self, dtype: pl.DataType) -> Fit:
        """Whether values of a column of this type can be sent; by default, those that have a text form."""
        return Fit.of(dtype, good=_has_text(dtype))

    def at(self, now: datetime) -> Self:
        """The type as it judges at this moment (aware); for most types every moment is the same.

        `now` is when the run plans what it sends, never the instant that the run stands for: a vendor's clock decides.
        """
        del now
        return self

    @property
    def rule(self) -> str:
        """The rule in words, for the catalogue and for messages."""
        return self.label


def judge(raw: pl.Series, values: pl.Expr, *rules: tuple[pl.Expr, str]) -> Clean:
    """Evaluate `values` over the column `raw`, then the rules (expression that must hold, reason) over `value`."""
    frame = pl.DataFrame({"raw": raw}).with_columns(value=values)
    reason = pl.lit(None, dtype=pl.String)
    for holds, words in reversed(rules):
        reason = (
            pl.when(pl.col("raw").is_not_null() & ~holds.fill_null(value=False))
            .then(pl.lit(words))
            .otherwise(reason)
        )
    frame = frame.with_columns(reason=reason)
    kept = frame.select(pl.when(pl.col("reason").is_null()).then("value").alias("value"))
    return Clean(kept["value"], frame["reason"])


def text_of(dtype: pl.DataType) -> pl.Expr:
    """Text of a scalar column, the way a person would write the value."""
    raw = pl.col("raw")
    if not _has_text(dtype):
        return pl.lit(None, dtype=pl.String)
    if isinstance(dtype, pl.Datetime):
        return instant_of(dtype).dt.to_string("%Y-%m-%dT%H:%M:%S%.fZ")
    if dtype.is_float():
        return pl.when(raw.is_finite()).then(raw.cast(pl.String))
    return raw.cast(pl.String)


def _has_text(dtype: pl.DataType) -> bool:
    return not (dtype in (pl.Binary, pl.Object, pl.Duration) or dtype.is_nested())


def instant_of(dtype: pl.DataType) -> pl.Expr:
    """The moment that a column of dates, timestamps or ISO 8601 text stands for; null where it stands for none."""
    raw = pl.col("raw")
    if isinstance(dtype, pl.Datetime):
        aware = raw.dt.convert_time_zone("UTC") if dtype.time_zone else raw.dt.replace_time_zone("UTC")
        return aware.cast(INSTANT)
    if dtype == pl.Date:
        return raw.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if dtype == pl.String:
        text = raw.str.strip_chars().str.replace(" ", "T", literal=True)
        text = pl.when(text.str.len_chars() == len("2024-01-31")).then(text + "T00:00:00").otherwise(text)
        zoned = text.str.contains(r"(?:[Zz]|[+-]\d\d:?\d\d)$")
        text = pl.when(zoned).then(text).otherwise(text + "Z")
        return text.str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False)
    return pl.lit(None, dtype=INSTANT)
