"""Files that are either wholly there or not at all: written beside, synced, renamed."""

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

__all__ = ["as_ipc", "as_parquet", "beside_of", "publish", "sync_folder"]


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


def beside_of(path: Path) -> Path:
    """A hidden path for what is written before it gets its name: this thread's own."""
    return path.with_name(f".{path.name}.{os.getpid()}.{threading.get_native_id()}")


def as_ipc(frame: pl.DataFrame) -> Callable[[Path], None]:
    """Writes a frame as uncompressed Arrow IPC in one piece, which can be memory-mapped."""

    def write(path: Path) -> None:
        frame.rechunk().write_ipc(
            path,
            compression="uncompressed",
            compat_level=pl.CompatLevel.oldest(),
            record_batch_size=max(frame.height, 1),
        )

    return write


def as_parquet(frames: Iterable[pl.DataFrame], *, alike: Sequence[str]) -> Callable[[Path], None]:
    """Writes frames of one schema, at least one, as Parquet. `alike`: columns whose values repeat themselves.

    By Arrow, which is told so; Polars looks for repetition among keys, too, for half as much time again.
    """

    def write(path: Path) -> None:
        tables = (frame.to_arrow() for frame in frames)
        first = next(tables)
        with pq.ParquetWriter(
            path,
            first.schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=list(alike),
            write_statistics=False,
            store_schema=False,
        ) as writer:
            for table in chain([first], tables):
                writer.write_table(table)

    return write


def sync_folder(folder: Path) -> None:
    """Make new names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
