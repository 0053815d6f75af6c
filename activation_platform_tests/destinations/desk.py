"""A desk at which one service is examined: the real loader before the sandbox, in a time that passes by waiting."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from activation_platform.contracts.batch import KEY, Batch
from activation_platform.contracts.errors import ActivationError
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import Outcome, Verdict
from activation_platform.contracts.service import Inquiry, Service
from activation_platform.sandbox.world import World
from activation_platform.sync.budgets import Budgets
from activation_platform.sync.folder import Folder
from activation_platform.sync.loader import Loader, Told
from activation_platform.sync.patience import Patience
from activation_platform_tests.destinations.exam import Taken, operations_of
from activation_platform_tests.destinations.running import Clock

__all__ = ["Desk", "Report"]


@dataclass
class Report:
    """What a delivery came to: outcomes by key, how often each key was told of, and the error that ended it."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    times: Counter[str] = field(default_factory=Counter)
    error: ActivationError | None = None

    @property
    def verdicts(self) -> list[Verdict]:
        """The verdicts in the order of the keys."""
        return [self.outcomes[key].verdict for key in sorted(self.outcomes, key=int)]

    def after(self, batch: Batch, outcomes: list[Outcome]) -> None:
        """The loader tells what became of a batch."""
        for key, outcome in zip(batch.frame[KEY], outcomes, strict=True):
            self.outcomes[key] = outcome
            self.times[key] += 1


class Recorder(httpx.AsyncBaseTransport):
    """The way to the sandbox; keeps every request as it was sent."""

    def __init__(self, app: Any) -> None:
        self._wire = httpx.ASGITransport(app=app)
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Keep it, and send it."""
        self.requests.append(request)
        return await self._wire.handle_async_request(request)


class Desk:
    """One service, before an account of the sandbox that a person has set up."""

    def __init__(self, taken: Taken, app: Starlette, folder: Path) -> None:
        self.taken = taken
        self.world: World = app.state.world
        self.service: Service = taken.service("http://sandbox")
        self._app = app
        self.requests: list[httpx.Request] = []
        self._folder = folder
        self._clock = Clock()
        if taken.sitting.prepare is not None:
            asyncio.run(self._ask(taken.sitting.prepare(self.service.destination)))

    def mode_of(self, operation: Operation) -> Mode:
        """A mode of the service that asks for an operation: upsert where it does."""
        found = [mode for mode in sorted(self.service.modes) if operation in self.operations(mode)]
        return Mode.UPSERT if Mode.UPSERT in found else found[0]

    def operations(self, mode: Mode) -> tuple[Operation, ...]:
        """What a mode asks of the service."""
        return operations_of(mode, self.service.object)

    def deliver(self, operation: Operation, numbers: Iterable[int], value: str = "one") -> Report:
        """Load the rows of these numbers, in batches of at most the service's size."""
        batch = self.taken.batch(self.service, numbers, operation, self.mode_of(operation), value)
        size = self.service.batch_size
        if operation is Operation.DELETE:
            size = self.service.delete_batch_size or size
        parts = [batch.part(start, min(start + size, len(batch))) for start in range(0, len(batch), size)]
        return self.load(*parts)

    def load(self, *batches: Batch) -> Report:
        """Deliver batches as a run does."""
        return asyncio.run(self._load(batches))

    def held(self) -> Mapping[str, Any]:
        """What the sandbox holds of the service, once what was asked for is done."""
        self.world.finish_erasures()
        return self.taken.sitting.held(self.world)

    def identifier(self, number: int) -> str:
        """By what the destination knows the row of a number."""
        return str(self.taken.row(self.service, number)[self.service.identifying_field])

    async def _ask(self, inquiry: Inquiry) -> None:
        loader = self._loader(Recorder(self._app))
        try:
            await loader.ask(inquiry)
        finally:
            await loader.close()

    async def _load(self, batches: Iterable[Batch]) -> Report:
        report, recorder = Report(), Recorder(self._app)
        loader = self._loader(recorder)
        try:
            inquiry = self.service.account_fields()
            if inquiry is not None:
                await loader.ask(inquiry)
            await loader.load(self.service, batches, Told(lambda batch: None, report.after))
        except ActivationError as error:
            report.error = error
        finally:
            await loader.close()
        self.requests += recorder.requests
        return report

    def _loader(self, transport: Recorder) -> Loader:
        patience = Patience(
            sleep=self._clock.sleep,
            now=lambda: datetime.fromtimestamp(self._clock.time, UTC),
            random=lambda: 0.0,
            attempts=3,
        )
        budgets = Budgets(Folder(self._folder / "budgets"), "account", now=self._clock)
        return Loader(self.service.destination, budgets, patience, concurrency=4, transport=transport)
