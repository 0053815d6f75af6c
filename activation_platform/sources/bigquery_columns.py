"""What BigQuery's types are in Arrow, told by the schema of the result, and what a user writes where they have no home."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from activation_platform.contracts.errors import DeclarationError
from activation_platform.sources.arrow import names_refused

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["arrow_schema"]

MOST_DIGITS = 38
ADVICE = {
    "BIGNUMERIC": "CAST({column} AS NUMERIC) or CAST({column} AS STRING)",
    "RANGE": "RANGE_START({column})",
}


def arrow_schema(fields: Sequence[Any]) -> "pa.Schema":
    """The columns as BigQuery declares them. Raises DeclarationError that names every column without a home."""
    import pyarrow as pa

    names_refused([field.name for field in fields])
    refused = [
        f"{field.name!r} is {word}: write {ADVICE.get(word, 'CAST({column} AS STRING)').replace('{column}', f'`{field.name}`')}"
        for field in fields
        if (word := _homeless(field))
    ]
    if refused:
        raise DeclarationError(
            f"No destination understands {'; '.join(refused)}", remedy="Cast it in the model's SQL."
        )
    return pa.schema([(field.name, _arrow_type(field)) for field in fields])


def _homeless(field: Any) -> str:
    """The name of the type without a home in a column; empty if all have one."""
    if field.fields:
        return next((found for inner in field.fields if (found := _homeless(inner))), "")
    known = _scalars().get(field.field_type) or _decimal(field)
    return "" if known else str(field.field_type)


def _arrow_type(field: Any) -> Any:
    import pyarrow as pa

    if field.fields:
        kind = pa.struct([(inner.name, _arrow_type(inner)) for inner in field.fields])
    else:
        kind = _scalars().get(field.field_type) or _decimal(field)
    return pa.list_(kind) if field.mode == "REPEATED" else kind


def _scalars() -> dict[str, Any]:
    """The API says the older names (INTEGER, FLOAT, BOOLEAN), its clients also take the newer ones."""
    import pyarrow as pa

    return {
        "STRING": pa.string(),
        "JSON": pa.string(),
        "GEOGRAPHY": pa.string(),
        "BYTES": pa.binary(),
        "INTEGER": pa.int64(),
        "INT64": pa.int64(),
        "FLOAT": pa.float64(),
        "FLOAT64": pa.float64(),
        "BOOLEAN": pa.bool_(),
        "BOOL": pa.bool_(),
        "DATE": pa.date32(),
        "TIME": pa.time64("us"),
        "DATETIME": pa.timestamp("us"),
        "TIMESTAMP": pa.timestamp("us", "UTC"),
    }


def _decimal(field: Any) -> Any:
    """NUMERIC is (38, 9) and BIGNUMERIC (76, 38) unless the column says otherwise; None beyond 38 digits."""
    import pyarrow as pa

    digits = {"NUMERIC": (38, 9), "BIGNUMERIC": (76, 38)}.get(field.field_type)
    if digits is None:
        return None
    precision, scale = (field.precision, field.scale or 0) if field.precision else digits
    return pa.decimal128(precision, scale) if precision <= MOST_DIGITS else None
