"""The workshop that the engine's tests run activations in, and the homes of state."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from activation_platform.sync.bucket import Bucket
from activation_platform_tests.destinations.files.stores import Front, serving
from activation_platform_tests.sync.homes import home
from activation_platform_tests.sync.world import Workshop


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """A workshop with a mirror of things and an empty ledger, on a machine that never loses power."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    monkeypatch.setattr(os, "fdatasync", lambda descriptor: None)
    return Workshop(tmp_path)


@pytest.fixture(scope="session")
def store_server() -> Iterator[Front]:
    """A stand-in of S3."""
    with serving() as front:
        yield front


@pytest.fixture
def front(store_server: Front) -> Iterator[Front]:
    """What stands before the stand-in of S3, and can fail."""
    yield store_server
    store_server.faults.clear()
    store_server.seen.clear()


@pytest.fixture
def bucket(front: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """An empty storage root on the stand-in of S3."""
    made = home("bucket", front, tmp_path, monkeypatch)
    assert isinstance(made, Bucket)
    return made
