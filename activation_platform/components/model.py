"""A model in the workspace: a table or query of a source, materialised as a numbered frame snapshot with its checks."""

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import dagster as dg
import polars as pl
import yaml
from pydantic import BaseModel, Field

from activation_platform.components.checks import BLOCKING, ModelCheck, check_frame
from activation_platform.components.frames import FRAMES, FRAMES_KEY, Draft, Frames, Snapshot
from activation_platform.components.instants import FrameConfig, as_of, max_age, scheduled
from activation_platform.components.names import Name
from activation_platform.components.shown import failure, frame_metadata
from activation_platform.components.source import SourceComponent
from activation_platform.components.storage import storage_root
from activation_platform.components.types import read_type
from activation_platform.components.workspace import Declared, Fault, Workspace
from activation_platform.contracts.errors import ActivationError, DeclarationError
from activation_platform.contracts.fields import nearest
from activation_platform.contracts.modes import ModelKind
from activation_platform.contracts.source import Source
from activation_platform.sources.statement import one_select, table_query
from activation_platform.sync.lock import locked

__all__ = ["ColumnSpec", "ModelComponent", "ModelSpec", "RelationSpec"]

_LOCK_WAIT = 3600.0


class ColumnSpec(dg.Model):
    """One exposed column."""

    column: str | None = Field(default=None, description="Its name in the source, where it is renamed.")
    type: str | None = Field(
        default=None, description="text, integer, number, decimal(12, 2), date, timestamp …"
    )
    categorical: bool = Field(default=False, description="Whether breakdowns count its values.")


class RelationSpec(dg.Model):
    """How rows of this model belong to rows of another."""

    model: str = Field(description="The other model.")
    on: dict[str, str] = Field(description="Column here: column there.")


class ModelSpec(dg.Model):
    """Rows of a warehouse under a name: exactly one of `table`, `sql` and `sql_file`."""

    name: Name = Field(description="The name that segments and activations refer to.")
    source: str = Field(description="The source it is read from.")
    table: str | None = Field(default=None, description="A table or view: schema.table.")
    sql: str | None = Field(default=None, description="A SELECT in the warehouse's own dialect.")
    sql_file: str | None = Field(default=None, description="A .sql file beside this one.")
    kind: ModelKind = Field(default=ModelKind.CUSTOM, description="What a row is: users, events or custom.")
    primary_key: str | list[str] = Field(description="The column, or columns, that name a row.")
    columns: dict[str, ColumnSpec | str | None] | None = Field(
        default=None, description="Exposed columns, with a type or more; omitted: all."
    )
    relations: dict[str, RelationSpec] = Field(default_factory=dict, description="Relations to other models.")
    most_duplicates: float = Field(
        default=5.0, ge=0, le=100, description="Percent of duplicate keys that still only warns."
    )
    may_be_empty: bool = Field(default=False, description="Whether no rows at all is a valid answer.")
    description: str | None = Field(default=None, description="For the people who use it.")
    owners: list[str] | None = Field(default=None, description="E-mail addresses, or team:name.")


class ModelComponent(Declared[ModelSpec]):
    """Rows of a warehouse as a frame that segments and activations read."""

    word: ClassVar[str] = "model"
    spec_class: ClassVar[type[BaseModel]] = ModelSpec

    @property
    def asset_key(self) -> dg.AssetKey:
        """`models/<name>`."""
        return dg.AssetKey(["models", self.name])

    @property
    def key(self) -> tuple[str, ...]:
        """The primary key's columns."""
        key = self.spec.primary_key
        return (key,) if isinstance(key, str) else tuple(key)

    @property
    def frames(self) -> Frames:
        """Its snapshots."""
        return Frames(storage_root(), "models", self.name)

    @property
    def exposed(self) -> dict[str, ColumnSpec] | None:
        """Exposed columns by the name they get here; None: all of the source's."""
        if self.spec.columns is None:
            return None
        return {
            name: ColumnSpec(type=value) if isinstance(value, str) else (value or ColumnSpec())
            for name, value in self.spec.columns.items()
        }

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
        return {str(name): str(words) for name, words in value.items()} if isinstance(value, dict) else None

    def expected(self) -> dict[str, str] | None:
        """Column types to hold the source to: declared, else accepted; None where neither is known."""
        exposed = self.exposed
        if exposed is not None and all(column.type for column in exposed.values()):
            return {name: str(column.type) for name, column in exposed.items()}
        return self.accepted()

    def columns(self) -> Mapping[str, pl.DataType | None] | None:
        """Columns and, where known, types, as far as they are declared or accepted; None: only the source knows."""
        expected = self.expected()
        if expected is not None:
            return {name: read_type(words) for name, words in expected.items()}
        exposed = self.exposed
        return (
            None
            if exposed is None
            else {name: read_type(column.type or "") for name, column in exposed.items()}
        )

    def faults(self, workspace: Workspace) -> Iterator[Fault]:
        """References, SQL, columns and types that cannot be."""
        spec = self.spec
        yield from workspace.unknown("source", spec.source, ("source",))
        given = [name for name in ("table", "sql", "sql_file") if getattr(spec, name) is not None]
        if len(given) != 1:
            yield Fault(
                (), f"takes exactly one of table, sql and sql_file, here {' and '.join(given) or 'none'}"
            )
        elif (fault := self._statement_fault(workspace)) is not None:
            yield fault
        yield from self._column_faults()
        for name, relation in spec.relations.items():
            yield from workspace.unknown("model", relation.model, ("relations", name, "model"))

    def _statement_fault(self, workspace: Workspace) -> Fault | None:
        source: SourceComponent | None = workspace.find("source", self.spec.source)
        if self.spec.sql_file is not None and self._sql_file is not None and not self._sql_file.exists():
            return Fault(("sql_file",), f'there is no file "{self.spec.sql_file}" beside the YAML')
        if source is None or source.spec.kind not in ("duckdb", "postgres"):
            return None
        word = next(name for name in ("table", "sql", "sql_file") if getattr(self.spec, name) is not None)
        try:
            self.query(source.source_class.dialect)
        except DeclarationError as error:
            return Fault((word,), f"{error.what}. {error.remedy}")
        return None

    def _column_faults(self) -> Iterator[Fault]:
        exposed = self.exposed or {}
        for name, column in exposed.items():
            if column.type is not None and read_type(column.type) is None:
                yield Fault(
                    ("columns", name),
                    f'"{column.type}" is no type; there is text, integer, number, decimal(12, 2), date, timestamp, …',
                )
        known = self.columns()
        if known is None:
            return
        for name in self.key:
            if name not in known:
                yield Fault(("primary_key",), f'there is no column "{name}".{nearest(name, known)}')
        for relation, spec in self.spec.relations.items():
            for name in spec.on:
                if name not in known:
                    yield Fault(
                        ("relations", relation, "on", name),
                        f'there is no column "{name}".{nearest(name, known)}',
                    )

    @property
    def _sql_file(self) -> Path | None:
        if self.spec.sql_file is None or self.project_path is None:
            return None
        return Path(self.project_path) / self.spec.sql_file

    def query(self, dialect: str) -> str:
        """The SELECT that is read."""
        if self.spec.table is not None:
            return table_query(self.spec.table, dialect)
        if self._sql_file is not None:
            return one_select(self._sql_file.read_text(), dialect)
        return one_select(self.spec.sql or "", dialect)

    def get_asset_spec(self, source: SourceComponent) -> dg.AssetSpec:
        """The model as an asset."""
        return dg.AssetSpec(
            key=self.asset_key,
            deps=[source.asset_key],
            group_name="models",
            kinds={source.spec.kind, "polars"},
            description=self.spec.description or f"The model {self.name}, read from {source.name}.",
            owners=self.spec.owners,
            metadata={"primary_key": ", ".join(self.key), "kind": str(self.spec.kind)},
        )

    def execute(
        self, context: dg.AssetExecutionContext, source: Source, config: FrameConfig
    ) -> Iterator[Any]:
        """Read the source into a snapshot, check it, publish it; or reuse one that is young enough (SEMANTICS E5)."""
        frames = self.frames
        with locked(frames.lock, wait=_LOCK_WAIT):
            usable = self._usable(context, frames)
            if usable is not None:
                frames.point(context.run_id, usable)
                context.log.info("snapshot %d is young enough and is used again", usable.number)
                yield from (ModelCheck.remembered(check).result() for check in usable.checks)
                yield dg.MaterializeResult(metadata=frame_metadata(usable, reused=True))
                return
            read_at = time.time()
            instant = as_of(context, config, datetime.fromtimestamp(read_at, UTC))
            draft = frames.draft()
            draft.write(self._exposed(batch) for batch in source.read(self.query(source.dialect)))
            checks = self.check(frames, draft)
            yield from (check.result() for check in checks)
            blocking = [check for check in checks if check.blocks]
            if blocking:
                why = "; ".join(f"{check.name}: {check.words}" for check in blocking)
                frames.reject(draft, why)
                raise dg.Failure(f"the model {self.name} is not published: {why}", allow_retries=False)
            snapshot = frames.publish(
                draft,
                run_id=context.run_id,
                as_of=instant.timestamp(),
                read_at=read_at,
                checks=[check.described() for check in checks],
            )
        yield dg.MaterializeResult(metadata=frame_metadata(snapshot))

    def _usable(self, context: dg.AssetExecutionContext, frames: Frames) -> Snapshot | None:
        own = frames.of_run([context.run_id])
        if own is not None:
            return own
        newest = frames.newest()
        if newest is None:
            return None
        instant = scheduled(context)
        same_instant = instant is not None and newest.as_of == instant.timestamp()
        young = time.time() - newest.read_at < max_age(context).total_seconds()
        return newest if same_instant or young else None

    def _exposed(self, batch: pl.DataFrame) -> pl.DataFrame:
        exposed = self.exposed
        if exposed is None:
            return batch
        wanted = {name: column.column or name for name, column in exposed.items()}
        # What is missing is the schema check's business: it says so by name.
        return batch.select(
            pl.col(column).alias(name) for name, column in wanted.items() if column in batch.columns
        )

    def check(self, frames: Frames, draft: Draft) -> list[ModelCheck]:
        """The checks of a frame that is not yet published."""
        newest = frames.newest()
        expected = self.expected() or (dict(newest.schema) if newest is not None else None)
        return check_frame(
            draft.scan(),
            draft.rows,
            key=self.key,
            expected=expected,
            most_duplicates=self.spec.most_duplicates,
            may_be_empty=self.spec.may_be_empty,
        )

    def build(self, workspace: Workspace) -> dg.Definitions:
        """The asset and its checks."""
        source: SourceComponent = workspace.find("source", self.spec.source)
        spec = self.get_asset_spec(source)

        @dg.multi_asset(
            name=f"models__{self.name}",
            specs=[spec.with_io_manager_key(FRAMES_KEY)],
            check_specs=[dg.AssetCheckSpec(name, asset=spec.key, blocking=True) for name in BLOCKING],
            required_resource_keys={source.resource_key},
        )
        def materialise(context: dg.AssetExecutionContext, config: FrameConfig) -> Iterator[Any]:
            try:
                yield from self.execute(context, getattr(context.resources, source.resource_key), config)
            except ActivationError as error:
                raise failure(error) from error

        return dg.Definitions(assets=[materialise], resources={FRAMES_KEY: FRAMES})
