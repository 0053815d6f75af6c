"""A model in the workspace: a table or query of a source, materialised as a numbered frame snapshot with its checks."""

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import dagster as dg
import polars as pl
import yaml
from dagster import AssetCheckSeverity as Severity
from pydantic import BaseModel

from activation_platform.components.blame import MADE, blamed
from activation_platform.components.checks import (
    ASKS,
    BLOCKING,
    SCHEMA,
    Census,
    ModelCheck,
    census_of,
    check_frame,
)
from activation_platform.components.following import followers, is_followed, when_new
from activation_platform.components.frames import Frames, Snapshot, recipe_of
from activation_platform.components.frames_io import FRAMES, FRAMES_KEY
from activation_platform.components.instants import FrameConfig, as_of, max_age, scheduled
from activation_platform.components.launchers import require_shared_storage
from activation_platform.components.model_faults import model_faults
from activation_platform.components.model_spec import ModelSpec
from activation_platform.components.retention import prune_frames
from activation_platform.components.shown import frame_metadata, told_plainly
from activation_platform.components.source import SourceComponent
from activation_platform.components.staying import show
from activation_platform.components.storage import storage_root
from activation_platform.components.types import read_type, spelt
from activation_platform.components.workspace import Declared, Fault, Workspace
from activation_platform.contracts.errors import ActivationError
from activation_platform.contracts.modes import Engine, ModelKind
from activation_platform.contracts.source import Source
from activation_platform.sources.dialect import DIALECTS
from activation_platform.sources.relation import Relation
from activation_platform.sources.statement import one_select, select_in, table_query

__all__ = ["ModelComponent"]


class ModelComponent(Declared[ModelSpec]):
    """Rows of a warehouse as a frame that segments and activations read."""

    word: ClassVar[str] = "model"
    spec_class: ClassVar[type[BaseModel]] = ModelSpec
    blocking: ClassVar[tuple[str, ...]] = (*BLOCKING, MADE)

    @property
    def key(self) -> tuple[str, ...]:
        """The primary key's columns."""
        return self.spec.key

    def models(self, workspace: Workspace) -> "list[ModelComponent]":
        """The models that decide which rows there are: itself."""
        del workspace
        return [self]

    @property
    def frames(self) -> Frames:
        """Its snapshots."""
        return Frames(storage_root(), "models", self.name)

    @property
    def accepted_file(self) -> Path | None:
        """Where `activation check --accept` keeps the schema that people agreed to."""
        return None if self.project_path is None else Path(self.project_path) / f"{self.name}.schema.yaml"

    def accepted(self) -> dict[str, str] | None:
        """The accepted column types in words, or None."""
        file = self.accepted_file
        if file is None or not file.exists():
            return None
        value = yaml.safe_load(file.read_text())
        return (
            {str(name): spelt(str(words)) for name, words in value.items()}
            if isinstance(value, dict)
            else None
        )

    def expected(self) -> dict[str, str] | None:
        """Column types to hold the source to: declared, else accepted; None where neither is known."""
        exposed = self.spec.exposed
        if exposed is not None and all(column.type for column in exposed.values()):
            return {name: spelt(str(column.type)) for name, column in exposed.items()}
        return self.accepted()

    def columns(self) -> Mapping[str, pl.DataType | None] | None:
        """Columns and, where known, types, as far as they are declared or accepted; None: only the source knows."""
        expected = self.expected()
        if expected is not None:
            return {name: read_type(words) for name, words in expected.items()}
        exposed = self.spec.exposed
        if exposed is None:
            return None
        return {name: read_type(column.type or "") for name, column in exposed.items()}

    def faults(self, workspace: Workspace) -> Iterator[Fault]:
        """References, SQL, columns and types that cannot be."""
        yield from model_faults(self, workspace)

    @property
    def sql_file(self) -> Path | None:
        """The file beside the YAML; None where there is none to look for."""
        if self.spec.sql_file is None or self.project_path is None:
            return None
        return Path(self.project_path) / self.spec.sql_file

    def query(self, dialect: str) -> str:
        """The SELECT that is read."""
        if self.spec.table is not None:
            return table_query(self.spec.table, dialect)
        if self.sql_file is not None:
            return select_in(self.sql_file, dialect)
        return one_select(self.spec.sql or "", dialect)

    @property
    def after(self) -> list[dg.AssetKey]:
        """What other tools must have made before it is read."""
        return [dg.AssetKey.from_user_string(key) for key in self.spec.after]

    def get_asset_spec(self, workspace: Workspace) -> dg.AssetSpec:
        """The model as an asset; it follows its data where an activation follows it."""
        source: SourceComponent = workspace.find("source", self.spec.source)
        follows = bool(self.after) and is_followed(workspace, self.word, self.name)
        return dg.AssetSpec(
            key=self.asset_key,
            deps=[source.asset_key, *self.after],
            automation_condition=when_new(*self.after) if follows else None,
            group_name="models",
            kinds={source.spec.kind, *(("polars",) if self.spec.engine is Engine.FRAMES else ())},
            description=self.spec.description or f"The model {self.name}, read from {source.name}.",
            owners=self.spec.owners,
            metadata={"primary_key": ", ".join(self.key), "kind": str(self.spec.kind)},
        )

    def execute(
        self, context: dg.AssetExecutionContext, workspace: Workspace, source: Source, config: FrameConfig
    ) -> Iterator[Any]:
        """Read the source into a snapshot, check it, publish it; or reuse one that is young enough (SEMANTICS E5)."""
        require_shared_storage(context.instance)
        frames = self.frames
        with frames.lock():
            query = self.query(source.dialect)
            recipe = self._recipe(query)
            usable = self._usable(context, config, frames, recipe)
            if usable is not None:
                frames.point(context.run.run_id, usable)
                context.log.info("snapshot %d is young enough and is used again", usable.number)
                yield from (ModelCheck.remembered(check).result() for check in usable.checks)
                yield dg.MaterializeResult(metadata=frame_metadata(usable, reused=True))
                return
            read_at = time.time()
            instant = as_of(context, config, datetime.fromtimestamp(read_at, UTC))
            draft = frames.draft()
            stays = self.relation(source) if self.spec.engine is Engine.WAREHOUSE else None
            if stays is None:
                draft.write(map(self._exposed, source.read(query)))
                census = census_of(draft.scan(), draft.rows, self.key)
            else:
                census = Census(*stays.count(source, self.key))
                draft.describe(stays.schema, census.rows)
            checks = self._checked(frames, draft.scan().collect_schema(), census)
            yield from (check.result() for check in checks)
            blocking = [check for check in checks if check.blocks]
            if blocking:
                why = "; ".join(f"{check.name}: {check.words}" for check in blocking)
                frames.reject(draft, why)
                raise dg.Failure(
                    f"the model {self.name} is not published: {why}. Mend its data or its declaration; the frame is kept "
                    "under rejected/",
                    allow_retries=False,
                )
            snapshot = frames.publish(
                draft,
                run_id=context.run.run_id,
                as_of=instant.timestamp(),
                read_at=read_at,
                recipe=recipe,
                checks=[check.described() for check in checks],
                engine=self.spec.engine,
            )
            prune_frames(context, frames, workspace)
            if stays is not None:
                show(context, source, stays, self.word, self.name, snapshot, census)
        yield dg.MaterializeResult(metadata=frame_metadata(snapshot))

    def _recipe(self, query: str) -> str:
        return recipe_of(query, self.spec.source, self.spec.exposed, self.spec.engine)

    def types(self, dialect: str) -> Mapping[str, pl.DataType | None]:
        """Columns and, where known, types: as declared or accepted, else as they were when it was last made of the same query."""
        declared = self.columns()
        newest = self.frames.newest() if declared is None or None in declared.values() else None
        same = newest is not None and newest.recipe == self._recipe(self.query(dialect))
        found = {name: read_type(words) for name, words in newest.schema.items()} if newest and same else {}
        return found | {name: dtype for name, dtype in (declared or {}).items() if dtype is not None}

    def _usable(
        self, context: dg.AssetExecutionContext, config: FrameConfig, frames: Frames, recipe: str
    ) -> Snapshot | None:
        """A snapshot made for this instant, or young enough at it, of the same declaration (SEMANTICS E5)."""
        own = frames.of_run([context.run.run_id])
        if own is not None:
            return own
        newest = frames.newest()
        if newest is None or newest.recipe != recipe or frames.blocked or config.as_of:
            return None
        instant = scheduled(context)
        if instant is None:
            return None
        # Measured from instant to instant: the tick before must not do because its run began late.
        age = instant - newest.instant
        return newest if not age or timedelta() < age < max_age(context) else None

    @property
    def _wanted(self) -> dict[str, str] | None:
        """The source's column by the name under which it is exposed; None: all of them, as they are called."""
        exposed = self.spec.exposed
        return None if exposed is None else {name: one.column or name for name, one in exposed.items()}

    def _exposed(self, batch: pl.DataFrame) -> pl.DataFrame:
        if self._wanted is None:
            return batch
        # What is missing is the schema check's business: it says so by name.
        return batch.select(
            pl.col(column).alias(name) for name, column in self._wanted.items() if column in batch.columns
        )

    def relation(self, source: Source) -> Relation:
        """Its rows where they stay in their warehouse."""
        return Relation.of(source, self.query(source.dialect), self._wanted)

    def checked_there(self, source: Source, there: pl.Schema) -> list[ModelCheck]:
        """What its own checks would say of the rows that its query has at the source, counted there.

        `there`: the query's columns. Of the schema alone where the warehouse does not count them: without the columns of the key,
        or one that it may write unlike us; a count that is refused or takes too long says nothing of them either.
        """
        schema, census = self.exposed_of(there), None
        if source.dialect in DIALECTS and all(name in schema for name in self.key):
            with suppress(ActivationError):
                census = Census(*self.relation(source).count(source, self.key))
        checks = self._checked(self.frames, schema, census or Census(0, 0, 0))
        return [check for check in checks if census is not None or check.name == SCHEMA]

    def exposed_of(self, there: pl.Schema) -> pl.Schema:
        """Of the columns that its query has at the source, those that it exposes, under the names it gives them."""
        if self._wanted is None:
            return there
        return pl.Schema({name: there[column] for name, column in self._wanted.items() if column in there})

    def _checked(self, frames: Frames, schema: pl.Schema, census: Census) -> list[ModelCheck]:
        """The checks of a frame that is not yet published."""
        newest = frames.newest()
        return check_frame(
            schema,
            census,
            key=self.key,
            expected=self.expected() or (dict(newest.schema) if newest is not None else None),
            most_duplicates=self.spec.most_duplicates,
            may_be_empty=self.spec.may_be_empty,
            emptiness=Severity.WARN if self.spec.kind is ModelKind.EVENTS else Severity.ERROR,
        )

    def build(self, workspace: Workspace) -> dg.Definitions:
        """The asset and its checks."""
        source: SourceComponent = workspace.find("source", self.spec.source)
        spec = self.get_asset_spec(workspace)

        @dg.multi_asset(
            name=f"models__{self.name}",
            specs=[spec.with_io_manager_key(FRAMES_KEY)],
            check_specs=[
                dg.AssetCheckSpec(name, asset=spec.key, blocking=True, description=ASKS.get(name))
                for name in self.blocking
            ],
            required_resource_keys={source.resource_key},
        )
        def materialise(context: dg.AssetExecutionContext, config: FrameConfig) -> Iterator[Any]:
            with told_plainly():
                warehouse = getattr(context.resources, source.resource_key)
                to_blame = partial(source.takes_blame, source=warehouse, instance=context.instance)
                yield from blamed(self.execute(context, workspace, warehouse, config), to_blame)

        return dg.Definitions(
            assets=[materialise],
            sensors=followers(f"models__{self.name}", spec),
            resources={FRAMES_KEY: FRAMES},
        )
