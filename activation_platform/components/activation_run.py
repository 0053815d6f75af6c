"""One run of an activation: the lock, the snapshot, the engine, and what is told of it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError

from activation_platform.components.activation_config import ActivationConfig, require_possible
from activation_platform.components.asked import asked
from activation_platform.components.asking import loader_for
from activation_platform.components.frames import newest_number
from activation_platform.components.inputs import inputs, snapshots
from activation_platform.components.instants import by_hand, run_ids
from activation_platform.components.interrupts import interrupts
from activation_platform.components.launchers import require_shared_storage
from activation_platform.components.mapping_check import mapping_of_run, mapping_unasked, misfit_told
from activation_platform.components.pauses import paused_now, tell_now
from activation_platform.components.progress import telling
from activation_platform.components.retention import prune_logs
from activation_platform.components.shown import run_metadata
from activation_platform.components.staying import rows_of
from activation_platform.components.storage import account_hash, storage_root
from activation_platform.components.verdicts import repeated, verdicts
from activation_platform.components.windows import window_of, window_told
from activation_platform.components.witness import WitnessedLedger
from activation_platform.components.workspace import Workspace
from activation_platform.contracts.destination import Destination
from activation_platform.contracts.errors import Cancelled, LedgerMismatch
from activation_platform.sync.activate import RunFailed, activate
from activation_platform.sync.ledgers import ledger_of, neighbours
from activation_platform.sync.order import RunOrder
from activation_platform.sync.store import Hold, Store

if TYPE_CHECKING:
    from activation_platform.components.activation import ActivationComponent

__all__ = ["run_of"]

_LOCK_WAIT = 3600.0


def run_of(
    activation: "ActivationComponent",
    context: dg.AssetExecutionContext,
    workspace: Workspace,
    destination: Destination,
    config: ActivationConfig,
) -> Iterator[Any]:
    """Take the lock, choose the snapshot, run the engine, tell what happened."""
    require_shared_storage(context.instance)
    wanted = asked(context, activation.spec.schedule)
    if wanted.chosen is None:
        yield from repeated(context.instance, activation, workspace)
        yield mapping_unasked(activation.asset_key)
        yield paused_now(context.instance, activation, workspace)
        yield wanted.told(context, activation.asset_key, {})
        return
    partition, instant = wanted.chosen, activation.spec.schedule.instant(wanted.chosen)
    require_possible(partition, instant, config)
    root = storage_root()
    names = frozenset(workspace.names("activation"))
    with (
        interrupts() as cancelled,
        root.lock(f"locks/{activation.name}", wait=_LOCK_WAIT, cancelled=cancelled) as hold,
        snapshots(activation, workspace, run_ids(context)) as read_from,
        misfit_told(context.instance, activation, workspace),
    ):
        snapshot = next(iter(read_from.values()))
        ledger = _ledger(activation, context, partition, root, destination.host, hold)
        declared = activation.declared(workspace, destination)
        begin = None if ledger.manifest.full_done else activation.spec.start_from
        window = window_of(wanted, activation.spec.schedule, begin) if declared.events else None
        with rows_of(activation, workspace, context.resources, read_from, ledger, window) as (frame, rows):
            order = RunOrder(
                run_id=context.run.run_id,
                partition=partition,
                instant=instant,
                snapshot=max(one.number for one in read_from.values()),
                frame=f"{inputs(activation, workspace)[0].frames.name}/{snapshot.number}",
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
                account = workspace.find("destination", activation.spec.destination)
                account.blame(failed.error, destination, activation, workspace, context.instance)
                tell_now(context.instance, activation, workspace)
                raise _ended_early(activation, context, partition, failed) from failed.error
        prune_logs(context, activation, workspace, root)
    yield from verdicts(context.instance, activation, workspace, run, snapshot.rows, ledger.debts)
    yield mapping_of_run(context.instance, activation.asset_key, run.status)
    yield paused_now(context.instance, activation, workspace)
    metadata = run_metadata(run)
    if window is not None and declared.events is not None:
        metadata["window"] = window_told(window, declared.events.time, snapshot)
    yield wanted.told(context, activation.asset_key, metadata)


def _ledger(
    activation: "ActivationComponent",
    context: dg.AssetExecutionContext,
    partition: str,
    root: Store,
    host: str,
    hold: Hold,
) -> WitnessedLedger:
    """The ledger that the last run to this host left, witnessed by Dagster from now on."""

    def tell(metadata: dict[str, int | str]) -> None:
        context.log_event(dg.AssetObservation(activation.asset_key, partition=partition, metadata=metadata))

    folder = root / "ledgers" / ledger_of(root, activation.name, host)
    ledger = WitnessedLedger(
        folder, hold, context.instance, activation.asset_key, host, tell, activation.spec.past
    )
    applied, newest = ledger.manifest.snapshot, newest_number(root)
    if applied > newest:  # or every run would seem superseded, until the numbers have caught up
        raise LedgerMismatch(
            f"the ledger {folder.name} has applied snapshot {applied}, but the newest of this storage root is {newest}",
            remedy=f"Bring the folder frames of that ledger's storage root back, too (its file counter is enough), or start "
            f"over: activation reset {folder.name} (everything is then sent again as new).",
        )
    return ledger


def _ended_early(
    activation: "ActivationComponent", context: dg.AssetExecutionContext, partition: str, failed: RunFailed
) -> BaseException:
    """A run that stopped or failed keeps its figures as an observation (SEMANTICS F2)."""
    told = dg.AssetObservation(activation.asset_key, partition=partition, metadata=run_metadata(failed.run))
    context.log_event(told)
    if isinstance(failed.error, Cancelled):
        return DagsterExecutionInterruptedError(str(failed.error))
    return failed.error
