"""The columns of a file: any name, any type that every format can hold, values as they are; and what a record puts into them."""

# ruff: noqa: D102 -- `clean` and `fit` are documented once, by ValueType

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from activation_platform.contracts.batch import IDENTIFIER, Batch
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.fields import CustomFields
from activation_platform.contracts.modes import Mode
from activation_platform.contracts.passes import Pass
from activation_platform.contracts.value import Clean, Fit, ValueType, judge
from activation_platform.contracts.values import Text, value_type_for

__all__ = ["ANY_COLUMN", "Identifier", "Unchanged", "columns_of", "rows_of"]


@dataclass(frozen=True, slots=True)
class Unchanged(ValueType):
    """The value as the column has it: no digit of a decimal is lost, no type is changed."""

    dtype: ClassVar[pl.DataType] = pl.Unknown()
    label: ClassVar[str] = "as the column has it"

    def fit(self, dtype: pl.DataType) -> Fit:
        return Fit.of(dtype, good=True)

    def clean(self, raw: pl.Series) -> Clean:
        if raw.dtype.is_float():
            return judge(raw, pl.col("raw"), (pl.col("value").is_finite(), "is not a finite number"))
        return judge(raw, pl.col("raw"))


@dataclass(frozen=True, slots=True)
class Identifier(ValueType):
    """A whole number, or else text that is not empty."""

    dtype: ClassVar[pl.DataType] = pl.Unknown()
    label: ClassVar[str] = "whole number or text"

    def clean(self, raw: pl.Series) -> Clean:
        return (Unchanged() if raw.dtype.is_integer() else Text(min=1)).clean(raw)


class _AnyColumn(CustomFields):
    """Texts, numbers, booleans, dates and timestamps (in UTC), and lists of texts, whole numbers or booleans."""

    def type_for(self, name: str, dtype: pl.DataType) -> ValueType | None:
        """The type of a column; None where not every format can hold it."""
        del name
        if isinstance(dtype, (pl.List, pl.Array)):
            inner = dtype.inner
            plain = inner in (pl.String, pl.Boolean) or pl.Series([], dtype=inner).dtype.is_integer()
            return Unchanged() if plain else None
        if dtype == pl.Null:
            return Text()
        return Unchanged() if dtype.is_numeric() else value_type_for(dtype)


ANY_COLUMN = _AnyColumn(
    pattern=r"(?!_|raw:)[^\x00-\x1f\x7f]{1,200}",
    words='any name of up to 200 characters that does not start with "_" or "raw:"',
)


def columns_of(pass_: Pass, identifier: str, operation: str) -> pl.Schema:
    """The columns of a run's file, in order: the identifier, under mirror the operation, and the fields."""
    columns = {identifier: pass_.schema[identifier]}
    if pass_.mode is Mode.MIRROR:
        if operation in pass_.schema:
            raise DeclarationError(
                f'the column "{operation}" says what happened to a record, and a field has the same name',
                remedy="Rename the field in the activation's mapping, or choose another operation_column.",
            )
        columns[operation] = pl.String()
    return pl.Schema(columns | pass_.schema)


def rows_of(batch: Batch, identifier: str, operation: str) -> pl.DataFrame:
    """What a batch knows of these columns: of a delete, only the identifier that the record was last sent under."""
    columns = [pl.col(IDENTIFIER).alias(identifier)]
    if batch.mode is Mode.MIRROR:
        columns.append(pl.lit(str(batch.operation)).alias(operation))
    columns += [pl.col(field.name) for field in batch.fields if field.name != identifier]
    return batch.frame.select(columns)
