"""A Dagster instance on disk with its daemon, whose loops are turned by hand; people act through the web UI's own mutations."""

import asyncio
import logging
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import time_machine
import yaml
from dagster._core.execution.backfill import BULK_ACTION_TERMINAL_STATUSES
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.storage.dagster_run import FINISHED_STATUSES
from dagster._core.test_utils import create_test_daemon_workspace_context
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import (
    InProcessWorkspaceLoadTarget,
    ModuleTarget,
    WorkspaceLoadTarget,
)
from dagster._daemon.asset_daemon import AssetDaemon
from dagster._daemon.auto_run_reexecution.event_log_consumer import EventLogConsumerDaemon
from dagster._daemon.backfill import execute_backfill_iteration
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import QueuedRunCoordinatorDaemon
from dagster._daemon.sensor import execute_sensor_iteration
from dagster._scheduler.scheduler import launch_scheduled_runs
from dagster._utils.error import SerializableErrorInfo
from dagster_graphql.schema import create_schema

from activation_platform_tests.components.project import added_to_path

SHIPPED = Path(__file__).parents[2] / "dagster.yaml"
REPOSITORY = "__repository__"
DEFINITIONS = """\
from pathlib import Path

import dagster as dg

defs = dg.Definitions.merge(
    dg.ComponentTree.for_project(Path(__file__).parents[1]).build_defs(),
    dg.Definitions(executor=dg.in_process_executor),
)
"""
_LOG = logging.getLogger("daemon")
_LOG.setLevel(logging.CRITICAL)
_MOST_TURNS = 40
SCHEMA = create_schema()

LAUNCH = """
mutation ($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on Error { message }
  }
}"""
RERUN = """
mutation ($params: ReexecutionParams!) {
  launchRunReexecution(reexecutionParams: $params) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on Error { message }
  }
}"""
BACKFILL = """
mutation ($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename ... on LaunchBackfillSuccess { backfillId } ... on Error { message }
  }
}"""
TERMINATE = """
mutation ($id: String!) {
  terminateRun(runId: $id) { __typename ... on TerminateRunFailure { message } ... on Error { message } }
}"""
PAUSE = """
mutation ($id: String!) {
  stopRunningSchedule(id: $id) { __typename ... on Error { message } }
}"""


@dataclass
class Daemon:
    """What `dagster dev` runs in the background, and the hands of a person in its UI."""

    instance: dg.DagsterInstance
    workspace: WorkspaceProcessContext
    location: str
    _clock: time_machine.Traveller

    def __post_init__(self) -> None:
        self._assets = AssetDaemon(settings={}, pre_sensor_interval_seconds=30)
        self._queue = QueuedRunCoordinatorDaemon(interval_seconds=5)
        self._retries = EventLogConsumerDaemon()
        self._ticks: dict[str, Any] = {}
        self._told: set[str] = set()

    def at(self, moment: datetime) -> None:
        """Let the time come."""
        self._clock.shift(moment - datetime.now(UTC))

    def turn(self) -> None:
        """Every loop of the daemon once, half a minute after the last time."""
        self._clock.shift(timedelta(seconds=31))
        self.tick()
        self._loop(execute_sensor_iteration(self.workspace, _LOG, None, None))
        self._loop(execute_backfill_iteration(self.workspace, _LOG))
        self._loop(self._retries.run_iteration(self.workspace))
        self._assets._run_iteration_impl(self.workspace, None, {}, {})
        self._loop(self._queue.run_iteration(self.workspace))

    def tick(self) -> None:
        """Only the schedules: what they ask for waits in the queue."""
        self._loop(launch_scheduled_runs(self.workspace, _LOG, datetime.now(UTC), self._ticks))

    @staticmethod
    def _loop(iteration: Iterable[Any]) -> None:
        errors = [said.to_string() for said in iteration if isinstance(said, SerializableErrorInfo)]
        assert not errors, "\n".join(errors)

    def settle(self) -> list[dg.DagsterRun]:
        """Turn until a turn brings nothing new; returns the runs since the last time, oldest first."""
        known = self._state()
        for _ in range(_MOST_TURNS):
            self.turn()
            before, known = known, self._state()
            if known == before and not self._open():
                new = [run for run in reversed(self.instance.get_runs()) if run.run_id not in self._told]
                self._told.update(run.run_id for run in new)
                return new
        raise AssertionError(f"the daemon did not come to rest: {known}")

    def _state(self) -> Any:
        return [(run.run_id, run.status) for run in self.instance.get_runs()], self._open()

    def _open(self) -> list[str]:
        """Backfills that are under way, and runs that are."""
        backfills = [
            one.backfill_id
            for one in self.instance.get_backfills()
            if one.status not in BULK_ACTION_TERMINAL_STATUSES
        ]
        return backfills + [
            run.run_id for run in self.instance.get_runs() if run.status not in FINISHED_STATUSES
        ]

    def launch(
        self,
        *assets: str,
        partition: str | None = None,
        tags: Mapping[str, str] | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> str:
        """A person materialises assets; returns the run's id."""
        selector = self._selector(assetSelection=[{"path": asset.split("/")} for asset in assets])
        every = {**({"dagster/partition": partition} if partition else {}), **(tags or {})}
        params = {
            "selector": selector,
            "runConfigData": dict(config or {}),
            "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in every.items()]},
        }
        return str(self._act(LAUNCH, "LaunchRunSuccess", params=params)["run"]["runId"])

    def check(self, asset: str, name: str) -> str:
        """A person executes a check of an asset; returns the run's id."""
        selected = [{"assetKey": {"path": asset.split("/")}, "name": name}]
        selector = self._selector(assetSelection=[], assetCheckSelection=selected)
        params = {"selector": selector, "runConfigData": {}, "executionMetadata": {"tags": []}}
        return str(self._act(LAUNCH, "LaunchRunSuccess", params=params)["run"]["runId"])

    def _selector(self, **selected: Any) -> dict[str, Any]:
        where = {"repositoryLocationName": self.location, "repositoryName": REPOSITORY}
        return {**where, "jobName": "__ASSET_JOB", **selected}

    def rerun_from_failure(self, run_id: str) -> str:
        """A person presses "Re-execute from failure"; returns the new run's id."""
        params = {"parentRunId": run_id, "strategy": "FROM_FAILURE"}
        return str(self._act(RERUN, "LaunchRunSuccess", params=params)["run"]["runId"])

    def backfill(self, asset: str, partitions: Sequence[str]) -> str:
        """A person backfills partitions of an asset; returns the backfill's id."""
        params = {"assetSelection": [{"path": asset.split("/")}], "partitionNames": list(partitions)}
        return str(self._act(BACKFILL, "LaunchBackfillSuccess", params=params)["backfillId"])

    def terminate(self, run_id: str) -> None:
        """A person presses Terminate."""
        self._act(TERMINATE, "TerminateRunSuccess", id=run_id)

    def pause(self, schedule: str) -> None:
        """A person switches a schedule off."""
        with self.workspace.create_request_context() as context:
            found = context.get_code_location(self.location).get_repository(REPOSITORY).get_schedule(schedule)
        self._act(PAUSE, "ScheduleStateResult", id=found.get_compound_id().to_string())

    def skipped(self, schedule: str) -> str | None:
        """Why the newest tick of a schedule started nothing; None where it did."""
        with self.workspace.create_request_context() as context:
            found = context.get_code_location(self.location).get_repository(REPOSITORY).get_schedule(schedule)
        tick, *_ = self.instance.get_ticks(found.get_remote_origin_id(), found.selector_id, limit=1)
        return tick.skip_reason

    def page(self, activation: str) -> str | None:
        """What the page of an activation says of a pause; None where it says nothing of one."""
        (asset,) = [key for key in self.instance.all_asset_keys() if key.path[-1] == activation]
        record = self.instance.event_log_storage.get_latest_asset_check_execution_by_key(
            [key := dg.AssetCheckKey(asset, "not_paused")]
        )[key]
        said = record.event.dagster_event.asset_check_evaluation_data
        return None if said.passed else str(said.description)

    def without_validations(self) -> None:
        """Switch the daily validations off."""
        with self.workspace.create_request_context() as context:
            schedules = context.get_code_location(self.location).get_repository(REPOSITORY).get_schedules()
        for schedule in schedules:
            if schedule.name.startswith("validate_"):
                self.pause(schedule.name)

    def _act(self, mutation: str, success: str, **variables: Any) -> dict[str, Any]:
        with self.workspace.create_request_context() as context:
            said = asyncio.run(
                SCHEMA.execute_async(mutation, variable_values=variables, context_value=context)
            )
        assert said.errors is None, said.errors
        (answer,) = said.data.values()
        assert answer["__typename"] == success, answer
        return dict(answer)

    def told(self, asset: str) -> dict[str, dict[str, Any]]:
        """The newest metadata of each partition of an activation."""
        records = self.instance.fetch_materializations(
            dg.AssetKey(asset.split("/")), limit=500, ascending=True
        )
        events = [record.asset_materialization for record in records.records]
        return {
            str(event.partition): {name: value.value for name, value in event.metadata.items()}
            for event in events
            if event is not None
        }


@contextmanager
def daemon(
    home: Path, folder: Path, *, workers: bool = False, validations: bool = False, **changes: Any
) -> Iterator[Daemon]:
    """The daemon of a project on disk, with the shipped settings but for `changes`.

    Runs happen in this process; with `workers`, in processes of their own. Daily validations only where they are wanted.
    """
    home.mkdir(exist_ok=True)
    settings = {**yaml.safe_load(SHIPPED.read_text()), **changes}
    if not workers:
        settings["run_launcher"] = {
            "module": "dagster._core.launcher.sync_in_memory_run_launcher",
            "class": "SyncInMemoryRunLauncher",
        }
    (home / "dagster.yaml").write_text(yaml.safe_dump(settings))
    module = f"{folder.name}.definitions"
    (folder / folder.name / "definitions.py").write_text(DEFINITIONS)
    with (
        added_to_path(folder),
        dg.DagsterInstance.from_config(str(home)) as instance,
        create_test_daemon_workspace_context(_target(module, folder, workers=workers), instance) as workspace,
        time_machine.travel(datetime.now(UTC), tick=True) as clock,
    ):
        made = Daemon(instance, workspace, folder.name, clock)
        if not validations:
            made.without_validations()
        yield made
        servers = workspace._grpc_server_registry
    servers.wait_for_processes()


def _target(module: str, folder: Path, *, workers: bool) -> WorkspaceLoadTarget:
    if workers:
        return ModuleTarget(module, None, str(folder), folder.name)
    origin = LoadableTargetOrigin(
        executable_path=sys.executable, module_name=module, working_directory=str(folder)
    )
    return InProcessWorkspaceLoadTarget(InProcessCodeLocationOrigin(origin, location_name=folder.name))
