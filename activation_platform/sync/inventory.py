"""What a ledger holds, or held after an earlier run, for people: counts, sizes, one key's story, all entries as Parquet.

It reads, and takes no lock.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from activation_platform.contracts.errors import DeclarationError
from activation_platform.sync.checked import is_checked
from activation_platform.sync.fingerprint import text_hash
from activation_platform.sync.head import Head
from activation_platform.sync.history import changes, read_runs_of
from activation_platform.sync.manifest import Manifest
from activation_platform.sync.past import head_after, past_files
from activation_platform.sync.reader import Reading, read_ledger, require_whole, steadily
from activation_platform.sync.states import DEBT_WORDS, NO_DEBTS, PENDING_ERASURE, State
from activation_platform.sync.store import Store

__all__ = [
    "Inventory",
    "KeyStory",
    "counted",
    "export",
    "inventory",
    "key_story",
    "readable_debts",
    "readable_entries",
    "run_named",
    "verify",
]

_WORDS = {int(state): state.name.lower().replace("_", " ") for state in State}
_ERASING = "being erased"


@dataclass(frozen=True)
class Inventory:
    """A ledger, counted. `entries` by state, `debts` by kind, `files`: sizes in bytes by name."""

    reading: Reading
    entries: dict[str, int]
    debts: dict[str, int]
    files: dict[str, int]
    unsealed: int
    """Number of the run that has begun and is not sealed: it is under way, or crashed; 0 if there is none."""


@dataclass(frozen=True)
class KeyStory:
    """What a ledger knows of one key: its entry (one row or none), what is owed for it, what ever happened to it."""

    entry: pl.DataFrame
    debts: pl.DataFrame
    history: pl.DataFrame


def inventory(root: Store, ledger: str) -> Inventory:
    """Count what a ledger holds; raises LedgerMismatch where it is damaged."""
    folder = root / "ledgers" / ledger
    reading = read_ledger(folder)
    manifest = reading.manifest
    kinds = readable_debts(reading.debts).group_by("kind").len().sort("len", descending=True)
    journal = f"journal-{manifest.sequence}.log"
    there = folder.files()
    return Inventory(
        reading,
        entries=counted(reading.head),
        debts=dict(kinds.iter_rows()),
        files={
            name: there[name].size for name in ("manifest.json", *manifest.files, journal) if name in there
        },
        unsealed=manifest.sequence
        if manifest.sequence > manifest.sealed and journal in folder.names()
        else 0,
    )


def counted(head: Head) -> dict[str, int]:
    """How many entries there are in each state."""
    return {_WORDS[state]: count for state in State if (count := head.count(state))}


def key_story(root: Store, ledger: str, key: str, run: int | None = None) -> KeyStory:
    """Look one key up; of a key of several columns, its values joined by `|`. `run`: as it was after that one, debts left out."""
    folder = root / "ledgers" / ledger
    history = changes(root, ledger, key)
    if run is None:
        reading = read_ledger(folder)
        head, owed = reading.head, reading.debts.filter(pl.col("key") == key)
    else:
        head, owed, history = head_after(folder, run), NO_DEBTS, history.filter(pl.col("run") <= run)
    key64 = pl.DataFrame({"key": [key]}).select(text_hash(pl.col("key"))).to_series().to_numpy()
    found = head.find(key64)
    entry = head.entries(found[found >= 0]).filter(pl.col("key") == key)
    return KeyStory(readable_entries(entry), readable_debts(owed), history)


def run_named(root: Store, ledger: str, name: str) -> int:
    """The sealed run of this number, or the newest one of the partition of this name.

    Raises DeclarationError where there is none.
    """
    folder = root / "ledgers" / ledger
    manifest = Manifest.read(folder)
    if name.isdecimal() and 0 < int(name) <= manifest.sealed:
        return int(name)
    told = [(run.number, run.partition) for run in read_runs_of(root, ledger)]
    told += [(delta["run"], delta["partition"]) for delta in manifest.deltas]  # recovered, and told by nobody
    runs = [number for number, partition in told if partition == name and number <= manifest.sealed]
    if not runs:
        raise DeclarationError(
            f"the ledger {ledger} has no sealed run {name}, and none of a partition {name}",
            remedy="activation history lists the runs with their partitions.",
        )
    return max(runs)


def verify(root: Store, ledger: str) -> tuple[int, int]:
    """Read every file that a checksum was kept of: how many there are, and how many have none.

    Raises LedgerMismatch where one is no longer what was written.
    """
    folder = root / "ledgers" / ledger

    def verified(manifest: Manifest) -> tuple[int, int]:
        files = [*manifest.files, *past_files(folder)]
        for file in files:
            require_whole(folder, file)
        checked = sum(map(is_checked, files))
        return checked, len(files) - checked

    return steadily(folder, verified)


def readable_entries(entries: pl.DataFrame) -> pl.DataFrame:
    """Entries with states in words and times as times."""
    state = pl.col("state").cast(pl.Int64).replace_strict(_WORDS, return_dtype=pl.String)
    return entries.select("key", state, "reason", "identifier", "request", _moment("since"), "raw", "sent")


def readable_debts(debts: pl.DataFrame) -> pl.DataFrame:
    """Debts with kinds in words and times as times; what events were sent as is left out."""
    kind = (
        pl.when(pl.col("operation") == PENDING_ERASURE)
        .then(pl.lit(_ERASING))
        .otherwise(pl.col("debt").replace_strict(DEBT_WORDS, return_dtype=pl.String))
        .alias("kind")
    )
    return debts.select(
        "key",
        kind,
        "operation",
        "identifier",
        "reason",
        "request",
        "first_run",
        "attempts",
        _moment("since"),
        _moment("tried"),
    )


def export(root: Store, ledger: str, to: Path, *, debts: bool, run: int | None = None) -> int:
    """Write all entries, or what is owed, as Parquet, in clear; returns how many rows. Memory is bounded by a million entries.

    `run`: the entries as they were after that one.
    """
    folder = root / "ledgers" / ledger
    beside = to.with_name(f".{to.name}.part")
    if debts:
        parts = iter([readable_debts(read_ledger(folder).debts)])
    else:
        parts = _entries(read_ledger(folder).head if run is None else head_after(folder, run))
    first = next(parts).to_arrow()
    rows = int(first.num_rows)
    try:
        with pq.ParquetWriter(beside, first.schema) as writer:
            writer.write_table(first)
            for part in parts:
                writer.write_table(part.to_arrow().cast(first.schema))
                rows += part.height
        beside.replace(to)
    finally:
        beside.unlink(missing_ok=True)
    return rows


def _entries(head: Head) -> Iterator[pl.DataFrame]:
    """At least one frame, maybe empty."""
    yield readable_entries(head.overlay.clear())
    for chunk in head.chunks():
        yield readable_entries(chunk)


def _moment(name: str) -> pl.Expr:
    return pl.from_epoch(name, time_unit="us").dt.replace_time_zone("UTC")
