"""The vendor of the engine's tests: it exists only as a function, is told what to refuse, and counts what it is asked."""

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx


@dataclass
class Vendor:
    """The other side.

    `refuse`, `partly`: ids to reasons (a part of a record: all but its e-mail). `poison`: ids that make it refuse whole batches.
    `answers`: what happens to the next writing requests, one each; a name of a fault below, an answer, or "" for nothing odd.
    `newest`: by the value of `owner`, if that is mapped, the id that was last written for it.
    `staged`: what was said in one piece and does not count yet, by token; `finished`: tokens that count. `batches`: what it
    carried out, as id of the batch and of the thing; `told`: how often each thing was inserted.
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
    staged: dict[str, list[tuple[str, str, list[dict[str, Any]]]]] = field(default_factory=dict)
    finished: list[str] = field(default_factory=list)
    batches: set[str] = field(default_factory=set)
    told: Counter[str] = field(default_factory=Counter)
    asynchronous: bool = False
    knows_updates: bool = False
    account: str = "acme"
    watch_delete: Callable[[str], None] = lambda name: None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            answers = {"/self": {"account": self.account}, "/batches": sorted(self.batches)}
            return httpx.Response(200, json=answers.get(request.url.path, self.erasures))
        answer = self.answers.pop(0) if self.answers else ""
        if isinstance(answer, httpx.Response):
            return answer
        if answer == "lost":
            raise httpx.ReadTimeout("the request is lost")
        if answer == "dies":
            raise SystemExit("the process dies before the vendor hears of it")
        if request.url.path in ("/begin", "/finish", "/abandon"):
            said = self._piece(request.url.path, json.loads(request.content))
            if answer == "answer lost":
                raise httpx.ReadTimeout("the answer is lost")
            if answer == "dies after":
                raise SystemExit("the process dies before it hears the answer")
            return httpx.Response(200, json=said)
        _, operation, mode = request.url.path.split("/")
        records = json.loads(request.content)
        self.writes.append((operation, [record["id"] for record in records]))
        if self.poison & {record["id"] for record in records}:
            return httpx.Response(400, json={"error": "bad batch"})
        if token := request.url.params["token"]:
            self.staged[token].append((operation, mode, records))
            word = {"insert": "created", "update": "updated", "delete": "deleted"}[operation]
            words = ["rejected:no" if record["id"] in self.refuse else word for record in records]
        else:
            words = self._words(operation, mode, records)
            done = [
                record["id"] for record, word in zip(records, words, strict=True) if word[:8] != "rejected"
            ]
            self.batches |= {f"{request.url.params['batch']}/{name}" for name in done}
        if answer == "answer lost":
            raise httpx.ReadTimeout("the answer is lost")
        if answer == "dies after":
            raise SystemExit("the process dies before it hears the answer")
        return httpx.Response(200, json=words)

    def _words(self, operation: str, mode: str, records: list[dict[str, Any]]) -> list[str]:
        if operation == "clear":
            self.things.clear()
        return [self._one(operation, mode, record) for record in records]

    def _piece(self, what: str, said: dict[str, str]) -> dict[str, str]:
        if what == "/begin":
            token = f"{said['mode']}-{len(self.staged) + 1}"
            self.staged[token] = []
            return {"token": token}
        if what == "/abandon":
            self.staged[said["token"]].clear()
        elif said["token"] not in self.finished:
            self.finished.append(said["token"])
            if said["token"].startswith("snapshot"):
                self.things.clear()
            for operation, mode, records in self.staged[said["token"]]:
                self._words(operation, mode, records)
        return {}

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
        self.told[name] += operation == "insert"
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
