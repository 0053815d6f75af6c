"""A sandbox on loopback for the tests of services: started once, as new for every test."""

from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette

from activation_platform.sandbox import RunningSandbox, create_app, running
from activation_platform.sandbox.attio import Attio
from activation_platform.sandbox.batch import Batch
from activation_platform.sandbox.klaviyo import Klaviyo
from activation_platform.sandbox.platform import Platform
from activation_platform.sandbox.sendgrid import SendGrid
from activation_platform.sandbox.webhook import Webhook


def platforms() -> list[Platform]:
    """The stand-ins, of which Batch's has two apps."""
    return [
        Attio(),
        Batch(app_keys=("sandbox-ios-key", "sandbox-web-key")),
        Klaviyo(),
        SendGrid(read_only=("SG.reads",)),
        Webhook(),
    ]


@pytest.fixture(scope="session")
def open_sandbox() -> Iterator[RunningSandbox]:
    with running(limits=False, platforms=platforms()) as opened:
        yield opened


@pytest.fixture(scope="session")
def open_app() -> Starlette:
    return create_app(limits=False, platforms=platforms())


@pytest.fixture
def app(open_app: Starlette) -> Starlette:
    """The sandbox without a socket."""
    open_app.state.world.reset()
    return open_app


@pytest.fixture
def sandbox(open_sandbox: RunningSandbox) -> RunningSandbox:
    open_sandbox.world.reset()
    return open_sandbox


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=5) as opened:
        yield opened
