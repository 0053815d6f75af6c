"""The workshop that the engine's tests run activations in."""

import os
from pathlib import Path

import pytest

from activation_platform_tests.sync.world import Workshop


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """A workshop with a mirror of things and an empty ledger, on a machine that never loses power."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    monkeypatch.setattr(os, "fdatasync", lambda descriptor: None)
    return Workshop(tmp_path)
