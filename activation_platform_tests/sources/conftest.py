"""Keys, ports and accounts of the tests of sources."""

import json
import os
import socket
from collections.abc import Callable, Iterator

import pytest

from activation_platform.contracts.source import Source
from activation_platform.sources import SOURCES
from activation_platform_tests.conftest import rsa_key

DATABRICKS = {
    "host": "DATABRICKS_HOST",
    "warehouse_id": "DATABRICKS_WAREHOUSE_ID",
    "token": "DATABRICKS_TOKEN",
}


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


@pytest.fixture
def live_source() -> Callable[[str], Source]:
    """Makes a source of somebody's own account, whose settings are JSON in `LIVE_…`; of Databricks, one by one."""

    def made(kind: str) -> Source:
        if kind == "databricks":
            if missing := [name for name in DATABRICKS.values() if name not in os.environ]:
                pytest.skip(f"no workspace to ask: {', '.join(missing)} not set")
            return SOURCES[kind](**{setting: os.environ[name] for setting, name in DATABRICKS.items()})
        settings = os.environ.get(f"LIVE_{kind.upper()}")
        if settings is None:
            pytest.skip(f"LIVE_{kind.upper()} is not set: no account to ask")
        return SOURCES[kind](**json.loads(settings))

    return made
