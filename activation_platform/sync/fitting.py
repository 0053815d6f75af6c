"""Whether there can be a field, and whether a column or constant can be sent to it, as far as types tell before a row is read."""

from collections.abc import Mapping, Sequence

import polars as pl

from activation_platform.contracts.fields import Field, is_pattern, nearest
from activation_platform.contracts.service import Service
from activation_platform.contracts.values import Fit, ValueType, value_type_for

__all__ = ["doubt_about_column", "fault_of_column", "fault_of_constant", "fault_of_field", "type_at"]


def type_at(name: str, known: Mapping[str, Field], service: Service, dtype: pl.DataType) -> ValueType | None:
    """The type of a field that a column of this type feeds; None where there is no such field, or nothing to feed it with."""
    if name in known:
        return known[name].type
    return None if service.custom_fields is None else service.custom_fields.type_for(name, dtype)


def fault_of_field(
    name: str, known: Mapping[str, Field], service: Service, account: Sequence[Field] | None
) -> str:
    """Why there can be no field of this name; empty where there is one, or may be one in an account that was not asked."""
    custom = service.custom_fields
    if name in known:
        return ""
    if custom is None:
        return f'there is no field "{name}".{nearest(name, known)}'
    if is_pattern(name):
        return f'"{name}" cannot be the name of a field: it is * or stands between ^ and $'
    if not custom.accepts(name):
        return f'"{name}" is neither a field of the service nor a possible custom field ({custom.words}).{nearest(name, known)}'
    if account is not None:
        return f'the account has no field "{name}".{nearest(name, known)} Create it there first, or map another field.'
    return ""


def fault_of_constant(constant: pl.Series, type_: ValueType | None) -> str:
    """Why a constant, the one value of a series, cannot be sent; empty where it can."""
    reason = None if type_ is None else type_.clean(constant).reasons[0]
    return "" if reason is None else f"the constant {reason}"


def fault_of_column(column: str, dtype: pl.DataType, type_: ValueType | None) -> str:
    """Why no value of a column can be sent; empty where some may be."""
    if type_ is None:
        return f"a column of type {dtype} cannot be sent"
    if type_.fit(dtype) is Fit.NEVER:
        remedy = "Cast it in the model's SQL, or map another column."
        return f"{_unlike(column, dtype, type_)}, of which nothing can be sent. {remedy}"
    return ""


def doubt_about_column(column: str, dtype: pl.DataType, type_: ValueType | None) -> str:
    """Why some values of a column may never be sent; empty where their type does not stand against them."""
    if type_ is not None and type_.fit(dtype) is Fit.DEPENDS:
        return f"{_unlike(column, dtype, type_)}: what is none is set aside"
    return ""


def _unlike(column: str, dtype: pl.DataType, type_: ValueType) -> str:
    held = value_type_for(dtype)
    return f'it takes a {type_.label}, and the column "{column}" is {dtype if held is None else held.label}'
