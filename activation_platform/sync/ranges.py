"""The events of a run in parts that are folded one by one: all of them or, of too many for memory, ranges of key hashes.

Everything that a ledger makes of events it makes of those of one key (`folds.py`), so that the parts together come to what the
whole would have come to, and in the order of the ledger's base.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa

from activation_platform.sync.spool import spooled
from activation_platform.sync.states import NO_EVENTS

__all__ = ["Part", "in_parts"]

_IN_MEMORY = 128 * 1024 * 1024
"""Bytes of a journal whose events are folded in one piece."""
_RANGES = 128
_AT_ONCE = 262_144
"""Events that are laid out at a time."""


@dataclass(frozen=True)
class Part:
    """The events of some keys, in their order, and of no others. `number`: of their range; None where it is all keys."""

    events: pl.DataFrame
    number: int | None = None

    def of(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Those of the rows (with a column `key64`) that concern these keys."""
        return rows if self.number is None else rows.filter(_range() == self.number)


def in_parts(frames: Iterable[pl.DataFrame], size: int, room: Path) -> Iterator[Part]:
    """The events of frames (`EVENTS`), by ascending ranges of key hashes; every range once, or none.

    `size`: bytes of the journal that holds them. `room`: a folder.
    """
    if size <= _IN_MEMORY:
        events = pl.concat([NO_EVENTS, *frames])
        if events.height:
            yield Part(events)
        return
    files = [room / f"range-{number}" for number in range(_RANGES)]
    _lay_out(frames, files)
    for number, file in enumerate(files):
        yield Part(spooled(file), number)
        file.unlink()


def _range() -> pl.Expr:
    return pl.col("key64") // (2**64 // _RANGES)


def _lay_out(frames: Iterable[pl.DataFrame], files: list[Path]) -> None:
    """Write each event to the file of its range, in order."""
    schema = NO_EVENTS.to_arrow(compat_level=pl.CompatLevel.oldest()).schema
    with ExitStack() as open_files:
        writers = [
            open_files.enter_context(
                pa.ipc.new_stream(open_files.enter_context(pa.OSFile(str(file), "wb")), schema)
            )
            for file in files
        ]
        for events in _grouped(frames):
            ranges = events.with_columns(_range().alias("_range"))
            for (number,), rows in ranges.partition_by("_range", include_key=False, as_dict=True).items():
                # In the older layout, in which a chosen text does not drag along those beside it.
                writers[number].write_table(rows.to_arrow(compat_level=pl.CompatLevel.oldest()))


def _grouped(frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The same events in fewer frames."""
    waiting: list[pl.DataFrame] = []
    rows = 0
    for frame in frames:
        waiting.append(frame)
        rows += frame.height
        if rows >= _AT_ONCE:
            yield pl.concat(waiting)
            waiting, rows = [], 0
    if rows:
        yield pl.concat(waiting)
