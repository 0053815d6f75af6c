"""Schedules: at each tick one run of an activation and everything upstream; once a day one of the checks of an account."""

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from activation_platform.components.following import foreign
from activation_platform.components.instants import INSTANT, MAX_AGE
from activation_platform.components.pauses import paused_by
from activation_platform.components.recurrence import Recurrence
from activation_platform.components.workspace import Declared, Workspace

if TYPE_CHECKING:
    from activation_platform.components.activation import ActivationComponent

__all__ = ["daily", "job_name", "job_of", "requested", "schedule_of", "validation_job", "validation_of"]

_HOUR = 3600.0
_MINUTES_OF_NIGHT = 120
"""Validations that nobody gave a time are spread over the first two hours of the day."""


def job_name(activation: str) -> str:
    """The job of an activation."""
    return f"activate_{activation}"


def job_of(activation: "ActivationComponent", workspace: Workspace) -> UnresolvedAssetJobDefinition:
    """What moves as one run: the activation and everything upstream, but what other tools make."""
    name, asset, others = activation.name, activation.asset_key, foreign(workspace)
    ours: dg.AssetSelection = dg.AssetSelection.assets(asset).upstream()
    if others:
        ours -= dg.AssetSelection.assets(*others).upstream()
    return dg.define_asset_job(
        job_name(name),
        selection=ours.materializable(),
        executor_def=dg.in_process_executor,
        tags={"activation": name},
    )


def requested(name: str, recurrence: Recurrence, instant: datetime) -> dg.RunRequest:
    """The run of an activation for a scheduled instant."""
    key = recurrence.key(instant)
    age = min(recurrence.period.total_seconds(), _HOUR)
    return dg.RunRequest(
        run_key=key,
        partition_key=key,
        tags={INSTANT: instant.isoformat(), MAX_AGE: str(age), "activation": name},
    )


def schedule_of(
    activation: "ActivationComponent", job: UnresolvedAssetJobDefinition, workspace: Workspace
) -> dg.ScheduleDefinition:
    """The schedule of an activation. Its toggle in the UI is the manual pause; it rests by itself while something is broken."""
    name, recurrence = activation.name, activation.spec.schedule
    running = dg.DefaultScheduleStatus.STOPPED if recurrence.paused else dg.DefaultScheduleStatus.RUNNING

    @dg.schedule(
        name=f"{name}_schedule",
        job=job,
        cron_schedule=list(recurrence.crons),
        execution_timezone=recurrence.timezone,
        default_status=running,
        description=f"Runs {name} and everything upstream. Switch it off to pause the activation.",
    )
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        instant = context.scheduled_execution_time
        if instant < recurrence.first_instant:
            return dg.SkipReason(f"the schedule of {name} starts on {recurrence.first_day}")
        why = paused_by(context.instance, activation, workspace)
        return dg.SkipReason(why) if why else requested(name, recurrence, instant)

    return tick


def validation_job(component: Declared[Any]) -> UnresolvedAssetJobDefinition:
    """The checks of a source or a destination, to be carried out at any time."""
    return dg.define_asset_job(
        f"validate_{component.word}_{component.name}",
        selection=dg.AssetSelection.checks_for_assets(component.asset_key),
        executor_def=dg.in_process_executor,
    )


def validation_of(component: Declared[Any], job: UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    """The daily validation of a source or a destination, at `validate_at` (UTC), or some time before two o'clock."""
    at: str | None = component.spec.validate_at
    if at is None:
        name = f"{component.word}/{component.name}".encode()
        hour, minute = divmod(int(hashlib.sha256(name).hexdigest(), 16) % _MINUTES_OF_NIGHT, 60)
        at = f"{hour:02}:{minute:02}"
    return daily(job, at, f"Validates the {component.word} {component.name} once a day.")


def daily(job: UnresolvedAssetJobDefinition, at: str, description: str) -> dg.ScheduleDefinition:
    """The schedule of a job that runs once a day, at a time like 02:30 (UTC)."""
    hour, minute = map(int, at.split(":"))
    return dg.ScheduleDefinition(
        name=f"{job.name}_daily",
        job=job,
        cron_schedule=f"{minute} {hour} * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=description,
    )
