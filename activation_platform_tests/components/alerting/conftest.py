"""Slack and the sensor, for tests of what is told."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest
import time_machine

from activation_platform_tests.components.alerting.slack_stand_in import slack
from activation_platform_tests.components.project import Runner

OPS = """\
type: activation_platform.AlertsComponent
attributes:
  name: ops
  kind: slack
  settings: {webhook_url: env:SLACK_WEBHOOK_URL}
  ui: https://dagster.example.org
"""
"""Alerts for everything."""


@dataclass
class Told:
    """A project whose alerts are told tick by tick, half a minute after one another."""

    runner: Runner
    clock: time_machine.Traveller
    cursor: str | None = None
    reason: str = ""
    repository: Any = field(init=False)

    def __post_init__(self) -> None:
        self.repository = self.runner.defs.get_repository_def()

    def tick(self, *, after: timedelta = timedelta(seconds=31)) -> None:
        """The sensor once more, knowing only what its cursor holds."""
        self.clock.shift(after)
        context = dg.build_sensor_context(
            instance=self.runner.instance, repository_def=self.repository, cursor=self.cursor
        )
        said = self.repository.get_sensor_def("alerts").evaluate_tick(context)
        self.cursor, self.reason = said.cursor, said.skip_message or ""

    def run(self, *assets: str, **options: Any) -> dg.ExecuteInProcessResult:
        """Materialise these, and tell of it."""
        result = self.runner.run(*assets, **options)
        self.tick()
        return result


@pytest.fixture
def people(monkeypatch):
    """Slack, whose webhook the environment names."""
    with slack() as made:
        monkeypatch.setenv("SLACK_WEBHOOK_URL", f"{made.url}/services/T0/B0/secret-part")
        yield made


@pytest.fixture
def telling(project, loaded, people) -> Any:
    """Makes it of a project with more documents, after a first tick."""
    with time_machine.travel(datetime.now(UTC), tick=True) as clock:

        def make(*documents: str) -> Told:
            for document in documents or (OPS,):
                project.also(document)
            told = Told(loaded(project), clock)
            told.tick()
            return told

        yield make


Telling = Callable[..., Told]
