"""A real database of the tests, and a desk that carries what a service says to it as a run would."""

import asyncio
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from activation_platform.contracts.batch import Batch, MappedField
from activation_platform.contracts.fields import Field
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import Outcome
from activation_platform.contracts.passes import Pass
from activation_platform.contracts.service import Inquiry
from activation_platform.destinations.database.destination import Database
from activation_platform.destinations.database.table import Table
from activation_platform.sync.budgets import Budgets
from activation_platform.sync.folder import Folder
from activation_platform.sync.loader import Loader, Told
from activation_platform.sync.patience import Patience
from activation_platform_tests.destinations.conversation import batch_of

SECRET = "s3cret:/@ %#?&é'\""
"""A password that has to be quoted everywhere."""
PEOPLE = """create table people (
  id bigint primary key, email varchar unique, name varchar default 'nobody', score decimal(10, 2),
  visits smallint not null default 0
)"""


@dataclass
class Place:
    """A database: its destination, and what its owner does behind our back."""

    destination: Database
    run: Callable[..., None]
    rows: Callable[[str], list[tuple[Any, ...]]]

    @property
    def dialect(self) -> str:
        return self.destination.dialect

    def people(self) -> list[tuple[Any, ...]]:
        """Id, e-mail, name and score of all people."""
        return self.rows("select id, email, name, cast(score as varchar) from people order by id")

    def acknowledged(self) -> list[tuple[Any, ...]]:
        return self.rows(
            'select operation, records, outcomes from activation_acknowledgements order by "at", part'
        )


@dataclass
class Desk:
    """Carries conversations to a place. `told` is everything a run would hear, in order."""

    place: Place
    folder: Path
    attempts: int = 3
    resting: Callable[[], None] = lambda: None
    """What happens while the loader waits."""
    told: list[tuple[Batch, list[Outcome]]] = field(default_factory=list)
    unsent: list[Batch] = field(default_factory=list)

    def ask(self, inquiry: Inquiry) -> Any:
        return self._with(lambda loader: loader.ask(inquiry))

    def load(self, service: Table, *batches: Batch) -> list[Outcome]:
        """The outcomes of all records, in the order in which they were told."""
        self.told.clear()
        told = Told(
            lambda _: None, lambda batch, outcomes: self.told.append((batch, outcomes)), self.unsent.append
        )
        self._with(lambda loader: loader.load(service, iter(batches), told))
        return [outcome for _, outcomes in self.told for outcome in outcomes]

    def _with(self, act: Callable[[Loader], Any]) -> Any:
        async def sleep(_: float) -> None:
            self.resting()

        async def once() -> Any:
            loader = Loader(
                self.place.destination,
                Budgets(Folder(self.folder / "budgets"), "database"),
                Patience(sleep=sleep, random=lambda: 0.5, attempts=self.attempts),
                concurrency=2,
            )
            try:
                return await act(loader)
            finally:
                await loader.close()

        return asyncio.run(once())


def batch(
    *people: Mapping[str, Any],
    mode: Mode = Mode.UPSERT,
    operation: Operation = Operation.INSERT,
    name: str | None = None,
    token: str = "",
    keeps_null: Iterable[str] = (),
    identified_by: str = "id",
    **schema: Any,
) -> Batch:
    """A batch with an id of its own, unless it is given one by `name`."""
    made = batch_of(*people, identified_by=identified_by, mode=mode, operation=operation, schema=schema)
    fields = tuple(MappedField(each.name, each.name in set(keeps_null)) for each in made.fields)
    return replace(made, id=name or uuid.uuid4().hex, token=token, fields=fields)


def pass_(name: str = "pass-1") -> Pass:
    """A snapshot's pass."""
    return Pass(name, Mode.SNAPSHOT, "day-1", datetime(2026, 1, 1, tzinfo=UTC), pl.Schema())


def duckdb_place(file: Path) -> Place:
    """A new DuckDB file."""
    duckdb.connect(file).close()

    def run(*statements: str) -> None:
        with duckdb.connect(file) as connection:
            for statement in statements:
                connection.execute(statement)

    def rows(query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(file) as connection:
            return connection.execute(query).fetchall()

    return Place(Database(url=f"duckdb://{file}"), run, rows)


def fields_of(fields: Iterable[Field], raw: Mapping[str, pl.Series]) -> list[dict[str, Any]]:
    """Records of raw values, cleaned by the types of the fields, as a run would."""
    cleaned = [field.type.clean(raw[field.name]).values.alias(field.name) for field in fields]
    return pl.DataFrame(cleaned).to_dicts()
