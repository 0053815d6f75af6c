"""The models, segments and splits of a workspace as conditions see them, and the models that a segment reads."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from activation_platform.components.workspace import Workspace
from activation_platform.segmentation.conditions import AllOf, Condition, NoneOf, read
from activation_platform.segmentation.problems import InvalidCondition
from activation_platform.segmentation.reads import models_read
from activation_platform.segmentation.related import InSegment, Taken
from activation_platform.segmentation.scope import Link, Model, Scope, Segment
from activation_platform.segmentation.splits import Split

if TYPE_CHECKING:
    from activation_platform.components.model import ModelComponent
    from activation_platform.components.segment import SegmentComponent
    from activation_platform.components.split import SplitComponent

__all__ = ["excluded_from", "models_of", "scope_of"]


def scope_of(workspace: Workspace, model: str) -> Scope:
    """Everything that a condition over a model may refer to, as far as it is declared without a fault."""
    whole: Scope = workspace.once("scope", lambda: _scope(workspace))
    return replace(whole, name=model)


def models_of(workspace: Workspace, condition: Condition, own: str) -> "list[ModelComponent]":
    """The models that a condition without problems reads, the one that it is about first."""
    others = models_read(condition, scope_of(workspace, own)) - {own}
    return [workspace.find("model", name) for name in (own, *sorted(others))]


def _scope(workspace: Workspace) -> Scope:
    models = {name: workspace.find("model", name) for name in workspace.names("model")}
    read_models = {name: _model(model, models) for name, model in models.items()}
    return Scope("", read_models, _segments(workspace), _splits(workspace))


def _model(model: "ModelComponent", models: "Mapping[str, ModelComponent]") -> Model:
    relations = {
        name: Link(relation.model, tuple(relation.match.items()))
        for name, relation in model.spec.relations.items()
        if relation.model in models  # the model itself tells its fault
    }
    return Model(_schema(model.columns()), model.key, model.spec.event_time, relations)


def _schema(columns: Mapping[str, pl.DataType | None] | None) -> dict[str, pl.DataType] | None:
    """Columns whose types are all known; None where only the source knows them."""
    known = {name: dtype for name, dtype in (columns or {}).items() if dtype is not None}
    return known if columns is not None and len(known) == len(columns) else None


def excluded_from(segment: "SegmentComponent", lists: Sequence[str]) -> list[str]:
    """Of the segments that a model excludes, those that take rows from this one; they take none from each other."""
    if segment.name in lists:
        return []
    return [name for name in lists if name not in segment.spec.opts_out_of]


def _segments(workspace: Workspace) -> dict[str, Segment]:
    """All segments; those whose condition or limit has a fault tell it themselves."""
    segments: dict[str, Segment] = {}
    for name in workspace.names("segment"):
        component: SegmentComponent = workspace.find("segment", name)
        with suppress(InvalidCondition):
            segments[name] = _segment(component, workspace)
    return segments


def _segment(component: "SegmentComponent", workspace: Workspace) -> Segment:
    """Its conditions and the exclusions come first, then its limit, then what stands before it in a priority list."""
    model: ModelComponent | None = workspace.find("model", component.spec.model)
    excluded = [] if model is None else excluded_from(component, model.spec.exclude)
    before = [] if model is None else model.spec.before(component.name)
    tree, limit = component.tree(workspace), component.spec.limit
    without = [InSegment(segment=one) for one in excluded if workspace.find("segment", one)]
    conditions = [*([] if tree is None and limit else [read(tree)]), *_none_of(without)]
    takes = read({"limit": limit, "of": _all_of(conditions)}) if limit is not None else _all_of(conditions)
    assert takes is not None
    earlier = [Taken(taken_by=one) for one in before if workspace.find("segment", one)]
    return Segment(component.spec.model, _all_of([takes, *_none_of(earlier)]) or takes, takes)


def _none_of(conditions: Sequence[Condition]) -> list[Condition]:
    return [NoneOf(none=tuple(conditions))] if conditions else []


def _all_of(conditions: Sequence[Condition]) -> Condition | None:
    """What holds where each of them does; None of none: of all rows."""
    return AllOf(all=tuple(conditions)) if len(conditions) > 1 else next(iter(conditions), None)


def _splits(workspace: Workspace) -> dict[str, Split]:
    found: list[SplitComponent] = [workspace.find("split", name) for name in workspace.names("split")]
    return {one.name: Split(one.spec.model, one.spec.seed, one.spec.shares) for one in found}
