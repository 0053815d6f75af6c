"""A desk at which files are written: a destination, a loader without real waits, and one run after another."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from activation_platform.contracts.batch import IDENTIFIER, KEY, PREVIOUS, Batch, MappedField
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import Outcome
from activation_platform.contracts.passes import Pass
from activation_platform.contracts.rows import Rows
from activation_platform.destinations.files.destination import Files
from activation_platform.destinations.files.export import Export, ExportOptions
from activation_platform.sync.budgets import Budgets
from activation_platform.sync.folder import Folder
from activation_platform.sync.loader import Loader, Told
from activation_platform.sync.patience import Patience

INSTANT = datetime(2026, 3, 29, 0, 30, 5, tzinfo=UTC)
PEOPLE = pl.DataFrame({"id": [1, 2], "name": ["Ada", "Grace"]})


@dataclass
class Desk:
    """Runs of one export. `waited`: the seconds that its loader would have slept."""

    destination: Files
    root: Path
    options: dict[str, Any] = field(default_factory=dict)
    mode: Mode = Mode.SNAPSHOT
    attempts: int = 3
    waited: list[float] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    unsent: int = 0
    requests: int = 0

    def write(
        self, *batches: Batch | pl.DataFrame, schema: pl.Schema | None = None, instant: datetime = INSTANT
    ) -> str:
        """One run in one piece, as the engine does it; returns the path of the file."""
        return asyncio.run(self._write([as_batch(one, self.mode) for one in batches], schema, instant))

    def probe(self) -> str:
        """What the account calls itself."""

        async def ask() -> Any:
            loader = self._loader()
            try:
                return await loader.ask(self.destination.account())
            finally:
                await loader.close()

        return str(asyncio.run(ask()))

    async def _write(self, batches: list[Batch], schema: pl.Schema | None, instant: datetime) -> str:
        service = Export(self.destination, ExportOptions(**self.options))
        loader = self._loader()
        known = schema if schema is not None else schema_of(batches)
        try:
            pass_ = Pass("run:1", self.mode, "2026-03-29-00:30", instant, known)
            token = await loader.ask(service.begin(pass_))
            carried = [Batch(b.operation, b.mode, b.rows, b.fields, token=token) for b in batches]
            await loader.load(service, carried, Told(_nothing, self._after, self._unsent))
            await loader.ask(service.finish(token))
            await loader.ask(service.finish(token))  # safe to say twice
        finally:
            self.requests = loader.requests
            await loader.close()
        return str(token)

    def _loader(self) -> Loader:
        async def sleep(seconds: float) -> None:
            self.waited.append(seconds)

        patience = Patience(sleep=sleep, attempts=self.attempts, answer_within=5)
        return Loader(
            self.destination, Budgets(Folder(self.root / "budgets"), "files"), patience, concurrency=4
        )

    def _after(self, batch: Batch, outcomes: list[Outcome]) -> None:
        self.outcomes.extend(outcomes)

    def _unsent(self, batch: Batch) -> None:
        self.unsent += len(batch)


def _nothing(batch: Batch) -> None:
    del batch


def as_batch(rows: Batch | pl.DataFrame, mode: Mode, operation: Operation = Operation.INSERT) -> Batch:
    """Rows of an `id` and values as a batch."""
    if isinstance(rows, Batch):
        return rows
    text = pl.col("id").cast(pl.String)
    frame = rows.with_columns(
        text.alias(KEY), text.alias(IDENTIFIER), pl.lit(None, pl.String).alias(PREVIOUS)
    )
    return Batch(operation, mode, Rows(frame), tuple(MappedField(name) for name in rows.columns))


def leaving(*identifiers: str) -> Batch:
    """Deletes under mirror."""
    frame = pl.DataFrame({KEY: identifiers, IDENTIFIER: identifiers, PREVIOUS: identifiers})
    return Batch(Operation.DELETE, Mode.MIRROR, Rows(frame))


def schema_of(batches: Iterable[Batch]) -> pl.Schema:
    """The schema of the first batch that has values."""
    first = next(batch for batch in batches if batch.fields)
    return pl.Schema({field.name: first.frame.schema[field.name] for field in first.fields})


def folder_at(path: Path) -> Files:
    """A folder of this machine."""
    path.mkdir(parents=True, exist_ok=True)
    return Files(url=path.as_uri())
