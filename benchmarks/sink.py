"""A receiver for measurements, a process of its own: it reads requests and answers 200, at once or at a vendor's pace.

With a rate it is a token bucket that answers 429 with a Retry-After in whole seconds, after a latency of 56 to 128 ms.
It says its port as it starts; GET tells how many requests it accepted and refused, and over how many seconds they came.
"""

import argparse
import asyncio
import json
import math
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["answers", "sink"]

_LATENCY = (0.056, 0.128)


class Limit:
    """A token bucket: None, or for how many seconds it refuses. Counts what it said."""

    def __init__(self, rate: float, burst: float) -> None:
        self.rate, self.burst, self.left = rate, burst, burst
        self.at = self.first = self.last = 0.0
        self.accepted = self.refused = 0

    def refuses(self) -> int | None:
        """Take a token, or say how long to wait for one."""
        now = time.monotonic()
        self.first, self.last = self.first or now, now
        if self.rate:
            self.left = min(self.burst, self.left + (now - (self.at or now)) * self.rate)
            self.at = now
            if self.left < 1:
                self.refused += 1
                return math.ceil((1 - self.left) / self.rate)
            self.left -= 1
        self.accepted += 1
        return None

    def told(self) -> bytes:
        """The counts, as JSON."""
        seconds = self.last - self.first
        return json.dumps({"accepted": self.accepted, "refused": self.refused, "seconds": seconds}).encode()


class Conversation(asyncio.Protocol):
    """One connection: HTTP/1.1 with lengths, one request after the other."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._heard = bytearray()
        self._dice = random.Random(0)  # noqa: S311

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember whom to answer."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is there whole."""
        self._heard += data
        while (end := self._heard.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._heard[:end]).lower()
            _, _, length = head.partition(b"\r\ncontent-length:")
            whole = end + 4 + int(length.split(b"\r\n", 1)[0] or 0)
            if len(self._heard) < whole:
                return
            del self._heard[:whole]
            self._answer(head)

    def _answer(self, head: bytes) -> None:
        if head.startswith(b"get"):
            self._say(b"200 OK", self._limit.told())
            return
        wait = self._limit.refuses()
        answer = (b"200 OK", b"{}") if wait is None else (b"429 Too Many Requests", b"{}", wait)
        if self._limit.rate:
            asyncio.get_running_loop().call_later(self._dice.uniform(*_LATENCY), self._say, *answer)
        else:
            self._say(*answer)

    def _say(self, status: bytes, body: bytes, wait: int | None = None) -> None:
        later = b"" if wait is None else b"Retry-After: %d\r\n" % wait
        self._transport.write(
            b"HTTP/1.1 %b\r\nContent-Type: application/json\r\n%bContent-Length: %d\r\n\r\n%b"
            % (status, later, len(body), body)
        )


@contextmanager
def sink(rate: float = 0.0, burst: float = 0.0) -> Iterator[str]:
    """The address of a sink in a process of its own, until the block ends."""
    command = [sys.executable, "-m", "benchmarks.sink", str(rate), str(burst)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def answers(address: str) -> dict[str, Any]:
    """What a sink counted."""
    import httpx

    told: dict[str, Any] = httpx.get(address).json()
    return told


async def _serve(limit: Limit) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Conversation(limit), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    _parser = argparse.ArgumentParser()
    _parser.add_argument("rate", type=float)
    _parser.add_argument("burst", type=float)
    _said = _parser.parse_args()
    asyncio.run(_serve(Limit(_said.rate, _said.burst)))
