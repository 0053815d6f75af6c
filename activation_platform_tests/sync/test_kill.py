"""Real processes that send over real sockets are killed with SIGKILL, at random moments, again and again, and then one may end.

`KILLS` of them in all, in shards that can run side by side; `make soak` kills many more, at other moments each time. What the
vendor carried out and what the ledger remembers are compared after every death.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest

from activation_platform.contracts.modes import Mode
from activation_platform.contracts.service import Service
from activation_platform.sync.journal import read_journal
from activation_platform.sync.manifest import Manifest
from activation_platform.sync.states import Event
from activation_platform_tests.sync.homes import environment, new_bucket
from activation_platform_tests.sync.one_life import CONCURRENCY, NAME, Life, root_of
from activation_platform_tests.sync.shop import (
    ErasedThings,
    LookedUpHappenings,
    LookedUpThings,
    Members,
    Things,
)
from activation_platform_tests.sync.vendor_on_a_socket import Said, VendorOnASocket, on_a_socket

KILLS = int(os.environ.get("KILLS", "32"))
SHARDS = 8
FIRST = int(os.environ.get("KILLS_SEED", "0")) * SHARDS
IN_FLIGHT = CONCURRENCY * Things.batch_size
CASES: tuple[tuple[type[Service], Mode], ...] = (
    (Things, Mode.MIRROR),
    (LookedUpThings, Mode.MIRROR),
    (Members, Mode.MIRROR),
    (LookedUpHappenings, Mode.INSERT_ONLY),
    (ErasedThings, Mode.MIRROR),
)
KEYS = 120
YEAR = 365 * 86_400.0


@dataclass
class History:
    """One activation, one vendor, and processes that die.

    `open`: what the vendor carried out for somebody who died before it was remembered. Only that may be said again, and
    `meant`: deletes of what the dead may have written; once it has left, nobody knows that there is nothing to delete.
    """

    vendor: VendorOnASocket
    root: str
    environment: Mapping[str, str]
    dice: random.Random
    service: type[Service]
    mode: Mode
    rows: dict[str, str] = field(default_factory=dict)
    day: int = 0
    told: Counter[str] = field(default_factory=Counter)
    open: set[Said] = field(default_factory=set)
    meant: set[Said] = field(default_factory=set)

    @property
    def looks_up(self) -> bool:
        """Whether what is in doubt is looked up, and so never said twice."""
        return self.service in (LookedUpThings, LookedUpHappenings)

    @property
    def grows(self) -> bool:
        """Whether its rows are events."""
        return self.service is LookedUpHappenings

    def change_rows(self) -> None:
        """Some rows are new, some others, some gone."""
        self.day += 1
        for key in self.dice.sample(range(KEYS * (self.day if self.grows else 1)), KEYS // 2):
            name = f"k{key}"
            if not self.grows and name in self.rows and self.dice.random() < 0.5:
                del self.rows[name]
            elif not self.grows or name not in self.rows:
                self.rows[name] = f"{name} of day {self.day}"

    def life(self) -> Life:
        self.day += 1
        wrong = self.dice.choice([0.0, 0.0, -3600.0, YEAR]) if "://" not in self.root else 0.0
        self.told["wrong clocks"] += bool(wrong)
        return Life(
            self.root,
            self.vendor.address,
            self.service,
            self.mode,
            self.rows,
            self.day,
            self.environment,
            wrong,
        )

    def killed(self) -> None:
        """A run that dies at some moment."""
        with self.watched():
            before = self.vendor.requests
            process = self.life().begin()
            come, later = self.moment(before)
            self.vendor.wait_until(come)
            time.sleep(self.dice.uniform(0, later))
            process.kill()
            process.join()
        assert process.exitcode in (0, -9)
        if process.exitcode == -9:  # else it was done already
            self.told["kills"] += 1
            self.told[f"kills while {self.stage()}"] += 1
            self.tear()

    def ended(self) -> None:
        """A run that nobody kills."""
        with self.watched():
            process = self.life().begin()
            process.join()
        assert process.exitcode == 0
        assert self.as_promised()
        self.open.clear()
        self.meant.clear()
        if self.erasing():  # what was held back for an erasure goes on once it is done
            self.vendor.vendor.finish_erasures()
            self.ended()

    def stage(self) -> str:
        """How far the ledger says that whoever died had come."""
        manifest = self.manifest()
        if manifest.sequence == manifest.sealed:
            return "beginning or done"
        if self.as_promised():
            return "sealing"
        return "sending" if root_of(self.root).read(f"{NAME}/journal-{manifest.sequence}.log") else "planning"

    def tear(self) -> None:
        """Now and then the last thing that was written is a part of a frame."""
        journals = [*Path(self.root).glob(f"{NAME}/journal-*.log")]
        if journals and journals[-1].stat().st_size and self.dice.random() < 0.5:
            frames = journals[-1].read_bytes()
            with journals[-1].open("ab") as file:
                file.write(frames[: self.dice.randint(1, min(len(frames) - 1, 500))])
            self.told["torn writes"] += 1

    def moment(self, before: int) -> tuple[Callable[[], bool], float]:
        """When to kill, within so many seconds: while it begins and plans, while it sends, when all is sent and it seals."""
        chosen = self.dice.choice(["planning", "sending", "sending", "sending", "sealing"])
        if chosen == "sealing":
            return self.as_promised, 0.06
        if chosen == "planning":
            return lambda: self.vendor.requests > before, 0.1
        requests = self.dice.randint(2, KEYS // 8)
        return lambda: self.vendor.requests >= before + requests or self.as_promised(), 0.01

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Hold what a run remembered against what the vendor carried out for it, and what it said again against what it might."""
        newest = self.manifest().sequence
        heard, again = len(self.vendor.heard), len(self.vendor.again)
        yield
        self.vendor.settle()
        done, said_again = Counter(self.vendor.heard[heard:]), set(self.vendor.again[again:])
        kept = self.kept(newest)
        assert kept.keys() <= done.keys() | self.open, "nothing is remembered that was not carried out"
        forgotten = said_again - self.open - self.meant
        if (
            self.looks_up
        ):  # what one found of the dead is remembered beside what it says itself of the same key
            unknown = set(done + Counter(self.open) - kept)
        else:
            unknown = (self.open - kept.keys() - done.keys()) | (done.keys() - kept.keys())
        in_flight = unknown & done.keys()
        assert len(in_flight) <= IN_FLIGHT
        self.open = unknown
        self.meant |= {("delete", name) for name in self.in_doubt(newest)}
        self.told.update(acknowledged=kept.total(), resent=len(said_again), forgotten=len(forgotten))
        self.told["in flight"] += len(in_flight)
        assert not forgotten, "acknowledged, and sent again"

    def manifest(self) -> Manifest:
        return Manifest.read(root_of(self.root) / NAME)

    def kept(self, after: int) -> Counter[Said]:
        """What the ledger remembers as accepted in runs after this one, and how often: sealed, or in the journal."""
        return Counter(
            ("delete" if operation == "delete" else "write", identifier)
            for event, operation, identifier in self.events(after)
            if event in (Event.ACCEPTED, Event.REQUESTED)
        )

    def in_doubt(self, after: int) -> set[str]:
        """What runs after this one may have written."""
        return {
            identifier
            for event, operation, identifier in self.events(after)
            if event in (Event.INTENT, Event.UNKNOWN) and operation != "delete"
        }

    def events(self, after: int) -> Iterator[tuple[str, str, str]]:
        """Event, operation and identifier, as the ledger remembers them of runs after this one."""
        folder, manifest = root_of(self.root) / NAME, self.manifest()
        frames = [
            pl.read_parquet((folder / "changes").file(log))
            for log in (folder / "changes").names()
            if after < int(log.removesuffix(".parquet")) <= manifest.sealed
        ]
        if manifest.sequence > max(manifest.sealed, after):
            frames += read_journal(folder, f"journal-{manifest.sequence}.log")
        for frame in frames:
            yield from frame.select("event", "operation", "identifier").iter_rows()

    def as_promised(self) -> bool:
        """Whether the vendor holds what the mode promises, but for what it is about to erase."""
        names = self.vendor.vendor.names
        held, wanted = ({key: one[key] for key in one.keys() - self.erasing()} for one in (names, self.rows))
        return held.keys() == wanted.keys() if self.service is Members else held == wanted

    def erasing(self) -> set[str]:
        """The ids that the vendor was asked to erase and has not got round to."""
        return {one["id"] for one in self.vendor.vendor.erasures if one["state"] == "pending"}


def live_through(history: History, kills: int) -> None:
    """Kill so many processes of this history; between them, now and then, one ends, and everything is as promised."""
    while history.told["kills"] < kills:
        history.change_rows()
        for _ in range(history.dice.choice([1, 1, 2, 3])):
            history.killed()
            if history.dice.random() < 0.3:
                history.change_rows()
        history.ended()
    before = len(history.vendor.heard)
    history.ended()
    assert len(history.vendor.heard) == before
    if history.looks_up:
        assert history.told["resent"] == 0, "what can be looked up is never said twice"


@pytest.mark.parametrize("shard", range(SHARDS))
def test_d4_kill_9_forgets_nothing_and_sends_again_only_what_was_in_flight(
    shard, request, tmp_path, monkeypatch, record_property
):
    root, where = str(tmp_path), {}
    if shard == SHARDS - 1:
        front = request.getfixturevalue("front")
        root, where = new_bucket(front, tmp_path, monkeypatch), environment(front, tmp_path)
    dice = random.Random(FIRST + shard)
    with on_a_socket(VendorOnASocket(dice=random.Random(dice.random()))) as vendor:
        history = History(vendor, root, where, dice, *CASES[shard % len(CASES)])
        vendor.vendor.asynchronous = history.service.deletes_are_requests
        live_through(history, KILLS // SHARDS)
    for name, count in history.told.items():
        record_property(name, count)
