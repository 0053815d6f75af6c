"""The vendor of the engine's tests on a socket, for processes of their own: slow, and aware of what it is told twice."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import httpx

from activation_platform.contracts.modes import Operation
from activation_platform_tests.sync.vendor import Vendor

__all__ = ["VendorOnASocket", "on_a_socket"]

Said = tuple[str, str]
"""`write` or `delete`, and the id."""

WITHIN = 60.0
_SLOWEST = 0.004


@dataclass
class VendorOnASocket:
    """What the other side carried out: `heard`, in order; `again`, what of it changed nothing, because it stood already."""

    vendor: Vendor = field(default_factory=Vendor)
    dice: random.Random = field(default_factory=random.Random)
    address: str = ""
    requests: int = 0
    heard: list[Said] = field(default_factory=list)
    again: list[Said] = field(default_factory=list)
    connections: int = 0
    _gone: set[str] = field(default_factory=set)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def wait_until(self, come: Callable[[], bool]) -> bool:
        """Wait until something is so; asked whenever a request or a connection ends. Says whether it is."""
        with self._changed:
            return self._changed.wait_for(come, WITHIN)

    def settle(self) -> None:
        """Wait until everything that the dead still said has been carried out."""
        probe = HTTPConnection(urlsplit(self.address).netloc)  # comes after all of theirs
        probe.request("GET", "/self")
        probe.getresponse().read()
        probe.close()
        assert self.wait_until(lambda: self.connections == 0)

    def connected(self, change: int) -> None:
        with self._changed:
            self.connections += change
            self._changed.notify_all()

    def answer(self, method: str, path: str, content: bytes) -> httpx.Response:
        """Carry a request out, sooner or later, and answer it, sooner or later."""
        time.sleep(self.dice.uniform(0, _SLOWEST))
        with self._changed:
            request = httpx.Request(method, f"http://vendor{path}", content=content)
            held = {name: dict(values) for name, values in self.vendor.things.items()}
            writes = len(self.vendor.writes)
            response = self.vendor(request)
            for operation, names in self.vendor.writes[writes:]:
                for name in names:
                    self._note(operation, name, changed=held.get(name) != self.vendor.things.get(name))
            self.requests += 1
            self._changed.notify_all()
        time.sleep(self.dice.uniform(0, _SLOWEST))
        return response

    def _note(self, operation: str, name: str, *, changed: bool) -> None:
        deletes = operation == Operation.DELETE
        said = ("delete" if deletes else "write", name)
        self.heard.append(said)
        if not changed and (not deletes or name in self._gone):
            self.again.append(said)
        (self._gone.add if deletes else self._gone.discard)(name)


class _Desk(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        content = self.rfile.read(length)
        if len(content) < length:  # who said it died in the middle of a word
            self.close_connection = True
            return
        answer = self.server.behind.answer(self.command, self.path, content)
        self.send_response(answer.status_code)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_POST  # noqa: N815 - http.server's names

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    behind: VendorOnASocket

    def process_request(self, request: Any, client_address: Any) -> None:
        """Counted before it has a thread of its own, which may be long in coming."""
        self.behind.connected(+1)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        self.behind.connected(-1)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Those who died hang up in the middle of everything."""


@contextmanager
def on_a_socket(vendor: VendorOnASocket) -> Iterator[VendorOnASocket]:
    """Let a vendor answer on the loopback."""
    with _Server(("127.0.0.1", 0), _Desk) as server:
        server.behind = vendor
        vendor.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield vendor
        finally:
            server.shutdown()
            thread.join()
