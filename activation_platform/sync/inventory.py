"""What a ledger holds, for people: counts, sizes, one key's story, all entries as Parquet. It reads, and takes no lock."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from activation_platform.sync.fingerprint import fingerprint
from activation_platform.sync.history import changes
from activation_platform.sync.reader import Reading, read_ledger
from activation_platform.sync.states import PENDING_ERASURE, Debt, State
from activation_platform.sync.store import Store

__all__ = ["Inventory", "KeyStory", "export", "inventory", "key_story", "readable_debts", "readable_entries"]

_WORDS = {int(state): state.name.lower().replace("_", " ") for state in State}
_ERASING = "being erased"
_DEBT_WORDS = {
    Debt.WRITE: "rejected or partly accepted",
    Debt.DELETE: "delete owed",
    Debt.ASIDE: "set aside",
}


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
    head, manifest = reading.head, reading.manifest
    states, counts = np.unique(head.state(np.flatnonzero(head.live)), return_counts=True)
    kinds = readable_debts(reading.debts).group_by("kind").len().sort("len", descending=True)
    journal = f"journal-{manifest.sequence}.log"
    named = ["manifest.json", manifest.base, *(delta["file"] for delta in manifest.deltas), manifest.debts]
    there = folder.files()
    return Inventory(
        reading,
        entries={_WORDS[int(state)]: int(count) for state, count in zip(states, counts, strict=True)},
        debts=dict(kinds.iter_rows()),
        files={name: there[name].size for name in (*named, journal) if name in there},
        unsealed=manifest.sequence
        if manifest.sequence > manifest.sealed and journal in folder.names()
        else 0,
    )


def key_story(root: Store, ledger: str, key: str) -> KeyStory:
    """Look one key up; of a key of several columns, its values joined by `|`."""
    reading = read_ledger(root / "ledgers" / ledger)
    key64 = pl.DataFrame({"key": [key]}).select(fingerprint(pl.col("key"))).to_series().to_numpy()
    found = reading.head.find(key64)
    entry = reading.head.entries(found[found >= 0]).filter(pl.col("key") == key)
    owed = reading.debts.filter(pl.col("key") == key)
    return KeyStory(readable_entries(entry), readable_debts(owed), changes(root, ledger, key))


def readable_entries(entries: pl.DataFrame) -> pl.DataFrame:
    """Entries with states in words and times as times."""
    state = pl.col("state").cast(pl.Int64).replace_strict(_WORDS, return_dtype=pl.String)
    return entries.select("key", state, "reason", "identifier", "request", _moment("since"), "raw", "sent")


def readable_debts(debts: pl.DataFrame) -> pl.DataFrame:
    """Debts with kinds in words and times as times; what events were sent as is left out."""
    kind = (
        pl.when(pl.col("operation") == PENDING_ERASURE)
        .then(pl.lit(_ERASING))
        .otherwise(pl.col("debt").replace_strict(_DEBT_WORDS, return_dtype=pl.String))
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


def export(root: Store, ledger: str, to: Path, *, debts: bool) -> int:
    """Write all entries, or what is owed, as Parquet, in clear; returns how many rows. Memory is bounded by a million entries."""
    reading = read_ledger(root / "ledgers" / ledger)
    beside = to.with_name(f".{to.name}.part")
    parts = iter([readable_debts(reading.debts)]) if debts else _entries(reading)
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


def _entries(reading: Reading) -> Iterator[pl.DataFrame]:
    """At least one frame, maybe empty."""
    yield readable_entries(reading.head.overlay.clear())
    for chunk in reading.head.chunks():
        yield readable_entries(chunk)


def _moment(name: str) -> pl.Expr:
    return pl.from_epoch(name, time_unit="us").dt.replace_time_zone("UTC")
