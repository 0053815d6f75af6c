"""A stand-in of two object stores: moto's S3, behind a front that can fail, as the owner of a bucket sees it.

Google's XML API is spoken well enough by S3: the front only gives its requests an owner that moto knows.
"""

import socket
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, unquote

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from activation_platform.destinations.files.destination import Files

OWNER = (
    "AWS4-HMAC-SHA256 Credential=owner/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
)
ANONYMOUS = '{"disable_oauth": true, "client_email": "", "private_key": "", "private_key_id": "", "gcs_base_url": "%s"}'
CLOSES = HTTPStatus.CONTINUE
"""A fault: the connection is closed in the middle of the request."""
FORGETS = HTTPStatus.PROCESSING
"""A fault: the request is carried out, but the answer says that it was not."""


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing."""


@dataclass
class Front:
    """What stands before the store.

    `faults`: by method, how the next requests fail; `seen`: the requests' first lines; `careless`: conditions are ignored.
    """

    address: str = ""
    faults: dict[str, list[HTTPStatus]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    careless: bool = False
    quiet: type[WSGIRequestHandler] = _Quiet
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _store: Any = field(default_factory=lambda: DomainDispatcherApplication(create_backend_app))

    def __call__(self, environ: dict[str, Any], respond: Callable[..., Any]) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        self.seen.append(f"{method} {environ['PATH_INFO']}")
        if self.faults.get(method):
            fault = self.faults[method].pop(0)
            if fault is CLOSES:
                environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            if fault is FORGETS:
                list(self._store(environ, lambda *_: None))
                fault = HTTPStatus.SERVICE_UNAVAILABLE
            else:
                environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            respond(f"{fault.value} {fault.phrase}", [("Content-Type", "application/xml")])
            return [f"<Error><Code>{fault.phrase.replace(' ', '')}</Code></Error>".encode()]
        if not environ.get("HTTP_AUTHORIZATION", "").startswith("AWS4"):
            path, _, query = environ["REQUEST_URI"].partition("?")
            environ["REQUEST_URI"] = environ["RAW_URI"] = f"{quote(unquote(path))}?{query}"
            environ["HTTP_AUTHORIZATION"] = OWNER
        if self.careless:
            environ.pop("HTTP_IF_NONE_MATCH", None)
            environ.pop("HTTP_IF_MATCH", None)
        with self._turn:  # or moto may let two requests pass that want a key to be new
            found: Iterable[bytes] = self._store(environ, respond)
        return found


@contextmanager
def serving() -> Iterator[Front]:
    """The store on the loopback."""
    front = Front()
    server = make_server("127.0.0.1", 0, front, threaded=True, request_handler=front.quiet)
    server.daemon_threads = True  # type: ignore[attr-defined]  # clients keep their connections open
    server.block_on_close = False  # type: ignore[attr-defined]
    front.address = f"http://127.0.0.1:{server.port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield front
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass
class ObjectStore:
    """One bucket."""

    front: Front
    bucket: str = field(default_factory=lambda: f"bucket{uuid.uuid4().hex[:12]}")

    def __post_init__(self) -> None:
        self.client.create_bucket(Bucket=self.bucket)

    @property
    def client(self) -> Any:
        """The vendor's own client."""
        keys = {"aws_access_key_id": "owner", "aws_secret_access_key": "secret"}
        return boto3.client("s3", endpoint_url=self.front.address, region_name="us-east-1", **keys)

    @property
    def environment(self) -> dict[str, str]:
        """What the variables of the environment are for whoever looks there for the store."""
        return {
            "AWS_ENDPOINT_URL": self.front.address,
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "owner",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1",
        }

    def keys(self) -> list[str]:
        """The keys of all objects."""
        return [one["Key"] for one in self.client.list_objects_v2(Bucket=self.bucket).get("Contents", [])]

    def read(self, key: str) -> bytes:
        """An object's bytes."""
        return bytes(self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read())

    def s3(self, prefix: str = "", **changes: Any) -> Files:
        """The bucket as a destination on S3."""
        settings = {
            "url": f"s3://{self.bucket}/{prefix}",
            "base_url": self.front.address,
            "access_key_id": "an-access-key",
            "secret_access_key": "a-secret-key",
            "region": "us-east-1",
        }
        return Files(**{**settings, **changes})

    def google(self, prefix: str = "", **changes: Any) -> Files:
        """The bucket as a destination on Google Cloud Storage."""
        settings = {
            "url": f"gs://{self.bucket}/{prefix}",
            "base_url": self.front.address,
            "service_account": ANONYMOUS % self.front.address,
        }
        return Files(**{**settings, **changes})
