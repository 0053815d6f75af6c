"""The log of changes: everything that happened in a run, and what of it went wrong, as Parquet for people and other tools."""

import polars as pl

from activation_platform.sync.files import as_parquet
from activation_platform.sync.states import Event
from activation_platform.sync.store import Store

__all__ = ["write_log"]

_ALIKE = ("run", "at", "operation", "event", "did", "reason", "request")
_UNTOLD = [Event.EQUAL, Event.UNSENT, Event.CLEARED]
_ISSUES = [Event.SET_ASIDE, Event.REJECTED, Event.PARTIAL, Event.UNKNOWN]


def write_log(folder: Store, run: int, events: pl.DataFrame) -> None:
    """Write what happened, and what of it is an issue, for people and other tools."""
    at = pl.from_epoch("since", time_unit="us").dt.replace_time_zone("UTC").alias("at")
    told = events.filter(~pl.col("event").is_in(_UNTOLD)).select(
        pl.lit(run).alias("run"), at, "key", "operation", "event", "did", "identifier", "reason", "request"
    )
    issues = told.filter(pl.col("event").is_in(_ISSUES))
    for kind, frame in (("changes", told), ("issues", issues)):
        if frame.height:
            folder.keep(f"{kind}/{run}.parquet", as_parquet([frame], alike=_ALIKE))
