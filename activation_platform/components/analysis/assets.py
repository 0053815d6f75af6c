"""The analyses of a segment as assets: `analysis/<segment>/…`, downstream of it and made whenever it is."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import dagster as dg

from activation_platform.components.analysis.breakdown import breakdown_of
from activation_platform.components.analysis.history import History, Record
from activation_platform.components.analysis.overlap import overlap_of
from activation_platform.components.analysis.subject import Subject, combinations_of
from activation_platform.components.analysis.words import moment
from activation_platform.components.following import followers, when_other
from activation_platform.components.frames import Snapshot
from activation_platform.components.instants import run_ids
from activation_platform.components.launchers import require_shared_storage
from activation_platform.components.shown import escaped, markdown_table, told_plainly
from activation_platform.components.staying import kept_open
from activation_platform.components.storage import storage_root
from activation_platform.components.workspace import Workspace
from activation_platform.contracts.modes import Engine
from activation_platform.contracts.source import Source

if TYPE_CHECKING:
    from activation_platform.components.segment import SegmentComponent

__all__ = ["analyses"]

_SHOWN = 20

_Metadata = Iterator[tuple[str, Any]]


@dataclass(frozen=True)
class _Desk:
    """What an analysis has in hand while it is made."""

    segment: "SegmentComponent"
    workspace: Workspace
    source: Source | None
    run_ids: Sequence[str]
    held: ExitStack
    """What it reads is not pruned before this ends."""

    def subject(self, segment: "SegmentComponent") -> Subject:
        """A segment as this run sees it: what it made itself, else the newest snapshot."""
        return self.at(segment, self.held.enter_context(segment.frames.read_by(self.run_ids)))

    def at(self, segment: "SegmentComponent", snapshot: Snapshot) -> Subject:
        """A segment at one of its snapshots."""
        return Subject.of(segment, self.workspace, snapshot, self.source)


def analyses(segment: "SegmentComponent", workspace: Workspace) -> dg.Definitions:
    """The assets of a segment's analysis, and the sensor that makes them when the segment is new."""
    spec, assets = segment.spec.analysis, []
    if spec.breakdowns:
        told = f"How the rows of {segment.name} spread over {', '.join(spec.breakdowns)}."
        assets.append(_asset(segment, workspace, "breakdowns", told, partial(_breakdowns, spec.breakdowns)))
    if spec.overlap_with:
        others = [workspace.find("segment", name) for name in spec.overlap_with]
        told = f"Who of {segment.name} is also in {', '.join(spec.overlap_with)}."
        assets.append(_asset(segment, workspace, "overlap", told, partial(_overlap, others), others))
    if spec.history:
        told = f"Who entered {segment.name} and who left it, and when."
        assets.append(_asset(segment, workspace, "history", told, _history))
    specs = [one for asset in assets for one in asset.specs]
    return dg.Definitions(assets=assets, sensors=followers(f"analysis__{segment.name}", *specs))


def _asset(
    segment: "SegmentComponent",
    workspace: Workspace,
    word: str,
    description: str,
    metadata: Callable[[_Desk], _Metadata],
    others: "Sequence[SegmentComponent]" = (),
) -> dg.AssetsDefinition:
    """One analysis; `others`: segments beside its own that it is made of."""
    upstream = [one.asset_key for one in (segment, *others)]
    sources = kept_open(workspace.find("model", segment.spec.model), workspace)
    spec = dg.AssetSpec(
        key=dg.AssetKey(["analysis", segment.name, word]),
        deps=upstream,
        automation_condition=when_other(*upstream),
        group_name="analysis",
        kinds={"polars"},
        description=description,
        owners=segment.spec.owners,
    )

    @dg.multi_asset(name=f"analysis__{segment.name}__{word}", specs=[spec], required_resource_keys={*sources})
    def materialise(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        source = next((getattr(context.resources, key) for key in sources), None)
        with told_plainly(), ExitStack() as held:
            require_shared_storage(context.instance)
            desk = _Desk(segment, workspace, source, run_ids(context), held)
            return dg.MaterializeResult(metadata=dict(metadata(desk)))

    return materialise


def _breakdowns(fields: Sequence[str], desk: _Desk) -> _Metadata:
    subject = desk.subject(desk.segment)
    yield "made_of", _made_of([subject])
    for field in fields:
        yield from breakdown_of(field, subject.values(field)).metadata()


def _overlap(others: "Sequence[SegmentComponent]", desk: _Desk) -> _Metadata:
    subjects = [desk.subject(one) for one in (desk.segment, *others)]
    yield "made_of", _made_of(subjects)
    yield from overlap_of([one.name for one in subjects], combinations_of(subjects)).metadata()


def _history(desk: _Desk) -> _Metadata:
    """Record every kept snapshot that is not recorded yet and can be."""
    history = History(storage_root(), desk.segment.name)
    with history.lock():
        known = 0 if history.newest is None else history.newest.snapshot
        records = [history.record(one.snapshot, one.keys) for one in _recordable(desk, known)]
        members = 0 if history.newest is None else history.newest.members
    yield "recorded_snapshots", len(records)
    yield "entered", sum(one.entered for one in records)
    yield "left", sum(one.left for one in records)
    yield "members", members
    yield "files", f"{history.folder}/*/changes-*.parquet"
    if records:
        yield "changes", _changes(records)


def _recordable(desk: _Desk, known: int) -> Iterator[Subject]:
    """The segment at its snapshots after one: those that have today's key, and of rows that stayed elsewhere the newest alone."""
    segment, snapshots = desk.segment, desk.segment.frames.since(known)
    key = desk.workspace.find("model", segment.spec.model).key
    for snapshot in snapshots:
        readable = snapshot.engine is Engine.FRAMES or snapshot is snapshots[-1]
        if readable and {*key} <= {*snapshot.schema}:
            with segment.frames.reading(desk.run_ids[0], snapshot):
                yield desk.at(segment, snapshot)


def _made_of(subjects: Sequence[Subject]) -> dg.MetadataValue:
    """Which snapshots an analysis is of."""
    rows = [[escaped(one.name), str(one.snapshot.number), moment(one.snapshot.instant)] for one in subjects]
    return dg.MetadataValue.md(markdown_table(["segment", "snapshot", "as of (UTC)"], rows))


def _changes(records: Sequence[Record]) -> dg.MetadataValue:
    """What snapshots changed; numbers, never a key."""
    numbers = ([f"{n:,}" for n in (one.entered, one.left, one.members)] for one in records)
    rows = [
        [str(one.snapshot), moment(one.instant), *told] for one, told in zip(records, numbers, strict=True)
    ][-_SHOWN:]
    return dg.MetadataValue.md(
        markdown_table(["snapshot", "as of (UTC)", "entered", "left", "members"], rows)
    )
