"""Retention in the workspace: for how long what runs leave behind is kept, and that it goes by itself (docs/storage.md)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

import dagster as dg
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES
from pydantic import BaseModel, Field

from activation_platform.components.frames import Frames
from activation_platform.components.instants import ids_of
from activation_platform.components.shown import masked
from activation_platform.components.spans import Keeping, kept_for
from activation_platform.components.workspace import Declared, Fault, Workspace
from activation_platform.sync.retention import Spans, prune
from activation_platform.sync.store import Store

if TYPE_CHECKING:
    from activation_platform.components.activation import ActivationComponent

__all__ = [
    "LogsSpec",
    "RetentionComponent",
    "RetentionSpec",
    "in_use",
    "prune_frames",
    "prune_logs",
    "retention_faults",
    "retention_of",
    "spans_of",
]

_A_DAY = 86_400.0
"""Seconds between two looks at a ledger: to list years of files takes longer than many a run."""
_WHY = {
    "changes": "what happened in them is kept for {}",
    "issues": "what went wrong in them is kept for {}",
    "keep_past": "the ledger can be seen as it was after them for {}",
}
"""What would be told of runs that nobody knows any more."""


class LogsSpec(dg.Model):
    """For how long the logs of an activation are kept; what is left out is as the workspace says. See docs/storage.md."""

    runs: Keeping | None = Field(default=None, description="The figures of its runs.")
    changes: Keeping | None = Field(default=None, description="Everything that happened, key by key.")
    issues: Keeping | None = Field(default=None, description="What went wrong, key by key.")


class RetentionSpec(dg.Model):
    """For how long what runs leave behind is kept, as spans (12h, 90d) or forever. See docs/storage.md."""

    runs: Keeping = Field(default="400d", description="The figures of runs.")
    changes: Keeping = Field(default="90d", description="Everything that happened, key by key.")
    issues: Keeping = Field(default="90d", description="What went wrong, key by key.")
    snapshots: Keeping = Field(default="7d", description="The rows of models and segments as they were.")
    set_aside: Keeping = Field(
        default="90d", description="Ledgers that activation reset took out of the way."
    )


class RetentionComponent(Declared[RetentionSpec]):
    """For how long what runs leave behind is kept; without it, for as long as its attributes say by themselves."""

    word: ClassVar[str] = "retention"
    spec_class: ClassVar[type[BaseModel]] = RetentionSpec

    @property
    def name(self) -> str:
        """There is one, and nothing refers to it."""
        return self.word

    def faults(self, workspace: Workspace) -> Iterator[Fault]:
        """Runs that are forgotten while something is still told of them."""
        del workspace
        spec = self.spec
        given = spec.model_fields_set
        for name, words in _contradictions(spec.runs, {"changes": spec.changes, "issues": spec.issues}):
            yield Fault((name if name in given else "runs",), words)

    def build(self, workspace: Workspace) -> dg.Definitions:
        """Nothing of its own: runs prune what they left behind."""
        del workspace
        return dg.Definitions()


def retention_of(workspace: Workspace) -> RetentionSpec:
    """As declared, or what holds where nobody says anything."""
    declared: RetentionComponent | None = workspace.find(RetentionComponent.word, RetentionComponent.word)
    return RetentionSpec() if declared is None else declared.spec


def spans_of(workspace: Workspace, activation: "ActivationComponent | None" = None) -> Spans:
    """The spans for the ledgers of an activation; None: of one that is not declared."""
    kept = _kept(workspace, LogsSpec() if activation is None else activation.spec.retention)
    return Spans(**{one.name: kept_for(kept[one.name]) for one in fields(Spans)})


def retention_faults(activation: "ActivationComponent", workspace: Workspace) -> Iterator[Fault]:
    """Runs of an activation that are forgotten while something is still told of them."""
    spec, own = activation.spec, activation.spec.retention.model_fields_set
    kept = _kept(workspace, spec.retention)
    told = {name: kept[name] for name in ("changes", "issues") if {name, "runs"} & own}
    for name, words in _contradictions(kept["runs"], {**told, "keep_past": spec.keep_past}):
        if name in own:
            yield Fault(("retention", name), words)
        else:
            yield Fault(("retention", "runs") if "runs" in own else (name,), words)


def _kept(workspace: Workspace, own: LogsSpec) -> dict[str, str]:
    return retention_of(workspace).model_dump() | own.model_dump(exclude_none=True)


def _contradictions(runs: str, told: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, text in told.items():
        if _length(text) > _length(runs):
            yield name, f"{_WHY[name].format(text)}, but the runs for {runs}; keep runs for {text}, too"


def _length(text: str) -> timedelta:
    span = kept_for(text)
    return timedelta.max if span is None else span


def prune_logs(
    context: dg.AssetExecutionContext, activation: "ActivationComponent", workspace: Workspace, root: Store
) -> None:
    """Remove what the ledgers of an activation have kept long enough; call it under its lock, when its run is over."""
    with _harmless(context):
        gone = prune(root, activation.name, spans_of(workspace, activation), pause=_A_DAY)
        if gone:
            context.log.info("%d files that were kept long enough are removed (docs/storage.md)", len(gone))


def prune_frames(context: dg.AssetExecutionContext, frames: Frames, workspace: Workspace) -> None:
    """Remove the snapshots of a model or segment that were kept long enough; call it under its lock."""
    span = kept_for(retention_of(workspace).snapshots)
    if span is not None:
        with _harmless(context):
            frames.prune(span, lambda: in_use(context.instance))


def in_use(instance: dg.DagsterInstance) -> set[str]:
    """The runs whose snapshots must stay: those that have not ended, and those that they do again (SEMANTICS E1)."""
    unfinished = instance.get_runs(dg.RunsFilter(statuses=NOT_FINISHED_STATUSES))
    return {run_id for run in unfinished for run_id in ids_of(run)}


@contextmanager
def _harmless(context: dg.AssetExecutionContext) -> Iterator[None]:
    """A run that has done its work does not fail because of what others have left."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 -- whatever it is, the next run tries again
        context.log.warning("what was kept long enough could not be removed: %s", masked(str(error)))
