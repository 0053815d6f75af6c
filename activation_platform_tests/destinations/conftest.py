"""A sandbox on loopback for the tests of services: started once, as new for every test."""

from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette

from activation_platform.contracts.authorities import trusted
from activation_platform.sandbox import RunningSandbox, create_app, running
from activation_platform_tests.destinations.exam import stand_ins


@pytest.fixture(scope="session")
def open_sandbox() -> Iterator[RunningSandbox]:
    with running(limits=False, platforms=stand_ins()) as opened:
        yield opened


@pytest.fixture(scope="session")
def open_app() -> Starlette:
    return create_app(limits=False, platforms=stand_ins())


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
    with httpx.Client(verify=trusted(), timeout=5) as opened:
        yield opened
