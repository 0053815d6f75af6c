"""What the tests of the components stand on: a project, its warehouse, a sandbox, an instance of Dagster."""

import asyncio
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from activation_platform.components import asking
from activation_platform.sandbox.server import RunningSandbox, running
from activation_platform.sync.patience import Patience
from activation_platform_tests.components.project import Project, Runner, fill, person


def _ignore_notices() -> None:
    """Dagster warns of calls that it makes to itself."""
    for notice in (dg.BetaWarning, dg.PreviewWarning, dg.SupersessionWarning):
        warnings.simplefilter("ignore", notice)
    warnings.filterwarnings("ignore", module=r"dagster(_\w+)?\.")


@pytest.fixture(autouse=True)
def _no_notices() -> None:
    _ignore_notices()


@pytest.fixture
def storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The storage root of the test."""
    root = tmp_path / "storage"
    monkeypatch.setenv("ACTIVATION_STORAGE", str(root))
    return root


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project in which all is well; a test changes it before it is loaded."""
    return Project(tmp_path)


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the warehouse, with people 1 to 5, of whom the fifth is not loyal."""
    file = tmp_path / "shop.duckdb"
    monkeypatch.setenv("SHOP_FILE", str(file))
    fill(file, [*(person(number) for number in range(1, 5)), person(5, orders=1)])
    return file


@pytest.fixture(scope="session")
def _server() -> Iterator[RunningSandbox]:
    with running(limits=False) as server:
        yield server


@pytest.fixture
def sandbox(_server: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> RunningSandbox:
    """An empty sandbox that the project's destinations write to."""
    _server.world.reset()
    _server.world.enable_limits(enabled=False)
    for name, value in {
        "BATCH_BASE_URL": _server.base_url("batch"),
        "BATCH_REST_API_KEY": "sandbox-rest-key",
        "BATCH_PROJECT_KEY": "sandbox-project",
        "BATCH_LIVE_API_KEY": "sandbox-live-key",
        "ATTIO_BASE_URL": _server.base_url("attio"),
        "ATTIO_ACCESS_TOKEN": "sandbox-attio-token",
    }.items():
        monkeypatch.setenv(name, value)
    return _server


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of the loader: waiting takes no time, an answer is late after a moment."""

    async def sleep(_seconds: float) -> None:
        await asyncio.sleep(0)

    patience = Patience(sleep=sleep, attempts=3, throttled_for=5, answer_within=1)
    monkeypatch.setattr(asking, "PATIENCE", patience)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """An instance of Dagster in memory."""
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture(scope="session")
def _shop(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    """The project as it is, loaded once: it holds no state, and what it refers to is read when a run starts."""
    with warnings.catch_warnings():
        _ignore_notices()
        return Project(tmp_path_factory.mktemp("shop")).load()


@pytest.fixture
def runner(
    _shop: dg.Definitions,
    storage: Path,
    warehouse: Path,
    sandbox: RunningSandbox,
    instance: dg.DagsterInstance,
) -> Runner:
    """Runs the project as it is."""
    return Runner(_shop, instance)


@pytest.fixture
def loaded(
    storage: Path, warehouse: Path, sandbox: RunningSandbox, instance: dg.DagsterInstance
) -> Callable[..., Any]:
    """Makes a runner of a project that the test has changed."""
    return lambda project: Runner(project.load(), instance)
