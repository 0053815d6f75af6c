"""Whatever happens in a history of runs, the destination ends as the mode promises, and then there is nothing to do."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from activation_platform.contracts.modes import Mode
from activation_platform.sync import ledger, survey
from activation_platform.sync.activate import RunFailed
from activation_platform.sync.mapping import FieldMapping
from activation_platform_tests.sync.interruptions import Interruption, interrupted
from activation_platform_tests.sync.shop import ErasedThings, Things
from activation_platform_tests.sync.vendor import Vendor
from activation_platform_tests.sync.world import MAPPING, Workshop, thing

KEYS, NAMES = "abcde", "WXYZV"
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


@dataclass
class Step:
    """One run of a history, and what goes wrong in it."""

    rows: list[dict[str, Any]]
    mode: Mode
    full: bool = False
    faults: list[str] = field(default_factory=list)
    refuse: set[str] = field(default_factory=set)
    partly: set[str] = field(default_factory=set)
    poison: set[str] = field(default_factory=set)
    interruption: Interruption | None = None


@dataclass
class History:
    """Runs under one or several modes, and the frame that it ends with: clean, one row a key and an identifier."""

    steps: list[Step]
    last: list[dict[str, Any]]
    mode: Mode
    asynchronous: bool
    rows_at_once: int
    overlay: float
    concurrency: int


emails = st.sampled_from([None, "ann@example.org", "bob@example.org", "not an address"])
names = st.sampled_from(["1", "2"])
some_ids = st.sets(st.sampled_from(NAMES), max_size=2)


@st.composite
def rows(draw: Any, *, moves: bool) -> list[dict[str, Any]]:
    keys = draw(st.lists(st.sampled_from([*KEYS, *KEYS, None]), max_size=5))
    return [
        thing(
            key,
            name=draw(names),
            email=draw(emails),
            id=draw(st.sampled_from(NAMES)) if moves or key is None else NAMES[KEYS.index(key)],
        )
        for key in keys
    ]


@st.composite
def clean_rows(draw: Any, *, moves: bool) -> list[dict[str, Any]]:
    keys = draw(st.sets(st.sampled_from(KEYS)))
    ids = draw(st.permutations(NAMES)) if moves else NAMES
    return [
        thing(
            key,
            name=draw(names),
            email=draw(st.sampled_from([None, "ann@example.org"])),
            id=ids[KEYS.index(key)],
        )
        for key in sorted(keys)
    ]


@st.composite
def steps(draw: Any, mode: st.SearchStrategy[Mode], *, moves: bool) -> Step:
    step = Step(draw(rows(moves=moves)), draw(mode), full=draw(st.integers(0, 9)) == 9)
    if draw(st.booleans()):
        step.faults = draw(st.lists(st.sampled_from(["", *FAULTS]), max_size=3))
        step.refuse, step.partly, step.poison = draw(some_ids), draw(some_ids), draw(some_ids)
    if draw(st.integers(0, 3)) == 3:
        numbers = st.integers(1, 40)
        step.interruption = Interruption(
            draw(numbers), after=draw(st.booleans()), torn=draw(st.sampled_from([0, 1, 300]))
        )
    return step


@st.composite
def histories(draw: Any, modes: Sequence[Mode]) -> History:
    moves = Mode.INSERT_ONLY not in modes
    return History(
        steps=draw(st.lists(steps(st.sampled_from(modes), moves=moves), min_size=1, max_size=6)),
        last=draw(clean_rows(moves=moves)),
        mode=draw(st.sampled_from(modes)),
        asynchronous=draw(st.booleans()) if Mode.MIRROR in modes else False,
        rows_at_once=draw(st.sampled_from([500_000, 2])),
        overlay=draw(st.sampled_from([0.1, 100.0])),
        concurrency=draw(st.sampled_from([1, 3])),
    )


class World:
    """A workshop whose vendor objects to a delete of anything that is still present."""

    def __init__(self, root: Path, history: History, there: Sequence[str]) -> None:
        self.history = history
        self.vendor = Vendor(asynchronous=history.asynchronous, watch_delete=self.check_delete)
        self.vendor.things = {name: {"name": "theirs"} for name in there}
        self.rows: list[dict[str, Any]] = []
        self.wrong: list[str] = []
        self.workshop = Workshop(
            root,
            self.vendor,
            service=ErasedThings if history.asynchronous else Things,
            mapping=(*MAPPING, FieldMapping("owner", "key")),
            settings={"retries": 1_000},
            concurrency=history.concurrency,
            attempts=1,
        )

    def check_delete(self, name: str) -> None:
        """Nothing is deleted that the frame names, nor the newest record of a key that it holds."""
        if name in {row["id"] for row in self.rows}:
            self.wrong.append(f"{name} is in the frame")
        owner = self.vendor.things.get(name, {}).get("owner")
        if owner in {row["key"] for row in self.rows} and self.vendor.newest[owner] == name:
            self.wrong.append(f"{name} is the newest record of {owner}, which is in the frame")
        if self.workshop.mode is not Mode.MIRROR:
            self.wrong.append(f"{name} is deleted under {self.workshop.mode}")

    def live(self, step: Step) -> None:
        """One run, whatever comes of it."""
        vendor, self.rows, self.workshop.mode = self.vendor, step.rows, step.mode
        vendor.answers = [FAULTS[fault] for fault in step.faults]
        vendor.refuse, vendor.partly = dict.fromkeys(step.refuse, "no"), dict.fromkeys(step.partly, "some")
        vendor.poison = step.poison
        try:
            with interrupted(step.interruption):
                self.workshop.run(*step.rows, full=step.full)
        except (RunFailed, SystemExit) as end:
            note(f"ended early: {end}")
        vendor.answers.clear()
        note(f"{step.mode} {step} -> {vendor.writes}\n  {vendor.things}\n  {self.workshop.debts()}")
        assert not self.wrong


def live(history: History, *, there: Sequence[str] = (), full_at_the_end: bool = False) -> World:
    """Live through a history, then run the last frame until everything has settled; then nothing may be left to do."""
    overlay = patch.object(ledger, "_MAX_OVERLAY", history.overlay)
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(survey, "ROWS_AT_ONCE", history.rows_at_once),
        overlay,
    ):
        world = World(Path(folder), history, there)
        for step in history.steps:
            world.live(step)
            if len(step.rows) % 2:
                world.vendor.finish_erasures()
        for number in range(5):
            world.live(Step(history.last, history.mode, full=full_at_the_end and number == 0))
            world.vendor.finish_erasures()
            if not world.vendor.writes and not world.workshop.debts():
                break
        with interrupted(None):
            world.workshop.run(*history.last)
            note(str(world.vendor.writes))
            assert world.vendor.writes == []
            assert world.workshop.debts() == []
    return world


def as_sent(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        row["id"]: {"id": row["id"], "email": row.get("email"), "name": row["name"], "owner": row["key"]}
        for row in rows
    }


def profile(examples: int) -> Any:
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=slow)


@profile(20)
@given(histories([Mode.MIRROR]))
def test_a_mirror_ends_as_the_frame_and_leaves_alone_what_is_not_ours(history):
    world = live(history, there=["theirs"])
    assert world.vendor.things == {**as_sent(history.last), "theirs": {"name": "theirs"}}


@profile(6)
@given(histories([Mode.UPSERT]))
def test_an_upsert_ends_with_all_of_the_frame_and_deletes_nothing(history):
    world = live(history, there=["theirs", "W"])
    assert as_sent(history.last).items() <= world.vendor.things.items()
    assert world.vendor.things.keys() >= {"theirs", "W"}


@profile(6)
@given(histories([Mode.UPDATE_ONLY]))
def test_update_only_ends_with_the_frames_values_wherever_there_is_a_record_and_creates_none(history):
    world = live(history, there=["W", "X"], full_at_the_end=True)
    there = world.vendor.things
    assert len(there) == 2
    assert all(there[name] == values for name, values in as_sent(history.last).items() if name in there)


@profile(6)
@given(histories([Mode.INSERT_ONLY]))
def test_insert_only_ends_with_a_record_for_every_row_and_overwrites_none(history):
    world = live(history, there=["W"])
    assert world.vendor.things.keys() >= {"W", *as_sent(history.last)}
    assert world.vendor.things["W"] == {"name": "theirs"}


@profile(10)
@given(histories([Mode.UPSERT, Mode.UPDATE_ONLY, Mode.INSERT_ONLY, Mode.MIRROR]))
def test_under_changing_modes_a_full_run_brings_the_destination_in_step(history):
    if history.mode not in (Mode.UPSERT, Mode.MIRROR):
        history.mode = Mode.MIRROR
    world = live(history, there=["theirs"], full_at_the_end=True)
    assert as_sent(history.last).items() <= world.vendor.things.items()
    assert world.vendor.things["theirs"] == {"name": "theirs"}
