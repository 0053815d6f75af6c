"""A stand-in of Slack on loopback: takes what webhooks and bots post, or answers whatever a test wants."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["Slack", "slack"]


@dataclass
class Slack:
    """What was posted, oldest first; `answer`: status and body instead of its own, with `headers`; it waits until it `speaks`.

    `asked`: how often anybody posted, taken or not.
    """

    url: str = ""
    posts: list[dict[str, Any]] = field(default_factory=list)
    answer: tuple[int, str] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    asked: int = 0
    speaks: threading.Event = field(default_factory=threading.Event)

    def texts(self) -> list[str]:
        """What eyes read of each message."""
        return ["\n".join(block["text"]["text"] for block in post["body"]["blocks"]) for post in self.posts]


@contextmanager
def slack() -> Iterator[Slack]:
    """A running one."""
    made = Slack()
    made.speaks.set()

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.speaks.wait()
            made.asked += 1
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            own = '{"ok": true}' if self.path.startswith("/api/") else "ok"
            status, text = made.answer or (200, own)
            if made.answer is None:
                made.posts.append(
                    {"path": self.path, "body": body, "token": self.headers.get("Authorization")}
                )
            self.send_response(status)
            for name, value in made.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield made
    finally:
        made.speaks.set()
        server.shutdown()
        thread.join()
        server.server_close()
