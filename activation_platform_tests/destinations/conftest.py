"""A sandbox on loopback for the tests of services: started once, as new for every test."""

from collections.abc import Iterator

import httpx
import pytest

from activation_platform.sandbox import RunningSandbox, running
from activation_platform.sandbox.attio import Attio
from activation_platform.sandbox.batch import Batch
from activation_platform.sandbox.sendgrid import SendGrid
from activation_platform.sandbox.webhook import Webhook


@pytest.fixture(scope="session")
def open_sandbox() -> Iterator[RunningSandbox]:
    with running(
        limits=False,
        platforms=[
            Attio(),
            Batch(app_keys=("sandbox-ios-key", "sandbox-web-key")),
            SendGrid(read_only=("SG.reads",)),
            Webhook(),
        ],
    ) as opened:
        yield opened


@pytest.fixture
def sandbox(open_sandbox: RunningSandbox) -> RunningSandbox:
    open_sandbox.world.reset()
    return open_sandbox


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=5) as opened:
        yield opened
