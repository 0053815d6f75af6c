"""A value that somebody wrote, as a cell of a column: read as conditions read theirs; refused where the column cannot hold it."""

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl
import yaml
from dagster_shared.yaml_utils import DagsterYamlLoader

from activation_platform.components.types import type_words
from activation_platform.segmentation.fields import Kind, element, kind_of
from activation_platform.segmentation.operands import operand

__all__ = ["cell", "unquoted"]

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?|nan", re.IGNORECASE)
_BOOLEANS = {"true": True, "false": False}


def cell(value: Any, dtype: pl.DataType) -> Any:
    """The value as a column of this type holds it; raises ValueError that says how to write it."""
    if value is None:
        return None
    if isinstance(dtype, pl.List):
        if not isinstance(value, list):
            raise ValueError(f"{value!r} is not a list: write [a, b]")
        return [cell(one, element(dtype)) for one in value]
    held = _text(value) if kind_of(dtype) is Kind.OTHER else _fitted(operand(value, dtype), dtype)
    kept = _kept(held, dtype)
    if kept is None:
        raise ValueError(f"{value!r} does not fit a column of type {type_words(dtype)}")
    return kept


def unquoted(text: str, dtype: pl.DataType) -> Any:
    """The value that a cell of a CSV file spells for a column of this type; the text itself where it spells none.

    Without YAML's surprises: `010` is ten. Nothing is null.
    """
    kind = kind_of(dtype)
    if not text:
        return None
    if kind is Kind.NUMBER and _NUMBER.fullmatch(text):
        return int(text) if text.lstrip("+-").isdecimal() else float(text)
    if kind is Kind.BOOLEAN:
        return _BOOLEANS.get(text.lower(), text)
    return _list(text) if kind is Kind.LIST else text


def _list(text: str) -> Any:
    try:
        found = yaml.load(text, DagsterYamlLoader)  # noqa: S506 -- a safe loader, to which days are text
    except yaml.YAMLError:
        return text
    return found if isinstance(found, list) else text


def _kept(held: Any, dtype: pl.DataType) -> Any:
    """The value out of such a column; None where it cannot hold it."""
    if isinstance(held, bool | float | date):  # always fits
        return held
    if isinstance(dtype, pl.Decimal):  # Polars would round it
        units = Fraction(held) * 10**dtype.scale
        if units.denominator > 1 or abs(units) >= 10 ** (dtype.precision or 38):
            return None
    try:
        (kept,) = pl.Series([held], dtype=dtype)
    except (TypeError, OverflowError, UnicodeEncodeError, pl.exceptions.PolarsError):
        return None
    return kept


def _text(value: Any) -> str:
    """Times are written as text; nothing else that conditions ask for null alone can be written."""
    if not isinstance(value, str):
        raise ValueError(f'{value!r} is not text: write it in quotes, "..."')
    return value


def _fitted(read: Any, dtype: pl.DataType) -> Any:
    """What conditions compare as what columns hold: numbers that are some, and moments instead of whole days."""
    if isinstance(read, Decimal) and not read.is_finite():
        raise ValueError(f"{read} is not a number that the column can hold")
    if dtype.is_integer():
        if read != read.to_integral_value():
            raise ValueError(f"{read} is not a whole number")
        return int(read)
    if isinstance(dtype, pl.Datetime):
        if not isinstance(read, datetime):
            assert isinstance(read, date)
            read = datetime.combine(read, time(), UTC)
        return read if dtype.time_zone else read.replace(tzinfo=None)
    return read
