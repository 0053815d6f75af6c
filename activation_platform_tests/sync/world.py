"""A small world for the engine's tests: a vendor that exists only as a function, and a workshop to run activations in.

The vendor keeps things by their `id`. It is told what to refuse and when to stay silent; it counts what it is asked.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import polars as pl

from activation_platform.contracts.auth import BearerToken
from activation_platform.contracts.batch import Batch
from activation_platform.contracts.destination import Destination
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.modes import Mode, ObjectKind, Operation, RunType
from activation_platform.contracts.outcomes import (
    CREATED,
    DELETED,
    UPDATED,
    Outcome,
    ignored,
    partial,
    rejected,
    requested,
)
from activation_platform.contracts.pace import Budget
from activation_platform.contracts.service import Inquiry, Pending, Service, Settlement, refuse, said
from activation_platform.contracts.values import Email, Text
from activation_platform.sync.activate import RunFailed, activate
from activation_platform.sync.budgets import Budgets
from activation_platform.sync.history import Run
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.loader import Loader
from activation_platform.sync.mapping import FieldMapping
from activation_platform.sync.order import Activation, RunOrder
from activation_platform.sync.patience import Patience

PLENTY = Budget("things", per_second=1e9, burst=1e9)


class Things(Service):
    """Keep things by their id."""

    docs = "https://example.com/things"
    object = ObjectKind.RECORD
    modes = frozenset(Mode)
    batch_size = 3
    fields = (Field("id", Text(min=1, max=20), key=True), Field("email", Email()))
    custom_fields = CustomFields(pattern="[a-z]+", words="lower-case letters")

    def request(self, batch: Batch) -> httpx.Request:
        body = [
            {"id": r.identifier, "was": r.previous_identifier, "values": dict(r.values)} for r in batch.records
        ]
        return self.destination.ask(
            "POST", f"/{batch.operation}/{batch.mode}", budget=PLENTY, json=json.loads(json.dumps(body, default=str))
        )

    def outcomes(self, response: httpx.Response, batch: Batch) -> list[Outcome]:
        if not response.is_success:
            return refuse(response)
        return [_outcome(word) for word in said(response)]

    def settle(self, pending: Sequence[Pending]) -> Iterator[Any]:
        response = yield self.destination.ask("GET", "/erasures", budget=PLENTY)
        known = said(response)
        return [Settlement(known.get(one.identifier, "unheard"), one.request) for one in pending]


class ErasedThings(Things):
    """Keep things by their id; deleting them is asynchronous and irreversible."""

    deletes_are_requests = True


def _outcome(word: str) -> Outcome:
    kind, _, reason = word.partition(":")
    return {
        "created": CREATED,
        "updated": UPDATED,
        "deleted": DELETED,
        "requested": requested("erasure-1"),
        "rejected": rejected(reason),
        "ignored": ignored(reason),
        "partial": partial(reason),
    }[kind]


class Shop(Destination):
    """The vendor of the tests."""

    platform = "shop"
    docs = "https://example.com"
    services = (Things, ErasedThings)
    secrets = ("token",)
    default_base_url = "https://shop.example.com"
    token: str = "a-secret-token"  # noqa: S105

    def auth(self) -> httpx.Auth:
        return BearerToken(self.token)

    def account(self) -> Inquiry:
        response = yield self.ask("GET", "/self", budget=PLENTY)
        return said(response)["account"]


@dataclass
class Vendor:
    """The other side. `refuse` maps ids to a reason; `crash_after` raises once so many writing requests were answered."""

    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    refuse: dict[str, str] = field(default_factory=dict)
    partly: dict[str, str] = field(default_factory=dict)
    poison: set[str] = field(default_factory=set)
    answers: list[Callable[[httpx.Request], httpx.Response]] = field(default_factory=list)
    writes: list[tuple[str, list[str]]] = field(default_factory=list)
    erasures: dict[str, str] = field(default_factory=dict)
    asynchronous: bool = False
    crash_after: int | None = None
    account: str = "acme"

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"account": self.account} if request.url.path == "/self" else self.erasures)
        if self.answers:
            answer = self.answers.pop(0)(request)
            if answer is not None:
                return answer
        if self.crash_after is not None and len(self.writes) >= self.crash_after:
            raise SystemExit("the process dies here")
        _, operation, mode = request.url.path.split("/")
        records = json.loads(request.content)
        self.writes.append((operation, [record["id"] for record in records]))
        if self.poison & {record["id"] for record in records}:
            return httpx.Response(400, json={"error": "bad batch"})
        return httpx.Response(200, json=[self._one(operation, mode, record) for record in records])

    def _one(self, operation: str, mode: str, record: dict[str, Any]) -> str:
        name = record["id"]
        if name in self.refuse:
            return f"rejected:{self.refuse[name]}"
        if operation == "delete":
            if self.asynchronous:
                self.erasures[name] = "pending"
                return "requested"
            self.things.pop(name, None)
            return "deleted"
        if mode == "update_only":
            name = record["was"] if record["was"] in self.things else name
            if name not in self.things:
                return "ignored:unknown there"
        if mode == "insert_only" and name in self.things:
            return "ignored:already there"
        word = "updated" if name in self.things else "created"
        self.things[name] = {**self.things.get(name, {}), **record["values"]}
        return f"partial:{self.partly[name]}" if name in self.partly else word

    @property
    def sent(self) -> list[str]:
        """Every id that was written or deleted, in order of name."""
        return sorted(name for _, names in self.writes for name in names)

    def finish_erasures(self) -> None:
        for name, state in self.erasures.items():
            if state == "pending":
                self.things.pop(name, None)
                self.erasures[name] = "done"


@dataclass
class Workshop:
    """Runs one activation against the vendor, again and again."""

    root: Path
    vendor: Vendor = field(default_factory=Vendor)
    mode: Mode = Mode.MIRROR
    run_type: RunType = RunType.FULL_THEN_DELTA
    service: type[Service] = Things
    mapping: tuple[FieldMapping, ...] = (
        FieldMapping("id", "id"),
        FieldMapping("email", "email"),
        FieldMapping("name", "name"),
    )
    settings: dict[str, Any] = field(default_factory=dict)
    day: int = 0
    cancelled: Callable[[], bool] = bool

    def run(self, *rows: dict[str, Any] | pl.DataFrame, full: bool = False, **order: Any) -> Run:
        """Run over a frame of these rows (`key`, `id`, `email`, `name`); `id` defaults to the key."""
        frame = rows[0] if rows and isinstance(rows[0], pl.DataFrame) else things(*rows)
        self.day += 1
        shop = Shop()
        activation = Activation(
            name="things",
            service=self.service(shop),
            mode=self.mode,
            run_type=self.run_type,
            mapping=self.mapping,
            key=("key",),
            **self.settings,
        )

        async def at_once(seconds: float) -> None:
            del seconds

        loader = Loader(
            shop,
            Budgets(self.root / "budgets", "acme"),
            Patience(sleep=at_once),
            transport=httpx.MockTransport(self.vendor),
            concurrency=1,
            cancelled=self.cancelled,
        )
        instant = datetime(2026, 1, 1, tzinfo=UTC).replace(day=min(self.day, 28))
        defaults: dict[str, Any] = {"run_id": f"run-{self.day}", "partition": f"day-{self.day}", "instant": instant, "snapshot": self.day}
        return activate(
            activation, frame.lazy(), self.ledger(), loader, RunOrder(**{**defaults, "full": full, **order}), account_hash=lambda: "hashed"
        )

    def fails(self, *rows: dict[str, Any], **order: Any) -> RunFailed:
        """Run, expecting the run to end early."""
        try:
            run = self.run(*rows, **order)
        except RunFailed as failed:
            return failed
        raise AssertionError(f"the run ended as {run.status}")

    def ledger(self) -> Ledger:
        return Ledger(self.root / "ledgers" / "things")

    def states(self) -> dict[str, int]:
        """State by key, as the ledger has it now."""
        frames = list(self.ledger().head.chunks())
        return {key: state for frame in frames for key, state in frame.select("key", "state").iter_rows()}


def things(*rows: dict[str, Any]) -> pl.DataFrame:
    """A frame of things."""
    schema = {"key": pl.String, "id": pl.String, "email": pl.String, "name": pl.String, "rank": pl.Int64}
    return pl.DataFrame(
        [{**dict.fromkeys(schema), **row, "id": row.get("id", row.get("key"))} for row in rows], schema=schema
    )


def thing(key: str | None, name: str = "x", **more: Any) -> dict[str, Any]:
    """One row."""
    return {"key": key, "name": name, **more}
