"""The types a field can declare: how a column of raw values becomes what is sent, and why a value cannot be.

Every type is column-wise: `clean(series)` takes a Polars series of any sendable dtype and gives two series of the
same length: the values as sent (of dtype `self.dtype`, null where there is none) and the reasons (null = fine).
A reason never contains the value, so that issues can be shown; it reads after the field's name ("is not …").
Null in is always null out: whether null clears or keeps is the mapping's decision (SEMANTICS B6).
"""

# ruff: noqa: D102 -- `clean` and `rule` are documented once, by ValueType

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache
from typing import ClassVar
from zoneinfo import available_timezones

import polars as pl

from activation_platform.contracts.contact import clean_email, clean_phone

__all__ = [
    "Boolean",
    "Choice",
    "Clean",
    "Day",
    "Email",
    "Instant",
    "Integer",
    "Number",
    "Phone",
    "Text",
    "TextList",
    "TimeZone",
    "ValueType",
    "value_type_for",
]

INSTANT = pl.Datetime("us", "UTC")


@dataclass(frozen=True, slots=True)
class Clean:
    """Values as sent and, row by row, why a value cannot be sent (null where it can)."""

    values: pl.Series
    reasons: pl.Series


class ValueType(ABC):
    """What a field holds at the destination."""

    dtype: ClassVar[pl.DataType]
    label: ClassVar[str]

    @abstractmethod
    def clean(self, raw: pl.Series) -> Clean:
        """Normalise and validate a column."""

    @property
    def rule(self) -> str:
        """The rule in words, for the catalogue and for messages."""
        return self.label


def _judge(raw: pl.Series, values: pl.Expr, *rules: tuple[pl.Expr, str]) -> Clean:
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


def _text_of(dtype: pl.DataType) -> pl.Expr:
    """Text of a scalar column, the way a person would write the value."""
    raw = pl.col("raw")
    if dtype == pl.Binary or dtype.is_nested() or dtype == pl.Object:
        return pl.lit(None, dtype=pl.String)
    if isinstance(dtype, pl.Datetime):
        return _instant_of(dtype).dt.to_string("%Y-%m-%dT%H:%M:%S%.fZ")
    return raw.cast(pl.String)


def _instant_of(dtype: pl.DataType) -> pl.Expr:
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


@dataclass(frozen=True, slots=True)
class Text(ValueType):
    """Text between `min` and `max` characters that matches `pattern` as a whole; `words` explains the pattern."""

    min: int = 0
    max: int | None = None
    pattern: str | None = None
    words: str = ""
    trim: bool = False

    dtype: ClassVar[pl.DataType] = pl.String()
    label: ClassVar[str] = "text"

    @property
    def rule(self) -> str:
        length = f", {self.min} to {self.max} characters" if self.max else ""
        return f"text{length}{', ' + self.words if self.words else ''}"

    def clean(self, raw: pl.Series) -> Clean:
        value, length = pl.col("value"), pl.col("value").str.len_chars()
        text = _text_of(raw.dtype)
        rules: list[tuple[pl.Expr, str]] = [(value.is_not_null(), "is not text")]
        if self.min:
            rules.append(
                (
                    length >= self.min,
                    "is empty" if self.min == 1 else f"is shorter than {self.min} characters",
                )
            )
        if self.max is not None:
            rules.append((length <= self.max, f"is longer than {self.max} characters"))
        if self.pattern:
            rules.append(
                (value.str.contains(f"^(?:{self.pattern})$"), f"is not {self.words or self.pattern}")
            )
        return _judge(raw, text.str.strip_chars() if self.trim else text, *rules)


@dataclass(frozen=True, slots=True)
class Choice(ValueType):
    """One of a few words."""

    values: tuple[str, ...]

    dtype: ClassVar[pl.DataType] = pl.String()
    label: ClassVar[str] = "choice"

    @property
    def rule(self) -> str:
        return "one of " + ", ".join(self.values)

    def clean(self, raw: pl.Series) -> Clean:
        return _judge(raw, _text_of(raw.dtype), (pl.col("value").is_in(self.values), f"is not {self.rule}"))


@dataclass(frozen=True, slots=True)
class TimeZone(ValueType):
    """The name of a time zone in the IANA database."""

    dtype: ClassVar[pl.DataType] = pl.String()
    label: ClassVar[str] = "IANA time zone"

    def clean(self, raw: pl.Series) -> Clean:
        known = pl.col("value").is_in(_time_zones())
        return _judge(raw, _text_of(raw.dtype), (known, "is not an IANA time zone"))


@cache
def _time_zones() -> tuple[str, ...]:
    return tuple(sorted(available_timezones()))


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
        return _judge(raw, self._values(raw.dtype), *rules)

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

    def clean(self, raw: pl.Series) -> Clean:
        column = pl.col("raw")
        if raw.dtype == pl.String:
            values = column.str.strip_chars().cast(pl.Float64, strict=False)
        elif raw.dtype.is_numeric():
            values = column.cast(pl.Float64, strict=False)
        else:
            values = pl.lit(None, dtype=pl.Float64)
        number = pl.col("value")
        return _judge(
            raw,
            pl.when(values == 0.0).then(0.0).otherwise(values),  # -0.0 and 0.0 are one number
            (number.is_not_null(), "is not a number"),
            (number.is_finite(), "is not a finite number"),
        )


@dataclass(frozen=True, slots=True)
class Boolean(ValueType):
    """True or false; the words are accepted in any case."""

    dtype: ClassVar[pl.DataType] = pl.Boolean()
    label: ClassVar[str] = "true or false"

    def clean(self, raw: pl.Series) -> Clean:
        column = pl.col("raw")
        if raw.dtype == pl.Boolean:
            values = column
        elif raw.dtype == pl.String:
            words = column.str.strip_chars().str.to_lowercase()
            values = pl.when(words == "true").then(True).when(words == "false").then(False)
        else:
            values = pl.lit(None, dtype=pl.Boolean)
        return _judge(raw, values, (pl.col("value").is_not_null(), "is not true or false"))


@dataclass(frozen=True, slots=True)
class Day(ValueType):
    """A calendar day; a timestamp gives its day in UTC."""

    dtype: ClassVar[pl.DataType] = pl.Date()
    label: ClassVar[str] = "date"

    def clean(self, raw: pl.Series) -> Clean:
        column = pl.col("raw")
        if raw.dtype == pl.Date:
            values = column
        elif raw.dtype == pl.String:
            values = column.str.strip_chars().str.to_date("%Y-%m-%d", strict=False)
        else:
            values = _instant_of(raw.dtype).dt.date()
        return _judge(
            raw,
            values,
            (pl.col("value").is_not_null(), "is not a date"),
            (pl.col("value").dt.year().is_between(1, 9999), "is a date outside the years 1 to 9999"),
        )


@dataclass(frozen=True, slots=True)
class Instant(ValueType):
    """A moment in UTC, to the microsecond; one without a zone is taken as UTC."""

    dtype: ClassVar[pl.DataType] = INSTANT
    label: ClassVar[str] = "timestamp"

    def clean(self, raw: pl.Series) -> Clean:
        return _judge(
            raw,
            _instant_of(raw.dtype),
            (pl.col("value").is_not_null(), "is not a timestamp"),
            (pl.col("value").dt.year().is_between(1, 9999), "is a timestamp outside the years 1 to 9999"),
        )


@dataclass(frozen=True, slots=True)
class TextList(ValueType):
    """A list of texts without nulls."""

    max_items: int | None = None
    max: int | None = None

    dtype: ClassVar[pl.DataType] = pl.List(pl.String)
    label: ClassVar[str] = "list of texts"

    def clean(self, raw: pl.Series) -> Clean:
        column, value = pl.col("raw"), pl.col("value")
        if not isinstance(raw.dtype, (pl.List, pl.Array)) or pl.DataType.from_python(str) != raw.dtype.inner:
            return _judge(
                raw, pl.lit(None, dtype=self.dtype), (value.is_not_null(), "is not a list of texts")
            )
        rules = [
            (
                value.list.eval(pl.element().is_null().any()).list.first().fill_null(value=False).not_(),
                "holds a null",
            )
        ]
        if self.max_items is not None:
            rules.append((value.list.len() <= self.max_items, f"has more than {self.max_items} items"))
        if self.max is not None:
            longest = value.list.eval(pl.element().str.len_chars()).list.max().fill_null(0)
            rules.append((longest <= self.max, f"has an item longer than {self.max} characters"))
        return _judge(raw, column.cast(self.dtype), *rules)


@dataclass(frozen=True, slots=True)
class _Contact(ValueType):
    """Text judged value by value by a library, once per distinct value."""

    dtype: ClassVar[pl.DataType] = pl.String()
    words: ClassVar[str]

    @abstractmethod
    def one(self, value: str) -> str | None:
        """One value as sent, or None where it breaks the rule."""

    def clean(self, raw: pl.Series) -> Clean:
        text = pl.DataFrame({"raw": raw}).select(text=_text_of(raw.dtype))["text"]
        distinct = text.drop_nulls().unique()
        known = {value: self.one(value) for value in distinct}
        values = text.replace_strict(list(known), list(known.values()), default=None, return_dtype=pl.String)
        reasons = pl.select(
            pl.when(raw.is_not_null() & values.is_null()).then(pl.lit(self.words))
        ).to_series()
        return Clean(values, reasons.cast(pl.String))


@dataclass(frozen=True, slots=True)
class Email(_Contact):
    """An e-mail address (RFC 5321/5322 as the email-validator library reads them), domain in lower case."""

    label: ClassVar[str] = "e-mail address"
    words: ClassVar[str] = "is not an e-mail address"

    def one(self, value: str) -> str | None:
        return clean_email(value)


@dataclass(frozen=True, slots=True)
class Phone(_Contact):
    """A phone number in international form, sent as E.164."""

    label: ClassVar[str] = "phone number (E.164)"
    words: ClassVar[str] = "is not a phone number in international form"

    def one(self, value: str) -> str | None:
        return clean_phone(value)


def value_type_for(dtype: pl.DataType) -> ValueType | None:
    """The type a column gets when nobody declares one (custom fields); None where it cannot be sent."""
    if dtype.is_integer():
        return Integer()
    if dtype.is_numeric():
        return Number()
    if isinstance(dtype, (pl.List, pl.Array)):
        return TextList() if dtype.inner == pl.String else None
    if isinstance(dtype, (pl.Enum, pl.Categorical)):
        return Text()
    simple: dict[type[pl.DataType], ValueType] = {
        pl.String: Text(),
        pl.Boolean: Boolean(),
        pl.Date: Day(),
        pl.Datetime: Instant(),
    }
    return simple.get(dtype.base_type())
