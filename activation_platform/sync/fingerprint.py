"""The fingerprint: one stable 64-bit number for a row of values, the same in every process, machine and version.

`polars-hash`'s row encoding (version 1: typed, length-prefixed, and the same for every width or precision of a type, so that a
warehouse that widens a column touches no fingerprint) hashed with XXH3-64; pinned in setup.cfg and held by golden values and
a second implementation in the tests. `DataFrame.hash_rows`, `struct.hash` and DuckDB's `hash` change between releases.
"""

from collections.abc import Sequence

import polars as pl
import polars_hash as plh

__all__ = ["FINGERPRINT_VERSION", "fingerprint", "key_text", "text_hash"]

FINGERPRINT_VERSION = 2
"""Of the fingerprint and of the hash: a ledger of another version is not read. 2: keys are hashed as they are, not as rows."""


def fingerprint(*values: pl.Expr, seed: str = "") -> pl.Expr:
    """UInt64 over the values, in this order, and a constant `seed`; null, empty text, 1, 1.0, true are all different."""
    return plh.hash_rows(*values, pl.lit(seed)).nchash.xxh3_64()


def text_hash(text: pl.Expr) -> pl.Expr:
    """UInt64 by which keys and identifiers are found: XXH3-64 of the text in UTF-8; null stays null."""
    return text.nchash.xxh3_64()  # type: ignore[attr-defined, no-any-return]  # polars-hash registers it


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
        column = pl.col(name)
        utc = column.dt.convert_time_zone("UTC") if dtype.time_zone else column
        return utc.dt.cast_time_unit("us").dt.to_string("%Y-%m-%dT%H:%M:%S%.6fZ")
    return pl.col(name).cast(pl.String)
