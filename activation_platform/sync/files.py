"""Files that are either wholly there or not at all: written beside, synced, renamed."""

import json
import os
from pathlib import Path
from typing import Any

import polars as pl

__all__ = ["publish_frame", "publish_json", "publish_log", "read_json", "replace_durably", "sync_folder"]


def publish_json(path: Path, value: Any) -> None:
    """Write JSON so that a reader sees the old or the new text, never a part."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("w") as file:
        json.dump(value, file, indent=1, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())
    replace_durably(beside, path)


def read_json(path: Path) -> Any:
    """The value, or None where the file does not exist."""
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None


def publish_frame(path: Path, frame: pl.DataFrame) -> None:
    """Write a frame as uncompressed Arrow IPC, which can be memory-mapped; durable when this returns."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    one_piece = max(frame.height, 1)
    frame.rechunk().write_ipc(
        beside, compression="uncompressed", compat_level=pl.CompatLevel.oldest(), record_batch_size=one_piece
    )
    with beside.open("rb+") as file:
        os.fsync(file.fileno())
    replace_durably(beside, path)


def publish_log(path: Path, frame: pl.DataFrame) -> None:
    """Write a frame as Parquet, for people and other tools; durable when this returns."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    frame.write_parquet(beside)
    with beside.open("rb+") as file:
        os.fsync(file.fileno())
    replace_durably(beside, path)


def replace_durably(beside: Path, path: Path) -> None:
    """Rename over the target and make the name durable."""
    beside.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make new names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
