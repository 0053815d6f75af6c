"""The models and segments of a workspace as conditions see them, and the models that a segment reads."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from activation_platform.components.workspace import Workspace
from activation_platform.segmentation.conditions import Condition, read
from activation_platform.segmentation.problems import InvalidCondition
from activation_platform.segmentation.reads import models_read
from activation_platform.segmentation.scope import Link, Model, Scope, Segment

if TYPE_CHECKING:
    from activation_platform.components.model import ModelComponent
    from activation_platform.components.segment import SegmentComponent

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
    return Scope("", {name: _model(model, models) for name, model in models.items()}, _segments(workspace))


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
    """All segments; those whose condition has a fault tell it themselves."""
    segments: dict[str, Segment] = {}
    for name in workspace.names("segment"):
        component: SegmentComponent = workspace.find("segment", name)
        model: ModelComponent | None = workspace.find("model", component.spec.model)
        declared = [] if model is None else model.spec.exclude
        lists = [one for one in excluded_from(component, declared) if workspace.find("segment", one)]
        without = [{"none": [{"segment": one} for one in lists]}] if lists else []
        tree = component.tree(workspace)
        with suppress(InvalidCondition):
            condition = read({"all": [tree, *without]} if without else tree)
            segments[name] = Segment(component.spec.model, condition)
    return segments
