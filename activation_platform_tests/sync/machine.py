"""A state machine that lives through histories of an activation: frames, modes, partitions, faults, crashes and restarts.

Every run opens the ledger anew, as a new process would, and its figures must add up (F1; the workshop asserts it). At the end the
last frame is run without faults until there is nothing to do; then the destination must hold what the mode promises, and the
ledger must know exactly what is there.
"""

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import polars as pl
from hypothesis import HealthCheck, Phase, note, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from activation_platform.contracts.modes import Mode, ObjectKind
from activation_platform.contracts.service import Service
from activation_platform.sync import ledger, ranges, survey
from activation_platform.sync.activate import RunFailed
from activation_platform.sync.history import Status
from activation_platform.sync.mapping import FieldMapping
from activation_platform.sync.order import Events, Window
from activation_platform.sync.states import State
from activation_platform_tests.sync.interruptions import Interruption, interrupted
from activation_platform_tests.sync.shop import (
    ErasedPeople,
    ErasedThings,
    ExportedThings,
    Happenings,
    LookedUpHappenings,
    LookedUpThings,
    Members,
    OnceThings,
    StagedThings,
    Things,
)
from activation_platform_tests.sync.vendor import Vendor
from activation_platform_tests.sync.world import MAPPING, Workshop, thing, things

KEYS, NAMES = "abcde", "WXYZV"
START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = 86_400.0
"""Seconds between two runs: a vendor that asked for a wait asked for less."""
DAYS = 4
SHM = Path("/dev/shm")
FAULTS: dict[str, Any] = {
    "": "",
    "lost": "lost",
    "answer lost": "answer lost",
    "dies": "dies",
    "dies after": "dies after",
    "refused": httpx.Response(401),
    "throttled": httpx.Response(429, headers={"Retry-After": "9999"}),
    "broken": httpx.Response(500),
    "page": httpx.Response(200, html="<p>hello"),
    "too much": httpx.Response(413),
}


@dataclass(frozen=True)
class Case:
    """A service and the modes among which a history may change."""

    service: type[Service]
    modes: tuple[Mode, ...]

    @property
    def changing(self) -> bool:
        return len(self.modes) > 1


DIFFING = (Mode.UPSERT, Mode.UPDATE_ONLY, Mode.INSERT_ONLY, Mode.MIRROR)
CASES = [
    *(Case(Things, (mode,)) for mode in (*DIFFING, Mode.SNAPSHOT)),
    Case(Things, (*DIFFING, Mode.SNAPSHOT)),
    Case(OnceThings, (Mode.MIRROR,)),
    Case(LookedUpThings, (Mode.MIRROR,)),
    Case(LookedUpThings, (Mode.UPSERT,)),
    Case(ErasedThings, (Mode.MIRROR,)),
    Case(StagedThings, (Mode.SNAPSHOT,)),
    Case(StagedThings, (Mode.MIRROR, Mode.SNAPSHOT)),
    Case(ExportedThings, (Mode.MIRROR,)),
    Case(ErasedPeople, (Mode.ERASE,)),
    *(Case(Members, (mode,)) for mode in (Mode.UPSERT, Mode.MIRROR, Mode.SNAPSHOT)),
    Case(Members, (Mode.UPSERT, Mode.MIRROR)),
    Case(Happenings, (Mode.INSERT_ONLY,)),
    Case(LookedUpHappenings, (Mode.INSERT_ONLY,)),
]

emails = st.sampled_from([None, "ann@example.org", "bob@example.org", "not an address"])
some_ids = st.sets(st.sampled_from(NAMES), max_size=2)
faults = st.lists(st.sampled_from(["", *FAULTS]), max_size=3)
crashes = st.none() | st.builds(
    Interruption, st.integers(1, 40), after=st.booleans(), torn=st.sampled_from([0, 1, 300])
)


@st.composite
def rows(draw: Any) -> list[dict[str, Any]]:
    """Rows as they come: missing, duplicate and moving keys, shared identifiers, invalid values."""
    keys = draw(st.lists(st.sampled_from([*KEYS, *KEYS, None]), max_size=5))
    return [
        thing(key, name=draw(st.sampled_from("12")), email=draw(emails), id=draw(st.sampled_from(NAMES)))
        for key in keys
    ]


@st.composite
def clean_rows(draw: Any) -> list[dict[str, Any]]:
    """Rows without a fault: one a key and an identifier."""
    keys = sorted(draw(st.sets(st.sampled_from(KEYS))))
    ids = draw(st.permutations(NAMES))
    valid = st.sampled_from([None, "ann@example.org"])
    return [
        thing(key, name=draw(st.sampled_from("12")), email=draw(valid), id=name)
        for key, name in zip(keys, ids, strict=False)
    ]


def own_ids(frame: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with identifiers that never move."""
    return [{**row, "id": NAMES[KEYS.index(row["key"])] if row["key"] else row["id"]} for row in frame]


class Histories(RuleBasedStateMachine):
    """One history of one activation; `lived` and `ran` count histories and runs of this process."""

    lived = 0
    ran = 0

    @initialize(
        case=st.sampled_from(CASES),
        rows_at_once=st.sampled_from([500_000, 2]),
        overlay=st.sampled_from([0.1, 100.0]),
        concurrency=st.sampled_from([1, 3]),
        zone=st.sampled_from([None, "UTC"]),
        last=clean_rows(),
    )
    def begin(
        self,
        case: Case,
        rows_at_once: int,
        overlay: float,
        concurrency: int,
        zone: str | None,
        last: list[Any],
    ) -> None:
        self.case, self.mode, self.last, self.zone = case, case.modes[-1], last, zone
        self.theirs = {"theirs": {"name": "theirs"}}
        if Mode.UPDATE_ONLY in case.modes or case.service is ErasedPeople:
            self.theirs |= {"W": {"name": "theirs"}, "X": {"name": "theirs"}}
        if case.modes == (Mode.INSERT_ONLY,) and case.service is Things:
            self.theirs |= {"W": {"name": "theirs"}}
        asynchronous = case.service.deletes_are_requests
        moment = (FieldMapping("when", "at"),) if self.kind is ObjectKind.EVENT else ()
        self.vendor = Vendor(asynchronous=asynchronous, watch_delete=self.check_delete)
        self.vendor.things = {name: dict(values) for name, values in self.theirs.items()}
        self.wrong: list[str] = []
        self.rows: list[dict[str, Any]] = []
        self.asked: Counter[str] = Counter()
        self.snapshots = 0
        self.folder = tempfile.TemporaryDirectory(dir=SHM if SHM.is_dir() else None)
        self.workshop = Workshop(
            Path(self.folder.name),
            self.vendor,
            service=case.service,
            mapping=(*MAPPING, FieldMapping("owner", "key"), *moment),
            settings={"retries": 1_000},
            concurrency=concurrency,
            attempts=1,
        )
        if self.kind is ObjectKind.EVENT:
            self.workshop.settings["events"] = Events("at", late=timedelta(0), keep=timedelta(days=9_999))
            self.events = [
                thing(f"{key}{day}", id=f"{key}{day}", name="x") for day in range(DAYS) for key in "ab"
            ]
        self.patches = [
            patch.object(survey, "ROWS_AT_ONCE", rows_at_once),
            patch.multiple(ranges, _IN_MEMORY=1_000 * rows_at_once, _RANGES=4),
            patch.object(ledger, "_MAX_OVERLAY", overlay),
        ]
        for each in self.patches:
            each.start()

    @property
    def kind(self) -> ObjectKind:
        return self.case.service.object

    @property
    def moves(self) -> bool:
        """Whether identifiers may change: insert only never says so, and who is there already would be somebody else's."""
        return Mode.INSERT_ONLY not in self.case.modes and self.mode is not Mode.ERASE

    def check_delete(self, name: str) -> None:
        """Nothing is deleted that the frame names, nor the newest record of a key that it holds."""
        self.asked[name] += 1
        if self.mode is Mode.ERASE:
            return
        if name in {row["id"] for row in self.rows}:
            self.wrong.append(f"{name} is in the frame")
        owner = self.vendor.things.get(name, {}).get("owner")
        newest = owner in {row["key"] for row in self.rows} and self.vendor.newest[owner] == name
        if newest and self.kind is ObjectKind.RECORD:
            self.wrong.append(f"{name} is the newest record of {owner}, which is in the frame")
        if self.mode is not Mode.MIRROR and self.kind is ObjectKind.RECORD:
            self.wrong.append(f"{name} is deleted under {self.mode}")
        if name == "theirs":
            self.wrong.append("it is not ours")

    def frame(self, frame: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        return list(frame) if self.moves else own_ids(frame)

    @precondition(lambda self: self.kind is not ObjectKind.EVENT)
    @rule(
        frame=rows(),
        mode=st.integers(0, 9),
        full=st.sampled_from([False] * 7 + [True]),
        said=faults,
        refuse=some_ids,
        partly=some_ids,
        poison=some_ids,
        crash=crashes,
    )
    def run(
        self, frame: Any, mode: int, full: bool, said: Any, refuse: Any, partly: Any, poison: Any, crash: Any
    ) -> None:
        """A run in which anything may go wrong."""
        self.mode = self.case.modes[mode % len(self.case.modes)]
        self.vendor.refuse = dict.fromkeys(refuse, "no")
        # An event or a record in one piece has no parts.
        self.vendor.partly = {} if self.case.service.in_one_piece else dict.fromkeys(partly, "some")
        self.vendor.poison = poison
        self.live(self.frame(frame), said, crash, full=full)

    @precondition(lambda self: self.kind is not ObjectKind.EVENT)
    @rule(frame=clean_rows(), mode=st.integers(0, 9))
    def run_well(self, frame: Any, mode: int) -> None:
        """A run in which nothing goes wrong."""
        self.mode = self.case.modes[mode % len(self.case.modes)]
        self.all_is_well()
        self.live(self.frame(frame))

    @precondition(lambda self: self.kind is not ObjectKind.EVENT and self.workshop.day > 1)
    @rule(frame=rows())
    def run_an_overtaken_partition(self, frame: Any) -> None:
        """A partition that a newer one has overtaken sends nothing."""
        if self.workshop.ledger().manifest.instant == 0:
            return
        old = {"instant": START - timedelta(days=999), "snapshot": 1, "explicit": False}
        with interrupted(None):
            assert self.workshop.run(*self.frame(frame), **old).status is Status.SUPERSEDED
        assert self.vendor.writes == []

    @precondition(lambda self: self.kind is ObjectKind.EVENT)
    @rule(day=st.integers(0, DAYS - 1), said=faults, refuse=some_ids, crash=crashes, known=st.integers(1, 8))
    def tell(self, day: int, said: Any, refuse: Any, crash: Any, known: int) -> None:
        """A run of a window of events, in any order; the last of them may not have arrived yet."""
        self.vendor.refuse = {name: "no" for name in (f"a{day}",) if refuse}
        self.live(self.events[:known], said, crash, day=day)

    @rule()
    def the_vendor_erases(self) -> None:
        """What was asked for is done."""
        self.vendor.finish_erasures()

    def all_is_well(self) -> None:
        self.vendor.refuse, self.vendor.partly, self.vendor.poison = {}, {}, set()

    def live(
        self,
        frame: list[dict[str, Any]],
        said: Sequence[str] = (),
        crash: Interruption | None = None,
        *,
        full: bool = False,
        day: int | None = None,
    ) -> None:
        """One run, a day after the last, whatever comes of it."""
        self.workshop.clock.time += DAY
        self.rows, self.workshop.mode = frame, self.mode
        self.vendor.answers = [FAULTS[fault] for fault in said]
        given: list[Any] = frame
        order: dict[str, Any] = {"full": full}
        if day is not None:
            given = [self.timed(frame)]
            order["window"] = Window(START + timedelta(days=day), START + timedelta(days=day + 1))
        type(self).ran += 1
        try:
            with interrupted(crash):
                self.workshop.run(*given, **order)
        except (RunFailed, SystemExit) as end:
            note(f"ended early: {end}")
        self.vendor.answers.clear()
        self.snapshots += self.mode is Mode.SNAPSHOT
        note(f"{self.mode} {frame} {said} {crash} -> {self.vendor.writes}\n  {self.vendor.things}")
        assert not self.wrong

    def timed(self, events: Sequence[dict[str, Any]]) -> pl.DataFrame:
        days = [START + timedelta(days=int(event["key"][1:]), hours=6) for event in events]
        moments = pl.Series(days, dtype=pl.Datetime("us", "UTC"))
        return things(*events).with_columns(at=moments.dt.replace_time_zone(self.zone))

    def teardown(self) -> None:
        if not hasattr(self, "patches"):
            return
        try:
            self.settle_down()
        finally:
            for each in self.patches:
                each.stop()
            self.folder.cleanup()
        type(self).lived += 1

    def settle_down(self) -> None:
        """Run the last frame until there is nothing to do; then everything must be as promised."""
        self.all_is_well()
        if self.kind is ObjectKind.EVENT:
            for day in range(DAYS):
                self.live(self.events, day=day)
            self.live(self.events, day=0)
            assert self.vendor.writes == []
            self.check_events()
            return
        if self.case.changing:
            self.mode = next(mode for mode in (Mode.MIRROR, *self.case.modes) if mode in self.case.modes)
        frame = self.frame(self.last)
        for number in range(6):
            full = number == 0 and (self.case.changing or self.mode is Mode.UPDATE_ONLY)
            self.live(frame, full=full)
            self.vendor.finish_erasures()
            quiet = self.mode is Mode.SNAPSHOT or not (full or self.vendor.writes)
            if quiet and self.owed() == []:
                break
        else:
            raise AssertionError(f"it does not come to rest: {self.vendor.writes}, {self.owed()}")
        self.check_promise(frame)

    def owed(self) -> list[Any]:
        """What is owed and will be tried again: insert only never completes what it created in part."""
        states = self.workshop.states()
        in_part = {key for key in states if states[key] is State.PARTIAL and self.mode is Mode.INSERT_ONLY}
        return [debt for debt in self.workshop.debts() if debt[0] not in in_part]

    def check_promise(self, frame: Sequence[dict[str, Any]]) -> None:
        """SEMANTICS, part C, for what is kept."""
        there, ours = self.vendor.things, as_sent(frame)
        theirs = {} if self.snapshots else {"theirs": self.theirs["theirs"]}
        if self.kind is ObjectKind.LIST:  # a member has no values that are kept in step
            there, ours, theirs = (dict.fromkeys(names) for names in (there, ours, theirs))
        entries = self.workshop.entries()
        if self.mode is Mode.ERASE:
            assert not set(there) & set(ours)
            assert there == {name: values for name, values in self.theirs.items() if not self.asked[name]}
        elif self.mode is Mode.SNAPSHOT:
            assert there == ours
        elif self.mode is Mode.UPDATE_ONLY:
            assert len(there) == len(self.theirs)
            assert all(there[name] == values for name, values in ours.items() if name in there)
        elif self.mode is Mode.INSERT_ONLY:
            assert there.keys() >= {*self.theirs, *ours}
            assert {name: there[name] for name in self.theirs} == self.theirs
        elif self.mode is Mode.MIRROR and not self.case.changing:
            assert there == ours | theirs
        else:
            assert ours.items() <= there.items()
            assert theirs.items() <= there.items()
        if self.kind is ObjectKind.LIST:
            known = {entry["identifier"] for entry in entries.values() if entry["sent"] is not None}
            in_doubt = {entry["identifier"] for entry in entries.values()}
            assert known <= there.keys() - theirs.keys() <= in_doubt
        present = {key for key, entry in entries.items() if entry["state"] == State.PRESENT}
        assert present <= {row["key"] for row in frame} | ({*KEYS} if self.mode is Mode.ERASE else set())

    def check_events(self) -> None:
        """Each event once; where nobody can look up what got no answer, at least once."""
        told = {event["id"]: self.vendor.told[event["id"]] for event in self.events}
        assert min(told.values()) >= 1
        if self.case.service.can_look_up:
            assert max(told.values()) == 1
        assert self.workshop.debts() == []


def as_sent(frame: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        row["id"]: {"id": row["id"], "email": row.get("email"), "name": row["name"], "owner": row["key"]}
        for row in frame
    }


def live_through(machine: type[Any], number: int, histories: int, record: Any) -> None:
    """Live through so many histories; `record` is pytest's `record_property`, `number` decides which histories they are."""
    numbered = seed(number)(type(f"{machine.__name__}{number}", (machine,), {"lived": 0, "ran": 0}))
    run_state_machine_as_test(
        numbered,
        settings=settings(
            max_examples=histories,
            stateful_step_count=5,
            deadline=None,
            database=None,
            # A failing history is short enough to read; shrinking one takes minutes.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    record("histories", numbered.lived)
    record("runs", numbered.ran)
    assert numbered.lived >= histories
