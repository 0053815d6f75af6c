"""The door of a platform: an ASGI application that reads a call, applies faults, answers it and counts it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from email.utils import formatdate
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from activation_platform.sandbox.exchange import Answer, Call
from activation_platform.sandbox.faults import Kind, RetryAfter, Rule
from activation_platform.sandbox.platform import REASONS, Platform, Route
from activation_platform.sandbox.wire import Wire
from activation_platform.sandbox.world import World

HTML = "text/html; charset=utf-8"
PAGE = b"<!doctype html><html><head><title>Please wait</title></head><body>One moment, please.</body></html>"
_Way = Callable[[int, bytes, str, Mapping[str, str]], Awaitable[None]]
UNKNOWN = "(unknown)"  # a path that fits no template is never kept: it may hold a key


class Gate:
    """One platform behind its prefix, `/<name>`."""

    def __init__(self, platform: Platform, world: World) -> None:
        self._platform = platform
        self._world = world
        self._prefix = f"/{platform.name}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP exchange."""
        wire = Wire(scope, receive, send, self._world.wall)
        body = await wire.body()
        if body is None:
            return
        exchange = _Exchange(self._platform, self._world, wire, scope["method"], scope["path"], self._prefix)
        await exchange.run(_headers(scope), dict(parse_qsl(scope["query_string"].decode("latin-1"))), body)


class _Exchange:
    def __init__(
        self, platform: Platform, world: World, wire: Wire, method: str, path: str, prefix: str
    ) -> None:
        self._platform = platform
        self._world = world
        self._wire = wire
        self._method = method
        self._whole_path = path
        self._path = path.removeprefix(prefix)
        found = platform.find(method, self._path)
        self._route: Route | None = found[0] if found else None
        self._parameters = found[1] if found else {}

    async def run(self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes) -> None:
        unjudged = self._call(headers, query, body)
        with self._world.lock:
            verdict = self._world.faults.draw(
                self._method, self._whole_path, lambda: self._platform.identifiers(unjudged)
            )
        if verdict.delay_seconds:
            await asyncio.sleep(verdict.delay_seconds)
        call = replace(unjudged, poisoned=verdict.poisoned, now=self._world.clock(), wall=self._world.wall())
        if verdict.rule is None:
            answer = self._answer(call)
            self._count(answer.status)
            await self._reply(answer)
        else:
            await self._break(verdict.rule, call)

    async def _break(self, rule: Rule, call: Call) -> None:
        answer = self._answer(call) if rule.done_first else Answer(200, {})
        match rule.kind:
            case Kind.DROP:
                self._count("dropped")
                await self._wire.drop()
            case Kind.TIMEOUT:
                self._count("hung")
                await self._wire.hang(rule.cap)
            case Kind.HALF:
                self._count("cut")
                await self._reply(answer, self._wire.cut)
            case Kind.HTML_200:
                self._count(200)
                await self._wire.reply(200, PAGE, HTML, {})
            case Kind.BROKEN_JSON:
                self._count(answer.status)
                await self._reply(answer, broken=b",}")
            case _:
                answer = self._error(rule)
                self._count(answer.status)
                await self._reply(answer)

    async def _reply(self, answer: Answer, way: _Way | None = None, broken: bytes = b"") -> None:
        """Send an answer, whole where no other `way` is named; `broken` stands in the place of its last byte."""
        body = answer.encoded()
        if broken and body:
            body = body[:-1] + broken
        await (way or self._wire.reply)(answer.status, body, self._platform.content_type, answer.headers)

    def _error(self, rule: Rule) -> Answer:
        status = 400 if rule.kind is Kind.POISON else rule.status
        answer = self._platform.error(status, rule.reason or REASONS.get(status, "Something went wrong."))
        if rule.retry_after is None:
            return answer
        if rule.retry_after_format is RetryAfter.SECONDS:
            value = str(math.ceil(rule.retry_after))
        else:
            value = formatdate(math.ceil(self._world.wall() + rule.retry_after), usegmt=True)
        return Answer(answer.status, answer.document, {**answer.headers, "Retry-After": value})

    def _answer(self, call: Call) -> Answer:
        with self._world.lock:
            return self._platform.answer(call, self._route)

    def _count(self, status: int | str) -> None:
        template = self._route.template if self._route else UNKNOWN
        with self._world.lock:
            self._world.count(self._platform.name, self._method, template, status)

    def _call(self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes) -> Call:
        return Call(
            method=self._method,
            path=self._path,
            headers=headers,
            query=query,
            document=self._platform.document(headers, body),
            now=self._world.clock(),
            wall=self._world.wall(),
            parameters=self._parameters,
            body=body,
        )


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
