"""What Redshift's types are in Arrow, how columns travel so that no digit is lost, and what to write where they have no home.

The driver decodes some types inexactly: binary numerics are rounded to 28 digits, dates and timestamps beyond the year 9999
become the last day of it, VARBYTE must be UTF-8. So such columns are asked for as text, and read here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import time
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlglot import exp

from activation_platform.contracts.errors import DeclarationError
from activation_platform.sources.arrow import Reading, impossible, names_refused
from activation_platform.sources.statement import as_subquery

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Column", "arrow_schema", "batch_of", "projected", "reading"]

PLAIN = {
    16: "bool",
    20: "int64",
    21: "int16",
    23: "int32",
    700: "float32",
    701: "float64",
    18: "string",
    19: "string",
    25: "string",
    705: "string",
    1042: "string",
    1043: "string",
    4000: "string",  # SUPER: its JSON
    1082: "date32",
    1083: "time64[us]",
    1114: "timestamp[us]",
}
NUMERIC, TIME, ZONED = 1700, 1083, 1184
VARBYTES = (17, 6551)
AS_TEXT = (NUMERIC, 1082, TIME, 1114, ZONED)
ADVICE = {
    1186: "extract(epoch from {column}) (seconds) or {column}::varchar",
    1188: "{column}::varchar",
    1190: "extract(epoch from {column}) (seconds) or {column}::varchar",
    3000: "st_astext({column})",
    3001: "st_astext({column})",
    3999: "st_astext({column})",
}
NAMES = {
    1186: "interval",
    1188: "interval year to month",
    1190: "interval day to second",
    1266: "timetz",
} | dict.fromkeys((3000, 3001, 3999), "geometry")
MOST_DIGITS = 38


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the server describes it: name, number of its type (oid), and its modifier (-1: none)."""

    name: str
    type: int
    modifier: int


def reading(columns: Sequence[Column]) -> Reading:
    """The way from batches of `arrow_schema` to frames: VARBYTE, which travels as hexadecimal text, becomes Binary."""
    binary = [column.name for column in columns if column.type in VARBYTES]

    def finish(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(frame.get_column(name).str.decode("hex") for name in binary)

    return Reading(arrow_schema(columns), finish)


def arrow_schema(columns: Sequence[Column]) -> "pa.Schema":
    """The columns' Arrow types. Raises DeclarationError that names every column without a home."""
    import pyarrow as pa

    names_refused([column.name for column in columns])
    refused = [
        f"{column.name!r} is {NAMES.get(column.type, 'a type of its own')}: "
        f"write {ADVICE.get(column.type, '{column}::varchar').replace('{column}', _quoted(column.name))}"
        for column in columns
        if column.type not in PLAIN and column.type not in (NUMERIC, ZONED, *VARBYTES)
    ]
    if refused:
        raise DeclarationError(
            f"No destination understands {'; '.join(refused)}", remedy="Cast it in the model's SQL."
        )
    return pa.schema([(column.name, _arrow(column)) for column in columns])


def projected(query: str, columns: Iterable[Column], *, as_text: bool) -> str:
    """The query with its columns as they travel: VARBYTE as hexadecimal, and if `as_text` as text what the driver would spoil."""
    wanted = []
    for column in columns:
        named = exp.column(column.name, table="model", quoted=True)
        if column.type in VARBYTES:
            said: Any = exp.func("from_varbyte", named, exp.Literal.string("hex"))
        elif as_text and column.type in AS_TEXT:
            said = exp.cast(named, "varchar")
        else:
            said = named
        wanted.append(exp.alias_(said, column.name, quoted=True))
    return f"{exp.select(*wanted).sql(dialect='redshift')} FROM {as_subquery(query, 'redshift')}"


def batch_of(
    rows: Sequence[Sequence[Any]], columns: Sequence[Column], schema: "pa.Schema"
) -> "pa.RecordBatch":
    """Rows of a projection `as_text` as a batch. Raises DeclarationError for a value that the column's type cannot say."""
    import pyarrow as pa

    arrays = [
        _array(list(values), column, field)
        for values, column, field in zip(zip(*rows, strict=True), columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _array(values: list[Any], column: Column, field: Any) -> Any:
    import pyarrow as pa

    try:
        if column.type == TIME:
            values = [None if value is None else time.fromisoformat(value) for value in values]
        elif column.type in AS_TEXT:
            return pa.array(values, pa.string()).cast(field.type)
        return pa.array(values, field.type)
    except (pa.ArrowInvalid, ValueError):
        what = (
            "NaN, which is not a number"
            if column.type == NUMERIC
            else "a moment outside the years 1 to 9999, or 24:00:00"
        )
        raise impossible(column.name, what) from None


def _arrow(column: Column) -> Any:
    import pyarrow as pa

    if column.type == ZONED:
        return pa.timestamp("us", "UTC")
    if column.type in VARBYTES:
        return pa.string()
    if column.type != NUMERIC:
        kind = PLAIN[column.type]
        return pa.time64("us") if kind == "time64[us]" else pa.type_for_alias(kind)
    precision, scale = (column.modifier - 4) >> 16, (column.modifier - 4) & 0xFFFF
    return (
        pa.decimal128(precision, scale)
        if 0 <= scale <= precision <= MOST_DIGITS and precision > 0
        else pa.string()
    )


def _quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql(dialect="redshift")
