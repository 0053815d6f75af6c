"""Schedules: at each tick one run of the activation and everything upstream, for the partition of that instant."""

from collections.abc import Collection

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from activation_platform.components.instants import INSTANT, MAX_AGE
from activation_platform.components.recurrence import Recurrence

__all__ = ["job_name", "job_of", "schedule_of"]

_HOUR = 3600.0


def job_name(activation: str) -> str:
    """The job of an activation."""
    return f"activate_{activation}"


def job_of(name: str, asset: dg.AssetKey, foreign: Collection[dg.AssetKey]) -> UnresolvedAssetJobDefinition:
    """What moves as one run: the activation and everything upstream, but what other tools make (`foreign`)."""
    ours: dg.AssetSelection = dg.AssetSelection.assets(asset).upstream()
    if foreign:
        ours -= dg.AssetSelection.assets(*foreign).upstream()
    return dg.define_asset_job(
        job_name(name),
        selection=ours.materializable(),
        executor_def=dg.in_process_executor,
        tags={"activation": name},
    )


def schedule_of(
    name: str, job: UnresolvedAssetJobDefinition, recurrence: Recurrence
) -> dg.ScheduleDefinition:
    """The schedule of an activation. Its toggle in the UI is the manual pause."""
    running = dg.DefaultScheduleStatus.STOPPED if recurrence.paused else dg.DefaultScheduleStatus.RUNNING
    age = min(recurrence.period.total_seconds(), _HOUR)

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
        key = recurrence.key(instant)
        return dg.RunRequest(
            run_key=key,
            partition_key=key,
            tags={INSTANT: instant.isoformat(), MAX_AGE: str(age), "activation": name},
        )

    return tick
