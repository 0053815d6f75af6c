"""The demo's story: four Mondays of the shop's history, three activations and an analysis each, then the comparison."""

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
from rich.console import Console

import activation_platform
from activation_platform.cli.demo.expectation import Expectation, differences
from activation_platform.cli.demo.warehouse import build_warehouse
from activation_platform.cli.progress_bar import bar
from activation_platform.cli.running import QUIET, run_activation, without_notices
from activation_platform.cli.tables import history_table
from activation_platform.sandbox.server import RunningSandbox, running
from activation_platform.sync.history import Run, Status

__all__ = ["DEMO", "MONDAYS", "Story", "environment", "tell"]

DEMO = Path(".demo")
MONDAYS = (date(1997, 9, 29), date(1997, 10, 6), date(1997, 10, 13), date(1997, 10, 20))
ACTIVATIONS = ("loyalty_programme", "key_accounts", "canadian_leads")
PORT = 8765


def environment(url: str) -> dict[str, str]:
    """The environment in which the example workspace finds its warehouse, the sandbox and its credentials."""
    root = DEMO.resolve()
    return {
        "DAGSTER_HOME": str(root / "dagster"),
        "ACTIVATION_STORAGE": str(root / "storage"),
        "SHOP_WAREHOUSE": str(root / "shop.duckdb"),
        "BATCH_BASE_URL": f"{url}/batch",
        "BATCH_REST_API_KEY": "sandbox-rest-key",
        "BATCH_PROJECT_KEY": "sandbox-project",
        "BATCH_LIVE_API_KEY": "sandbox-live-key",
        "ATTIO_BASE_URL": f"{url}/attio",
        "ATTIO_ACCESS_TOKEN": "sandbox-attio-token",
    }


def prepare() -> None:
    """An empty folder for the demo, with a Dagster home."""
    shutil.rmtree(DEMO, ignore_errors=True)
    home = DEMO / "dagster"
    home.mkdir(parents=True)
    settings = Path("dagster.yaml")
    if settings.exists():
        shutil.copy(settings, home)


@dataclass(frozen=True, slots=True)
class Story:
    """What was told: its runs, how the sandbox differs from what it should hold, and how long it took."""

    runs: list[Run]
    differences: list[str]
    seconds: float

    @property
    def ended_well(self) -> bool:
        """Whether every run did, and the sandbox holds exactly what it should."""
        return not self.differences and all(
            run.status not in (Status.FAILED, Status.STOPPED) for run in self.runs
        )


def tell(console: Console, *, port: int = PORT) -> Story:
    """Run the story."""
    started = time.monotonic()
    prepare()
    with running(port=port) as sandbox:
        os.environ.update(environment(sandbox.url))
        console.print(
            f"The sandbox of Batch and Attio listens on {sandbox.url}, with the vendors' limits in force.\n"
        )
        expectation = Expectation()
        with dg.DagsterInstance.get() as instance:
            stage = _Stage(console, _workspace(), instance)
            runs = [run for monday in MONDAYS for run in stage.monday(monday, expectation)]
            runs.append(stage.settle(sandbox))
        console.print(history_table(runs))
        found = _compare(console, sandbox, expectation)
    story = Story(runs, found, time.monotonic() - started)
    console.print(
        f"\nDone in {story.seconds:.0f} seconds. See it in the Dagster web UI: [bold]make ui[/bold]"
    )
    return story


def _workspace() -> dg.Definitions:
    """The example workspace of the package, wherever it is installed."""
    return dg.load_from_defs_folder(path_within_project=Path(activation_platform.__file__).parent)


@dataclass(frozen=True)
class _Stage:
    """Where the story plays."""

    console: Console
    definitions: dg.Definitions
    instance: dg.DagsterInstance

    def monday(self, monday: date, expectation: Expectation) -> Iterator[Run]:
        """The warehouse moves forward to this day; every activation runs its partition, and segments are analysed."""
        warehouse = Path(os.environ["SHOP_WAREHOUSE"])
        build_warehouse(warehouse, monday)
        expectation.advance(warehouse, monday)
        self.console.rule(f"Monday {monday}, 06:00")
        for name in ACTIVATIONS:
            yield self.run(name, monday)
        self.analyse()

    def analyse(self) -> None:
        """The analyses, which a sensor would start once their segment is new."""
        analyses = dg.AssetSelection.groups("analysis").resolve(self.definitions.resolve_asset_graph())
        with without_notices():
            self.definitions.resolve_implicit_global_asset_job_def().execute_in_process(
                instance=self.instance, asset_selection=sorted(analyses), run_config={"loggers": QUIET}
            )

    def settle(self, sandbox: RunningSandbox) -> Run:
        """The vendor finishes its erasures; the mirror's next run hears of it."""
        self.console.rule("Pending erasures finish")
        sandbox.control().finish_erasures()
        return self.run(ACTIVATIONS[0], MONDAYS[-1])

    def run(self, name: str, monday: date) -> Run:
        """One activation, with a progress bar, as its schedule would run it."""
        instant = datetime(monday.year, monday.month, monday.day, 6, tzinfo=UTC)
        with bar(self.console, name) as progress:
            return run_activation(
                self.definitions,
                name,
                instant.strftime("%Y-%m-%d-%H:%M"),
                instance=self.instance,
                instant=instant,
                progress=progress,
            )


def _compare(console: Console, sandbox: RunningSandbox, expectation: Expectation) -> list[str]:
    """Hold the sandbox against the expectation, record by record."""
    state = sandbox.control().state()
    people = {record["email_addresses"][0]: record for record in state["attio"]["people"].values()}
    pairs = (
        ("Batch profiles", expectation.batch, state["batch"]["profiles"]),
        ("Attio people", expectation.attio, people),
    )
    faults = []
    for name, expected, found in pairs:
        told = differences(expected, found)
        faults += told
        verdict = "[green]exactly as expected[/green]" if not told else f"[red]{len(told)} differences[/red]"
        console.print(f"{name}: {len(found)} records, {len(expected)} expected, {verdict}")
        for line in told[:20]:
            console.print(f"  {line}", markup=False)
    return faults
