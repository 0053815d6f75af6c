"""What a run read of some keys, field by field, for as long as the snapshot that it read is kept."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from activation_platform.components.frames import Frames
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.modes import Engine
from activation_platform.sync.fingerprint import key_text
from activation_platform.sync.history import Mapped, Run
from activation_platform.sync.store import Store

__all__ = ["Values", "values_read"]

Values = Mapping[str, Mapping[str, Any]]
"""By key, then by field, as the source has it; a key that was not in the frame is left out."""


def values_read(
    root: Store, run: Run, key: Sequence[str], keys: Iterable[str], fields: Sequence[Mapped]
) -> Values | str:
    """What fed these fields; or why that cannot be told. `key`: the columns of the primary key.

    Left out are fields that were constants, or columns that were computed for the run.
    """
    if not run.frame:
        return f"run {run.number} was kept by an earlier version, which did not say what it read"
    kind, name, number = run.frame.split("/")
    try:
        snapshot = Frames(root, kind, name).opened(int(number))
        if snapshot.engine is Engine.WAREHOUSE:
            return "the rows stay in their warehouse"
        rows = snapshot.scan()
        schema = rows.collect_schema()
        if missing := [column for column in key if column not in schema]:
            return f"the key's column {', '.join(missing)} is not in the snapshot that run {run.number} read"
        there = [one for one in fields if one.column in schema]
        wanted = rows.select(
            _key=key_text(key, schema), **{one.name: pl.col(str(one.column)) for one in there}
        )
        found = wanted.filter(pl.col("_key").is_in([*keys])).collect(engine="streaming")
    except (DeclarationError, FileNotFoundError):
        return f"the snapshot that run {run.number} read was pruned"
    return {row.pop("_key"): row for row in found.iter_rows(named=True)}
