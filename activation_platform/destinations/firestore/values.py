"""Values as Firestore has them: each says its type. Source: https://cloud.google.com/firestore/docs/reference/rest/v1/Value.

Whole numbers are texts of 64 bits. There is no type for days: they are text, 2024-01-31, which sorts and never moves to another
time zone.
"""

from collections.abc import Mapping

import polars as pl
from polars.datatypes import DataTypeClass

from activation_platform.contracts.encode import Member, Part, Shape
from activation_platform.destinations.firestore.places import field_path

__all__ = ["paths_of", "typed_fields"]

_NULL = Member(pl.lit("NULL_VALUE"))


def typed_fields(frame: pl.DataFrame, told: Mapping[str, Member]) -> Shape:
    """The fields of documents, each with its type; null is a value of its own type."""
    return {
        name: _typed(one, frame.schema[name], nulls=bool(frame[name].null_count()))
        for name, one in told.items()
    }


def paths_of(told: Mapping[str, Member]) -> Member:
    """The fields that are written. None is not the same as no mask: it leaves a document as it is."""
    paths = [
        pl.lit(field_path(name))
        if one.absent is None
        else pl.when(~one.absent).then(pl.lit(field_path(name)))
        for name, one in told.items()
    ]
    return Member(pl.concat_list(paths).list.drop_nulls() if paths else pl.lit([], dtype=pl.List(pl.String)))


def _typed(member: Member, dtype: pl.DataType, *, nulls: bool) -> Part:
    kind, value = _kind(member.value, dtype)
    if not nulls:
        return Part({kind: Member(value)}, member.absent)
    nothing = member.value.is_null()
    return Part({kind: Member(value, nothing), "nullValue": Member(_NULL.value, ~nothing)}, member.absent)


def _kind(value: pl.Expr, dtype: pl.DataType | DataTypeClass) -> tuple[str, pl.Expr]:
    """A value's type, and what stands there. `value` is rendered: moments and days are text already."""
    if dtype == pl.Boolean:
        return "booleanValue", value
    if dtype.is_integer():
        return "integerValue", value.cast(pl.String)
    if dtype.is_float():
        return "doubleValue", value
    if isinstance(dtype, pl.Datetime):
        return "timestampValue", value
    if isinstance(dtype, pl.List):
        kind, one = _kind(pl.element(), dtype.inner)
        return "arrayValue", pl.struct(value.list.eval(pl.struct(one.alias(kind))).alias("values"))
    return "stringValue", value
