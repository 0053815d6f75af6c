"""Events that stay in their warehouse: a run fetches those that it may own, once, when it first looks (SEMANTICS E3).

What it fetches is no more than a filter, which may let a row too many through and misses none: the engine asks each of them
once more whose it is, as of any frame.
"""

from dataclasses import replace
from datetime import UTC, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
from sqlglot import exp

from activation_platform.components.draft import Draft
from activation_platform.contracts.source import Source
from activation_platform.segmentation.conditions import Comparison
from activation_platform.segmentation.leaves import compile_leaf
from activation_platform.sources.relation import Relation, column, lazily
from activation_platform.sync.order import Events, Window

__all__ = ["fetched_once", "perhaps_owned"]


def perhaps_owned(rows: Relation, window: Window, events: Events) -> Relation:
    """The rows that happened in a window, or up to `late` before it, and those that say no moment.

    All of them where the column is none with moments: the engine refuses it before it looks at a row.
    """
    dtype = rows.schema.get(events.time)
    if not isinstance(dtype, pl.Date | pl.Datetime):
        return rows
    begin, end = (moment.astimezone(UTC) for moment in (window.start - events.late, window.end))
    last = end - timedelta(microseconds=1)
    between = (begin.date(), last.date()) if dtype == pl.Date else (begin, end)

    def holds(operator: str, value: Any) -> exp.Condition:
        leaf = Comparison.model_validate({"field": events.time, operator: value})
        return compile_leaf(leaf, column(events.time), dtype, end)

    owned = exp.or_(holds("between", between), holds("is_null", value=True))
    return replace(rows, where=owned if rows.where is None else exp.and_(rows.where, owned))


def fetched_once(rows: Relation, source: Source, room: Path) -> pl.LazyFrame:
    """Rows as a frame that reads them when it is first collected: by one statement, into Parquet files in an empty folder."""

    @cache
    def parts() -> list[Path]:
        draft = Draft(room)
        draft.write(source.read(rows.sql))
        return draft.parts

    return lazily(lambda: map(pl.read_parquet, parts()), rows.schema)
