"""Primary keys: the families their types belong to, and whether a key whose type changed is still the same key."""

from collections.abc import Iterable

import polars as pl

from activation_platform.contracts.errors import DeclarationError
from activation_platform.sync.fingerprint import key_text
from activation_platform.sync.manifest import Key

__all__ = ["is_lossless_cast", "key_of"]

_WHOLE_NUMBER = r"^(?:0|-?[1-9][0-9]*)$"
"""Texts that are a whole number as a number is written: casting them to integers and back changes nothing."""


def key_of(columns: tuple[str, ...], schema: pl.Schema) -> Key:
    """The key as the manifest pins it; raises DeclarationError for a missing column or a type that cannot be a key."""
    missing = [name for name in columns if name not in schema]
    if missing:
        raise DeclarationError(
            f"the primary key's column {', '.join(missing)} is not in the frame",
            remedy="Correct the model's primary_key or its SQL.",
        )
    return Key(columns, tuple(_family(schema[name]) for name in columns))


def is_lossless_cast(was: Key, now: Key, frame: pl.LazyFrame, known: Iterable[pl.DataFrame]) -> bool:
    """Whether a key turned from text to integer, or back, names the same rows as before (SEMANTICS A2).

    It does if every key of the frame and every key in `known` (the ledger's entries and debts, column `key`) is a
    whole number as a number is written: `7`, never `007`. A key of several columns is not looked into.
    """
    if (
        was.columns != now.columns
        or len(now.columns) > 1
        or {*was.families, *now.families} != {"integer", "text"}
    ):
        return False
    other = pl.col("key").is_not_null() & ~pl.col("key").str.contains(_WHOLE_NUMBER)
    text = key_text(now.columns, frame.collect_schema()).alias("key")
    if frame.select(text).filter(other).head(1).collect().height:
        return False
    return all(part.filter(other).is_empty() for part in known)


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
