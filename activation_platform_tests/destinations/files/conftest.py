"""Places for files on the loopback: an object store, started once, and SFTP servers."""

import threading
from collections.abc import Iterator

import pytest
from werkzeug.serving import make_server

from activation_platform_tests.destinations.files.stores import Front, ObjectStore


@pytest.fixture(scope="session")
def _front() -> Iterator[Front]:
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


@pytest.fixture
def store(_front: Front) -> Iterator[ObjectStore]:
    """A stand-in of S3 and of Google Cloud Storage with one empty bucket."""
    yield ObjectStore(_front)
    _front.faults.clear()
    _front.seen.clear()
