"""What a ledger's files say, read without changing any of them; files that are missing or damaged are a LedgerMismatch."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import polars as pl
import pyarrow as pa

from activation_platform.contracts.errors import LedgerMismatch
from activation_platform.sync.base_file import open_base
from activation_platform.sync.checked import is_whole
from activation_platform.sync.folds import fold_entries
from activation_platform.sync.head import Head
from activation_platform.sync.manifest import Manifest, damaged
from activation_platform.sync.states import NO_DEBTS, NO_ENTRIES, conform
from activation_platform.sync.store import Store

__all__ = [
    "Reading",
    "read_base",
    "read_debts",
    "read_delta",
    "read_head",
    "read_ledger",
    "read_whole",
    "require_base",
    "require_whole",
    "steadily",
]

T = TypeVar("T")

_TRIES = 5


@dataclass(frozen=True)
class Reading:
    """A ledger as its newest sealed run left it."""

    manifest: Manifest
    head: Head
    debts: pl.DataFrame


def read_ledger(folder: Store) -> Reading:
    """The ledger as it is in force now. Takes no lock."""
    return steadily(
        folder,
        lambda manifest: Reading(manifest, read_head(folder, manifest), read_debts(folder, manifest)),
    )


def steadily(folder: Store, read: Callable[[Manifest], T]) -> T:
    """What `read` makes of the files that are in force; a run that seals meanwhile replaces them, so they are looked up anew."""
    for _ in range(_TRIES):
        manifest = Manifest.read(folder)
        try:
            return read(manifest)
        except LedgerMismatch:
            if Manifest.read(folder) == manifest:
                raise
    raise damaged(folder, "its files are replaced faster than they can be read")


def read_head(folder: Store, manifest: Manifest) -> Head:
    """Every entry acknowledged so far."""
    deltas = [read_delta(folder, delta["file"]) for delta in manifest.deltas]
    return Head(read_base(folder, manifest), fold_entries(pl.concat(deltas)) if deltas else NO_ENTRIES)


def read_base(folder: Store, manifest: Manifest) -> pa.Table:
    """The base, memory-mapped. Its checksum is not looked at: that would be to read all of it."""
    return _opened(folder, manifest.base, open_base) if manifest.base else NO_ENTRIES.to_arrow()


def require_base(folder: Store, manifest: Manifest) -> None:
    """Read all of the base; raise LedgerMismatch where it is no longer what was written."""
    if manifest.base:
        require_whole(folder, manifest.base)


def read_delta(folder: Store, file: str) -> pl.DataFrame:
    """The entries that a run changed, in the order in which it did (see `fold_entries`)."""
    return conform(read_whole(folder, file, pl.read_ipc), NO_ENTRIES)


def read_debts(folder: Store, manifest: Manifest) -> pl.DataFrame:
    """What is owed."""
    file = manifest.debts
    return conform(read_whole(folder, file, pl.read_ipc), NO_DEBTS) if file else NO_DEBTS


def read_whole(folder: Store, file: str, read: Callable[[Path], T]) -> T:
    """Read a file whose content is still what was written."""

    def checked(path: Path) -> T:
        if not is_whole(path, file):
            raise damaged(folder, f"{file} is not what was written (its checksum differs)")
        return read(path)

    return _opened(folder, file, checked)


def require_whole(folder: Store, file: str) -> None:
    """Read all of a file; raise LedgerMismatch where it is no longer what was written."""
    read_whole(folder, file, Path.exists)


def _opened(folder: Store, file: str, read: Callable[[Path], T]) -> T:
    try:
        return read(folder.file(file))
    except (OSError, pl.exceptions.ComputeError, pa.ArrowInvalid) as error:
        raise damaged(folder, f"{file} is missing or cut off ({type(error).__name__})") from error
