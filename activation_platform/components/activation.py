"""An activation in the workspace: a partitioned asset whose materialisation brings a destination in step with a frame."""

from collections.abc import Iterator
from typing import Any, ClassVar

import dagster as dg
from pydantic import BaseModel

from activation_platform.components.activation_config import ActivationConfig
from activation_platform.components.activation_faults import activation_faults
from activation_platform.components.activation_run import run_of
from activation_platform.components.activation_spec import ActivationSpec
from activation_platform.components.destination import DestinationComponent
from activation_platform.components.following import followers, when_new, while_sound
from activation_platform.components.inputs import inputs
from activation_platform.components.mapping_check import MAPPING
from activation_platform.components.model import ModelComponent
from activation_platform.components.page import page_checks
from activation_platform.components.segment import SegmentComponent
from activation_platform.components.shown import told_plainly
from activation_platform.components.staying import kept_open
from activation_platform.components.targets import doubts_about_the_target, target_faults
from activation_platform.components.verdicts import doubtful, warning_checks
from activation_platform.components.workspace import Declared, Fault, Workspace
from activation_platform.contracts.destination import Destination
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.modes import Mode, ObjectKind
from activation_platform.contracts.service import Service
from activation_platform.destinations import PLATFORMS
from activation_platform.sync.order import Activation
from activation_platform.sync.owners import Holding

__all__ = ["ActivationComponent", "ActivationConfig"]


class ActivationComponent(Declared[ActivationSpec]):
    """Keeps a destination in step with a segment or a model: sends what it has not yet acknowledged."""

    word: ClassVar[str] = "activation"
    spec_class: ClassVar[type[BaseModel]] = ActivationSpec
    blocking: ClassVar[tuple[str, ...]] = (MAPPING,)

    @property
    def asset_key(self) -> dg.AssetKey:
        """`activations/<destination>/<name>`."""
        return dg.AssetKey(["activations", self.spec.destination, self.name])

    def upstream(self, workspace: Workspace) -> "SegmentComponent | ModelComponent | None":
        """The segment or model that is activated."""
        if self.spec.segment is not None:
            segment: SegmentComponent | None = workspace.find("segment", self.spec.segment)
            return segment
        model: ModelComponent | None = workspace.find("model", self.spec.model or "")
        return model

    def model(self, workspace: Workspace) -> ModelComponent | None:
        """The model whose rows they are."""
        upstream = self.upstream(workspace)
        if isinstance(upstream, SegmentComponent):
            model: ModelComponent | None = workspace.find("model", upstream.spec.model)
            return model
        return upstream

    def service_class(self, workspace: Workspace) -> type[Service] | None:
        """What keeps its records; None where it is declared wrongly."""
        destination: DestinationComponent | None = workspace.find("destination", self.spec.destination)
        if destination is None or destination.spec.platform not in PLATFORMS:
            return None
        try:
            return destination.destination_class.service(self.spec.service)
        except KeyError:
            return None

    def service(self, workspace: Workspace) -> Service | None:
        """The service with its options, talking to no account yet; None where it is declared wrongly."""
        service = self.service_class(workspace)
        if service is None:
            return None
        destination: DestinationComponent = workspace.find("destination", self.spec.destination)
        try:
            return service(
                destination.destination_class.model_construct(), service.Options(**self.spec.options)
            )
        except (TypeError, DeclarationError):
            return None

    def mode(self, workspace: Workspace) -> Mode:
        """As declared; else the only one that the service offers, or upsert."""
        service = self.service_class(workspace)
        offered = frozenset({Mode.UPSERT}) if service is None else service.modes
        return self.spec.mode or (next(iter(offered)) if len(offered) == 1 else Mode.UPSERT)

    def takes_events(self, workspace: Workspace) -> bool:
        """Whether it sends events, window by window."""
        service = self.service_class(workspace)
        return service is not None and service.object is ObjectKind.EVENT

    def holding(self, workspace: Workspace) -> Holding:
        """How it holds its target; call it for a service that is declared rightly."""
        spec, service = self.spec, self.service(workspace)
        assert service is not None
        fields = frozenset(spec.mapping) - {service.identifying_field}
        return Holding(self.name, self.mode(workspace), service.object, fields, spec.in_scope())

    def faults(self, workspace: Workspace) -> Iterator[Fault]:
        """References, mode, options, mapping and schedule that cannot be; another activation that owns the target."""
        yield from activation_faults(self, workspace)
        yield from target_faults(self, workspace)

    def doubts(self, workspace: Workspace) -> Iterator[str]:
        """Another activation that writes the same fields; a schedule that will be refused one day; an idle warning."""
        yield from doubts_about_the_target(self, workspace)
        own = (*self.spec.schedule.doubts(), *doubtful(self, workspace))
        yield from (f'the activation "{self.name}": {doubt}' for doubt in own)

    def get_asset_spec(self, workspace: Workspace) -> dg.AssetSpec:
        """The activation as an asset, partitioned by its schedule."""
        upstream = self.upstream(workspace)
        destination: DestinationComponent = workspace.find("destination", self.spec.destination)
        assert upstream is not None
        spec, mode = self.spec, self.mode(workspace)
        read = [one.asset_key for one in inputs(self, workspace)]
        return dg.AssetSpec(
            key=self.asset_key,
            deps=[*read, destination.asset_key],
            group_name="activations",
            kinds={destination.spec.platform},
            description=spec.description
            or f"Keeps {spec.service} of {spec.destination} in step with {upstream.word} {upstream.name} ({mode}).",
            owners=spec.owners,
            tags={"activation_platform/mode": str(mode)},
            partitions_def=spec.schedule.partitions(),
            automation_condition=when_new(*read) & while_sound(self.asset_key)
            if spec.schedule.follow
            else None,
            metadata={"service": f"{destination.spec.platform}.{spec.service}", "mode": str(mode)},
        )

    def declared(self, workspace: Workspace, destination: Destination) -> Activation:
        """The activation in the engine's words."""
        spec = self.spec
        service = type(destination).service(spec.service)
        model, events = self.model(workspace), self.takes_events(workspace)
        assert model is not None
        return Activation(
            name=self.name,
            service=service(destination, service.Options(**spec.options)),
            mode=self.mode(workspace),
            run_type=spec.run_type or service.run_types()[0],
            mapping=spec.lines(),
            key=model.key,
            guards=spec.guards_in_force(),
            on_shared_identifier=spec.first_by,
            retries=spec.retries,
            recheck_ignored=spec.recheck_ignored,
            delete_departed=spec.delete_departed,
            null_keys_never_sent=spec.null_keys == "never_sent",
            scope=spec.in_scope(),
            in_doubt=spec.in_doubt,
            events=spec.events(model.spec.event_time) if events and model.spec.event_time else None,
        )

    def build(self, workspace: Workspace) -> dg.Definitions:
        """The asset, its checks, the sensor of one that follows its data; see `clockwork.py` for its schedule."""
        destination: DestinationComponent = workspace.find("destination", self.spec.destination)
        spec = self.get_asset_spec(workspace)

        @dg.multi_asset(
            name=f"activations__{self.spec.destination}__{self.name}",
            specs=[spec],
            check_specs=[*page_checks(spec.key), *warning_checks(self, workspace)],
            partitions_def=spec.partitions_def,
            backfill_policy=dg.BackfillPolicy.multi_run()
            if self.takes_events(workspace)
            else dg.BackfillPolicy.single_run(),
            required_resource_keys={destination.resource_key, *kept_open(self.model(workspace), workspace)},
            pool=f"activation_{self.name}",
        )
        def materialise(context: dg.AssetExecutionContext, config: ActivationConfig) -> Iterator[Any]:
            with told_plainly():
                yield from run_of(
                    self, context, workspace, getattr(context.resources, destination.resource_key), config
                )

        sensors = followers(self.name, spec, paused=self.spec.schedule.paused, tags={"activation": self.name})
        return dg.Definitions(assets=[materialise], sensors=sensors)
