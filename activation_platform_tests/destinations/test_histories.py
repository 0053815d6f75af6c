"""Histories of real services against the sandbox: a state machine like the engine's own, with vendors' stand-ins as the world.

The sandbox is called in this process, through a wire on which requests and answers get lost. After every history it holds what
the mode promises.
"""

import asyncio
import os
import re
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest
import time_machine
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from activation_platform.contracts.destination import Destination
from activation_platform.contracts.modes import Mode, ObjectKind, RunType
from activation_platform.contracts.service import Inquiry
from activation_platform.sandbox.app import create_app
from activation_platform.sync.activate import RunFailed, activate
from activation_platform.sync.budgets import Budgets
from activation_platform.sync.folder import Folder
from activation_platform.sync.history import Run
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.loader import Loader
from activation_platform.sync.order import Activation, Events, Guards, RunOrder, Window
from activation_platform.sync.patience import Patience
from activation_platform_tests.destinations.stateful import KEYS, Case, cases
from activation_platform_tests.sync.interruptions import interrupted
from activation_platform_tests.sync.machine import SHM, crashes, live_through

HISTORIES = int(os.environ.get("SANDBOX_HISTORIES", "200"))
SHARDS = 4
NOW = datetime.now(UTC)
MONTH = timedelta(days=31)
CASES = cases()
READS = re.compile(r"/query$|/search(/|$)|/token$")
FAULTS = ["", "", "lost", "answer lost", "dies", "dies after", "broken", "page"]


class Wire(httpx.AsyncBaseTransport):
    """The way to the sandbox. `faults`: what happens to the next writing requests, one each."""

    def __init__(self, app: Any) -> None:
        self._app = httpx.ASGITransport(app=app)
        self.faults: list[str] = []
        self.writes = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET" or READS.search(request.url.path):
            return await self._app.handle_async_request(request)
        self.writes += 1
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "lost":
            raise httpx.ReadTimeout("the request is lost")
        if fault == "dies":
            raise SystemExit("the process dies before the vendor hears of it")
        if fault == "broken":
            return httpx.Response(500)
        if fault == "page":
            return httpx.Response(200, html="<p>hello")
        answer = await self._app.handle_async_request(request)
        if fault == "answer lost":
            raise httpx.ReadTimeout("the answer is lost")
        if fault == "dies after":
            raise SystemExit("the process dies before it hears the answer")
        return answer


async def set_up(app: Any, account: Destination, inquiry: Inquiry) -> None:
    """Do what a person did."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as client:
        answer = None
        with suppress(StopIteration):
            while True:
                answer = await client.send(inquiry.send(answer), auth=account.auth())


frames = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(["one", "two"]))


class SandboxHistories(RuleBasedStateMachine):
    """One history of one service; `lived` and `ran` count histories and runs of this process."""

    lived = 0
    ran = 0

    @initialize(case=st.sampled_from(CASES), last=frames, concurrency=st.sampled_from([1, 3]))
    def begin(self, case: Case, last: dict[str, str], concurrency: int) -> None:
        self.case, self.last, self.concurrency = case, last, concurrency
        self.day, self.time, self.months = 0, 0.0, 0
        self.app = create_app(limits=False, clock=lambda: self.time)
        self.world = self.app.state.world
        if case.before is not None:
            account = case.service().destination
            asyncio.run(set_up(self.app, account, case.before(account)))
        self.wire = Wire(self.app)
        self.folder = tempfile.TemporaryDirectory(dir=SHM if SHM.is_dir() else None)
        self.ever = set(case.held(self.world))

    async def sleep(self, seconds: float) -> None:
        self.time += seconds
        await asyncio.sleep(0)

    @property
    def events(self) -> bool:
        return self.case.service().object is ObjectKind.EVENT

    @rule(frame=frames, faults=st.lists(st.sampled_from(FAULTS), max_size=4), crash=crashes)
    def run(self, frame: dict[str, str], faults: Sequence[str], crash: Any) -> None:
        """A run in which anything may go wrong."""
        try:
            run = self.live(frame, faults, crash)
        except RunFailed as failed:
            note(f"ended early: {failed}")
            figures = failed.run.figures
        except SystemExit as death:
            note(f"ended early: {death}")
            return
        else:
            figures = run.figures
        assert figures.extracted == figures.accounted

    @rule()
    def the_vendor_erases(self) -> None:
        """What was asked for is done."""
        self.world.finish_erasures()

    def live(self, frame: dict[str, str], faults: Sequence[str] = (), crash: Any = None) -> Run:
        """One run over the frame: name by key; the identifier is the key."""
        self.day += 1
        self.ever |= set(frame)
        self.wire.faults, self.wire.writes = list(faults), 0
        type(self).ran += 1
        service = self.case.service()
        rows = [
            {"id": key, "email": f"{key}@example.org", "name": name} for key, name in sorted(frame.items())
        ]
        schema = {"id": pl.String, "email": pl.String, "name": pl.String}
        moment = pl.lit(NOW - timedelta(hours=1)).cast(pl.Datetime("us", "UTC"))
        activation = Activation(
            name="people",
            service=service,
            mode=self.case.mode,
            run_type=RunType.FULL_THEN_DELTA,
            mapping=self.case.mapping,
            key=("id",),
            guards=Guards(deletes=None),
            retries=1_000,
            events=Events("at") if self.events else None,
        )
        root = Folder(Path(self.folder.name))
        ledger = None
        try:
            with interrupted(crash), time_machine.travel(NOW + self.months * MONTH):
                ledger = Ledger(root / "ledgers" / "people")
                run = activate(
                    activation,
                    pl.DataFrame(rows, schema=schema).lazy().with_columns(at=moment),
                    ledger,
                    Loader(
                        service.destination,
                        Budgets(root / "budgets", "acme", now=lambda: self.time),
                        Patience(sleep=self.sleep, random=lambda: 0.5, attempts=2),
                        concurrency=self.concurrency,
                        transport=self.wire,
                    ),
                    RunOrder(
                        run_id=f"run-{self.day}",
                        partition=f"p{self.day}",
                        instant=NOW + timedelta(minutes=self.day),
                        snapshot=self.day,
                        window=Window(NOW - timedelta(hours=2), NOW) if self.events else None,
                    ),
                    account_hash=lambda: "hashed",
                )
        finally:
            if ledger is not None and ledger.running:  # the process "died"
                ledger._journal.close()
        note(
            f"{self.case.mode} {frame} {faults} {crash} -> {self.case.held(self.world)} {asdict(run.figures)}"
        )
        assert run.figures.extracted == run.figures.accounted
        return run

    def teardown(self) -> None:
        if not hasattr(self, "folder"):
            return
        try:
            self.settle_down()
        finally:
            self.folder.cleanup()
        type(self).lived += 1

    def settle_down(self) -> None:
        """Run the last frame until there is nothing to do; then everything must be as promised."""
        self.come_to_rest()
        service = self.case.service()
        if service.deletes_are_requests or service.finishes_within:
            self.months += 1  # what nobody heard of is looked after in a while
            self.come_to_rest()
        held = self.case.held(self.world)
        ours = dict.fromkeys(self.last) if len(self.case.mapping) == 1 else self.last
        if self.events:
            assert all(held[key] >= 1 for key in self.last)
        elif self.case.mode in (Mode.MIRROR, Mode.SNAPSHOT):
            assert held == ours
        elif self.case.mode is Mode.INSERT_ONLY:
            assert set(ours) <= set(held) <= self.ever
        else:
            assert ours.items() <= held.items()
            assert set(held) <= self.ever

    def come_to_rest(self) -> None:
        for _ in range(5):
            self.live(self.last)
            erased = self.world.finish_erasures()  # what waited for one is sent by the next run
            if self.case.mode is Mode.SNAPSHOT or not (self.wire.writes or erased):
                return
        raise AssertionError("it does not come to rest")


@pytest.mark.parametrize("shard", range(SHARDS))
def test_the_sandbox_ends_as_the_mode_promises(shard, record_property):
    live_through(SandboxHistories, shard, HISTORIES // SHARDS, record_property)
