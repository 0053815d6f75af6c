"""The watch: a sensor that says on pages what pauses activations, probes what is broken, and runs what was held back."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._core.scheduler.instigation import InstigatorStatus
from dagster._core.storage.dagster_run import RunsFilter
from dagster._core.storage.tags import AUTOMATION_CONDITION_TAG, PARTITION_NAME_TAG

from activation_platform.components.inputs import models_behind
from activation_platform.components.pauses import Told, culprits, tell, told, verdict
from activation_platform.components.schedules import job_name, requested, validation_job
from activation_platform.components.spans import span_of
from activation_platform.components.standing import Broken
from activation_platform.components.workspace import Declared, Workspace

if TYPE_CHECKING:
    from activation_platform.components.activation import ActivationComponent

__all__ = ["PROBE", "RESUMES", "held_back", "probe_job", "switched_on", "watch_of"]

PROBE, RESUMES = "activation_platform/probe", "activation_platform/resumes"
"""Run tags: what is tried out; the pause whose end let the run begin."""
_BY_NEW_DATA = {AUTOMATION_CONDITION_TAG: "true"}
"""What follows its data goes on with what new data had started, not a person."""
_PROBES = "probe"
_SECONDS = 30
_MADE = ("model", "segment")
"""What is probed by making it; the others have a check of their own."""


def watch_of(jobs: Sequence[Any], workspace: Workspace) -> dg.SensorDefinition:
    """The sensor of a workspace. `jobs`: whatever it may start."""

    @dg.sensor(
        name="watch",
        jobs=jobs,
        minimum_interval_seconds=_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Pauses what stands on something broken, finds out when it is mended, and lets it go on.",
    )
    def watch(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        return dg.SensorResult(run_requests=list(_evaluated(context.instance, workspace)))

    return watch


def probe_job(workspace: Workspace) -> Any:
    """The job that makes single models and segments anew."""
    made = [one.asset_key for word in _MADE for one in workspace.by_word.get(word, {}).values()]
    return dg.define_asset_job(
        _PROBES, selection=dg.AssetSelection.assets(*made), executor_def=dg.in_process_executor
    )


def _activations(workspace: Workspace) -> list["ActivationComponent"]:
    return [workspace.find("activation", name) for name in workspace.names("activation")]


def _evaluated(instance: dg.DagsterInstance, workspace: Workspace) -> Iterator[dg.RunRequest]:
    activations, now = _activations(workspace), datetime.now(UTC)
    broken, pages = culprits(instance, activations, workspace), told(instance, activations)
    on = switched_on(instance, activations)
    waiting: dict[tuple[str, str], list[Broken]] = {}
    for activation in activations:
        below, page = broken[activation.name], pages.get(activation.name)
        if below:
            if page is None or page.since is None or page.words != verdict(below).description:
                tell(instance, activation, below)
            if activation.name in on and _waits(instance, activation, below, now):
                for one in below:
                    waiting.setdefault(_tried_by(one, workspace), []).append(one)
        elif page is not None and page.since is not None:
            again = _again(instance, activation, workspace, page, now) if activation.name in on else None
            if again is None:
                tell(instance, activation, below)
            else:
                yield again
    for (word, name), failures in waiting.items():
        yield from _probe(workspace.find(word, name), workspace, failures, now)


def _tried_by(broken: Broken, workspace: Workspace) -> tuple[str, str]:
    """The word and name of what is probed: a mapping is held against the account by the check of its destination."""
    if broken.word == "activation":
        return "destination", workspace.find("activation", broken.name).spec.destination
    return broken.word, broken.name


def switched_on(instance: dg.DagsterInstance, activations: Iterable["ActivationComponent"]) -> frozenset[str]:
    """The activations whose schedule, or sensor, people have not switched off."""
    kept = instance.all_instigator_state() if instance.schedule_storage is not None else []
    states = {
        state.instigator_name: state.is_running
        for state in kept
        if state.status is not InstigatorStatus.DECLARED_IN_CODE
    }
    return frozenset(
        one.name
        for one in activations
        if states.get(_switch(one), not one.spec.schedule.paused) and _runs_by_itself(one)
    )


def _runs_by_itself(activation: "ActivationComponent") -> bool:
    schedule = activation.spec.schedule
    return schedule.timed or schedule.follow is not None


def _switch(activation: "ActivationComponent") -> str:
    return f"{activation.name}_{'schedule' if activation.spec.schedule.timed else 'follows'}"


def _waits(
    instance: dg.DagsterInstance, activation: "ActivationComponent", below: Sequence[Broken], now: datetime
) -> bool:
    """Whether there is something that it would do."""
    if not activation.spec.schedule.timed:
        return True
    return held_back(instance, activation, min(one.since for one in below), now) is not None


def held_back(
    instance: dg.DagsterInstance, activation: "ActivationComponent", since: datetime, now: datetime
) -> str | None:
    """The partition whose run failed after a pause had begun, or, of the newest, whose tick was skipped.

    What only follows its data has no ticks: its newest run counts, and of data that came since its condition knows.
    """
    schedule = activation.spec.schedule
    key = schedule.newest(now) if schedule.timed else None
    if schedule.timed and key is None:
        return None
    tags = {"activation": activation.name} | ({} if key is None else {PARTITION_NAME_TAG: key})
    newest = next(iter(instance.get_run_records(RunsFilter(tags=tags), limit=1)), None)
    if newest is None:
        return key if key is not None and schedule.instant(key) >= since else None
    failed = newest.dagster_run.status is dg.DagsterRunStatus.FAILURE
    if not failed or (newest.end_time or 0.0) < since.timestamp():
        return None
    return newest.dagster_run.tags.get(PARTITION_NAME_TAG)


def _again(
    instance: dg.DagsterInstance,
    activation: "ActivationComponent",
    workspace: Workspace,
    page: Told,
    now: datetime,
) -> dg.RunRequest | None:
    """The run that was held back; None where there is none, or it was let go already."""
    assert page.since is not None
    name, schedule = activation.name, activation.spec.schedule
    tags = {"activation": name, RESUMES: str(page.number)}
    if instance.get_run_records(RunsFilter(tags=tags), limit=1):
        return None
    key = held_back(instance, activation, page.since, now)
    if key is not None and schedule.timed:
        request = requested(name, schedule, schedule.instant(key))
    elif key is not None:
        request = dg.RunRequest(partition_key=key, asset_selection=[activation.asset_key], tags=_BY_NEW_DATA)
    elif not schedule.timed and _unmade(instance, activation, workspace, page.since):
        key = schedule.newest(now)
        request = dg.RunRequest(partition_key=key, tags=_BY_NEW_DATA)
    else:
        return None
    return request.with_replaced_attrs(
        run_key=f"{name}/{key}/{page.number}", job_name=job_name(name), tags={**request.tags, **tags}
    )


def _unmade(
    instance: dg.DagsterInstance, activation: "ActivationComponent", workspace: Workspace, since: datetime
) -> bool:
    """Whether what it follows was to be made after the pause had begun, and could not be: its source was to blame."""
    upstream = activation.upstream(workspace)
    made = {one.asset_key for one in (upstream, *models_behind(activation, workspace)) if one is not None}
    ended = RunsFilter(
        statuses=[dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE], updated_after=since
    )
    newest = (
        record.dagster_run
        for record in instance.get_run_records(ended)
        if made.intersection(record.dagster_run.asset_selection or ())
    )
    return any(run.status is dg.DagsterRunStatus.FAILURE for run in islice(newest, 1))


def _probe(
    component: Declared[Any], workspace: Workspace, failures: Sequence[Broken], now: datetime
) -> Iterator[dg.RunRequest]:
    """Try out whether it is mended: at most once in every `probe_every` since it broke."""
    since = min(one.since for one in failures)
    count = (now - since) // _probe_every(component, workspace)
    if count < 1:
        return
    who = f"{component.word} {component.name}"
    made = component.word in _MADE
    yield dg.RunRequest(
        run_key=f"{who}/{since.timestamp():.0f}/{count}",
        job_name=_PROBES if made else validation_job(component).name,
        asset_selection=[component.asset_key] if made else None,
        tags={PROBE: who},
    )


def _probe_every(component: Declared[Any], workspace: Workspace) -> timedelta:
    """As its source or destination says."""
    if component.word == "segment":
        component = workspace.find("model", component.spec.model)
    if component.word == "model":
        component = workspace.find("source", component.spec.source)
    return span_of(component.spec.probe_every)
