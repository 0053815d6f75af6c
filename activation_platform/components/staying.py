"""Models and segments whose rows stay in their warehouse: what is asked of it instead of reading a snapshot."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import dagster as dg
import polars as pl
from sqlglot import exp

from activation_platform.components.checks import Census
from activation_platform.components.frames import Snapshot
from activation_platform.components.happened import fetched_once, perhaps_owned
from activation_platform.components.inputs import computed_columns, models_behind
from activation_platform.components.scopes import scope_of
from activation_platform.components.shown import masked
from activation_platform.components.workspace import Workspace
from activation_platform.contracts.errors import ActivationError, DeclarationError
from activation_platform.contracts.modes import Engine, ModelKind
from activation_platform.contracts.source import Source
from activation_platform.segmentation.columns import of_base
from activation_platform.segmentation.compile import compile_condition, compile_source
from activation_platform.segmentation.conditions import Condition
from activation_platform.segmentation.definitions import typed
from activation_platform.segmentation.evaluate import Snapshots, evaluate
from activation_platform.segmentation.problems import InvalidCondition
from activation_platform.segmentation.scope import Scope
from activation_platform.segmentation.why import Told
from activation_platform.sources.delta import DeltaTable
from activation_platform.sources.dialect import dialect_of
from activation_platform.sources.relation import Relation, column
from activation_platform.sources.schemas import publish
from activation_platform.sync.in_warehouse import InWarehouse
from activation_platform.sync.keys import key_of
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.order import Window

if TYPE_CHECKING:
    from activation_platform.components.activation import ActivationComponent
    from activation_platform.components.model import ModelComponent
    from activation_platform.components.segment import SegmentComponent

__all__ = ["ChosenThere", "There", "fitting", "kept_open", "members", "rows_of", "show"]


@contextmanager
def fitting(component: "SegmentComponent | ActivationComponent") -> Iterator[None]:
    """Say of a condition, or of computed fields, that do not fit the models' columns what to do about it."""
    try:
        yield
    except InvalidCondition as invalid:
        raise DeclarationError(
            f"the {component.word} {component.name} does not fit the models' columns: {invalid}",
            remedy="Correct it, the models' computed fields, or their columns.",
        ) from invalid


@dataclass(frozen=True)
class There:
    """Models as their warehouse names them: each by its own query, letter by letter.

    `declared`: what is said of the models beside their columns, which are those of the relations.
    """

    relations: Mapping[str, Relation]
    declared: Scope

    @classmethod
    def of(cls, models: "Sequence[ModelComponent]", workspace: Workspace, source: Source) -> "There":
        """Models as they are now, seen from the first of them."""
        relations = {model.name: model.relation(source) for model in models}
        return cls(relations, scope_of(workspace, models[0].name))

    @property
    def own(self) -> Relation:
        """The rows that conditions are about."""
        return self.relations[self.declared.name]

    @cached_property
    def scope(self) -> Scope:
        """All models, with the columns that their relations have, and the computed fields."""
        return typed(self.declared, {name: relation.schema for name, relation in self.relations.items()})

    def rows(self, model: str) -> exp.Expr:
        """Its query."""
        return self.relations[model].select().subquery("row")

    def column(self, model: str, field: str) -> exp.Condition:
        """A column of its query."""
        del model
        return column(field)

    def written(self, model: str, field: str, dtype: pl.DataType) -> exp.Expr:
        """A column of a key as text."""
        del dtype
        return self.relations[model].written(field)


@dataclass(frozen=True)
class ChosenThere:
    """The rows with a primary key, written as one text, where they stay."""

    source: Source
    naming: There
    key: str

    @property
    def scope(self) -> Scope:
        """Of the models."""
        return self.naming.scope

    def told(self, query: exp.Select, fields: Sequence[str], most: int) -> tuple[int, Sequence[Told]]:
        """How many there are; what a query answers of the first, and the fields of these."""
        dialect, own = dialect_of(self.source.dialect), self.naming.own
        key = of_base(own.key(key_of(self.scope.model.key, own.schema).columns))
        held = [of_base(column(field)).as_(f"held{number}") for number, field in enumerate(fields)]
        asked = query.select(key.as_("key"), *held).where(key.eq(exp.Literal.string(self.key)))
        names = asked.named_selects
        rows, told = 0, list[Told]()
        for frame in self.source.read(dialect.written(dialect.conditions(asked))):
            answers = frame.rename(dict(zip(frame.columns, names, strict=True)))
            # a warehouse may take keys for equal that are not
            answers = answers.filter(pl.col("key").cast(pl.String) == self.key)
            rows += answers.height
            for answer in answers.head(most - len(told)).iter_rows(named=True):
                told.append((answer, {field: answer[f"held{n}"] for n, field in enumerate(fields)}))
        return rows, told


def members(segment: "SegmentComponent", workspace: Workspace, source: Source, now: datetime) -> Relation:
    """The rows of its model that belong to a segment at an instant."""
    with fitting(segment):
        return _rows_there(
            segment.models(workspace),
            workspace,
            source,
            now,
            condition=segment.condition(workspace),
            fields=segment.fields(workspace),
        )


def _rows_there(
    models: "Sequence[ModelComponent]",
    workspace: Workspace,
    source: Source,
    now: datetime,
    *,
    condition: Condition | None,
    fields: Sequence[str],
) -> Relation:
    """Rows of the first of these models, with some of its computed fields as columns."""
    there = There.of(models, workspace, source)
    own = there.own
    if condition is None and not fields:
        return own
    where = None if condition is None else compile_condition(condition, there.scope, now=now, naming=there)
    named = [] if where is None else [where]
    rows = compile_source(there.scope, *named, now=now, naming=there, fields=fields)
    found = replace(own, where=where, rows=rows)
    if not fields:
        return found
    made = dialect_of(source.dialect).written(found.select(*map(column, fields)))
    return replace(found, schema=pl.Schema({**own.schema, **source.columns(made)}))


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


def _rows_here(
    activation: "ActivationComponent",
    workspace: Workspace,
    read_from: Mapping[str, Snapshot],
    fields: Sequence[str],
) -> pl.LazyFrame:
    snapshot = next(iter(read_from.values()))
    if not fields:
        return snapshot.scan()
    own, *_ = read_from
    parts = {name: one.here().parts for name, one in read_from.items()}
    with fitting(activation):
        snapshots = Snapshots(parts, scope_of(workspace, own))
        return evaluate(None, snapshots, now=snapshot.instant, fields=fields)


def _told_of(
    activation: "ActivationComponent", model: "ModelComponent", rows: Relation, ledger: Ledger, window: Window
) -> Relation:
    """Of events, those that may be in a window, and the columns that are looked at."""
    spec, time = activation.spec, model.spec.event_time
    assert time is not None
    looked_at = {*model.key, time, spec.first_by, *(line.column for line in spec.lines())}
    schema = pl.Schema({name: dtype for name, dtype in rows.schema.items() if name in looked_at})
    if ledger.manifest.key not in (None, key_of(model.key, schema)):
        return rows  # whether it is the same key still, all of them say (SEMANTICS A2)
    return perhaps_owned(replace(rows, schema=schema), window, spec.events(time))


@contextmanager
def rows_of(
    activation: "ActivationComponent",
    workspace: Workspace,
    resources: Any,
    read_from: Mapping[str, Snapshot],
    ledger: Ledger,
    window: Window | None,
) -> Iterator[tuple[pl.LazyFrame, InWarehouse | None]]:
    """The rows that an activation keeps its destination in step with.

    `read_from`: the snapshot of its segment or model first; then, by name, those that computed fields of the model are made of.
    Where the rows stay in their warehouse, they are those of the first one's instant as they are now, and there is something
    beside them that finds out there which of them may differ; of events, they are those that may be in the `window`.
    """
    model = activation.model(workspace)
    assert model is not None
    snapshot = next(iter(read_from.values()))
    segment: SegmentComponent | None = workspace.find("segment", activation.spec.segment or "")
    fields = computed_columns(activation, workspace) if segment is None else []  # a segment's rows have them
    if Engine.FRAMES in (snapshot.engine, model.spec.engine):
        yield _rows_here(activation, workspace, read_from, fields), None
        return
    source: Source = getattr(resources, workspace.find("source", model.spec.source).resource_key)
    whole = model.relation(source)
    if segment is not None:
        rows = members(segment, workspace, source, snapshot.instant)
    else:
        models, instant = models_behind(activation, workspace), snapshot.instant
        with fitting(activation):
            rows = _rows_there(models, workspace, source, instant, condition=None, fields=fields)

    def empty() -> None:
        may_be = model.spec.may_be_empty or model.spec.kind is ModelKind.EVENTS
        if not may_be and not whole.count(source, model.key)[0]:
            raise DeclarationError(
                f"the model {model.name} has no rows any more",
                remedy="If that is right, declare may_be_empty: true.",
            )

    room = ledger.folder.scratch("fetched")
    try:
        if window is None:
            yield rows.scan(source), InWarehouse(DeltaTable(source, rows, ledger.folder.name), room, empty)
        else:
            yield fetched_once(_told_of(activation, model, rows, ledger, window), source, room), None
    finally:
        shutil.rmtree(room, ignore_errors=True)
