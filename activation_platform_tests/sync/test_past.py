"""The past of a ledger: after any run what it held can be seen again, for as long as it is kept, held against a plain replay."""

import copy
import os
import random
import shutil
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from activation_platform.contracts.errors import DeclarationError, LedgerMismatch
from activation_platform.sync.fingerprint import text_hash
from activation_platform.sync.folder import Folder
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.past import PAST, head_after, past_files
from activation_platform.sync.states import NO_EVENTS, Event, State, events_of
from activation_platform.sync.store import Store
from activation_platform_tests.sync.homes import home
from activation_platform_tests.sync.interruptions import Interruption, interrupted

KEYS = [f"k{number}" for number in range(60)]
RUNS = 25

Entries = dict[str, tuple[State, int]]


class Replay:
    """A ledger, and beside it what each of its runs left, kept as plainly as possible: state and fingerprint by key."""

    def __init__(self, folder: Store, seed: int, past: timedelta = PAST) -> None:
        self.folder, self.past = folder, past
        self.dice = random.Random(seed)
        self.entries: Entries = {}
        self.born: dict[str, int] = {}
        self.after: dict[int, Entries] = {}
        self.folds = 0

    def run(self, count: int, *, forgets: int = 0) -> None:
        """A run that changes so many keys, some of them twice; it may forget those that are older than so many runs."""
        ledger = Ledger(self.folder, past=self.past)
        try:
            self._run(ledger, count, forgets)
        finally:
            if ledger.running:  # the process "died": what the system does for a dead one
                ledger._journal.close()

    def _run(self, ledger: Ledger, count: int, forgets: int) -> None:
        base, number = ledger.manifest.base, ledger.begin()
        events = [NO_EVENTS]
        for key in self.dice.sample(KEYS, count) + self.dice.sample(KEYS, count // 3):
            state = self.dice.choice([State.PRESENT, State.PRESENT, State.UNKNOWN, State.REMOVED])
            raw = self.dice.randrange(2**60)
            events.append(changed(key, state, raw, at=number))
            self.born[key] = number
            if state is State.REMOVED:
                self.entries.pop(key, None)
            else:
                self.entries[key] = (state, raw)
        ledger.record(pl.concat(events))
        ledger.seal(forget_before=number - forgets if forgets else 0)
        if ledger.manifest.base != base:
            self.folds += 1
            old = [key for key in self.entries if forgets and self.born[key] < number - forgets]
            self.entries = {key: entry for key, entry in self.entries.items() if key not in old}
        self.after[number] = dict(self.entries)

    def live(self, runs: int, **more: int) -> None:
        """Runs of all sizes: most change little, some nothing, some much."""
        for _ in range(runs):
            self.run(self.dice.choice([0, 1, 1, 2, 3, 3, 25]), **more)


def changed(key: str, state: State, raw: int, at: int) -> pl.DataFrame:
    rows = pl.DataFrame({"key": [key], "raw": [raw]}, schema={"key": pl.String, "raw": pl.UInt64})
    return events_of(rows.with_columns(key64=text_hash(pl.col("key"))), Event.ACCEPTED, state=state, at=at)


def entries_after(folder: Store, run: int) -> Entries:
    rows = pl.concat(head_after(folder, run).in_order()).select("key", "state", "raw").iter_rows()
    return {key: (State(state), raw) for key, state, raw in rows}


@pytest.mark.parametrize("forgets", [0, 9])
@pytest.mark.parametrize("seed", range(2))
def test_what_a_ledger_held_after_any_run_can_be_seen_again(tmp_path, seed, forgets):
    replay = Replay(Folder(tmp_path / "ledger"), seed)
    replay.live(RUNS, forgets=forgets)
    assert replay.folds > 3
    assert {run: entries_after(replay.folder, run) for run in replay.after} == replay.after


def test_d6_the_past_is_kept_in_a_bucket_too(tmp_path, front, monkeypatch):
    replay = Replay(home("bucket", front, tmp_path, monkeypatch) / "ledger", 7)
    replay.live(9)
    assert replay.folds > 1
    assert {run: entries_after(replay.folder, run) for run in replay.after} == replay.after


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """A ledger with a past of several folds, to be copied."""
    replay = Replay(Folder(tmp_path_factory.mktemp("lived") / "ledger"), 3)
    replay.live(15)
    return replay


@pytest.fixture
def replay(lived, tmp_path):
    """The same, to be lived on with."""
    return copied(lived, tmp_path / "ledger")


def copied(lived: Replay, to: Path) -> Replay:
    replay = copy.deepcopy(lived)
    replay.folder = Folder(to)
    shutil.copytree(lived.folder.path, to)
    return replay


def test_the_past_costs_what_changed_and_no_base_for_every_fold(replay):
    rows = sum(pl.read_parquet(replay.folder.file(file)).height for file in past_files(replay.folder))
    changes = [pl.read_parquet(path)["key"].n_unique() for path in (replay.folder.path / "changes").iterdir()]
    assert rows <= 2 * sum(changes)


def test_a_run_that_is_not_sealed_or_never_was_has_no_past(replay):
    ledger = Ledger(replay.folder)
    begun = ledger.begin()
    for run in (0, -1, begun, begun + 1):
        with pytest.raises(DeclarationError, match=f"the newest sealed run is {begun - 1}") as error:
            head_after(replay.folder, run)
        assert "activation history" in error.value.remedy
    ledger.seal()


def test_the_past_that_has_passed_its_time_is_removed_and_what_is_younger_stays(replay):
    periods = sorted(past_files(replay.folder), key=lambda file: int(file.split("-")[1]))
    long_ago = periods[len(periods) // 2]
    first_kept = int(long_ago.split("-")[1])
    for file in periods[: periods.index(long_ago) + 1]:
        os.utime(replay.folder.file(file), (0, 0))
    replay.run(25)
    assert set(past_files(replay.folder)) >= set(periods[periods.index(long_ago) + 1 :])
    assert long_ago not in past_files(replay.folder)
    for run, entries in replay.after.items():
        if run >= first_kept:
            assert entries_after(replay.folder, run) == entries
        else:
            with pytest.raises(DeclarationError, match=f"the oldest that is still known is run {first_kept}"):
                head_after(replay.folder, run)


def test_what_somebody_else_puts_beside_the_past_is_left_alone(replay):
    stranger = replay.folder.path / "past" / "notes.txt"
    stranger.write_text("mine")
    replay.past = timedelta(0)
    replay.run(25)
    assert stranger.read_text() == "mine"
    assert entries_after(replay.folder, max(replay.after)) == replay.entries


def test_a_ledger_that_keeps_no_past_writes_none_and_removes_what_there_is(replay):
    replay.past = timedelta(0)
    replay.run(25)
    assert past_files(replay.folder) == []
    newest = max(replay.after)
    assert entries_after(replay.folder, newest) == replay.after[newest]


@pytest.mark.parametrize("after", [False, True])
def test_d4_the_past_is_whole_after_a_death_at_any_operation_on_files(lived, tmp_path, after):
    for number in range(1, 99, 2):
        replay = copied(lived, tmp_path / str(number))
        try:
            with interrupted(Interruption(number, after=after)):
                replay.run(25)
        except SystemExit:
            replay.entries = recovered(replay)
            replay.run(25)
        else:
            break
        for run, entries in replay.after.items():
            assert entries_after(replay.folder, run) == entries, (number, run)
    assert 20 < number < 99


def recovered(replay: Replay) -> Entries:
    """What the dead left, which is seen from then on, too."""
    sealed = Ledger(replay.folder).manifest.sealed
    replay.after[sealed] = entries_after(replay.folder, sealed)
    return dict(replay.after[sealed])


def test_a_flipped_bit_in_the_past_is_told_and_the_present_is_not_troubled(replay):
    for file in past_files(replay.folder):
        path = replay.folder.file(file)
        whole = path.read_bytes()
        place = replay.dice.randrange(len(whole))
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
    with pytest.raises(LedgerMismatch, match=r"past/\d+-\d+-[a-p]{8}\.parquet is not what was written"):
        head_after(replay.folder, 1)
    replay.run(3)
    assert entries_after(replay.folder, max(replay.after)) == replay.entries
