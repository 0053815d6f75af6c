"""The clockwork of a workspace: every job, every schedule, the watch and the alerts; built once because they share jobs."""

from typing import TYPE_CHECKING, Any

import dagster as dg

from activation_platform.components.alerting.sensor import alerts_of
from activation_platform.components.schedules import job_of, schedule_of, validation_job, validation_of
from activation_platform.components.watch import probe_job, watch_of
from activation_platform.components.workspace import Workspace

if TYPE_CHECKING:
    from activation_platform.components.activation import ActivationComponent

__all__ = ["clockwork"]


def clockwork(workspace: Workspace) -> dg.Definitions:
    """What runs when. Dagster copies the jobs of each component, so what shares a job is built together."""
    jobs: list[Any] = [probe_job(workspace)] if workspace.names("model") else []
    schedules = []
    for word in ("source", "destination"):
        for name in workspace.names(word):
            component = workspace.find(word, name)
            jobs.append(validation_job(component))
            schedules.append(validation_of(component, jobs[-1]))
    for name in workspace.names("activation"):
        activation: ActivationComponent = workspace.find("activation", name)
        jobs.append(job_of(activation, workspace))
        if activation.spec.schedule.timed:
            schedules.append(schedule_of(activation, jobs[-1], workspace))
    sensors = [watch_of(jobs, workspace), *([alerts_of(workspace)] if workspace.names("alerts") else [])]
    return dg.Definitions(jobs=jobs, schedules=schedules, sensors=sensors)
