"""The fields of a model as conditions see them: a name and the kind of its values."""

from collections.abc import Mapping
from enum import StrEnum

import polars as pl

Schema = Mapping[str, pl.DataType]
"""Field names and Polars types; a `pl.Schema` is one."""

UNTOLD = pl.Unknown()
"""The type of a field that cannot be told: only a source knows it, or what the field is made of; or it has a fault."""


class Kind(StrEnum):
    """What a field holds; it decides which operators apply."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    LIST = "list"
    OTHER = "other"


_KINDS: tuple[tuple[Kind, tuple[type[pl.DataType], ...]], ...] = (
    (Kind.TEXT, (pl.String, pl.Categorical, pl.Enum)),
    (Kind.NUMBER, (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64)),
    (Kind.NUMBER, (pl.Float32, pl.Float64, pl.Decimal)),
    (Kind.BOOLEAN, (pl.Boolean,)),
    (Kind.DATE, (pl.Date,)),
    (Kind.TIMESTAMP, (pl.Datetime,)),
    (Kind.LIST, (pl.List,)),
)


def kind_of(dtype: pl.DataType) -> Kind:
    """Return the kind of a Polars type; what no engine compares alike (bytes, structs, times, 128 bits) is `other`."""
    return next((kind for kind, types in _KINDS if isinstance(dtype, types)), Kind.OTHER)


def element(dtype: pl.List) -> pl.DataType:
    """Return the type of a list's values."""
    inner = dtype.inner
    return inner if isinstance(inner, pl.DataType) else inner()
