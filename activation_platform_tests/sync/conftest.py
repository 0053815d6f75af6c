"""The workshop that the engine's tests run activations in, and the homes of state."""

import os
from pathlib import Path

import pytest

from activation_platform.sync.bucket import Bucket
from activation_platform_tests.destinations.files.stores import Front
from activation_platform_tests.sync.homes import home
from activation_platform_tests.sync.world import Workshop


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """A workshop with a mirror of things and an empty ledger, on a machine that never loses power."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    monkeypatch.setattr(os, "fdatasync", lambda descriptor: None)
    return Workshop(tmp_path)


@pytest.fixture
def bucket(front: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """An empty storage root on the stand-in of S3."""
    made = home("bucket", front, tmp_path, monkeypatch)
    assert isinstance(made, Bucket)
    return made
