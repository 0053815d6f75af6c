"""One run of the shop's activation in a process of its own, forked from a warm one, to be killed (see `test_kill.py`).

The warm process has everything imported and no thread of Polars' pool, which no fork may inherit: it only ever forks.
"""

import asyncio
import multiprocessing
import os
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from unittest.mock import patch

import polars as pl
import time_machine

from activation_platform.contracts.modes import Mode, ObjectKind, RunType
from activation_platform.contracts.service import Service
from activation_platform.sync import ledger, ranges
from activation_platform.sync.activate import activate
from activation_platform.sync.bucket import Bucket
from activation_platform.sync.budgets import Budgets
from activation_platform.sync.folder import Folder
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.loader import Loader
from activation_platform.sync.mapping import FieldMapping
from activation_platform.sync.order import Activation, Events, Guards, RunOrder, Window
from activation_platform.sync.patience import Patience
from activation_platform.sync.store import Store
from activation_platform_tests.sync.homes import LEASE
from activation_platform_tests.sync.shop import Shop

__all__ = ["CONCURRENCY", "NAME", "Life", "root_of"]

NAME = "things"
CONCURRENCY = 4
START = datetime(2026, 3, 1, tzinfo=UTC)
_WARM = multiprocessing.get_context("forkserver")
_WARM.set_forkserver_preload([__name__, "activation_platform.sync.wire", "polars_hash"])


@dataclass(frozen=True)
class Life:
    """What a process is to do. `rows`: the value by key; `clock`: seconds by which its clock is wrong."""

    root: str
    address: str
    service: type[Service]
    mode: Mode
    rows: Mapping[str, str]
    day: int
    environment: Mapping[str, str] = field(default_factory=dict)
    clock: float = 0.0

    def begin(self) -> ForkServerProcess:
        """The process, running."""
        process = _WARM.Process(target=self.live)
        process.start()
        return process

    def live(self) -> None:
        """Run to the end, if nobody comes in between."""
        os.environ.update(self.environment)
        wrong = (
            time_machine.travel(datetime.now(UTC) + timedelta(seconds=self.clock))
            if self.clock
            else nullcontext()
        )
        # Every third run or so folds its deltas into a new base, and some do more than memory holds: killed there, too.
        deltas = patch.object(ledger, "_MAX_DELTAS", 2)
        memory = patch.multiple(ranges, _IN_MEMORY=5_000, _RANGES=4)
        with wrong, deltas, memory:
            self._run()

    def _run(self) -> None:
        shop = Shop(base_url=self.address)
        root = root_of(self.root)
        events = self.service.object is ObjectKind.EVENT
        activation = Activation(
            name=NAME,
            service=self.service(shop),
            mode=self.mode,
            run_type=RunType.INCREMENTAL if events else RunType.FULL_THEN_DELTA,
            mapping=(FieldMapping("id", "key"), FieldMapping("name", "name")),
            key=("key",),
            guards=Guards(deletes=None),
            events=Events("at", keep=timedelta(days=9_999)) if events else None,
        )
        with root.lock(NAME, wait=30) as hold:
            activate(
                activation,
                pl.LazyFrame({"key": list(self.rows), "name": list(self.rows.values())}).with_columns(
                    at=START
                ),
                Ledger(root / NAME, hold),
                Loader(
                    shop,
                    Budgets(root / "budgets", "acme"),
                    Patience(sleep=asyncio.sleep),
                    concurrency=CONCURRENCY,
                    held=hold.require,
                ),
                RunOrder(
                    run_id=f"run-{self.day}",
                    partition=f"day-{self.day}",
                    instant=START + timedelta(days=self.day),
                    snapshot=self.day,
                    window=Window(START, START + timedelta(days=1)) if events else None,
                ),
                account_hash=str,
            )


def root_of(root: str) -> Store:
    """The storage root: a folder, or a bucket whose locks outlive a dead process for a little while."""
    return Bucket.at(root, lease=LEASE, retry_within=5.0) if "://" in root else Folder(Path(root))
