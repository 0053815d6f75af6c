"""The ledger: what a destination acknowledged, key by key, as files under one folder, crash-proof at every instruction.

    manifest.json       whose ledger this is, which files are in force, the newest run (replaced by one rename)
    base-N-C.arrow      all entries, sorted by key hash, memory-mapped
    delta-N-C.arrow     the entries that run N changed; folded into a new base now and then
    debts-N-C.arrow     what is owed after run N
    journal-N.log       events of the run in progress; exists only while it runs, or after a crash
    changes/N.parquet   everything that happened in run N;  issues/N.parquet  what went wrong;  runs/N.json  its figures
    past/               what it takes to see the entries as they were (`past.py`)

C is the checksum of the file (`checked.py`). A file that would say nothing is not written.

A ledger is opened under the activation's lock. A journal found at opening is what a crashed run left: it is sealed
first, with every intent that never got its answer turned into a record in doubt (SEMANTICS D4).

Where the lock can be lost (object storage), whoever opens the ledger first raises the fence in its manifest, then ends the
journal: from then on, who had it before can neither begin nor append nor seal, however long it was asleep (SEMANTICS D6).
"""

import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from activation_platform.contracts.errors import LedgerMismatch
from activation_platform.sync.base_file import as_base
from activation_platform.sync.change_log import ChangeLog
from activation_platform.sync.checked import keep_checked, run_of
from activation_platform.sync.files import as_ipc
from activation_platform.sync.folds import (
    changed_entries,
    fold_debts,
    fold_entries,
    in_doubt,
    without_intents,
)
from activation_platform.sync.head import Head
from activation_platform.sync.journal import Journal, read_journal
from activation_platform.sync.manifest import Manifest
from activation_platform.sync.past import PAST, forget_past, keep_past
from activation_platform.sync.ranges import in_parts
from activation_platform.sync.reader import read_debts, read_head, require_base
from activation_platform.sync.states import State, filled
from activation_platform.sync.store import HELD, Hold, Store

__all__ = ["Ledger"]

T = TypeVar("T")

_MAX_DELTAS = 5
_MAX_OVERLAY = 0.1


class Ledger:
    """An activation's memory. Open it under the activation's lock; one run at a time.

    `past`: for how long it can be seen as it was.
    """

    def __init__(self, folder: Store, hold: Hold = HELD, past: timedelta = PAST) -> None:
        self.folder = folder
        self._hold = hold
        self._past = past
        self.manifest = Manifest.taken(folder, hold)
        self._journal: Journal | None = None
        self._head, self._head_is_of = self._opened(read_head), self.manifest.entries
        self._debts = self._opened(read_debts)
        self.recovered = self._recover()
        """Number of the crashed run whose journal was sealed when this ledger was opened, or 0."""

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
        self._room = self.folder.scratch("room")
        self._log = ChangeLog(self._room, self.manifest.sequence)
        self._journal = Journal(self.folder, _journal(self.manifest.sequence), self._hold)
        return self.manifest.sequence

    def _clear(self) -> None:
        """Remove files that a crash left behind: they were never put in force, or no longer are.

        Only those of sealed runs: if this run was taken over meanwhile, later ones are another's, and in force.
        """
        manifest = self.manifest
        for name in self.folder.names():
            if name.endswith(".arrow") and name not in manifest.files and run_of(name) <= manifest.sealed:
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
        self._log.note(events)

    def note(self, events: pl.DataFrame) -> None:
        """Remember events, which may not count before `durable` was awaited."""
        assert self._journal is not None, "begin() first"
        self._journal.note(events)
        self._log.note(events)

    async def durable(self) -> None:
        """Returns when all that was noted is remembered durably, and the ledger is still this run's."""
        assert self._journal is not None, "begin() first"
        await self._journal.durable()

    def seal(self, *, forget_before: int = 0, **newest: Any) -> None:
        """End the run: fold its events into the ledger. `newest` sets manifest fields.

        `forget_before`: entries that last changed before this moment may be dropped when deltas are folded into a base.
        """
        assert self._journal is not None, "begin() first"
        known = len(self.head)
        self._journal.flush()
        self._journal.close()
        journal, self._journal = self._journal, None
        for name, value in newest.items():
            setattr(self.manifest, name, value)
        with ThreadPoolExecutor(1) as beside:  # a disk takes its time to forget what is large
            forgotten = beside.submit(shutil.rmtree, self.work, ignore_errors=True)
            self._fold(self.manifest.sequence, journal.events(), journal.size, self._log, self._room)
            forgotten.result()
        self.folder.delete(_journal(self.manifest.sequence))
        shutil.rmtree(self._room)
        self._compact(known, forget_before)

    @property
    def head(self) -> Head:
        """Every entry acknowledged to sealed runs; read again, once it is asked for, after one was sealed."""
        if self._head_is_of != self.manifest.entries:
            self._head, self._head_is_of = self._opened(read_head), self.manifest.entries
        return self._head

    @property
    def debts(self) -> pl.DataFrame:
        """What is owed after the newest sealed run (`DEBTS`)."""
        return self._debts

    def _opened(self, read: Callable[[Store, Manifest], T]) -> T:
        try:
            return read(self.folder, self.manifest)
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
            if run_of(leftover) <= manifest.sealed:
                self.folder.delete(leftover)
        if manifest.sequence == manifest.sealed:
            return 0
        journal = _journal(manifest.sequence)
        self.folder.end_log(journal)
        content = self.folder.read_log(journal)
        if content is None:
            return 0
        room = self.folder.scratch("room")
        log = ChangeLog(room, manifest.sequence)

        def logged() -> Iterator[pl.DataFrame]:
            for events in read_journal(self.folder, journal):
                log.note(events)
                yield events

        self._fold(manifest.sequence, logged(), len(content), log, room)
        shutil.rmtree(room)
        return manifest.sequence

    def _fold(self, run: int, frames: Iterable[pl.DataFrame], size: int, log: ChangeLog, room: Path) -> None:
        """Turn the events of a run, which are logged, into its delta, debts, changes and issues, then put them in force."""
        manifest, old_debts = self.manifest, self.manifest.debts
        debts: list[pl.DataFrame] = []

        def changed() -> Iterator[pl.DataFrame]:
            for part in in_parts(frames, size, room):
                doubts = in_doubt(part.events)
                log.note(doubts)
                events = pl.concat([without_intents(part.events), doubts])
                debts.append(fold_debts(part.of(self._debts), events, run=run))
                manifest.clock = max([manifest.clock, *events["since"].top_k(1)])
                yield changed_entries(events)

        self._keep_entries(room, run, changed())
        if debts:
            self._keep_debts(room, run, debts[0] if len(debts) == 1 else pl.concat(debts))
            log.keep(self.folder)
        manifest.sealed = run
        manifest.write(self.folder)
        if old_debts and old_debts != manifest.debts:
            self.folder.delete(old_debts)

    def _keep_entries(self, room: Path, run: int, changed: Iterator[pl.DataFrame]) -> None:
        """Keep what the events of a run made of entries, part by part."""
        heights: list[int] = []

        def counted() -> Iterator[pl.DataFrame]:
            for entries in changed:
                if entries.height:
                    heights.append(entries.height)
                    yield entries

        parts = counted()
        first, second = next(parts, None), next(parts, None)
        if first is None:
            return
        every = chain([first] if second is None else [first, second], parts)
        if not self.manifest.entries:  # the first ones of all are a base as they are
            folded = (fold_entries(entries) for entries in every)
            base = as_base((one.filter(one["state"] != State.REMOVED) for one in folded), room)
            self.manifest.base = keep_checked(self.folder, room, f"base-{run}", ".arrow", base)
            return
        delta = as_ipc(filled(first)) if second is None else as_base(every, room)
        file = keep_checked(self.folder, room, f"delta-{run}", ".arrow", delta)
        partition, rows = self.manifest.partition, sum(heights)
        self.manifest.deltas.append({"run": run, "partition": partition, "file": file, "rows": rows})

    def _keep_debts(self, room: Path, run: int, debts: pl.DataFrame) -> None:
        if debts is self._debts:
            return
        self._debts, self.manifest.debts = debts, ""
        if debts.height:
            self.manifest.debts = keep_checked(self.folder, room, f"debts-{run}", ".arrow", as_ipc(debts))

    def _compact(self, known: int, forget_before: int) -> None:
        """Fold the deltas into a new base when they cost more than the fold, amortised over many runs.

        `known`: how many entries there were.
        """
        manifest = self.manifest
        small = sum(delta["rows"] for delta in manifest.deltas) <= _MAX_OVERLAY * known
        if not manifest.deltas or (manifest.base and small and len(manifest.deltas) <= _MAX_DELTAS):
            return
        self._opened(require_base)
        # An event happened before it was acknowledged: no forgotten one is younger than the youngest of these.
        forgotten = [manifest.forgotten_before]

        def remembered() -> Iterator[pl.DataFrame]:
            for entries in self.head.in_order():
                old = entries["since"] < forget_before
                forgotten.extend(entries["since"].filter(old).top_k(1))
                yield entries.filter(~old)

        room = self.folder.scratch("room")
        if manifest.base and self._past:
            keep_past(self.folder, room, self.head, manifest, forget_before)
        base = as_base(remembered(), room)
        file = keep_checked(self.folder, room, f"base-{manifest.sealed}", ".arrow", base)
        shutil.rmtree(room)
        manifest.forgotten_before = max(forgotten)
        gone = manifest.entries
        manifest.base, manifest.deltas = file, []
        manifest.write(self.folder)
        for name in gone:
            self.folder.delete(name)
        forget_past(self.folder, self._past)


def _journal(run: int) -> str:
    return f"journal-{run}.log"
