r"""The canonical text of a primary key in SQL: the same for a key on every engine, so that it has the same hash.

| a column of    | is written                                                                               |
|----------------|------------------------------------------------------------------------------------------|
| text           | as it is; a UUID with hyphens in lower case                                              |
| whole numbers  | `7`, `-7`                                                                                |
| decimals       | `7.5`, `0.5`, `7`: without zeros at the end, whatever the scale of the column            |
| dates          | `2026-01-31`                                                                             |
| timestamps     | `2026-01-31T07:00:00.000000Z`: in UTC, with microseconds; without a zone taken as UTC    |
| booleans       | `true`, `false`                                                                          |

Several columns are joined by `|`; in their texts `|` becomes `\|` and `\` becomes `\\`, so that no two keys have one text. If a
column is null, the key is. Floats are written in another way by every engine, and refused; so are nanoseconds, which not every
engine has.
"""

from collections.abc import Sequence
from functools import reduce

import polars as pl
from sqlglot import exp

from activation_platform.segmentation.fields import UNTOLD, Kind, kind_of
from activation_platform.segmentation.scope import Naming, Scope

__all__ = ["has_key", "hashed", "key_columns", "key_fault"]

_DIGITS = 15
"""Of four bits each: the 60 bits of a place."""


def key_fault(scope: Scope) -> str | None:
    """Why the key of the scope's model has no place on every engine; None if it has one, or only the source knows its type."""
    if not scope.model.key:
        return f"the model {scope.name} has no primary key"
    known = scope.model.schema or {}
    for name in scope.model.key:
        if known.get(name, UNTOLD) != UNTOLD and (fault := _fault(known[name])) is not None:
            return f"the key column {name} of {scope.name} {fault}; cast it in the SQL of the model"
    return None


def _fault(dtype: pl.DataType) -> str | None:
    if dtype.is_float():
        return "holds floats, which every engine writes in its own way"
    if isinstance(dtype, pl.Datetime) and dtype.time_unit == "ns":
        return "holds nanoseconds, which not every engine has"
    if kind_of(dtype) in (Kind.LIST, Kind.OTHER):
        return f"holds {dtype}, which every engine writes in its own way"
    return None


def key_columns(scope: Scope, naming: Naming) -> list[exp.Condition]:
    """The columns of the key."""
    return [naming.column(scope.name, name) for name in scope.model.key]


def has_key(scope: Scope, naming: Naming) -> exp.Condition:
    """Whether a row has a key: no column of it is null."""
    null = [exp.Is(this=column, expression=exp.Null()) for column in key_columns(scope, naming)]
    return exp.and_(*map(exp.not_, null), copy=False)


def hashed(seed: str, scope: Scope, naming: Naming) -> exp.Condition:
    """The place of a row, as 15 hexadecimal digits in lower case, which are ordered as their numbers are; null without a key."""
    salted: list[exp.Expr] = [exp.Literal.string(f"{seed}:"), _text(scope, naming)]
    digest = exp.MD5(this=_joined(salted))
    return exp.Left(this=digest, expression=exp.Literal.number(_DIGITS))


def _text(scope: Scope, naming: Naming) -> exp.Expr:
    parts = [_part(name, scope, naming) for name in scope.model.key]
    if len(parts) == 1:
        return parts[0]
    return _joined([one for part in parts for one in (exp.Literal.string("|"), part)][1:])


def _part(name: str, scope: Scope, naming: Naming) -> exp.Expr:
    dtype = scope.schema[name]
    written = naming.written(scope.name, name, dtype)
    if len(scope.model.key) > 1 and kind_of(dtype) is Kind.TEXT:
        return _replaced(_replaced(written, "\\", "\\\\"), "|", "\\|")
    if not isinstance(dtype, pl.Decimal) or not dtype.scale:
        return written
    pointed = exp.Like(this=written, expression=exp.Literal.string("%.%"))
    short = _without(_without(written.copy(), "0"), ".")
    return exp.Case().when(pointed, short).else_(written.copy())


def _without(text: exp.Expr, end: str) -> exp.Expr:
    return exp.Trim(this=text, expression=exp.Literal.string(end), position="TRAILING")


def _replaced(within: exp.Expr, old: str, new: str) -> exp.Expr:
    return exp.func("REPLACE", within, exp.Literal.string(old), exp.Literal.string(new))


def _joined(parts: Sequence[exp.Expr]) -> exp.Expr:
    return reduce(lambda one, other: exp.DPipe(this=one, expression=other), parts)
