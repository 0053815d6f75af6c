"""Runs of activations that have ended since the last look, and what they say: why one failed, what one moved."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._core.storage.dagster_run import RunRecord, RunsFilter
from dagster._core.storage.tags import WILL_RETRY_TAG

from activation_platform.components.alerting.channel import shown
from activation_platform.components.alerting.memory import Memory, Newest, News
from activation_platform.contracts.errors import ErrorClass

if TYPE_CHECKING:
    from activation_platform.components.activation import ActivationComponent

__all__ = ["Ended", "class_in", "ended"]

_JUDGED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE)
"""A run that people cancelled says nothing of the health of its activation."""
_OVERLAP = timedelta(minutes=1)
"""Runs may become visible later than the moment that is written on them says."""
_MOST = 1000
_FIGURES = {
    "extracted": "extracted",
    "inserted": "inserted",
    "updated": "updated",
    "deleted": "deleted",
    "source_issues": "source issues",
    "destination_issues": "destination issues",
    "unsent": "unsent",
}


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that ended."""

    activation: str
    asset: dg.AssetKey
    record: RunRecord

    @property
    def failed(self) -> bool:
        """Whether it failed, or was stopped by a guard or a quota."""
        return self.record.dagster_run.status is dg.DagsterRunStatus.FAILURE

    @property
    def at(self) -> float:
        """When (Unix seconds)."""
        return self.record.end_time or self.record.update_timestamp.timestamp()

    def told(self, instance: dg.DagsterInstance) -> News:
        """It as news: class, words, what to do, figures."""
        run_id = self.record.dagster_run.run_id
        path = f"/runs/{run_id}"
        figures = _figures(instance, run_id, self.asset)
        if not self.failed:
            return News(kind="recovered", names=(self.activation,), figures=figures, path=path, at=self.at)
        title, words, remedy = _failure(instance, run_id)
        return News(
            kind="broken",
            names=(self.activation,),
            title=title,
            words=shown(words),
            remedy=shown(remedy),
            figures=figures,
            path=path,
            at=self.at,
        )


def ended(
    instance: dg.DagsterInstance, activations: Sequence["ActivationComponent"], memory: Memory, now: datetime
) -> Iterator[Ended]:
    """What ended since the last look, in that order; of an activation never seen before, its newest run. Remembered as seen."""
    by_key = {one.asset_key: one for one in activations}
    by_name = {one.name: one for one in activations}
    found = []
    for record in _since(instance, memory, now):
        of = _of(record.dagster_run, by_name, by_key)
        found += [Ended(one.name, one.asset_key, record) for one in of if one.name in memory.newest]
    for one in activations:
        if one.name not in memory.newest:
            asked = RunsFilter(tags={"activation": one.name}, statuses=_JUDGED)
            found += [
                Ended(one.name, one.asset_key, record)
                for record in instance.get_run_records(asked, limit=1)
                if not _goes_on(record)
            ]
            memory.newest[one.name] = Newest(ended=0.0, failed=False)
    for run in sorted(found, key=lambda run: run.at):
        if run.at > memory.newest[run.activation].ended:
            memory.newest[run.activation] = Newest(ended=run.at, failed=run.failed)
            yield run
    memory.newest = {name: newest for name, newest in memory.newest.items() if name in by_name}


def _since(instance: dg.DagsterInstance, memory: Memory, now: datetime) -> list[RunRecord]:
    """Ended runs that were touched since then; none at the first look. What is too much for one look is left to the next."""
    if not memory.seen:
        memory.seen = now.timestamp()
        return []
    after = datetime.fromtimestamp(memory.seen, UTC) - _OVERLAP
    asked = RunsFilter(statuses=_JUDGED, updated_after=after)
    records = list(instance.get_run_records(asked, limit=_MOST, order_by="update_timestamp", ascending=True))
    through = records[-1].update_timestamp.replace(tzinfo=UTC) if len(records) == _MOST else now
    memory.seen = through.timestamp()
    return [record for record in records if not _goes_on(record)]


def _goes_on(record: RunRecord) -> bool:
    """Whether Dagster starts it again by itself, because its process died: then that run is the one to judge."""
    return record.dagster_run.tags.get(WILL_RETRY_TAG) == "true"


def _of(
    run: dg.DagsterRun,
    by_name: Mapping[str, "ActivationComponent"],
    by_key: Mapping[dg.AssetKey, "ActivationComponent"],
) -> "list[ActivationComponent]":
    """By its tag; a run that people started on the page of assets has none, but a selection."""
    named = by_name.get(run.tags.get("activation", ""))
    return [by_key[key] for key in run.asset_selection or () if key in by_key] if named is None else [named]


def _failure(instance: dg.DagsterInstance, run_id: str) -> tuple[str, str, str]:
    """Class, words and what to do of a failed run: its failed step's; of a run without one, whatever Dagster says."""
    kinds = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE}
    events = [one.dagster_event for one in instance.all_logs(run_id, of_type=kinds)]
    steps = [one for one in events if one is not None and one.is_step_failure]
    for event in steps:
        said = event.step_failure_data.user_failure_data
        if said is not None and "error_class" in said.metadata:
            title, remedy = (str(said.metadata[name].value) for name in ("error_class", "what_to_do"))
            words, told, page = (said.description or "").removeprefix(f"{title}: ").partition(remedy)
            return title, words, told + page
    if steps:
        data = steps[0].step_failure_data
        said = data.user_failure_data
        why = said.description if said is not None else data.error and data.error.message
        return "Unforeseen", why or "a step failed", "Open the run: its log says where."
    last = next((one.message for one in reversed(events) if one is not None and one.message), "")
    return "Not carried out", last or "the run ended without a word", "Open the run: its log says more."


def class_in(words: str) -> str:
    """The class of error that the words of a check begin with; empty where they begin with none."""
    found = [(words.index(f"{one}: "), one) for one in ErrorClass if f"{one}: " in words]
    return str(min(found)[1]) if found else ""


def _figures(instance: dg.DagsterInstance, run_id: str, asset: dg.AssetKey) -> str:
    """What the run moved, as its activation told it; empty where it did not get that far."""
    kinds = {dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_OBSERVATION}
    for entry in reversed(instance.all_logs(run_id, of_type=kinds)):
        event = entry.dagster_event
        assert event is not None
        told = _metadata(event) if event.asset_key == asset else {}
        if "extracted" in told:
            counts = {words: told[name].value for name, words in _FIGURES.items()}
            return ", ".join(
                f"{count} {words}" for words, count in counts.items() if count or words == "extracted"
            )
    return ""


def _metadata(event: dg.DagsterEvent) -> Mapping[str, Any]:
    if event.is_step_materialization:
        return event.step_materialization_data.materialization.metadata
    observed: Mapping[str, Any] = event.asset_observation_data.asset_observation.metadata
    return observed
