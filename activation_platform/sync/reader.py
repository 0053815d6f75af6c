"""What a ledger's files say, read without changing any of them; files that are missing or damaged are a LedgerMismatch."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import polars as pl
import pyarrow as pa

from activation_platform.contracts.errors import LedgerMismatch
from activation_platform.sync.base_file import open_base
from activation_platform.sync.folds import fold_entries
from activation_platform.sync.head import Head
from activation_platform.sync.manifest import Manifest, damaged
from activation_platform.sync.states import NO_DEBTS, NO_ENTRIES, conform
from activation_platform.sync.store import Store

__all__ = ["Reading", "read_debts", "read_head", "read_ledger"]

T = TypeVar("T")

_TRIES = 5


@dataclass(frozen=True)
class Reading:
    """A ledger as its newest sealed run left it."""

    manifest: Manifest
    head: Head
    debts: pl.DataFrame


def read_ledger(folder: Store) -> Reading:
    """The ledger as it is in force now. Takes no lock: a run that seals meanwhile replaces files, so they are looked up anew."""
    for _ in range(_TRIES):
        manifest = Manifest.read(folder)
        try:
            return Reading(manifest, read_head(folder, manifest), read_debts(folder, manifest))
        except LedgerMismatch:
            if Manifest.read(folder) == manifest:
                raise
    raise damaged(folder, "its files are replaced faster than they can be read")


def read_head(folder: Store, manifest: Manifest) -> Head:
    """Every entry acknowledged so far."""
    base = _opened(folder, manifest.base, open_base) if manifest.base else NO_ENTRIES.to_arrow()
    deltas = [_frame(folder, delta["file"], NO_ENTRIES) for delta in manifest.deltas]
    folded = deltas[0] if len(deltas) == 1 else fold_entries(pl.concat([NO_ENTRIES, *deltas]))
    return Head(base, folded)


def read_debts(folder: Store, manifest: Manifest) -> pl.DataFrame:
    """What is owed."""
    return _frame(folder, manifest.debts, NO_DEBTS)


def _frame(folder: Store, file: str, empty: pl.DataFrame) -> pl.DataFrame:
    return conform(_opened(folder, file, pl.read_ipc), empty) if file else empty


def _opened(folder: Store, file: str, read: Callable[[Path], T]) -> T:
    try:
        return read(folder.file(file))
    except (OSError, pl.exceptions.ComputeError, pa.ArrowInvalid) as error:
        raise damaged(folder, f"{file} is missing or cut off ({type(error).__name__})") from error
