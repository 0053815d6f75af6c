"""The fingerprint: one stable 64-bit number for a row of values, the same in every process, machine and version.

`polars-hash`'s row encoding (version 1: canonical, typed, length-prefixed) hashed with XXH3-64; pinned in setup.cfg and
held by golden values in the tests. `DataFrame.hash_rows`, `struct.hash` and DuckDB's `hash` change between releases.
"""

from collections.abc import Sequence

import polars as pl
import polars_hash as plh

__all__ = ["FINGERPRINT_VERSION", "canonical", "fingerprint", "identifier_hash", "key_text"]

FINGERPRINT_VERSION = 1

INSTANT = pl.Datetime("us", "UTC")


def fingerprint(*values: pl.Expr, seed: str = "") -> pl.Expr:
    """UInt64 over the values, in this order, and a constant `seed`; null, empty text, 1, 1.0, true are all different."""
    return plh.hash_rows(*values, pl.lit(seed)).nchash.xxh3_64()


def identifier_hash(identifier: pl.Expr) -> pl.Expr:
    """UInt64 by which identifiers are compared; null stays null."""
    return pl.when(identifier.is_not_null()).then(fingerprint(identifier))


def canonical(name: str, dtype: pl.DataType) -> pl.Expr:
    """The column as one of few types, so that a warehouse that widens a type does not touch every fingerprint."""
    column = pl.col(name)
    if isinstance(dtype, pl.Datetime):
        return (
            column.dt.convert_time_zone("UTC") if dtype.time_zone else column.dt.replace_time_zone("UTC")
        ).cast(INSTANT)
    if dtype.is_float():
        return column.cast(pl.Float64)
    if isinstance(dtype, (pl.Array, pl.List)):
        return (
            column.cast(pl.List(pl.String))
            if dtype.inner is not None and not dtype.inner.is_nested()
            else column
        )
    if dtype.is_integer() or dtype in (pl.String, pl.Boolean, pl.Date, pl.Binary):
        return column  # whole numbers of any width are encoded alike
    return column.cast(pl.String)


def key_text(columns: Sequence[str], schema: pl.Schema) -> pl.Expr:
    """The primary key as one text, null if any part is null; distinct keys give distinct texts for given column types."""
    parts = [_part(name, schema[name]) for name in columns]
    if len(parts) == 1:
        return parts[0]
    escaped = [
        part.str.replace_all("\\", "\\\\", literal=True).str.replace_all("|", "\\|", literal=True)
        for part in parts
    ]
    return pl.concat_str(escaped, separator="|", ignore_nulls=False)


def _part(name: str, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.Datetime):
        return canonical(name, dtype).dt.to_string("%Y-%m-%dT%H:%M:%S%.6fZ")
    return pl.col(name).cast(pl.String)
