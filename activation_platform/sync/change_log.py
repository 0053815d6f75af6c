"""The log of a run: everything that happened in it, and what of it went wrong, as Parquet for people and other tools.

It is written while the run goes on, a group of events at a time and beside what else is done, so that sealing has little
left to write. A run that dies loses it; whoever recovers its journal writes it anew.
"""

from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

import polars as pl

from activation_platform.sync.files import GrowingParquet
from activation_platform.sync.states import Event
from activation_platform.sync.store import Store

__all__ = ["ChangeLog"]

_GROUP = 32_768
_BEHIND = 4
"""Groups that may wait to be written."""
_ALIKE = ("run", "at", "operation", "event", "did", "reason", "request")
_UNTOLD = [Event.INTENT, Event.EQUAL, Event.UNSENT, Event.CLEARED]
_ISSUES = [Event.SET_ASIDE, Event.REJECTED, Event.PARTIAL, Event.UNKNOWN]


class ChangeLog:
    """The log of one run. `room`: a folder for what is written before it is kept."""

    def __init__(self, room: Path, run: int) -> None:
        self._run = run
        self._changes = GrowingParquet(room / "changes.parquet", alike=_ALIKE)
        self._issues = GrowingParquet(room / "issues.parquet", alike=_ALIKE)
        self._waiting: list[pl.DataFrame] = []
        self._rows = 0
        self._beside = ThreadPoolExecutor(1)
        self._written: list[Future[None]] = []

    def note(self, events: pl.DataFrame) -> None:
        """Log events (`EVENTS`), in order. What could not be written is raised by `keep`."""
        self._waiting.append(events)
        self._rows += events.height
        if self._rows >= _GROUP:
            wait(self._written[:-_BEHIND])  # else what comes faster than it is written would fill the memory
            self._written.append(self._beside.submit(self._write, self._waiting))
            self._waiting, self._rows = [], 0

    def keep(self, folder: Store) -> None:
        """Keep the log of a run that is over; what would say nothing is not kept."""
        self._beside.shutdown()
        for written in self._written:
            written.result()
        self._write(self._waiting)
        for kind, log in (("changes", self._changes), ("issues", self._issues)):
            if log.begun:
                folder.keep(f"{kind}/{self._run}.parquet", log.move)

    def _write(self, frames: list[pl.DataFrame]) -> None:
        if not frames:
            return
        events = pl.concat(frames)
        at = pl.from_epoch("since", time_unit="us").dt.replace_time_zone("UTC").alias("at")
        run = pl.lit(self._run, dtype=pl.Int32).alias("run")
        told = events.filter(~pl.col("event").is_in(_UNTOLD)).select(
            run, at, "key", "operation", "event", "did", "identifier", "reason", "request"
        )
        self._changes.append(told)
        self._issues.append(told.filter(pl.col("event").is_in(_ISSUES)))
