"""Keys and ports of the tests of sources."""

import socket
from collections.abc import Iterator

import pytest

from activation_platform_tests.conftest import rsa_key


@pytest.fixture(scope="session")
def other_key() -> str:
    """The PEM of a key that nobody knows."""
    return rsa_key()["pem"]


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port at which nobody answers, held so that nobody else opens it meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]
