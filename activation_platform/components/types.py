"""Column types as people write and review them: `integer`, `decimal(12, 2)`, `timestamp with time zone`, `list of text`."""

import re

import polars as pl

__all__ = ["read_type", "same_type", "spelt", "type_words"]

_SIMPLE: dict[str, pl.DataType] = {
    "text": pl.String(),
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "time": pl.Time(),
    "timestamp": pl.Datetime("us"),
    "timestamp with time zone": pl.Datetime("us", "UTC"),
    "bytes": pl.Binary(),
    "nothing": pl.Null(),
}
_DECIMAL = re.compile(r"decimal\((\d+), ?(\d+)\)")


def type_words(dtype: pl.DataType) -> str:
    """The type in words; families that Polars splits finely (integers, floats, units of time) are one word each."""
    if dtype.is_integer():
        return "integer"
    if dtype.is_float():
        return "number"
    if isinstance(dtype, pl.Decimal):
        return f"decimal({dtype.precision}, {dtype.scale})"
    if isinstance(dtype, pl.Datetime):
        return "timestamp with time zone" if dtype.time_zone else "timestamp"
    if isinstance(dtype, (pl.List, pl.Array)):
        return f"list of {type_words(dtype.inner)}"  # type: ignore[arg-type]  # an instance's inner type is an instance
    if isinstance(dtype, (pl.Enum, pl.Categorical)):
        return "text"
    return next((words for words, simple in _SIMPLE.items() if simple == dtype), str(dtype))


def read_type(words: str) -> pl.DataType | None:
    """The type that the words name, or None."""
    text = words.strip().lower()
    if text.startswith("list of "):
        inner = read_type(text.removeprefix("list of "))
        return None if inner is None else pl.List(inner)
    if match := _DECIMAL.fullmatch(text):
        return pl.Decimal(int(match[1]), int(match[2]))
    return _SIMPLE.get(text)


def spelt(words: str) -> str:
    """The type that the words name in our spelling; words that name none as they are."""
    dtype = read_type(words)
    return words if dtype is None else type_words(dtype)


def same_type(one: str, other: str) -> bool:
    """Whether two types in words hold the same kind of values (decimals of any size are one kind)."""
    return _DECIMAL.sub("decimal", one) == _DECIMAL.sub("decimal", other)
