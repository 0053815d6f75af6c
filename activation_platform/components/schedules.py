"""Schedules: at each tick one run of the activation and everything upstream, for the partition of that instant."""

import dagster as dg

from activation_platform.components.instants import INSTANT, MAX_AGE
from activation_platform.components.recurrence import Recurrence

__all__ = ["schedule_of"]

_HOUR = 3600.0


def schedule_of(name: str, asset: dg.AssetKey, recurrence: Recurrence) -> dg.ScheduleDefinition:
    """The schedule of an activation. Its toggle in the UI is the manual pause."""
    job = dg.define_asset_job(
        f"activate_{name}",
        selection=dg.AssetSelection.assets(asset).upstream().materializable(),
        executor_def=dg.in_process_executor,
        tags={"activation": name},
    )
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
