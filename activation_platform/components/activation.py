"""An activation in the workspace: a partitioned asset whose materialisation brings a destination in step with a frame."""

from collections.abc import Iterator
from typing import Any, ClassVar

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError
from pydantic import BaseModel

from activation_platform.components.activation_config import ActivationConfig, require_possible
from activation_platform.components.activation_faults import activation_faults
from activation_platform.components.activation_spec import ActivationSpec
from activation_platform.components.asked import asked
from activation_platform.components.asking import loader_for
from activation_platform.components.destination import DestinationComponent
from activation_platform.components.following import followers, when_new, while_sound
from activation_platform.components.frames import newest_number
from activation_platform.components.inputs import inputs, snapshots
from activation_platform.components.instants import by_hand, run_ids
from activation_platform.components.interrupts import interrupts
from activation_platform.components.launchers import require_shared_storage
from activation_platform.components.mapping_check import MAPPING, mapping_of_run, mapping_unasked
from activation_platform.components.model import ModelComponent
from activation_platform.components.page import page_checks
from activation_platform.components.pauses import paused_now, tell_now
from activation_platform.components.progress import telling
from activation_platform.components.retention import prune_logs
from activation_platform.components.segment import SegmentComponent
from activation_platform.components.shown import run_metadata, told_plainly
from activation_platform.components.staying import kept_open, rows_of
from activation_platform.components.storage import account_hash, storage_root
from activation_platform.components.targets import doubts_about_the_target, target_faults
from activation_platform.components.verdicts import doubtful, repeated, verdicts, warning_checks
from activation_platform.components.windows import window_of, window_told
from activation_platform.components.witness import WitnessedLedger
from activation_platform.components.workspace import Declared, Fault, Workspace
from activation_platform.contracts.destination import Destination
from activation_platform.contracts.errors import Cancelled, DeclarationError, LedgerMismatch
from activation_platform.contracts.modes import Mode, ObjectKind, RunType
from activation_platform.contracts.service import Service
from activation_platform.destinations import PLATFORMS
from activation_platform.sync.activate import RunFailed, activate
from activation_platform.sync.ledgers import ledger_of, neighbours
from activation_platform.sync.order import Activation, RunOrder
from activation_platform.sync.owners import Holding
from activation_platform.sync.store import Hold, Store

__all__ = ["ActivationComponent", "ActivationConfig"]

_LOCK_WAIT = 3600.0


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
            run_type=spec.run_type or (RunType.INCREMENTAL if events else RunType.FULL_THEN_DELTA),
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

    def execute(
        self,
        context: dg.AssetExecutionContext,
        workspace: Workspace,
        destination: Destination,
        config: ActivationConfig,
    ) -> Iterator[Any]:
        """Take the lock, choose the snapshot, run the engine, tell what happened."""
        require_shared_storage(context.instance)
        wanted = asked(context, self.spec.schedule)
        if wanted.chosen is None:
            yield from repeated(context.instance, self, workspace)
            yield mapping_unasked(self.asset_key)
            yield paused_now(context.instance, self, workspace)
            yield wanted.told(context, self.asset_key, {})
            return
        partition, instant = wanted.chosen, self.spec.schedule.instant(wanted.chosen)
        require_possible(partition, instant, config)
        root = storage_root()
        names = frozenset(workspace.names("activation"))
        with (
            interrupts() as cancelled,
            root.lock(f"locks/{self.name}", wait=_LOCK_WAIT, cancelled=cancelled) as hold,
            snapshots(self, workspace, run_ids(context)) as read_from,
        ):
            snapshot = next(iter(read_from.values()))
            ledger = self._ledger(context, partition, root, destination.host, hold)
            declared = self.declared(workspace, destination)
            begin = None if ledger.manifest.full_done else self.spec.start_from
            window = window_of(wanted, self.spec.schedule, begin) if declared.events else None
            with rows_of(self, workspace, context.resources, read_from, ledger, window) as (frame, rows):
                order = RunOrder(
                    run_id=context.run.run_id,
                    partition=partition,
                    instant=instant,
                    snapshot=max(one.number for one in read_from.values()),
                    frame=f"{inputs(self, workspace)[0].frames.name}/{snapshot.number}",
                    full=config.full,
                    explicit=by_hand(context),
                    allow=config.allow,
                    window=window,
                    rows=rows,
                )
                try:
                    run = activate(
                        declared,
                        frame,
                        ledger,
                        loader_for(destination, root, hold, cancelled=cancelled),
                        order,
                        account_hash=lambda: account_hash(root, destination.secret_values()),
                        neighbours=lambda: neighbours(root, ledger.folder.name, names),
                        progress=telling(context),
                    )
                except RunFailed as failed:
                    account = workspace.find("destination", self.spec.destination)
                    account.blame(failed.error, destination, self, workspace, context.instance)
                    tell_now(context.instance, self, workspace)
                    raise self._ended_early(context, partition, failed) from failed.error
            prune_logs(context, self, workspace, root)
        yield from verdicts(context.instance, self, workspace, run, snapshot.rows, ledger.debts)
        yield mapping_of_run(context.instance, self.asset_key, run.status)
        yield paused_now(context.instance, self, workspace)
        metadata = run_metadata(run)
        if window is not None and declared.events is not None:
            metadata["window"] = window_told(window, declared.events.time, snapshot)
        yield wanted.told(context, self.asset_key, metadata)

    def _ledger(
        self, context: dg.AssetExecutionContext, partition: str, root: Store, host: str, hold: Hold
    ) -> WitnessedLedger:
        """The ledger that the last run to this host left, witnessed by Dagster from now on."""

        def tell(metadata: dict[str, int | str]) -> None:
            context.log_event(dg.AssetObservation(self.asset_key, partition=partition, metadata=metadata))

        folder = root / "ledgers" / ledger_of(root, self.name, host)
        ledger = WitnessedLedger(folder, hold, context.instance, self.asset_key, host, tell, self.spec.past)
        applied, newest = ledger.manifest.snapshot, newest_number(root)
        if applied > newest:  # or every run would seem superseded, until the numbers have caught up
            raise LedgerMismatch(
                f"the ledger {folder.name} has applied snapshot {applied}, but the newest of this storage root is {newest}",
                remedy=f"Bring the folder frames of that ledger's storage root back, too (its file counter is enough), or start "
                f"over: activation reset {folder.name} (everything is then sent again as new).",
            )
        return ledger

    def _ended_early(
        self, context: dg.AssetExecutionContext, partition: str, failed: RunFailed
    ) -> BaseException:
        """A run that stopped or failed keeps its figures as an observation (SEMANTICS F2)."""
        told = dg.AssetObservation(self.asset_key, partition=partition, metadata=run_metadata(failed.run))
        context.log_event(told)
        if isinstance(failed.error, Cancelled):
            return DagsterExecutionInterruptedError(str(failed.error))
        return failed.error

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
                yield from self.execute(
                    context, workspace, getattr(context.resources, destination.resource_key), config
                )

        sensors = followers(self.name, spec, paused=self.spec.schedule.paused, tags={"activation": self.name})
        return dg.Definitions(assets=[materialise], sensors=sensors)
