"""What the types of Databricks are in Arrow, read from the manifest of a result, and what a user writes where they have no home.

The manifest is asked and not the data: a result without rows has no data, and columns are the same with and without rows.
https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-datatypes
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sqlglot import exp
from sqlglot.errors import ParseError

from activation_platform.contracts.errors import DeclarationError
from activation_platform.sources.arrow import names_refused

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["arrow_schema"]

Type = exp.DataType.Type
PLAIN = {
    Type.BOOLEAN: "bool",
    Type.TINYINT: "int8",
    Type.SMALLINT: "int16",
    Type.INT: "int32",
    Type.BIGINT: "int64",
    Type.FLOAT: "float32",
    Type.DOUBLE: "float64",
    Type.TEXT: "string",
    Type.VARCHAR: "string",
    Type.CHAR: "string",
    Type.BINARY: "binary",
    Type.DATE: "date32",
    Type.NULL: "string",
}
ADVICE = {
    Type.INTERVAL: "CAST({column} AS STRING)",
    Type.MAP: "to_json({column})",
    Type.VARIANT: "to_json({column})",
    Type.OBJECT: "to_json({column})",
    Type.GEOGRAPHY: "st_astext({column})",
    Type.GEOMETRY: "st_astext({column})",
}


def arrow_schema(columns: Iterable[Mapping[str, Any]]) -> "pa.Schema":
    """The schema behind `manifest.schema.columns`. Raises DeclarationError that names every column without a home."""
    import pyarrow as pa

    named = [(str(column["name"]), str(column.get("type_text", ""))) for column in columns]
    names_refused([name for name, _ in named])
    kinds = [(name, words, _parsed(words)) for name, words in named]
    refused = [
        f"{name!r} is {words}: write {advice.replace('{column}', _quoted(name))}"
        for name, words, kind in kinds
        if (advice := _advice(kind))
    ]
    if refused:
        raise DeclarationError(
            f"No destination understands {'; '.join(refused)}", remedy="Cast it in the model's SQL."
        )
    return pa.schema([(name, _arrow(kind)) for name, _, kind in kinds if kind])


def _parsed(words: str) -> exp.DataType | None:
    try:
        return exp.DataType.build(words, dialect="databricks")
    except ParseError:
        return None


def _advice(kind: exp.DataType | None) -> str | None:
    """What to write instead of a column of this type; None where it has a home."""
    if kind is None:
        return "CAST({column} AS STRING)"
    if kind.this in (Type.ARRAY, Type.STRUCT):
        inner = [_advice(_inner(each)) for each in kind.expressions]
        return "to_json({column})" if any(inner) or not inner else None
    if kind.this in PLAIN or kind.this in (Type.DECIMAL, Type.TIMESTAMPTZ, Type.TIMESTAMPNTZ):
        return None
    return ADVICE.get(kind.this, "CAST({column} AS STRING)")


def _arrow(kind: exp.DataType) -> Any:
    import pyarrow as pa

    if kind.this is Type.DECIMAL:
        said = [int(each.name) for each in kind.expressions]
        return pa.decimal128(*said, *(10, 0)[len(said) :])  # DECIMAL alone is DECIMAL(10, 0)
    if kind.this is Type.TIMESTAMPTZ:
        return pa.timestamp("us", "UTC")
    if kind.this is Type.TIMESTAMPNTZ:
        return pa.timestamp("us")
    if kind.this is Type.ARRAY:
        return pa.list_(_arrow(kind.expressions[0]))
    if kind.this is Type.STRUCT:
        return pa.struct([(each.name, _arrow(_inner(each))) for each in kind.expressions])
    return pa.type_for_alias(PLAIN[kind.this])


def _inner(each: exp.Expression) -> exp.DataType:
    """An array's elements are a type, a struct's fields have one."""
    found = each if isinstance(each, exp.DataType) else each.args["kind"]
    assert isinstance(found, exp.DataType)
    return found


def _quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql(dialect="databricks")
