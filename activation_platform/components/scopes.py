"""The models, segments and splits of a workspace as conditions see them, and the models that a segment reads."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from activation_platform.components.workspace import Workspace
from activation_platform.contracts.modes import Engine
from activation_platform.segmentation.computed import Computed, read_computed
from activation_platform.segmentation.conditions import AllOf, Condition, NoneOf, read
from activation_platform.segmentation.definitions import typed
from activation_platform.segmentation.fields import UNTOLD
from activation_platform.segmentation.problems import InvalidCondition
from activation_platform.segmentation.reads import models_read
from activation_platform.segmentation.related import InSegment, Taken
from activation_platform.segmentation.scope import Link, Model, Scope, Segment
from activation_platform.segmentation.splits import Split

if TYPE_CHECKING:
    from activation_platform.components.model import ModelComponent
    from activation_platform.components.segment import SegmentComponent
    from activation_platform.components.split import SplitComponent

__all__ = ["apart", "excluded_from", "fields_of", "models_of", "scope_of"]


def scope_of(workspace: Workspace, model: str) -> Scope:
    """Everything that a condition over a model may refer to, as far as it is declared without a fault."""
    whole: Scope = workspace.once("scope", lambda: _scope(workspace))
    return replace(whole, name=model)


def models_of(
    workspace: Workspace, condition: Condition | None, own: str, fields: Iterable[str] = ()
) -> "list[ModelComponent]":
    """The models that a condition, and computed fields of its model, are made of, the one that it is about first."""
    others = models_read(condition, scope_of(workspace, own), fields) - {own}
    return [workspace.find("model", name) for name in (own, *sorted(others))]


def apart(models: "Sequence[ModelComponent]") -> Iterator[str]:
    """Say of models that no one engine can read together with the first what to do."""
    own, *others = models
    for other in others:
        stays, lies = own.spec.engine, other.spec.engine
        if stays is not lies or (stays is Engine.WAREHOUSE and own.spec.source != other.spec.source):
            words = f"{own.name} ({stays}, {own.spec.source}) and {other.name} ({lies}, {other.spec.source})"
            yield f"is about {words}, whose rows are never in one place: give both engine: frames"


def fields_of(workspace: Workspace, model: "ModelComponent") -> Mapping[str, pl.DataType | None] | None:
    """The columns and computed fields of a model, and their types where they are known; None: only the source knows."""
    columns = model.columns()
    if columns is None:
        return None
    schema = scope_of(workspace, model.name).model.schema or {}
    made = {name: schema.get(name, UNTOLD) for name in model.spec.computed}
    return {**columns, **{name: None if dtype == UNTOLD else dtype for name, dtype in made.items()}}


def _scope(workspace: Workspace) -> Scope:
    models = {name: workspace.find("model", name) for name in workspace.names("model")}
    read_models = {name: _model(model, models) for name, model in models.items()}
    segments = _segments(workspace)
    unread = frozenset(workspace.names("segment")) - segments.keys()
    return typed(Scope("", read_models, segments, _splits(workspace), unread))


def _model(model: "ModelComponent", models: "Mapping[str, ModelComponent]") -> Model:
    relations = {
        name: Link(relation.model, tuple(relation.match.items()))
        for name, relation in model.spec.relations.items()
        if relation.model in models
    }
    schema, computed = _schema(model.columns()), _computed(model)
    if schema is not None:
        schema |= {name: UNTOLD for name in model.spec.computed if name not in computed}
    astray = frozenset(model.spec.relations) - relations.keys()
    return Model(schema, model.key, model.spec.event_time, relations, computed, astray)


def _computed(model: "ModelComponent") -> dict[str, Computed]:
    """The computed fields that can be read; of the others, the model tells the fault."""
    found: dict[str, Computed] = {}
    for name, tree in model.spec.computed.items():
        with suppress(InvalidCondition):
            found[name] = read_computed(tree)
    return found


def _schema(columns: Mapping[str, pl.DataType | None] | None) -> dict[str, pl.DataType] | None:
    """Columns, of an untold type where only the source knows it; None where it alone knows the columns, too."""
    return None if columns is None else {name: dtype or UNTOLD for name, dtype in columns.items()}


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
