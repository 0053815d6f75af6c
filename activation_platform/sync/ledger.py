"""The ledger: what a destination acknowledged, key by key, as files under one folder, crash-proof at every instruction.

    manifest.json       whose ledger this is, which files are in force, the newest run (replaced by one rename)
    base-N.arrow        all entries, sorted by key hash, memory-mapped
    delta-N.arrow       the entries that run N changed, sorted; folded into a new base now and then
    debts-N.arrow       what is owed after run N
    journal-N.log       events of the run in progress; exists only while it runs, or after a crash
    changes/N.parquet   everything that happened in run N;  issues/N.parquet  what went wrong;  runs/N.json  its figures

A ledger is opened under the activation's lock. A journal found at opening is what a crashed run left: it is sealed
first, with every intent that never got its answer turned into a record in doubt (SEMANTICS D4).

Where the lock can be lost (object storage), whoever opens the ledger first raises the fence in its manifest, then ends the
journal: from then on, who had it before can neither begin nor append nor seal, however long it was asleep (SEMANTICS D6).
"""

import shutil
import time
from collections.abc import Iterator
from typing import Any

import polars as pl

from activation_platform.contracts.errors import LedgerMismatch
from activation_platform.sync.base_file import as_base
from activation_platform.sync.files import as_ipc, as_parquet
from activation_platform.sync.fingerprint import identifier_hash
from activation_platform.sync.journal import Journal, read_journal
from activation_platform.sync.manifest import Manifest
from activation_platform.sync.reader import read_debts, read_head
from activation_platform.sync.states import (
    NO_EVENTS,
    PENDING_ERASURE,
    Debt,
    Event,
    State,
    changed_entries,
    conform,
    fold_debts,
)
from activation_platform.sync.store import HELD, Hold, Store

__all__ = ["Ledger", "in_doubt"]

_MAX_DELTAS = 5
_MAX_OVERLAY = 0.1


class Ledger:
    """An activation's memory. Open it under the activation's lock; one run at a time."""

    def __init__(self, folder: Store, hold: Hold = HELD) -> None:
        self.folder = folder
        self._hold = hold
        self.manifest = Manifest.taken(folder, hold)
        self._journal: Journal | None = None
        self.recovered = self._recover()
        """Number of the crashed run whose journal was sealed when this ledger was opened, or 0."""
        self._load()

    def pin(self, **values: Any) -> None:
        """Set fields of the manifest, in force at once."""
        for name, value in values.items():
            setattr(self.manifest, name, value)
        self.manifest.write(self.folder)

    def begin(self, **newest: Any) -> int:
        """Start a run: its number, with an empty journal. `newest` sets manifest fields (partition, instant, snapshot)."""
        self.pin(**newest, sequence=self.manifest.sequence + 1)
        self._clear()
        self.work = self.folder.scratch("work")
        """Room for the plan of the run in progress."""
        self._journal = Journal(self.folder, _journal(self.manifest.sequence), self._hold)
        return self.manifest.sequence

    def _clear(self) -> None:
        """Remove files that a crash left behind: they were never put in force, or no longer are.

        Only those of sealed runs: if this run was taken over meanwhile, later ones are another's, and in force.
        """
        manifest = self.manifest
        in_force = {manifest.base, manifest.debts, *(delta["file"] for delta in manifest.deltas)}
        for name in self.folder.names():
            if name.endswith(".arrow") and name not in in_force and _run_of(name) <= manifest.sealed:
                self.folder.delete(name)

    @property
    def running(self) -> bool:
        """Whether a run has begun and is not yet sealed."""
        return self._journal is not None

    def now(self) -> int:
        """The time in Unix microseconds, which never goes back: not within a run, and not from one to the next."""
        self.manifest.clock = max(time.time_ns() // 1000, self.manifest.clock + 1)
        return self.manifest.clock

    def record(self, events: pl.DataFrame) -> None:
        """Remember events, durably, now."""
        assert self._journal is not None, "begin() first"
        self._journal.append(events)

    def note(self, events: pl.DataFrame) -> None:
        """Remember events, which may not count before `durable` was awaited."""
        assert self._journal is not None, "begin() first"
        self._journal.note(events)

    async def durable(self) -> None:
        """Returns when all that was noted is remembered durably, and the ledger is still this run's."""
        assert self._journal is not None, "begin() first"
        await self._journal.durable()

    def seal(self, *, forget_before: int = 0, **newest: Any) -> pl.DataFrame:
        """End the run: fold its events into the ledger; returns them. `newest` sets manifest fields.

        `forget_before`: entries that last changed before this moment may be dropped when deltas are folded into a base.
        """
        assert self._journal is not None, "begin() first"
        self._journal.flush()
        self._journal.close()
        self._journal = None
        for name, value in newest.items():
            setattr(self.manifest, name, value)
        events = self._fold(self.manifest.sequence)
        self.folder.delete(_journal(self.manifest.sequence))
        shutil.rmtree(self.work, ignore_errors=True)
        self._load()
        self._compact(forget_before)
        return events

    def _load(self) -> None:
        try:
            self.head = read_head(self.folder, self.manifest)
            self.debts = read_debts(self.folder, self.manifest)
        except LedgerMismatch:
            self.manifest.require_unfenced(self.folder)  # else its files were replaced by whoever took over
            raise

    def _recover(self) -> int:
        """Seal what a crashed run left, if one did; clear what a crash left after sealing.

        The journal of a run that is recovered stays until the next opening: whoever crashed may only have been asleep, and
        must still find that it was ended.
        """
        manifest = self.manifest
        journals = [name for name in self.folder.names() if name.startswith("journal-")]
        for leftover in journals:
            if _run_of(leftover) <= manifest.sealed:
                self.folder.delete(leftover)
        if manifest.sequence == manifest.sealed:
            return 0
        journal = _journal(manifest.sequence)
        self.folder.end_log(journal)
        if self.folder.read_log(journal) is None:
            return 0
        self._load()
        self._fold(manifest.sequence)
        return manifest.sequence

    def _fold(self, run: int) -> pl.DataFrame:
        """Turn the journal of a run into its delta, debts, changes and issues, then put them in force."""
        events = _concat(list(read_journal(self.folder, _journal(run))))
        events = in_doubt(events)
        entries = changed_entries(events)
        debts = fold_debts(self.debts, events, run=run)
        manifest = self.manifest
        if entries.height:
            self.folder.keep(f"delta-{run}.arrow", as_ipc(entries))
            manifest.deltas.append(
                {
                    "run": run,
                    "partition": manifest.partition,
                    "file": f"delta-{run}.arrow",
                    "rows": entries.height,
                }
            )
        self.folder.keep(f"debts-{run}.arrow", as_ipc(debts))
        old_debts, manifest.debts = manifest.debts, f"debts-{run}.arrow"
        write_log(self.folder, run, events)
        manifest.sealed = run
        manifest.clock = max([manifest.clock, *events["since"].top_k(1)])
        manifest.write(self.folder)
        if old_debts and old_debts != manifest.debts:
            self.folder.delete(old_debts)
        return events

    def _compact(self, forget_before: int) -> None:
        """Fold the deltas into a new base when they cost more than the fold, amortised over many runs."""
        manifest = self.manifest
        small = self.head.overlay.height <= _MAX_OVERLAY * len(self.head)
        if not manifest.deltas or (manifest.base and small and len(manifest.deltas) <= _MAX_DELTAS):
            return
        file = f"base-{manifest.sealed}.arrow"
        # An event happened before it was acknowledged: no forgotten one is younger than the youngest of these.
        forgotten = [manifest.forgotten_before]

        def remembered() -> Iterator[pl.DataFrame]:
            for entries in self.head.in_order():
                old = entries["since"] < forget_before
                forgotten.extend(entries["since"].filter(old).top_k(1))
                yield entries.filter(~old)

        room = self.folder.scratch("work")
        self.folder.keep(file, as_base(remembered(), room))
        shutil.rmtree(room)
        manifest.forgotten_before = max(forgotten)
        gone = [manifest.base, *(delta["file"] for delta in manifest.deltas)]
        manifest.base, manifest.deltas = file, []
        manifest.write(self.folder)
        for name in filter(None, gone):
            self.folder.delete(name)
        self._load()


def in_doubt(events: pl.DataFrame) -> pl.DataFrame:
    """Replace every intent: nothing if its answer came, else the event that assumes the worst.

    An intent's row carries the state to assume (`UNKNOWN`; `DELETE_REQUESTED` for an asynchronous delete; `KEPT` for the
    delete of an identifier left behind, which stays owed, or requested if it is asynchronous) and, in `behind`, the
    identifier that a moved record leaves behind.
    """
    slot = ["key64", "debt", "identifier"]
    events = events.with_row_index("_order")
    intents = events.filter(pl.col("event") == Event.INTENT)
    if intents.is_empty():
        return events.drop("_order")
    answered = events.filter(pl.col("event") != Event.INTENT)
    heard = answered.group_by(slot).agg(_heard=pl.col("_order").max())
    open_ = (
        intents.unique(slot, keep="last", maintain_order=True)
        .join(heard, on=slot, how="left", nulls_equal=True, maintain_order="left")
        .filter(pl.col("_heard").is_null() | (pl.col("_heard") < pl.col("_order")))
    )
    owed = (pl.col("state") == State.KEPT) & (pl.col("operation") != PENDING_ERASURE)
    unknown = open_.with_columns(
        event=pl.when(owed).then(pl.lit(Event.OWED)).otherwise(pl.lit(Event.UNKNOWN)),
        request=pl.when(~owed).then("request"),
    )
    behind = open_.filter(pl.col("behind").is_not_null()).with_columns(
        identifier="behind",
        identifier64=identifier_hash(pl.col("behind")),
        request=pl.lit(None, dtype=pl.String),
        state=pl.lit(int(State.KEPT), dtype=pl.UInt8),
        event=pl.lit(Event.OWED),
        operation=pl.lit("delete"),
        debt=pl.lit(Debt.DELETE),
        reason=pl.lit("left behind"),
    )
    return _concat([answered, unknown, behind])


def write_log(folder: Store, run: int, events: pl.DataFrame) -> None:
    """Write what happened, and what of it is an issue, for people and other tools."""
    at = pl.from_epoch("since", time_unit="us").dt.replace_time_zone("UTC").alias("at")
    told = events.filter(~pl.col("event").is_in([Event.EQUAL, Event.UNSENT, Event.CLEARED])).select(
        pl.lit(run).alias("run"), at, "key", "operation", "event", "did", "identifier", "reason", "request"
    )
    issues = [Event.SET_ASIDE, Event.REJECTED, Event.PARTIAL, Event.UNKNOWN]
    folder.keep(f"changes/{run}.parquet", as_parquet(told))
    folder.keep(f"issues/{run}.parquet", as_parquet(told.filter(pl.col("event").is_in(issues))))


def _journal(run: int) -> str:
    return f"journal-{run}.log"


def _run_of(file: str) -> int:
    return int(file.partition("-")[2].partition(".")[0])


def _concat(frames: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat([NO_EVENTS, *(conform(frame, NO_EVENTS) for frame in frames)])
