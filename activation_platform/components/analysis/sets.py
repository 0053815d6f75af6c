"""Sets of keys: which of several frames hold a key, told a share of all keys at a time so that memory stays bounded."""

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from activation_platform.components.frames import Snapshot
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.modes import Engine
from activation_platform.sync.fingerprint import key_text, text_hash

__all__ = ["flag", "held", "keys_of", "turnover"]

_AT_ONCE = 4_000_000
"""Rows of one share, those of all sets together: with keys of 36 characters less than a gigabyte."""


def keys_of(rows: pl.LazyFrame, key: Sequence[str]) -> pl.LazyFrame:
    """The primary keys of rows as text (column `key`), as ledgers write them; rows without one are left out.

    Raises DeclarationError where a column of the key is not there.
    """
    schema = rows.collect_schema()
    if missing := [name for name in key if name not in schema]:
        raise DeclarationError(
            f"the primary key's column {', '.join(missing)} is not in the snapshot",
            remedy="Materialise the segment again: it is older than the key.",
        )
    return rows.select(key_text(key, schema).alias("key")).drop_nulls()


def flag(number: int) -> str:
    """The column that says whether the set of this number holds a key."""
    return f"in_{number}"


def held(sets: Sequence[pl.LazyFrame], rows: int) -> Iterator[pl.LazyFrame]:
    """Every key of several sets once, with a flag for each set; in as many frames as `rows`, those of all sets, ask for."""
    flags = [flag(number) for number in range(len(sets))]
    marked = [
        one.with_columns(pl.lit(name == flag(number)).alias(name) for name in flags)
        for number, one in enumerate(sets)
    ]
    shares = max(1, -(-rows // _AT_ONCE))
    for share in range(shares):
        mine = pl.concat(marked).filter(text_hash(pl.col("key")) % shares == share)
        yield mine.group_by("key").agg(pl.col(flags).any())


def turnover(before: Snapshot | None, now: Snapshot, key: Sequence[str]) -> Mapping[str, int]:
    """How many keys entered a segment and left it between two snapshots; nothing where one of them cannot say."""
    if before is None or Engine.WAREHOUSE in (before.engine, now.engine) or not {*key} <= {*before.schema}:
        return {}
    if before.number == now.number:
        return {"entered": 0, "left": 0}
    was, is_ = pl.col(flag(0)), pl.col(flag(1))
    changes = (~was & is_).sum().alias("entered"), (was & ~is_).sum().alias("left")
    sets = [keys_of(snapshot.scan(), key) for snapshot in (before, now)]
    told = [share.select(changes).collect(engine="streaming") for share in held(sets, before.rows + now.rows)]
    return pl.concat(told).sum().row(0, named=True)
