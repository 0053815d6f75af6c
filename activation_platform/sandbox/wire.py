"""One exchange on the wire, and the ways to break it for real: cut it off, hang, or send half an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from email.utils import formatdate

import httpx
from starlette.types import Receive, Scope, Send


class Wire:
    """The connection under one call.

    On a socket the server's protocol leaves its transport in the scope (see `server.py`), and breaking the
    connection closes that transport. In process (`httpx.ASGITransport`) there is none, and breaking it raises
    what httpx would raise on a socket. Answers tell the time of day (`wall`) in their header `Date`.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, wall: Callable[[], float]) -> None:
        self._wall = wall
        self._receive = receive
        self._send = send
        self._transport: asyncio.Transport | None = scope.get("state", {}).get("transport")

    async def body(self) -> bytes | None:
        """Read the request's body; None when the client left before it was whole."""
        chunks = []
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                return None
            chunks.append(message.get("body", b""))
            if not message.get("more_body", False):
                return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def reply(self, status: int, body: bytes, content_type: str, headers: Mapping[str, str]) -> None:
        """Send a whole answer."""
        await self._start(status, len(body), content_type, headers)
        await self._send({"type": "http.response.body", "body": body})

    async def drop(self) -> None:
        """Close the connection without a word."""
        if self._transport is None:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        self._transport.abort()
        await self._gone()

    async def hang(self, cap: float) -> None:
        """Say nothing until the client gives up, at most `cap` seconds, then close the connection."""
        if self._transport is None:
            raise httpx.ReadTimeout("The sandbox does not answer this call.")
        try:
            async with asyncio.timeout(cap):
                await self._gone()
        except TimeoutError:
            await self.drop()

    async def cut(self, status: int, body: bytes, content_type: str, headers: Mapping[str, str]) -> None:
        """Announce a whole answer, send half of it and close the connection."""
        if self._transport is None:
            raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")
        await self._start(status, len(body), content_type, headers)
        await self._send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        self._transport.close()
        await self._gone()

    async def _start(self, status: int, length: int, content_type: str, headers: Mapping[str, str]) -> None:
        lines = [
            (b"content-type", content_type.encode("latin-1")),
            (b"content-length", str(length).encode("latin-1")),
            (b"date", formatdate(self._wall(), usegmt=True).encode("latin-1")),
            *((name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()),
        ]
        await self._send({"type": "http.response.start", "status": status, "headers": lines})

    async def _gone(self) -> None:
        # The server complains in its log about an application that returns before the connection is closed.
        while (await self._receive())["type"] != "http.disconnect":
            pass
