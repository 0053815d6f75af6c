"""A stand-in, on the loopback, of the two calls of AWS that hand out a database's credentials."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

XML = (
    '<GetClusterCredentialsResponse xmlns="http://redshift.amazonaws.com/doc/2012-12-01/"><GetClusterCredentialsResult>'
    "<DbUser>{user}</DbUser><DbPassword>{password}</DbPassword><Expiration>2100-01-01T00:00:00Z</Expiration>"
    "</GetClusterCredentialsResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetClusterCredentialsResponse>"
)
REFUSAL = "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"


@dataclass
class Api:
    """Whose credentials it hands out; `refuses`: a status and the code of an error; `garbles`: half an answer.

    `asked` is what was asked for.
    """

    user: str
    password: str
    refuses: tuple[int, str] | None = None
    garbles: bool = False
    asked: list[dict[str, Any]] = field(default_factory=list)
    address: str = ""

    def answered(self, headers: Any, body: bytes) -> tuple[int, str]:
        """Status and body."""
        if not headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256"):
            return 403, REFUSAL.format(code="MissingAuthenticationToken")
        if self.refuses:
            return self.refuses[0], REFUSAL.format(code=self.refuses[1])
        if headers.get("X-Amz-Target") == "RedshiftServerless.GetCredentials":
            self.asked.append(json.loads(body))
            told = {"dbUser": self.user, "dbPassword": self.password, "expiration": 4102444800}
            return 200, json.dumps(told)
        if self.garbles:
            return 200, f"<Half>{self.password}"
        asked = {name: value for name, (value,) in parse_qs(body.decode()).items()}
        if (
            "CustomDomain" in body.decode()
        ):  # what the driver takes every host for that is not of amazonaws.com
            return 404, REFUSAL.format(code="CustomDomainAssociationNotFoundFault")
        self.asked.append(asked)
        return 200, XML.format(user=escape(self.user), password=escape(self.password))


@contextmanager
def answering(user: str, password: str) -> Iterator[Api]:
    """The API until the block ends."""
    api = Api(user, password)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, said = api.answered(self.headers, body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(said.encode())))
            self.end_headers()
            self.wfile.write(said.encode())

        def log_message(self, *_: Any) -> None:
            """Quietly."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        api.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield api
        finally:
            server.shutdown()
            thread.join()
