"""The sandbox on a socket: served for ever, or running in a thread for as long as a `with` block lasts."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from activation_platform.sandbox.app import create_app
from activation_platform.sandbox.control import Control
from activation_platform.sandbox.world import World

LOOPBACK = "127.0.0.1"
START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class RunningSandbox:
    """A sandbox that answers at `url` (no slash at its end), with a direct handle on its world."""

    url: str
    world: World

    def base_url(self, platform: str) -> str:
        """Return the address that stands in for a platform's host, such as `http://127.0.0.1:41234/batch`."""
        return f"{self.url}/{platform}"

    def control(self) -> Control:
        """Return a client of the control plane; the caller closes it (`with`)."""
        return Control(self.url)


def serve(
    host: str = LOOPBACK, port: int = 0, *, ready: Callable[[str], None] | None = None, **options: Any
) -> None:
    """Serve a sandbox until the process is interrupted.

    Port 0 takes a free one; `ready` is called with the address once it answers. `options` are those of
    `create_app`. OSError when the address cannot be taken. The control plane has no credentials: keep `host`
    on loopback unless everybody who can reach it may rule it.
    """
    listening = _listen(host, port)
    url = _url(listening)
    server = _Server(_config(create_app(**options)), lambda: ready(url) if ready else None)
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listening])


@contextmanager
def running(port: int = 0, **options: Any) -> Iterator[RunningSandbox]:
    """Run a sandbox on loopback in a thread of this process; port 0 takes a free one.

    `options` are those of `create_app`. The sandbox is gone, and its port free, when the block ends.
    """
    app = create_app(**options)
    listening = _listen(LOOPBACK, port)
    started = threading.Event()
    server = _Server(_config(app), started.set)
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listening]}, name="activation-sandbox", daemon=True
    )
    thread.start()
    try:
        if not started.wait(START_SECONDS):
            raise RuntimeError(f"the sandbox did not start within {START_SECONDS:g} seconds")
        yield RunningSandbox(_url(listening), app.state.world)
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._announce()


def _config(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_protocol(),
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        date_header=False,
        timeout_keep_alive=75,
        # Whoever stops a sandbox does not wait for the calls that it keeps hanging.
        timeout_graceful_shutdown=0,
    )


def _protocol() -> type[asyncio.Protocol]:
    # ASGI has no way to close a connection, so each call's scope carries the transport (`scope["state"]`).
    def connection_made(self: Any, transport: asyncio.BaseTransport) -> None:
        AutoHTTPProtocol.connection_made(self, transport)
        self.app_state = {**self.app_state, "transport": transport}

    return type("BreakableProtocol", (AutoHTTPProtocol,), {"connection_made": connection_made})


def _listen(host: str, port: int) -> socket.socket:
    listening = socket.create_server((host, port), backlog=2048)
    listening.setblocking(False)
    return listening


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://{host}:{port}"
