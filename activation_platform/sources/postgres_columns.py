"""What PostgreSQL's types are in Polars, and what a user writes where they have no home."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlglot import exp

from activation_platform.contracts.errors import DeclarationError
from activation_platform.sources.arrow import Reading, names_refused
from activation_platform.sources.statement import as_subquery

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["arrays_measured", "one_dimensional", "reading"]

AT_HOME = frozenset(
    {
        "bool",
        "int2",
        "int4",
        "int8",
        "float4",
        "float8",
        "numeric",
        "text",
        "varchar",
        "bpchar",
        "name",
        "char",
    }
    | {"bytea", "date", "time", "timestamp", "timestamptz", "json", "jsonb", "uuid"}
)
"""Server types whose Arrow form says the same. The driver also passes `money` off as int64 cents and `oid` as int32."""
ADVICE = {
    "interval": "extract(epoch from {column})::bigint (seconds) or {column}::text",
    "money": "{column}::numeric(19, 2)",
    "oid": "{column}::bigint",
}
NOT_NUMBERS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
"""The driver's spelling, and the server's."""
MOST_DIGITS = 38
Convert = Callable[[pl.Expr], pl.Expr]


def reading(columns: "pa.Schema") -> Reading:
    """The way from the driver's batches to frames. Raises DeclarationError that names every column without a home."""
    names_refused(columns.names)
    if refused := [words for field in columns if (words := _refusal(field))]:
        raise DeclarationError(
            f"No destination understands {'; '.join(refused)}", remedy="Cast it in the model's SQL."
        )
    converts = {field.name: convert for field in columns if (convert := _convert(field))}
    decimals = {field.name: _decimal(field) for field in columns if _decimal(field)}

    def finish(frame: pl.DataFrame) -> pl.DataFrame:
        changed = [_applied(frame.get_column(name), convert) for name, convert in converts.items()]
        changed += [_numbers(frame.get_column(name), kind) for name, kind in decimals.items() if kind]
        return frame.with_columns(changed)

    return Reading(columns, finish)


def arrays_measured(query: str, columns: "pa.Schema") -> str:
    """The query as it is; where it gives arrays, with one more column, last: how many dimensions they have.

    The driver flattens `{{1,2},{3,4}}` to four elements without a word, so the server is asked.
    """
    arrays = [
        exp.func("array_ndims", exp.column(field.name, table="model", quoted=True))
        for field in columns
        if _is_array(field)
    ]
    if not arrays:
        return (
            f"{query}\n"  # the driver wraps it in COPY (…): the line break ends a comment at the query's end
        )
    everything = exp.Column(this=exp.Star(), table=exp.to_identifier("model", quoted=True))
    measured = exp.select(everything, exp.func("greatest", *arrays)).sql(dialect="postgres")
    return f"{measured} FROM {as_subquery(query, 'postgres', 'model')}"


def one_dimensional(batches: "Iterable[pa.RecordBatch]", columns: "pa.Schema") -> "Iterator[pa.RecordBatch]":
    """The batches of `arrays_measured` without its column. Raises DeclarationError for an array of arrays."""
    import pyarrow.compute as pc

    arrays = [field.name for field in columns if _is_array(field)]
    for batch in batches:
        if arrays:
            deepest = pc.max(batch.column(len(columns))).as_py()
            if deepest is not None and deepest > 1:
                raise DeclarationError(
                    f"An array of several dimensions stands in {' or '.join(map(repr, arrays))}",
                    remedy="Write to_jsonb(…) around it in the model's SQL.",
                )
            batch = batch.select(range(len(columns)))
        yield batch


def _type_name(field: Any) -> str:
    """The server's name of a field's type: `numeric`, `_int4` for int4[], or a user's own."""
    return ((field.metadata or {}).get(b"POSTGRESQL:type") or b"").decode()


def _is_array(field: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_list(field.type))


def _refusal(field: Any) -> str | None:
    import pyarrow as pa

    array = _is_array(field)
    arrow, name = (field.type.value_type if array else field.type), _type_name(field)
    if array and not name.startswith("_"):
        return f"{field.name!r} is {name}: write {_quoted(field.name)}::text"  # int2vector and its like
    name = name.removeprefix("_") if array else name
    if name in AT_HOME or pa.types.is_string(arrow):  # the driver says string only of texts and enums
        return None
    default = "to_jsonb({column})" if pa.types.is_struct(arrow) or array else "{column}::text"
    advice = default if array else ADVICE.get(name, default)
    shown = "a type of an extension" if name.startswith("unnamed<") else name + "[]" * array
    return f"{field.name!r} is {shown}: write {advice.replace('{column}', _quoted(field.name))}"


def _convert(field: Any) -> Convert | None:
    name = _type_name(field)
    element = name.removeprefix("_") if _is_array(field) else name
    if element == "uuid":
        convert: Convert = _canonical
    elif element == "numeric" and _decimal(field) is None:
        convert = _spelled
    else:
        return None
    return (lambda column: column.list.eval(convert(pl.element()))) if _is_array(field) else convert


def _canonical(column: pl.Expr) -> pl.Expr:
    digits = column.bin.encode("hex")
    parts = [
        digits.str.slice(start, length) for start, length in ((0, 8), (8, 4), (12, 4), (16, 4), (20, 12))
    ]
    return pl.concat_str(parts, separator="-")


def _spelled(column: pl.Expr) -> pl.Expr:
    return column.replace(NOT_NUMBERS)


def _decimal(field: Any) -> pl.Decimal | None:
    """Precision and scale from the type modifier, which holds them as 16 + 11 bits, the scale signed."""
    modifier = int((field.metadata or {}).get(b"POSTGRESQL:typmod") or -1)
    if _type_name(field) != "numeric" or modifier < 0:
        return None
    precision, scale = (modifier - 4) >> 16, (((modifier - 4) & 0x7FF) ^ 1024) - 1024
    digits = max(precision, scale) if scale >= 0 else precision - scale
    return pl.Decimal(digits, max(scale, 0)) if digits <= MOST_DIGITS else None


def _numbers(column: pl.Series, kind: pl.Decimal) -> pl.Series:
    if column.is_in(list(NOT_NUMBERS)).any():
        raise DeclarationError(
            f"Column {column.name!r} holds NaN, which is not a number",
            remedy=f"Write nullif({_quoted(column.name)}, 'NaN') in the model's SQL, or cast it to double precision.",
        )
    return column.cast(kind)


def _applied(column: pl.Series, convert: Convert) -> pl.Series:
    return column.to_frame().select(convert(pl.first()).alias(column.name)).to_series()


def _quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql(dialect="postgres")
