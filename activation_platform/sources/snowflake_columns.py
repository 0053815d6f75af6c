"""What Snowflake's types are in Polars, told by the server's own description, and what a user writes where they have no home."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from activation_platform.contracts.errors import DeclarationError
from activation_platform.sources.arrow import Reading, names_refused

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["exactly", "reading"]

BATCH_ROWS = 50_000
TEXTS = frozenset({"TEXT", "VARIANT", "OBJECT", "ARRAY", "GEOGRAPHY", "GEOMETRY"})
ADVICE = {"MAP": "TO_JSON({column}::OBJECT)", "VECTOR": "{column}::ARRAY"}


def reading(description: Sequence[Any]) -> Reading:
    """The way from the connector's tables to frames. Raises DeclarationError that names every column without a home.

    The schema comes from the description (names, type codes, precision, scale) and not from the tables: the connector gives
    each chunk of a NUMBER the narrowest integer that holds it.
    """
    import pyarrow as pa

    names_refused([column.name for column in description])
    kinds = {column.name: _arrow_type(column) for column in description}
    refused = [
        f"{column.name!r} is {word}: write {ADVICE.get(word, '{column}::VARCHAR').replace('{column}', _quoted(column.name))}"
        for column in description
        if kinds[column.name] is None and (word := _word(column))
    ]
    if refused:
        raise DeclarationError(
            f"No destination understands {'; '.join(refused)}", remedy="Cast it in the model's SQL."
        )
    return Reading(pa.schema(list(kinds.items())))


def exactly(tables: "Iterable[pa.Table]", plan: Reading) -> "Iterator[pa.RecordBatch]":
    """The tables as batches of the plan's own types. Raises DeclarationError for a number that its column cannot hold."""
    import pyarrow as pa

    for table in tables:
        columns = [_cast(table.column(field.name), field) for field in plan.arrow]
        yield from pa.Table.from_arrays(columns, schema=plan.arrow).to_batches(BATCH_ROWS)


def _cast(column: Any, field: Any) -> Any:
    import pyarrow as pa

    try:
        return column.cast(field.type)
    except pa.ArrowInvalid:
        raise DeclarationError(
            f"Column {field.name!r} holds a number beyond 64 bits",
            remedy=f"Write {_quoted(field.name)}::VARCHAR in the model's SQL.",
        ) from None


def _arrow_type(column: Any) -> Any:
    """The Arrow type of a column as the server describes it; None where it has no home."""
    import pyarrow as pa

    word = _word(column)
    if word in TEXTS:
        return pa.string()
    if word == "FIXED":
        return pa.decimal128(column.precision, column.scale) if column.scale else pa.int64()
    return {
        "REAL": pa.float64(),
        "BOOLEAN": pa.bool_(),
        "DATE": pa.date32(),
        "TIME": pa.time64("ns"),
        "TIMESTAMP_NTZ": pa.timestamp("us"),
        "TIMESTAMP_LTZ": pa.timestamp("us", "UTC"),
        "TIMESTAMP_TZ": pa.timestamp("us", "UTC"),
        "BINARY": pa.binary(),
    }.get(word)


def _word(column: Any) -> str:
    from snowflake.connector.constants import FIELD_ID_TO_NAME

    return str(FIELD_ID_TO_NAME[column.type_code])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
