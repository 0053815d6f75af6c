"""The workshop that the engine's tests run activations in."""

from pathlib import Path

import pytest

from activation_platform_tests.sync.world import Workshop


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """A workshop with a mirror of things and an empty ledger."""
    return Workshop(tmp_path)
