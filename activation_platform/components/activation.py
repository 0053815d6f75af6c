"""An activation in the workspace: a partitioned asset whose materialisation brings a destination in step with a frame."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import dagster as dg
import polars as pl
from dagster._core.errors import DagsterExecutionInterruptedError
from pydantic import BaseModel

from activation_platform.components.activation_config import ActivationConfig, require_possible
from activation_platform.components.activation_faults import activation_faults
from activation_platform.components.activation_spec import ActivationSpec
from activation_platform.components.asking import loader_for
from activation_platform.components.destination import DestinationComponent
from activation_platform.components.frames import Snapshot, newest_number
from activation_platform.components.instants import run_ids, scheduled
from activation_platform.components.interrupts import interrupts
from activation_platform.components.model import ModelComponent
from activation_platform.components.progress import listener
from activation_platform.components.schedules import schedule_of
from activation_platform.components.segment import SegmentComponent
from activation_platform.components.shown import run_metadata, told_plainly
from activation_platform.components.storage import account_hash, storage_root
from activation_platform.components.targets import doubts_about_the_target, target_faults
from activation_platform.components.verdicts import VERDICTS, verdicts
from activation_platform.components.witness import WitnessedLedger
from activation_platform.components.workspace import Declared, Fault, Workspace
from activation_platform.contracts.destination import Destination
from activation_platform.contracts.errors import Cancelled, DeclarationError, LedgerMismatch
from activation_platform.contracts.service import Service
from activation_platform.destinations import PLATFORMS
from activation_platform.sync.activate import RunFailed, activate
from activation_platform.sync.history import Run, Status, issues
from activation_platform.sync.ledgers import ledger_of, neighbours
from activation_platform.sync.lock import locked
from activation_platform.sync.order import Activation, RunOrder
from activation_platform.sync.owners import Holding

__all__ = ["ActivationComponent", "ActivationConfig"]

_LOCK_WAIT = 3600.0


class ActivationComponent(Declared[ActivationSpec]):
    """Keeps a destination in step with a segment or a model: sends what it has not yet acknowledged."""

    word: ClassVar[str] = "activation"
    spec_class: ClassVar[type[BaseModel]] = ActivationSpec

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

    def service(self, workspace: Workspace) -> Service | None:
        """The service with its options, talking to no account yet; None where it is declared wrongly."""
        destination: DestinationComponent | None = workspace.find("destination", self.spec.destination)
        if destination is None or destination.spec.platform not in PLATFORMS:
            return None
        platform = destination.destination_class
        try:
            service = platform.service(self.spec.service)
            return service(platform.model_construct(), service.Options(**self.spec.options))
        except (KeyError, TypeError, DeclarationError):
            return None

    def holding(self, workspace: Workspace) -> Holding:
        """How it holds its target; call it for a service that is declared rightly."""
        spec, service = self.spec, self.service(workspace)
        assert service is not None
        fields = frozenset(spec.mapping) - {service.identifying_field}
        return Holding(self.name, spec.mode, service.object, fields, spec.in_scope())

    def faults(self, workspace: Workspace) -> Iterator[Fault]:
        """References, mode, options, mapping and schedule that cannot be; another activation that owns the target."""
        yield from activation_faults(self, workspace)
        yield from target_faults(self, workspace)

    def doubts(self, workspace: Workspace) -> Iterator[str]:
        """Another activation that writes the same fields; a schedule that will be refused one day."""
        yield from doubts_about_the_target(self, workspace)
        yield from (f'the activation "{self.name}": {doubt}' for doubt in self.spec.schedule.doubts())

    def get_asset_spec(self, workspace: Workspace) -> dg.AssetSpec:
        """The activation as an asset, partitioned by its schedule."""
        upstream = self.upstream(workspace)
        destination: DestinationComponent = workspace.find("destination", self.spec.destination)
        assert upstream is not None
        spec = self.spec
        return dg.AssetSpec(
            key=self.asset_key,
            deps=[upstream.asset_key, destination.asset_key],
            group_name="activations",
            kinds={destination.spec.platform},
            description=spec.description
            or f"Keeps {spec.service} of {spec.destination} in step with {upstream.word} {upstream.name} ({spec.mode}).",
            owners=spec.owners,
            tags={"activation_platform/mode": str(spec.mode)},
            partitions_def=spec.schedule.partitions(),
            metadata={"service": f"{destination.spec.platform}.{spec.service}", "mode": str(spec.mode)},
        )

    def declared(self, workspace: Workspace, destination: Destination) -> Activation:
        """The activation in the engine's words."""
        spec = self.spec
        service = type(destination).service(spec.service)
        model = self.model(workspace)
        assert model is not None
        return Activation(
            name=self.name,
            service=service(destination, service.Options(**spec.options)),
            mode=spec.mode,
            run_type=spec.run_type,
            mapping=spec.lines(),
            key=model.key,
            guards=spec.guards_in_force(),
            on_shared_identifier=spec.first_by,
            retries=spec.retries,
            recheck_ignored=spec.recheck_ignored,
            delete_departed=spec.delete_departed,
            null_keys_never_sent=spec.null_keys == "never_sent",
            scope=spec.in_scope(),
        )

    def execute(
        self,
        context: dg.AssetExecutionContext,
        workspace: Workspace,
        destination: Destination,
        config: ActivationConfig,
    ) -> Iterator[Any]:
        """Take the lock, choose the snapshot, run the engine, tell what happened."""
        keys = sorted(context.partition_keys, key=self.spec.schedule.instant)
        require_possible(keys[-1], self.spec.schedule.instant(keys[-1]), config)
        root = storage_root()
        declared = frozenset(workspace.names("activation"))
        with (
            interrupts() as cancelled,
            locked(root / "locks" / f"{self.name}.lock", wait=_LOCK_WAIT, cancelled=cancelled),
        ):
            snapshot = self._snapshot(context, workspace)
            ledger = self._ledger(context, keys[-1], root, destination.host)
            order = RunOrder(
                run_id=context.run.run_id,
                partition=keys[-1],
                instant=self.spec.schedule.instant(keys[-1]),
                snapshot=snapshot.number,
                full=config.full,
                explicit=scheduled(context) is None,
                allow=config.allow,
            )
            try:
                run = activate(
                    self.declared(workspace, destination),
                    snapshot.scan(),
                    ledger,
                    loader_for(destination, root, cancelled=cancelled),
                    order,
                    account_hash=lambda: account_hash(root, destination.secret_values()),
                    neighbours=lambda: neighbours(root, ledger.folder.name, declared),
                    progress=_progress(context),
                )
            except RunFailed as failed:
                raise self._ended_early(context, keys[-1], failed) from failed.error
        yield from verdicts(run)
        yield self._result(context, keys, run)

    def _snapshot(self, context: dg.AssetExecutionContext, workspace: Workspace) -> Snapshot:
        """What this run produced, or the newest; none while a check upstream stands failed."""
        upstream, model = self.upstream(workspace), self.model(workspace)
        assert upstream is not None
        assert model is not None
        return upstream.frames.for_run(run_ids(context), made_of=[model.frames])

    def _ledger(
        self, context: dg.AssetExecutionContext, partition: str, root: Path, host: str
    ) -> WitnessedLedger:
        """The ledger that the last run to this host left, witnessed by Dagster from now on."""

        def tell(metadata: dict[str, int | str]) -> None:
            context.log_event(dg.AssetObservation(self.asset_key, partition=partition, metadata=metadata))

        folder = root / "ledgers" / ledger_of(root, self.name, host)
        ledger = WitnessedLedger(folder, context.instance, self.asset_key, host, tell)
        applied, newest = ledger.manifest.snapshot, newest_number(root)
        if applied > newest:  # or every run would seem superseded, until the numbers have caught up
            raise LedgerMismatch(
                f"the ledger {folder.name} has applied snapshot {applied}, but the newest of this storage root is {newest}",
                remedy=f"Bring the folder frames of that ledger's storage root back, too (its file counter is enough), or start "
                f"over: activation reset {folder.name} (everything is then sent again as new).",
            )
        return ledger

    def _result(
        self, context: dg.AssetExecutionContext, keys: Sequence[str], run: Run
    ) -> dg.MaterializeResult[Any]:
        """The figures belong to the newest partition; the others of a range were overtaken by it (SEMANTICS E2)."""
        found = issues(storage_root(), run.ledger).filter(pl.col("run") == run.number)
        metadata = run_metadata(run, found)
        if len(keys) == 1:
            return dg.MaterializeResult(metadata=metadata)
        context.add_asset_metadata(metadata, self.asset_key, keys[-1])
        for key in keys[:-1]:
            overtaken = {"status": str(Status.SUPERSEDED), "by": keys[-1]}
            context.add_asset_metadata(overtaken, self.asset_key, key)
        return dg.MaterializeResult()

    def _ended_early(
        self, context: dg.AssetExecutionContext, partition: str, failed: RunFailed
    ) -> BaseException:
        """A run that stopped or failed keeps its figures as an observation (SEMANTICS F2)."""
        found = issues(storage_root(), failed.run.ledger).filter(pl.col("run") == failed.run.number)
        metadata = run_metadata(failed.run, found)
        context.log_event(dg.AssetObservation(self.asset_key, partition=partition, metadata=metadata))
        if isinstance(failed.error, Cancelled):
            return DagsterExecutionInterruptedError("the run was cancelled; what was acknowledged is kept")
        return failed.error

    def build(self, workspace: Workspace) -> dg.Definitions:
        """The asset, its checks, its schedule."""
        destination: DestinationComponent = workspace.find("destination", self.spec.destination)
        spec = self.get_asset_spec(workspace)

        @dg.multi_asset(
            name=f"activations__{self.spec.destination}__{self.name}",
            specs=[spec],
            check_specs=[dg.AssetCheckSpec(name, asset=spec.key) for name in VERDICTS],
            partitions_def=spec.partitions_def,
            backfill_policy=dg.BackfillPolicy.single_run(),
            required_resource_keys={destination.resource_key},
            pool=f"activation_{self.name}",
        )
        def materialise(context: dg.AssetExecutionContext, config: ActivationConfig) -> Iterator[Any]:
            with told_plainly():
                yield from self.execute(
                    context, workspace, getattr(context.resources, destination.resource_key), config
                )

        schedules = (
            [schedule_of(self.name, self.asset_key, self.spec.schedule)] if self.spec.schedule.timed else []
        )
        return dg.Definitions(assets=[materialise], schedules=schedules)


def _progress(context: dg.AssetExecutionContext) -> Callable[[int, int], None]:
    """Progress as log events, at most one in ten seconds, and to whoever listens in this process."""
    last = time.monotonic()
    heard = listener()

    def tell(done: int, total: int) -> None:
        nonlocal last
        if heard is not None:
            heard(done, total)
        if time.monotonic() - last >= 10:
            last = time.monotonic()
            context.log.info("%d of %d records answered", done, total)

    return tell
