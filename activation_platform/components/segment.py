"""A segment in the workspace: the rows of a model for which a condition holds, as a frame of their own."""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

import dagster as dg
from pydantic import BaseModel, Field

from activation_platform.components.analysis.assets import analyses
from activation_platform.components.analysis.faults import analysis_faults
from activation_platform.components.analysis.sets import turnover
from activation_platform.components.analysis.spec import AnalysisSpec
from activation_platform.components.blame import MADE, blamed
from activation_platform.components.cases import Case
from activation_platform.components.checks import Census
from activation_platform.components.following import followers, is_followed, when_new
from activation_platform.components.frames import Frames, Snapshot, recipe_of, streamed
from activation_platform.components.frames_io import FRAMES, FRAMES_KEY
from activation_platform.components.inputs import computed_columns, read_by
from activation_platform.components.instants import FrameConfig, as_of, run_ids
from activation_platform.components.launchers import require_shared_storage
from activation_platform.components.model import ModelComponent
from activation_platform.components.names import Name, Owner
from activation_platform.components.retention import prune_frames
from activation_platform.components.scopes import models_of, scope_of
from activation_platform.components.segment_faults import segment_faults
from activation_platform.components.shown import frame_metadata, told_plainly
from activation_platform.components.staying import fitting, kept_open, members, show
from activation_platform.components.storage import storage_root
from activation_platform.components.template import TemplateComponent
from activation_platform.components.trials import checks_of
from activation_platform.components.workspace import Declared, Fault, Workspace
from activation_platform.contracts.errors import ActivationError
from activation_platform.contracts.modes import Engine
from activation_platform.contracts.source import Source
from activation_platform.segmentation.conditions import Condition
from activation_platform.segmentation.evaluate import Snapshots, evaluate
from activation_platform.segmentation.reads import resolved
from activation_platform.segmentation.templates import filled

if TYPE_CHECKING:
    from activation_platform.components.activation import ActivationComponent

__all__ = ["SegmentComponent", "SegmentSpec"]


class SegmentSpec(dg.Model):
    """Rows of a model that belong."""

    name: Name = Field(description="The name that activations refer to.")
    model: str = Field(description="The model whose rows it chooses from.")
    where: dict[str, Any] | None = Field(
        default=None,
        description="The condition: groups all, any, none; see docs/segments.md. Beside a limit it may be left out: all rows.",
    )
    template: str | None = Field(default=None, description="Instead of `where`: a template to fill.")
    values: dict[str, Any] = Field(default_factory=dict, description="Values for the template's parameters.")
    limit: dict[str, Any] | None = Field(
        default=None, description="How many of these rows: {top, by} or {sample, seed}; see docs/segments.md."
    )
    opts_out_of: list[str] = Field(
        default_factory=list,
        description="Segments that the model excludes from all others, and not from this one.",
    )
    tests: list[Case] = Field(default_factory=list, description="Rows, and which of them belong.")
    analysis: AnalysisSpec = Field(
        default_factory=AnalysisSpec,
        description="What is worked out of it beside its rows; see docs/analysis.md.",
    )
    description: str | None = Field(default=None, description="For the people who use it.")
    owners: list[Owner] | None = Field(default=None, description="E-mail addresses, or team:name.")


class SegmentComponent(Declared[SegmentSpec]):
    """The rows of a model for which a condition holds, at the run's instant."""

    word: ClassVar[str] = "segment"
    spec_class: ClassVar[type[BaseModel]] = SegmentSpec
    blocking: ClassVar[tuple[str, ...]] = (MADE,)

    @property
    def frames(self) -> Frames:
        """Its snapshots."""
        return Frames(storage_root(), "segments", self.name)

    def models(self, workspace: Workspace) -> list[ModelComponent]:
        """The models that decide which rows belong and what they hold, its own first; of a workspace without faults."""
        return models_of(workspace, self.condition(workspace), self.spec.model, self.fields(workspace))

    def fields(self, workspace: Workspace) -> list[str]:
        """The computed fields that its rows have as columns: those that activations of it map, or that its analysis counts."""
        activations = workspace.once("activations of segments", lambda: _activations(workspace))
        mapped = [computed_columns(one, workspace) for one in activations.get(self.name, ())]
        computed = workspace.find("model", self.spec.model).spec.computed
        counted = [name for name in self.spec.analysis.breakdowns if name in computed]
        return sorted({field for fields in (*mapped, counted) for field in fields})

    def tree(self, workspace: Workspace) -> dict[str, Any] | None:
        """Its condition as it would stand in YAML; None where it has none, or its template cannot be filled."""
        template: TemplateComponent | None = workspace.find("template", self.spec.template or "")
        if template is None:
            return self.spec.where
        try:
            tree: dict[str, Any] = filled(template.spec.where, self.spec.values)
        except KeyError:
            return None
        return tree

    def condition(self, workspace: Workspace) -> Condition:
        """What decides which rows belong, the model's exclusions and priority lists included; of a workspace without faults."""
        return scope_of(workspace, self.spec.model).segments[self.name].condition

    def recipe(self, workspace: Workspace, read_from: Mapping[str, Snapshot], instant: datetime) -> str:
        """What its rows are made from: what decides, its computed columns, the snapshots of its models, and when."""
        scope = scope_of(workspace, self.spec.model)
        decides = resolved(self.condition(workspace), scope, self.fields(workspace))
        numbers = {name: snapshot.number for name, snapshot in read_from.items()}
        return recipe_of(decides, numbers, instant.isoformat())

    def faults(self, workspace: Workspace) -> Iterator[Fault]:
        """An unknown model or template, or a condition that cannot be evaluated over the models that it is about."""
        yield from segment_faults(self, workspace)
        yield from analysis_faults(self, workspace)

    def get_asset_spec(self, workspace: Workspace) -> dg.AssetSpec:
        """The segment as an asset; it follows its model where an activation follows it."""
        models = self.models(workspace)
        keys = [model.asset_key for model in models]
        follows = is_followed(workspace, self.word, self.name)
        return dg.AssetSpec(
            key=self.asset_key,
            deps=keys,
            automation_condition=when_new(*keys) if follows else None,
            group_name="segments",
            kinds={"polars"},
            description=self.spec.description or f"Rows of {self.spec.model} that belong to {self.name}.",
            owners=self.spec.owners,
        )

    def execute(
        self,
        context: dg.AssetExecutionContext,
        workspace: Workspace,
        source: Source | None,
        config: FrameConfig,
    ) -> Iterator[dg.MaterializeResult[Any]]:
        """Evaluate the condition over the models' snapshots and publish the rows; those that stay in a warehouse are counted.

        `source`: where they stay; None where the models' frames are all that is read.
        """
        require_shared_storage(context.instance)
        frames, scope = self.frames, scope_of(workspace, self.spec.model)
        model, *_ = models = self.models(workspace)
        with frames.lock(), read_by(models, run_ids(context)) as read_from:
            rows = read_from[model.name]
            instant = as_of(context, config, rows.instant)
            recipe = self.recipe(workspace, read_from, instant)
            newest = frames.of_run([context.run.run_id]) or frames.newest()
            if newest is not None and newest.recipe == recipe:
                frames.point(context.run.run_id, newest)
                yield self._result(newest, rows, turnover(newest, newest, model.key), reused=True)
                return
            draft = frames.draft()
            if source is not None and rows.engine is Engine.WAREHOUSE:
                belonging = members(self, workspace, source, instant)
                census = Census(*belonging.count(source, model.key))
                draft.describe(belonging.schema, census.rows)
            else:
                parts = {name: snapshot.here().parts for name, snapshot in read_from.items()}
                with fitting(self):
                    belong = evaluate(
                        self.condition(workspace),
                        Snapshots(parts, scope),
                        now=instant,
                        fields=self.fields(workspace),
                    )
                draft.write(streamed(belong))
            snapshot = frames.publish(
                draft,
                run_id=context.run.run_id,
                as_of=instant.timestamp(),
                read_at=time.time(),
                recipe=recipe,
                engine=rows.engine,
            )
            prune_frames(context, frames, workspace)
            if source is not None and rows.engine is Engine.WAREHOUSE:
                show(context, source, belonging, self.word, self.name, snapshot, census)
        yield self._result(snapshot, rows, turnover(newest, snapshot, model.key))

    @staticmethod
    def _result(
        snapshot: Snapshot, rows: Snapshot, changed: Mapping[str, int], *, reused: bool = False
    ) -> dg.MaterializeResult[Any]:
        share = {"share_of_model": round(snapshot.rows / rows.rows, 4)} if rows.rows else {}
        return dg.MaterializeResult(
            data_version=dg.DataVersion(str(snapshot.number)),
            metadata={
                **frame_metadata(snapshot, reused=reused),
                "model_snapshot": rows.number,
                "model_rows": rows.rows,
                **share,
                **changed,
            },
        )

    def build(self, workspace: Workspace) -> dg.Definitions:
        """The asset."""
        model = workspace.find("model", self.spec.model)
        sources, warehouse = kept_open(model, workspace), workspace.find("source", model.spec.source)
        spec = self.get_asset_spec(workspace)

        @dg.multi_asset(
            name=f"segments__{self.name}",
            specs=[spec.with_io_manager_key(FRAMES_KEY)],
            check_specs=[dg.AssetCheckSpec(MADE, asset=spec.key, blocking=True)],
            required_resource_keys={*sources},
        )
        def materialise(context: dg.AssetExecutionContext, config: FrameConfig) -> Iterator[Any]:
            source = next((getattr(context.resources, key) for key in sources), None)

            def to_blame(error: ActivationError) -> bool:
                return source is not None and warehouse.takes_blame(error, source, context.instance)

            with told_plainly():
                yield from blamed(self.execute(context, workspace, source, config), to_blame)

        own = dg.Definitions(
            assets=[materialise],
            asset_checks=checks_of(self, workspace),
            sensors=followers(f"segments__{self.name}", spec),
            resources={FRAMES_KEY: FRAMES},
        )
        return dg.Definitions.merge(own, analyses(self, workspace))


def _activations(workspace: Workspace) -> "Mapping[str | None, list[ActivationComponent]]":
    """The activations of a workspace by their segment."""
    found: defaultdict[str | None, list[ActivationComponent]] = defaultdict(list)
    for name in workspace.names("activation"):
        activation = workspace.find("activation", name)
        found[activation.spec.segment].append(activation)
    return found
