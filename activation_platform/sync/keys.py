"""Primary keys: the families their types belong to, and whether a key whose type changed is still the same key."""

from collections.abc import Callable, Iterable, Mapping

import polars as pl

from activation_platform.contracts.errors import DeclarationError
from activation_platform.sync.fingerprint import key_text
from activation_platform.sync.manifest import Key

__all__ = ["is_lossless_cast", "key_of", "key_words"]

_PART = r"(?:[^\\|]|\\[\\|])*"
"""One column's text within the text of a key of several columns (see `key_text`)."""

_DATE, _TIMESTAMP = "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%.6fZ"
_ITSELF: Mapping[str, Callable[[pl.Expr], pl.Expr]] = {
    "integer": lambda text: text.str.contains(r"^(?:0|-?[1-9][0-9]*)$"),
    "boolean": lambda text: text.is_in(["true", "false"]),
    "date": lambda text: text == text.str.to_date(_DATE, strict=False).dt.to_string(_DATE),
    "timestamp": lambda text: (
        text == text.str.to_datetime(_TIMESTAMP, time_unit="us", strict=False).dt.to_string(_TIMESTAMP)
    ),
    "text": lambda text: text.is_not_null(),
}
"""By family: whether a text is a value of it as it is written in keys, so that casting it and back changes nothing."""


def key_of(columns: tuple[str, ...], schema: pl.Schema) -> Key:
    """The key as the manifest pins it; raises DeclarationError for a missing column or a type that cannot be a key."""
    missing = [name for name in columns if name not in schema]
    if missing:
        raise DeclarationError(
            f"the primary key's column {', '.join(missing)} is not in the frame",
            remedy="Correct the model's primary_key or its SQL.",
        )
    return Key(columns, tuple(_family(schema[name]) for name in columns))


def key_words(key: Key) -> str:
    """Columns and families, for messages: `id (integer), country (text)`."""
    return ", ".join(f"{name} ({family})" for name, family in zip(key.columns, key.families, strict=True))


def is_lossless_cast(was: Key, now: Key, frame: pl.LazyFrame, known: Iterable[pl.DataFrame]) -> bool:
    """Whether a key of the same columns, some of another type, names the same rows as before (SEMANTICS A2).

    It does if each changed part of every key, of the frame and in `known` (the ledger's entries and debts, column `key`),
    is written the same in both types: `7`, never `007`.
    """
    if was.columns != now.columns:
        return False
    changed = [n for n, pair in enumerate(zip(was.families, now.families, strict=True)) if len({*pair}) > 1]
    lost = pl.any_horizontal(
        pl.col("key").is_not_null() & ~_ITSELF[family](_part(n, len(now.columns))).fill_null(value=False)
        for n in changed
        for family in (was.families[n], now.families[n])
    )
    text = key_text(now.columns, frame.collect_schema()).alias("key")
    if frame.select(text).filter(lost).head(1).collect().height:
        return False
    return all(part.filter(lost).is_empty() for part in known)


def _part(number: int, columns: int) -> pl.Expr:
    """The text of one column in the text of the key. An escaped part is no value of any family but text, which stays text."""
    if columns == 1:
        return pl.col("key")
    return pl.col("key").str.extract(rf"^(?:{_PART}\|){{{number}}}({_PART})(?:\||$)")


def _family(dtype: pl.DataType) -> str:
    if dtype.is_integer():
        return "integer"
    if dtype.is_float() or dtype.is_nested() or dtype == pl.Object:
        raise DeclarationError(
            f"a column of type {dtype} cannot be a primary key",
            remedy="Cast it to text or to a whole number in the model's SQL.",
        )
    if isinstance(dtype, pl.Datetime):
        return "timestamp"
    return {pl.Date: "date", pl.Boolean: "boolean"}.get(dtype.base_type(), "text")
