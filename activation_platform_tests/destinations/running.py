"""Runs of the whole engine against the sandbox: what a destination holds after them is what the mode promises."""

import asyncio
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from activation_platform.contracts.modes import Mode, RunType
from activation_platform.contracts.service import Service
from activation_platform.sync.activate import activate
from activation_platform.sync.budgets import Budgets
from activation_platform.sync.folder import Folder
from activation_platform.sync.history import Run
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.loader import Loader
from activation_platform.sync.mapping import FieldMapping
from activation_platform.sync.order import Activation, Guards, RunOrder
from activation_platform.sync.patience import Patience


@dataclass
class Clock:
    """A time that passes only when somebody waits."""

    time: float = field(default_factory=time.time)

    def __call__(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds
        await asyncio.sleep(0)


@dataclass
class Runs:
    """Runs one activation over frames whose columns have the names of the fields, and a column `key`."""

    root: Path
    service: Service
    mode: Mode
    settings: dict[str, Any] = field(default_factory=dict)
    run_type: RunType = RunType.FULL_THEN_DELTA
    day: int = 0
    patience: dict[str, Any] = field(default_factory=dict)
    """What differs from that of all runs here, which wait in no time: `answer_within` is a time of the real clock."""
    keeps: frozenset[str] = frozenset()
    """Fields that are mapped with `on_null: keep`."""

    def __call__(self, *rows: dict[str, Any], **order: Any) -> Run:
        """One run over these rows; its figures add up (SEMANTICS F1)."""
        frame = pl.DataFrame(rows, infer_schema_length=None)
        self.day += 1
        activation = Activation(
            name="activation",
            service=self.service,
            mode=self.mode,
            run_type=self.run_type,
            mapping=tuple(
                FieldMapping(name, name, on_null="keep" if name in self.keeps else "clear")
                for name in frame.columns
                if name != "key"
            ),
            key=("key",),
            guards=Guards(deletes=None),
            **self.settings,
        )
        clock = Clock()
        patience = Patience(sleep=clock.sleep, random=lambda: 0.0, **{"attempts": 3, **self.patience})
        instant = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=self.day)
        run = activate(
            activation,
            frame.lazy(),
            Ledger(Folder(self.root / "ledger")),
            Loader(
                self.service.destination,
                Budgets(Folder(self.root / "budgets"), "account", now=clock),
                patience,
            ),
            RunOrder(
                run_id=str(self.day), partition=f"day-{self.day}", instant=instant, snapshot=self.day, **order
            ),
            account_hash=lambda: "hashed",
        )
        figures = run.figures
        assert figures.extracted == figures.accounted, figures
        assert min(asdict(figures).values()) >= 0, figures
        return run
