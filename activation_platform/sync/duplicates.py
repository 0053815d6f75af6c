"""Duplicate keys: rows that share a primary key are set aside, once each key, whichever of their rows changed."""

import numpy as np
import numpy.typing as npt
import polars as pl

from activation_platform.contracts.batch import KEY
from activation_platform.sync.head import Head
from activation_platform.sync.spool import spooled
from activation_platform.sync.states import Debt, Event, State, events_of
from activation_platform.sync.survey import Survey

__all__ = ["DUPLICATE", "fresh_duplicates", "split_duplicates"]

DUPLICATE = "duplicate key: several rows have it"


def split_duplicates(
    chunk: pl.DataFrame, duplicates: npt.NDArray[np.uint64]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows whose key stands once, and the others."""
    if not len(duplicates):
        return chunk, chunk.clear()
    twice = pl.col("_key64").is_in(pl.Series(duplicates).implode())
    return chunk.filter(~twice), chunk.filter(twice)


def fresh_duplicates(found: Survey, head: Head, debts: pl.DataFrame, at: int) -> tuple[pl.DataFrame, int]:
    """Events for the keys that are ambiguous since this run, and how many were so before."""
    keys = [
        spooled(path, [KEY, "_key64"]).filter(pl.col("_key64").is_in(pl.Series(found.duplicates).implode()))
        for path in found.spooled
    ]
    position = head.find(found.duplicates)
    entries = head.entries(position[position >= 0]).select(pl.col("key").alias(KEY), _key64="key64")
    everyone = pl.concat([*keys, entries]).unique().join(debts, on="_key64", how="left")
    fresh = everyone.filter(~pl.col("_debt_reason").eq_missing(pl.lit(DUPLICATE)))
    events = events_of(
        fresh.select(key64="_key64", key=KEY),
        Event.SET_ASIDE,
        state=State.KEPT,
        debt=Debt.ASIDE,
        reason=pl.lit(DUPLICATE),
        at=at,
    )
    return events, everyone.height - fresh.height
