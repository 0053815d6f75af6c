"""The past: what a ledger's entries were after each of its sealed runs, for as long as it is kept.

To fold deltas into a new base is to forget them, and what the old base said. What it takes to see that again is kept as
`past/F-T-<checksum>.parquet`, one file for the period from base F to base T: the entries of base F that base T has otherwise or
not at all, with `run` F, and those that the runs between them changed, each with its run. So the past costs what changed, not a
base for every fold. To see the ledger after run R, walk back from the base in force, period by period, to the one that holds R.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import polars as pl

from activation_platform.contracts.errors import DeclarationError
from activation_platform.sync.checked import keep_checked, run_of
from activation_platform.sync.files import GrowingParquet
from activation_platform.sync.folds import fold_entries
from activation_platform.sync.head import Head
from activation_platform.sync.manifest import Manifest
from activation_platform.sync.reader import read_base, read_delta, read_head, read_whole, steadily
from activation_platform.sync.states import NO_ENTRIES, conform
from activation_platform.sync.store import Store

__all__ = ["PAST", "forget_past", "head_after", "keep_past", "past_files"]

PAST = timedelta(days=30)
"""For how long a ledger can be seen as it was, unless the activation says otherwise."""
_FOLDER = "past"
_NAME = re.compile(r"(\d+)-(\d+)-[a-p]{8}\.parquet")
_ALIKE = ("run", "state", "reason")


@dataclass(frozen=True)
class _Period:
    """From one base to the next: the runs at which they were made, and the file that leads back."""

    first: int
    last: int
    written: float
    file: str


def keep_past(folder: Store, room: Path, head: Head, manifest: Manifest, forget_before: int) -> None:
    """Keep what it takes to see the ledger as it was before the deltas of a manifest are folded into a new base."""
    first, last = run_of(manifest.base), manifest.sealed

    def write(path: Path) -> None:
        period = GrowingParquet(room / "past.parquet", alike=_ALIKE)
        for entries in head.before(forget_before):
            period.append(_of_run(first, entries))
        for delta in manifest.deltas[:-1]:  # what the last one said, the new base says
            period.append(_of_run(delta["run"], read_delta(folder, delta["file"])))
        period.move(path)

    keep_checked(folder, room, f"{_FOLDER}/{first}-{last}", ".parquet", write)


def forget_past(folder: Store, kept_for: timedelta) -> None:
    """Remove the periods that ended longer ago."""
    before = time.time() - kept_for.total_seconds()
    for period in _periods(folder):
        if period.written < before:
            folder.delete(period.file)


def head_after(folder: Store, run: int) -> Head:
    """Every entry as it was when this run was sealed. Takes no lock; raises DeclarationError where that is not known."""
    return steadily(folder, lambda manifest: _head_after(folder, manifest, run))


def _head_after(folder: Store, manifest: Manifest, run: int) -> Head:
    if not 0 < run <= manifest.sealed:
        raise _unknown(folder, run, f"the newest sealed run is {manifest.sealed}")
    oldest = run_of(manifest.base) if manifest.base else 0
    if run >= oldest:
        deltas = [delta for delta in manifest.deltas if delta["run"] <= run]
        return read_head(folder, replace(manifest, deltas=deltas))
    ends = {period.last: period for period in sorted(_periods(folder), key=lambda period: period.written)}
    back = []
    while run < oldest:
        if oldest not in ends:
            raise _unknown(folder, run, f"the oldest that is still known is run {oldest}")
        period = ends[oldest]
        kept = read_whole(folder, period.file, pl.read_parquet)
        oldest = period.first
        back.append(kept.filter(pl.col("run") <= max(run, oldest)).sort("run", maintain_order=True))
    changed = [conform(kept.drop("run"), NO_ENTRIES) for kept in back]
    return Head(read_base(folder, manifest), fold_entries(pl.concat(changed)))


def past_files(folder: Store) -> list[str]:
    """The files that the past is kept in."""
    return [period.file for period in _periods(folder)]


def _periods(folder: Store) -> Iterator[_Period]:
    for name, facts in (folder / _FOLDER).files().items():
        if found := _NAME.fullmatch(name):  # else somebody else put it there
            yield _Period(int(found[1]), int(found[2]), facts.written, f"{_FOLDER}/{name}")


def _of_run(run: int, entries: pl.DataFrame) -> pl.DataFrame:
    return entries.select(pl.lit(run, dtype=pl.Int64).alias("run"), *NO_ENTRIES.columns)


def _unknown(folder: Store, run: int, but: str) -> DeclarationError:
    return DeclarationError(
        f"what the ledger {folder.name} held after run {run} is not known: {but}",
        remedy="activation history lists the runs; an activation's keep_past says for how long the past is kept.",
    )
