"""The spool: frames of a run's plan on disk, written as they lie in memory and read as they lie in the file.

By Arrow, which copies nothing on either way; Polars' own writer and reader take five times as long for a frame of texts
(docs/decisions/0024-what-a-record-costs.md). The files belong to one run on one machine: no other release ever reads them.
"""

import mmap
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

__all__ = ["scratch", "spool", "spooled"]

_AT_ONCE = 1 << 20
_MOSTLY_OTHERS = 4
"""So many times its own size weighs a frame that drags along the texts of the rows that it was chosen from."""


def spool(rows: pl.DataFrame, path: Path) -> None:
    """Write a frame."""
    table = rows.to_arrow(compat_level=pl.CompatLevel.newest())
    if table.get_total_buffer_size() > _MOSTLY_OTHERS * rows.estimated_size():
        table = rows.to_arrow(compat_level=pl.CompatLevel.oldest())  # in which texts lie side by side
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)


def spooled(path: Path, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """What was written, all columns or some, memory-mapped."""
    with pa.memory_map(str(path)) as mapped, pa.ipc.open_stream(mapped) as reader:
        table = reader.read_all()
    frame = pl.from_arrow(table if columns is None else table.select(list(columns)))
    assert isinstance(frame, pl.DataFrame)
    return frame


def scratch(size: int, folder: Path) -> npt.NDArray[np.bool_]:
    """So many times False, in a file without a name: memory that the system takes back where it needs it."""
    if not size:
        return np.empty(0, dtype=np.bool_)
    with tempfile.TemporaryFile(dir=folder) as file:
        for start in range(0, size, _AT_ONCE):  # a disk that is full says so here, and does not kill us later
            file.write(bytes(min(_AT_ONCE, size - start)))
        file.flush()
        return np.frombuffer(mmap.mmap(file.fileno(), size), dtype=np.bool_)
