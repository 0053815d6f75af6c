"""A condition's value read as the kind of its field: `"2024-01-01"` becomes a day, `2` a decimal or a float."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeVar

import polars as pl

from activation_platform.segmentation.fields import Kind, kind_of
from activation_platform.segmentation.values import Scalar

Operand = str | bool | Decimal | float | date | datetime
"""Text, boolean, exact number (integer and decimal fields), float, day, or instant in UTC."""

_T = TypeVar("_T", date, datetime)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT = re.compile(_DAY.pattern + r"[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?")


def operand(value: Scalar, dtype: pl.DataType) -> Operand:
    """Read `value` for a field of type `dtype`; raises ValueError that says how to write it.

    Numbers become the field's own kind of number; a timestamp without an offset is taken as UTC; a day beside a
    timestamp field stays a day and stands for all of it.
    """
    kind = kind_of(dtype)
    return _numeral(value, dtype) if kind is Kind.NUMBER else _READERS[kind](value)


def _text(value: Scalar) -> str:
    if not isinstance(value, str):
        hint = " (YAML reads yes, no, on and off as booleans)" if isinstance(value, bool) else ""
        raise ValueError(f'{value} is not text: write it in quotes, "..."{hint}')
    return value


def _boolean(value: Scalar) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is not a boolean: write true or false")
    return value


def _numeral(value: Scalar, dtype: pl.DataType) -> Decimal | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{str(value)!r} is not a number: write digits without quotes")
    if not dtype.is_float():
        return Decimal(repr(value))
    try:
        return float(value)
    except OverflowError:
        raise ValueError("the number is too large for a field of floats") from None


def _day(value: Scalar) -> date:
    if isinstance(value, datetime):
        raise ValueError(f"{value} is a timestamp and the field holds dates: write the day alone")
    if isinstance(value, date):
        return value
    if isinstance(value, str) and _DAY.fullmatch(value):
        return _parsed(date.fromisoformat, value)
    raise ValueError(f"{str(value)!r} is not a date: write it as 2024-12-31")


def _moment(value: Scalar) -> date | datetime:
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        value = _parsed(datetime.fromisoformat, value)
    if isinstance(value, datetime):
        return _in_utc(value)
    if isinstance(value, date) or (isinstance(value, str) and _DAY.fullmatch(value)):
        return _day(value)
    raise ValueError(f'{str(value)!r} is not a moment: write "2024-12-31" or "2024-12-31T18:00:00Z"')


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{value} lies outside the years 1 to 9999") from None


def _parsed(parse: Callable[[str], _T], text: str) -> _T:
    try:
        return parse(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no day of the calendar: {error}") from None


def _incomparable(value: Scalar) -> Operand:
    raise ValueError(f"{value!r} cannot be compared with this field")


_READERS: dict[Kind, Callable[[Scalar], Operand]] = {
    Kind.TEXT: _text,
    Kind.BOOLEAN: _boolean,
    Kind.DATE: _day,
    Kind.TIMESTAMP: _moment,
    Kind.LIST: _incomparable,
    Kind.OTHER: _incomparable,
}
