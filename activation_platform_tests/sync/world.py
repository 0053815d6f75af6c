"""A small world for the engine's tests: a vendor that exists only as a function, and a workshop to run activations in.

The vendor keeps things by their `id`. It is told what to refuse and when to stay silent; it counts what it is asked.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import polars as pl

from activation_platform.contracts.auth import BearerToken
from activation_platform.contracts.batch import Batch
from activation_platform.contracts.destination import Destination
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.modes import Mode, ObjectKind, RunType
from activation_platform.contracts.outcomes import (
    CREATED,
    DELETED,
    UPDATED,
    Outcome,
    ignored,
    partial,
    rejected,
    requested,
    retry,
)
from activation_platform.contracts.pace import Budget
from activation_platform.contracts.service import Inquiry, Pending, Service, Settlement, refuse, said
from activation_platform.contracts.values import Email, Text
from activation_platform.sync.activate import RunFailed, activate
from activation_platform.sync.budgets import Budgets
from activation_platform.sync.history import Run, issues
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.loader import Loader
from activation_platform.sync.mapping import FieldMapping
from activation_platform.sync.order import Activation, RunOrder
from activation_platform.sync.patience import Patience
from activation_platform.sync.states import State

PLENTY = Budget("things", per_second=1e9, burst=1e9)


class Things(Service):
    """Keep things by their id."""

    docs = "https://example.com/things"
    object = ObjectKind.RECORD
    modes = frozenset({Mode.UPSERT, Mode.UPDATE_ONLY, Mode.INSERT_ONLY, Mode.MIRROR, Mode.SNAPSHOT})
    batch_size = 3
    fields = (Field("id", Text(min=1, max=20), key=True), Field("email", Email()))
    custom_fields = CustomFields(pattern="[a-z]+", words="lower-case letters")

    def request(self, batch: Batch) -> httpx.Request:
        body = [
            {"id": r.identifier, "was": r.previous_identifier, "values": dict(r.values)}
            for r in batch.records
        ]
        return self.destination.ask(
            "POST",
            f"/{batch.operation}/{batch.mode}",
            budget=PLENTY,
            json=json.loads(json.dumps(body, default=str)),
        )

    def outcomes(self, response: httpx.Response, batch: Batch) -> list[Outcome]:
        if not response.is_success:
            return refuse(response)
        return [_outcome(word) for word in said(response)]

    def settle(self, pending: Sequence[Pending]) -> Iterator[Any]:
        response = yield self.destination.ask("GET", "/erasures", budget=PLENTY)
        asked = said(response)
        return [_settlement(one, asked) for one in pending]


class OnceThings(Things):
    """Keep things by their id; saying a batch twice does harm."""

    idempotent = False


class ErasedThings(Things):
    """Keep things by their id; deleting them is asynchronous and irreversible."""

    deletes_are_requests = True
    erasures_per_second = 0.5


def _settlement(one: Pending, asked: list[dict[str, Any]]) -> Settlement:
    """By the request's name; where its answer never came, the newest one since then for this id."""
    for each in reversed(asked):
        if each["id"] == one.identifier and (
            each["request"] == one.request or (not one.request and each["at"] >= one.since)
        ):
            return Settlement(each["state"], each["request"])
    return Settlement("unheard")


def _outcome(word: str) -> Outcome:
    kind, _, reason = word.partition(":")
    return {
        "created": CREATED,
        "updated": UPDATED,
        "deleted": DELETED,
        "requested": requested(reason),
        "rejected": rejected(reason),
        "ignored": ignored(reason),
        "partial": partial(reason),
        "retry": retry(reason),
    }[kind]


class Shop(Destination):
    """The vendor of the tests."""

    platform = "shop"
    docs = "https://example.com"
    services = (Things, OnceThings, ErasedThings)
    secrets = ("token",)
    default_base_url = "https://shop.example.com"
    token: str = "a-secret-token"

    def auth(self) -> httpx.Auth:
        return BearerToken(self.token)

    def account(self) -> Inquiry:
        response = yield self.ask("GET", "/self", budget=PLENTY)
        return said(response)["account"]


@dataclass
class Vendor:
    """The other side.

    `refuse`, `partly`: ids to reasons (a part of a record: all but its e-mail). `poison`: ids that make it refuse whole batches.
    `answers`: what happens to the next writing requests, one each; a name of a fault below, an answer, or "" for nothing odd.
    `newest`: by the value of `owner`, if that is mapped, the id that was last written for it.
    `knows_updates`: whether it tells an update from an insert, and ignores what it does not know.
    """

    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    refuse: dict[str, str] = field(default_factory=dict)
    partly: dict[str, str] = field(default_factory=dict)
    poison: set[str] = field(default_factory=set)
    answers: list[str | httpx.Response] = field(default_factory=list)
    writes: list[tuple[str, list[str]]] = field(default_factory=list)
    erasures: list[dict[str, Any]] = field(default_factory=list)
    newest: dict[str | None, str] = field(default_factory=dict)
    asynchronous: bool = False
    knows_updates: bool = False
    account: str = "acme"
    watch_delete: Callable[[str], None] = lambda name: None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(
                200, json={"account": self.account} if request.url.path == "/self" else self.erasures
            )
        answer = self.answers.pop(0) if self.answers else ""
        if isinstance(answer, httpx.Response):
            return answer
        if answer == "lost":
            raise httpx.ReadTimeout("the request is lost")
        if answer == "dies":
            raise SystemExit("the process dies before the vendor hears of it")
        _, operation, mode = request.url.path.split("/")
        records = json.loads(request.content)
        self.writes.append((operation, [record["id"] for record in records]))
        if self.poison & {record["id"] for record in records}:
            return httpx.Response(400, json={"error": "bad batch"})
        words = [self._one(operation, mode, record) for record in records]
        if answer == "answer lost":
            raise httpx.ReadTimeout("the answer is lost")
        if answer == "dies after":
            raise SystemExit("the process dies before it hears the answer")
        return httpx.Response(200, json=words)

    def _one(self, operation: str, mode: str, record: dict[str, Any]) -> str:
        name = record["id"]
        if name in self.refuse:
            return f"rejected:{self.refuse[name]}"
        if operation == "delete":
            self.watch_delete(name)
            if self.asynchronous:
                request = f"erasure-{len(self.erasures) + 1}"
                self.erasures.append({"id": name, "request": request, "state": "pending", "at": time.time()})
                return f"requested:{request}"
            return "deleted" if self.things.pop(name, None) is not None else "ignored:not found"
        if mode == "update_only":
            found = name if name in self.things else record["was"]
            if found not in self.things:
                return "ignored:unknown there"
            self.things[name] = self.things.pop(found)
        if mode == "insert_only" and name in self.things:
            return "ignored:already there"
        if operation == "update" and self.knows_updates and name not in self.things:
            return "ignored:unknown there"
        word = "updated" if name in self.things else "created"
        applied = dict(record["values"])
        if name in self.partly:
            del applied["email"]
        self.things[name] = {**self.things.get(name, {}), **applied}
        self.newest[record["values"].get("owner")] = name
        return f"partial:{self.partly[name]}" if name in self.partly else word

    @property
    def sent(self) -> list[str]:
        """Every id that was written or deleted, in order of name."""
        return sorted(name for _, names in self.writes for name in names)

    def of(self, operation: str) -> list[str]:
        """The ids of one operation, in order of name."""
        return sorted(name for said, names in self.writes if said == operation for name in names)

    @property
    def names(self) -> dict[str, Any]:
        """What it holds: the name by id."""
        return {key: value.get("name") for key, value in sorted(self.things.items())}

    def finish_erasures(self) -> None:
        for erasure in self.erasures:
            if erasure["state"] == "pending":
                self.things.pop(erasure["id"], None)
                erasure["state"] = "done"


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

    def run(self, *rows: dict[str, Any] | pl.DataFrame, full: bool = False, **order: Any) -> Run:
        """Run over a frame of these rows (`key`, `id`, `email`, `name`); `id` defaults to the key."""
        frame = rows[0] if rows and isinstance(rows[0], pl.DataFrame) else things(*rows)
        self.day += 1
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
            Budgets(self.root / "budgets", "acme", now=self.clock),
            Patience(sleep=self.clock.sleep, random=lambda: 0.5, attempts=self.attempts),
            transport=httpx.MockTransport(self.vendor),
            concurrency=self.concurrency,
            cancelled=self.cancelled,
        )
        given = {
            "run_id": f"run-{self.day}",
            "partition": f"day-{self.day}",
            "instant": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=self.day),
            "snapshot": self.day,
            "full": full,
        }
        ledger = self.ledger()
        try:
            run = activate(
                activation,
                frame.lazy(),
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

    def ledger(self) -> Ledger:
        return Ledger(self.root / "ledgers" / "things")

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
        return list(issues(self.root, "things").select("run", "key", "event", "reason").iter_rows())


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
