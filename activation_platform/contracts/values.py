"""The types a field can declare, in one place, and the type a column gets when nobody declares one."""

import polars as pl

from activation_platform.contracts.quantities import (
    TOO_EARLY,
    Boolean,
    Day,
    Decimal,
    Instant,
    Integer,
    Number,
)
from activation_platform.contracts.several import Several
from activation_platform.contracts.texts import Choice, Email, Phone, Text, TextList, TimeZone
from activation_platform.contracts.value import Clean, Fit, ValueType

__all__ = [
    "TOO_EARLY",
    "Boolean",
    "Choice",
    "Clean",
    "Day",
    "Decimal",
    "Email",
    "Fit",
    "Instant",
    "Integer",
    "Number",
    "Phone",
    "Several",
    "Text",
    "TextList",
    "TimeZone",
    "ValueType",
    "value_type_for",
]


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
