"""Value types that are text: free, chosen from a list, e-mail addresses, phone numbers, lists of texts."""

# ruff: noqa: D102 -- `clean`, `fit` and `rule` are documented once, by ValueType

from abc import abstractmethod
from dataclasses import dataclass
from functools import cache
from typing import ClassVar
from zoneinfo import available_timezones

import polars as pl

from activation_platform.contracts.contact import clean_email, clean_phone
from activation_platform.contracts.value import Clean, Fit, ValueType, judge, text_of

__all__ = ["Choice", "Email", "Phone", "Text", "TextList", "TimeZone"]


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
        text = text_of(raw.dtype)
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
        return judge(raw, text.str.strip_chars() if self.trim else text, *rules)


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
        return judge(raw, text_of(raw.dtype), (pl.col("value").is_in(self.values), f"is not {self.rule}"))


@dataclass(frozen=True, slots=True)
class TimeZone(ValueType):
    """The name of a time zone in the IANA database."""

    dtype: ClassVar[pl.DataType] = pl.String()
    label: ClassVar[str] = "IANA time zone"

    def clean(self, raw: pl.Series) -> Clean:
        known = pl.col("value").is_in(_time_zones())
        return judge(raw, text_of(raw.dtype), (known, "is not an IANA time zone"))


@cache
def _time_zones() -> tuple[str, ...]:
    return tuple(sorted(available_timezones()))


@dataclass(frozen=True, slots=True)
class TextList(ValueType):
    """A list of texts without nulls."""

    max_items: int | None = None
    max: int | None = None

    dtype: ClassVar[pl.DataType] = pl.List(pl.String)
    label: ClassVar[str] = "list of texts"

    def fit(self, dtype: pl.DataType) -> Fit:
        return Fit.of(dtype, good=isinstance(dtype, (pl.List, pl.Array)) and dtype.inner == pl.String)

    def clean(self, raw: pl.Series) -> Clean:
        column, value = pl.col("raw"), pl.col("value")
        if self.fit(raw.dtype) is Fit.NEVER:
            return judge(raw, pl.lit(None, dtype=self.dtype), (value.is_not_null(), "is not a list of texts"))
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
        return judge(raw, column.cast(self.dtype), *rules)


@dataclass(frozen=True, slots=True)
class _Contact(ValueType):
    """Text judged value by value by a library, once per distinct value."""

    dtype: ClassVar[pl.DataType] = pl.String()
    words: ClassVar[str]

    @abstractmethod
    def one(self, value: str) -> str | None:
        """One value as sent, or None where it breaks the rule."""

    def clean(self, raw: pl.Series) -> Clean:
        texts = pl.DataFrame({"raw": raw}).with_columns(text=text_of(raw.dtype))["text"].to_list()
        known = {text: self.one(text) for text in set(texts) if text is not None}
        values = pl.Series(map(known.get, texts), dtype=pl.String)
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
