"""A small world for the engine's tests: a workshop that runs one activation against the vendor, again and again."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import polars as pl

from activation_platform.contracts.modes import Mode, RunType
from activation_platform.contracts.service import (
    Service,
)
from activation_platform.sync.activate import RunFailed, activate
from activation_platform.sync.budgets import Budgets
from activation_platform.sync.folder import Folder
from activation_platform.sync.history import Run, issues
from activation_platform.sync.in_warehouse import InWarehouse
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.loader import Loader
from activation_platform.sync.mapping import FieldMapping
from activation_platform.sync.order import Activation, RunOrder
from activation_platform.sync.patience import Patience
from activation_platform.sync.states import State
from activation_platform.sync.store import HELD, Hold, Store
from activation_platform_tests.sync.shop import Shop, Things
from activation_platform_tests.sync.vendor import Vendor

MAPPING = (FieldMapping("id", "id"), FieldMapping("email", "email"), FieldMapping("name", "name"))


@dataclass
class Clock:
    """A time that passes only when somebody waits."""

    time: float = 1_700_000_000.0
    waits: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += seconds

    def __call__(self) -> float:
        return self.time


@dataclass
class Workshop:
    """Runs one activation against the vendor, again and again; every run's figures must add up."""

    root: Path
    vendor: Vendor = field(default_factory=Vendor)
    mode: Mode = Mode.MIRROR
    run_type: RunType = RunType.FULL_THEN_DELTA
    service: type[Service] = Things
    mapping: tuple[FieldMapping, ...] = MAPPING
    settings: dict[str, Any] = field(default_factory=dict)
    shop: Shop = field(default_factory=Shop)
    day: int = 0
    cancelled: Callable[[], bool] = bool
    concurrency: int = 1
    attempts: int = 5
    clock: Clock = field(default_factory=Clock)
    key: tuple[str, ...] = ("key",)
    elsewhere: Store | None = None
    """Where its state is kept, if not in a local folder."""
    hold: Hold = HELD
    staying: Callable[[pl.DataFrame], tuple[pl.LazyFrame, InWarehouse]] | None = None
    """The warehouse in which its frames stay, if they do."""

    def run(self, *rows: dict[str, Any] | pl.DataFrame, full: bool = False, **order: Any) -> Run:
        """Run over a frame of these rows (`key`, `id`, `email`, `name`); `id` defaults to the key."""
        frame = rows[0] if rows and isinstance(rows[0], pl.DataFrame) else things(*rows)
        self.day += 1
        self.clock.time += 86_400 if self.day > 1 else 0
        self.vendor.writes.clear()
        activation = Activation(
            name="things",
            service=self.service(self.shop),
            mode=self.mode,
            run_type=self.run_type,
            mapping=self.mapping,
            key=self.key,
            **self.settings,
        )
        loader = Loader(
            self.shop,
            Budgets(self.store / "budgets", "acme", now=self.clock),
            Patience(sleep=self.clock.sleep, random=lambda: 0.5, attempts=self.attempts),
            transport=httpx.MockTransport(self.vendor),
            concurrency=self.concurrency,
            cancelled=self.cancelled,
            held=self.hold.require,
        )
        given = {
            "run_id": f"run-{self.day}",
            "partition": f"day-{self.day}",
            "instant": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=self.day),
            "snapshot": self.day,
            "full": full,
        }
        rows_as_given = frame.lazy()
        if self.staying is not None:
            rows_as_given, given["rows"] = self.staying(frame)
        ledger = self.ledger()
        try:
            run = activate(
                activation,
                rows_as_given,
                ledger,
                loader,
                RunOrder(**{**given, **order}),
                account_hash=lambda: "hashed",
            )
        except RunFailed as failed:
            adds_up(failed.run)
            raise
        finally:
            if ledger.running:  # the process "died": what the system does for a dead one
                ledger._journal.close()
        adds_up(run)
        assert run.figures.unsent == 0
        return run

    def fails(self, *rows: dict[str, Any], **order: Any) -> RunFailed:
        """Run, expecting the run to end early."""
        try:
            run = self.run(*rows, **order)
        except RunFailed as failed:
            return failed
        raise AssertionError(f"the run ended as {run.status}")

    def dies(self, *rows: dict[str, Any], **order: Any) -> None:
        """Run, expecting the process to die of it."""
        try:
            run = self.run(*rows, **order)
        except SystemExit:
            return
        raise AssertionError(f"the run ended as {run.status}")

    @property
    def store(self) -> Store:
        """Where its state is kept."""
        return self.elsewhere or Folder(self.root)

    def ledger(self) -> Ledger:
        return Ledger(self.store / "ledgers" / "things", self.hold)

    def entries(self) -> dict[str, dict[str, Any]]:
        """Entry by key, as the ledger has it now."""
        return {
            row["key"]: row for frame in self.ledger().head.chunks() for row in frame.iter_rows(named=True)
        }

    def states(self) -> dict[str, State]:
        """State by key, as the ledger has it now."""
        return {key: State(row["state"]) for key, row in sorted(self.entries().items())}

    def debts(self) -> list[tuple[str, str, str | None, str | None]]:
        """What is owed: key, kind, identifier, reason."""
        owed = self.ledger().debts.select("key", "debt", "identifier", "reason")
        return sorted(owed.iter_rows(), key=str)

    def issues(self) -> list[tuple[int, str, str, str | None]]:
        """Every issue ever: run, key, event, reason."""
        return list(issues(self.store, "things").select("run", "key", "event", "reason").iter_rows())


def adds_up(run: Run) -> None:
    """F1: each record counts once, and everything is accounted for."""
    figures = run.figures
    assert figures.extracted == figures.accounted, figures
    assert min(asdict(figures).values()) >= 0, figures


def things(*rows: dict[str, Any]) -> pl.DataFrame:
    """A frame of things."""
    schema = {"key": pl.String, "id": pl.String, "email": pl.String, "name": pl.String, "rank": pl.Int64}
    return pl.DataFrame(
        [{**dict.fromkeys(schema), **row, "id": row.get("id", row.get("key"))} for row in rows], schema=schema
    )


def thing(key: str | None, name: str = "x", **more: Any) -> dict[str, Any]:
    """One row."""
    return {"key": key, "name": name, **more}
