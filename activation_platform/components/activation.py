"""An activation in the workspace: a partitioned asset whose materialisation brings a destination in step with a frame."""

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields as dataclass_fields
from datetime import UTC, datetime
from typing import Any, ClassVar

import dagster as dg
import polars as pl
from dagster._core.errors import DagsterExecutionInterruptedError
from pydantic import BaseModel

from activation_platform.components.activation_spec import ActivationSpec
from activation_platform.components.asking import loader_for
from activation_platform.components.destination import DestinationComponent
from activation_platform.components.instants import run_ids, scheduled
from activation_platform.components.model import ModelComponent
from activation_platform.components.progress import listener
from activation_platform.components.schedules import schedule_of
from activation_platform.components.segment import SegmentComponent
from activation_platform.components.shown import failure, run_metadata
from activation_platform.components.storage import account_hash, storage_root
from activation_platform.components.workspace import Declared, Fault, Workspace
from activation_platform.contracts.destination import Destination
from activation_platform.contracts.errors import ActivationError, Cancelled, DeclarationError
from activation_platform.contracts.fields import nearest
from activation_platform.contracts.service import Service
from activation_platform.sync.activate import RunFailed, activate
from activation_platform.sync.history import Run, issues
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.lock import locked
from activation_platform.sync.mapping import mapping_problems
from activation_platform.sync.order import SET_ASIDE, Activation, RunOrder

__all__ = ["ActivationComponent", "ActivationConfig"]

_LOCK_WAIT = 3600.0
NO_REJECTED, NO_SET_ASIDE = "no_rejected_records", "no_source_issues"


class ActivationConfig(dg.Config):
    """What can be chosen when an activation is run by hand."""

    full: bool = False
    """Send everything again, whether it changed or not."""
    allow: dict[str, int] = {}  # noqa: RUF012 -- a pydantic field, copied for every instance
    """Ceilings that let a guard through in this run: {deletes: 1200}."""


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

    def faults(self, workspace: Workspace) -> Iterator[Fault]:
        """References, mode, options, mapping and schedule that cannot be."""
        spec = self.spec
        given = [word for word in ("segment", "model") if getattr(spec, word) is not None]
        if len(given) != 1:
            yield Fault((), f"takes exactly one of segment and model, here {' and '.join(given) or 'none'}")
        for word in given:
            yield from workspace.unknown(word, getattr(spec, word), (word,))
        yield from workspace.unknown("destination", spec.destination, ("destination",))
        yield from spec.schedule.faults()
        destination: DestinationComponent | None = workspace.find("destination", spec.destination)
        if destination is not None and not list(destination.faults(workspace)):
            yield from self._service_faults(workspace, destination)

    def _service_faults(self, workspace: Workspace, destination: DestinationComponent) -> Iterator[Fault]:
        platform = destination.destination_class
        known = {platform.service_name(service): service for service in platform.services}
        service_class = known.get(self.spec.service)
        if service_class is None:
            near = nearest(self.spec.service, known) or f" There is: {', '.join(sorted(known))}."
            yield Fault(
                ("service",), f'{destination.spec.platform} has no service "{self.spec.service}".{near}'
            )
            return
        yield from self._mode_faults(service_class, destination)
        options = list(_option_faults(service_class, self.spec.options))
        yield from options
        if options:
            return
        try:
            service = service_class(platform.model_construct(), _options(service_class, self.spec.options))
        except DeclarationError as error:
            yield Fault(("options",), f"{error.what}. {error.remedy}")
            return
        model = self.model(workspace)
        if model is not None and model.spec.kind not in service_class.model_kinds:
            takes = " or ".join(sorted(service_class.model_kinds))
            yield Fault(
                ("service",), f'takes models of kind {takes}; "{model.name}" is of kind {model.spec.kind}'
            )
        yield from self._mapping_faults(service, None if model is None else model.columns())

    def _mode_faults(self, service: type[Service], destination: DestinationComponent) -> Iterator[Fault]:
        mode = self.spec.mode
        if mode not in service.modes:
            offered = ", ".join(sorted(service.modes))
            yield Fault(
                ("mode",), f"{self.spec.service} cannot keep the promise of {mode}; it offers: {offered}"
            )
            return
        for name in service.requirements(mode):
            if not destination.spec.settings.get(name):
                yield Fault(
                    ("mode",), f'{mode} needs the setting "{name}" of the destination "{destination.name}"'
                )
        if (
            service.deletes(mode)
            and service.deletes_are_requests
            and not self.spec.allow_irreversible_deletes
        ):
            yield Fault(
                ("mode",),
                f"{mode} erases records for good here; say allow_irreversible_deletes: true if that is meant",
            )

    def _mapping_faults(self, service: Service, columns: Mapping[str, Any] | None) -> Iterator[Fault]:
        for name, value in self.spec.mapping.items():
            if not isinstance(value, str) and (value.column is None) == (value.constant is None):
                yield Fault(("mapping", name), "takes exactly one of column and constant")
        for problem in mapping_problems(self.spec.lines(), service, columns):
            yield Fault(("mapping", problem.field) if problem.field else ("mapping",), problem.message)
        first_by = self.spec.first_by
        if first_by != SET_ASIDE and columns is not None and first_by not in columns:
            yield Fault(
                ("on_shared_identifier",), f'there is no column "{first_by}".{nearest(first_by, columns)}'
            )

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
            service=service(destination, _options(service, spec.options)),
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
        )

    def execute(
        self,
        context: dg.AssetExecutionContext,
        workspace: Workspace,
        destination: Destination,
        config: ActivationConfig,
    ) -> Iterator[Any]:
        """Take the lock, choose the snapshot, run the engine, tell what happened."""
        root = storage_root()
        keys = sorted(context.partition_keys, key=self.spec.schedule.instant)
        instant = self.spec.schedule.instant(keys[-1])
        if instant > datetime.now(UTC):
            raise DeclarationError(
                f"partition {keys[-1]} lies in the future", remedy="Run the newest partition that has begun."
            )
        upstream = self.upstream(workspace)
        assert upstream is not None
        with (
            _interrupts() as cancelled,
            locked(root / "locks" / f"{self.name}.lock", wait=_LOCK_WAIT, cancelled=cancelled),
        ):
            snapshot = upstream.frames.for_run(run_ids(context))
            ledger = Ledger(root / "ledgers" / self.name)
            order = RunOrder(
                run_id=context.run_id,
                partition=keys[-1],
                instant=instant,
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
                    progress=_progress(context),
                )
            except RunFailed as failed:
                yield from self._ended_early(context, keys[-1], failed)
                return
        found = issues(root, self.name).filter(pl.col("run") == run.number)
        yield from self._verdicts(run)
        yield dg.MaterializeResult(metadata=run_metadata(run, found))

    def _verdicts(self, run: Run) -> Iterator[dg.AssetCheckResult]:
        figures = run.figures
        for name, count, what in (
            (NO_REJECTED, figures.destination_issues, "records were rejected by the destination"),
            (NO_SET_ASIDE, figures.source_issues, "records could not be sent as they are"),
        ):
            yield dg.AssetCheckResult(
                check_name=name,
                passed=not count,
                severity=dg.AssetCheckSeverity.WARN,
                description=f"{count} {what}" if count else "none in this run",
                metadata={"new": count, "standing": figures.standing},
            )

    def _ended_early(
        self, context: dg.AssetExecutionContext, partition: str, failed: RunFailed
    ) -> Iterator[Any]:
        """A run that stopped or failed keeps its figures as an observation (SEMANTICS F2)."""
        found = issues(storage_root(), self.name).filter(pl.col("run") == failed.run.number)
        metadata = run_metadata(failed.run, found)
        context.log_event(dg.AssetObservation(self.asset_key, partition=partition, metadata=metadata))
        if isinstance(failed.error, Cancelled):
            raise DagsterExecutionInterruptedError("the run was cancelled; what was acknowledged is kept")
        raise failure(failed.error) from failed
        yield  # a generator, like `execute`

    def build(self, workspace: Workspace) -> dg.Definitions:
        """The asset, its checks, its schedule."""
        destination: DestinationComponent = workspace.find("destination", self.spec.destination)
        spec = self.get_asset_spec(workspace)

        @dg.multi_asset(
            name=f"activations__{self.spec.destination}__{self.name}",
            specs=[spec],
            check_specs=[dg.AssetCheckSpec(name, asset=spec.key) for name in (NO_REJECTED, NO_SET_ASIDE)],
            partitions_def=spec.partitions_def,
            backfill_policy=dg.BackfillPolicy.single_run(),
            required_resource_keys={destination.resource_key},
            pool=f"activation_{self.name}",
        )
        def materialise(context: dg.AssetExecutionContext, config: ActivationConfig) -> Iterator[Any]:
            try:
                yield from self.execute(
                    context, workspace, getattr(context.resources, destination.resource_key), config
                )
            except ActivationError as error:
                raise failure(error) from error

        schedules = (
            [] if self.spec.schedule.manual else [schedule_of(self.name, self.asset_key, self.spec.schedule)]
        )
        return dg.Definitions(assets=[materialise], schedules=schedules)


def _option_faults(service: type[Service], options: Mapping[str, Any]) -> Iterator[Fault]:
    known = {option.name for option in dataclass_fields(service.Options)}
    for name in options:
        if name not in known:
            near = nearest(name, known) or (
                f" There is: {', '.join(sorted(known))}." if known else " It has none."
            )
            yield Fault(("options", name), f'the service has no option "{name}".{near}')


def _options(service: type[Service], options: Mapping[str, Any]) -> Any:
    return service.Options(**options)


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


@contextmanager
def _interrupts() -> Iterator[Callable[[], bool]]:
    """Turn SIGINT and SIGTERM into a question the engine asks between batches, so that what is in flight is finished (D5)."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    before = {name: signal.signal(name, lambda *_: asked.set()) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
