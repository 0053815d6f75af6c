"""Files that are either wholly there or not at all: written beside, synced, renamed."""

import mmap
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import polars as pl
import pyarrow.parquet as pq

__all__ = ["GrowingParquet", "as_ipc", "beside_of", "mapped", "publish", "sync_folder"]


def publish(path: Path, write: Callable[[Path], None], *, durable: bool = True) -> None:
    """Let `write` make a file so that a reader sees the old or the new one, never a part; durable when this returns."""
    beside = beside_of(path)
    write(beside)
    if durable:
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
    beside.replace(path)
    if durable:
        sync_folder(path.parent)


def mapped(file: BinaryIO) -> bytes | mmap.mmap:
    """All of an open file, as it is now; it may be closed at once."""
    size = os.fstat(file.fileno()).st_size  # nothing cannot be mapped
    return mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) if size else b""


def beside_of(path: Path) -> Path:
    """A hidden path for what is written before it gets its name: this thread's own."""
    return path.with_name(f".{path.name}.{os.getpid()}.{threading.get_native_id()}")


def as_ipc(frame: pl.DataFrame) -> Callable[[Path], None]:
    """Writes a frame as uncompressed Arrow IPC in one piece, which can be memory-mapped."""

    def write(path: Path) -> None:
        frame.write_ipc(
            path,
            compression="uncompressed",
            compat_level=pl.CompatLevel.oldest(),
            record_batch_size=max(frame.height, 1),
        )

    return write


class GrowingParquet:
    """A Parquet file that grows by frames of one schema. `alike`: columns whose values repeat themselves.

    By Arrow, which is told so; Polars looks for repetition among keys, too, for half as much time again.
    """

    def __init__(self, path: Path, *, alike: Sequence[str]) -> None:
        self._path, self._alike = path, list(alike)
        self._writer: pq.ParquetWriter | None = None

    @property
    def begun(self) -> bool:
        """Whether there is a file: there is none before the first row."""
        return self._writer is not None

    def append(self, frame: pl.DataFrame) -> None:
        """Add rows, as a group of their own."""
        if frame.is_empty():
            return
        rows = frame.to_arrow(compat_level=pl.CompatLevel.newest())
        if self._writer is None:
            self._writer = pq.ParquetWriter(
                self._path,
                rows.schema,
                compression="zstd",
                compression_level=1,
                use_dictionary=self._alike,
                write_statistics=False,
                store_schema=False,
            )
        self._writer.write_table(rows)

    def move(self, to: Path) -> None:
        """End the file, and give it another name on this file system."""
        assert self._writer is not None, "no file has begun"
        self._writer.close()
        self._path.replace(to)


def sync_folder(folder: Path) -> None:
    """Make new names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
