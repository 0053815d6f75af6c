"""Models and segments whose rows stay in their warehouse: what is asked of it instead of reading a snapshot."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import dagster as dg
import polars as pl
from sqlglot import exp

from activation_platform.components.checks import Census
from activation_platform.components.frames import Snapshot
from activation_platform.components.scopes import scope_of
from activation_platform.components.shown import masked
from activation_platform.components.workspace import Workspace
from activation_platform.contracts.errors import ActivationError, DeclarationError
from activation_platform.contracts.modes import Engine
from activation_platform.contracts.source import Source
from activation_platform.segmentation.compile import compile_condition
from activation_platform.segmentation.problems import InvalidCondition
from activation_platform.sources.delta import DeltaTable
from activation_platform.sources.relation import Relation, column
from activation_platform.sources.schemas import publish
from activation_platform.sync.in_warehouse import InWarehouse
from activation_platform.sync.ledger import Ledger

if TYPE_CHECKING:
    from activation_platform.components.activation import ActivationComponent
    from activation_platform.components.model import ModelComponent
    from activation_platform.components.segment import SegmentComponent

__all__ = ["fitting", "kept_open", "members", "rows_of", "show"]


@contextmanager
def fitting(segment: "SegmentComponent") -> Iterator[None]:
    """Say of a condition that does not fit the model's columns what to do about it."""
    try:
        yield
    except InvalidCondition as invalid:
        raise DeclarationError(
            f"the condition of {segment.name} does not fit the model's columns: {invalid}",
            remedy="Correct the segment, or the model's columns.",
        ) from invalid


@dataclass(frozen=True, slots=True)
class _There:
    """Models as their warehouse names them: each by its own query, letter by letter."""

    relations: Mapping[str, Relation]

    def rows(self, model: str) -> exp.Expr:
        return self.relations[model].select().subquery("row")

    def column(self, model: str, field: str) -> exp.Condition:
        del model
        return column(field)

    def written(self, model: str, field: str, dtype: pl.DataType) -> exp.Expr:
        del dtype
        return self.relations[model].written(field)


def members(segment: "SegmentComponent", workspace: Workspace, source: Source, now: datetime) -> Relation:
    """The rows of its model that belong to a segment at an instant."""
    there = {model.name: model.relation(source) for model in segment.models(workspace)}
    scope = scope_of(workspace, segment.spec.model)
    read_there = {name: replace(scope.models[name], schema=rows.schema) for name, rows in there.items()}
    scope = replace(scope, models={**scope.models, **read_there})
    with fitting(segment):
        where = compile_condition(segment.condition(workspace), scope, now=now, naming=_There(there))
        return replace(there[segment.spec.model], where=where)


def kept_open(model: "ModelComponent | None", workspace: Workspace) -> list[str]:
    """The keys of the resources that runs over a model's rows need of its source: none where its frames are all they read."""
    if model is None or model.spec.engine is Engine.FRAMES:
        return []
    return [workspace.find("source", model.spec.source).resource_key]


def show(
    context: dg.AssetExecutionContext,
    source: Source,
    relation: Relation,
    word: str,
    name: str,
    snapshot: Snapshot,
    census: Census,
) -> None:
    """Show a model or segment to people, in the schemas `activation_segments` and `activation_stats`; warns where that fails."""
    counts = (census.rows, census.keyed, census.distinct)
    try:
        publish(source, relation, word, name, snapshot=snapshot.number, as_of=snapshot.instant, counts=counts)
    except ActivationError as error:
        context.log.warning("the %s %s is not shown in the warehouse: %s", word, name, masked(str(error)))


@contextmanager
def rows_of(
    activation: "ActivationComponent",
    workspace: Workspace,
    resources: Any,
    snapshot: Snapshot,
    ledger: Ledger,
) -> Iterator[tuple[pl.LazyFrame, InWarehouse | None]]:
    """The rows that an activation keeps its destination in step with.

    Where they stay in their warehouse, they are those of the snapshot's instant as they are now, and there is something beside
    them that finds out there which of them may differ.
    """
    model = activation.model(workspace)
    assert model is not None
    if Engine.FRAMES in (snapshot.engine, model.spec.engine):
        yield snapshot.scan(), None
        return
    source: Source = getattr(resources, workspace.find("source", model.spec.source).resource_key)
    whole = model.relation(source)
    segment = workspace.find("segment", activation.spec.segment or "")
    rows = whole if segment is None else members(segment, workspace, source, snapshot.instant)

    def empty() -> None:
        if not model.spec.may_be_empty and not whole.count(source, model.key)[0]:
            raise DeclarationError(
                f"the model {model.name} has no rows any more",
                remedy="If that is right, declare may_be_empty: true.",
            )

    room = ledger.folder.scratch("fetched")
    try:
        yield rows.scan(source), InWarehouse(DeltaTable(source, rows, ledger.folder.name), room, empty)
    finally:
        shutil.rmtree(room, ignore_errors=True)
