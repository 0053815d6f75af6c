"""One run of an activation, in the order in which it happens. Read this file to know what the product does.

claim     whose ledger is this? what does the account call itself? which fields has it?
settle    what became of deletes that the destination is carrying out, and of operations that got no answer
plan      frame - ledger; complete on disk before anything is sent
load      inserts, updates, then deletes; every answer is remembered before the next batch counts
seal      the ledger's new head, the figures, the history
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

import polars as pl

from activation_platform.contracts.errors import (
    ActivationError,
    DeclarationError,
    LeaseLost,
    RateLimited,
    Stopped,
    StorageFailed,
)
from activation_platform.contracts.fields import Field
from activation_platform.contracts.modes import Mode, ObjectKind, RunType
from activation_platform.contracts.service import Pending
from activation_platform.sync.claim import Neighbour, claim, nobody, target_of
from activation_platform.sync.disk import storage_failure
from activation_platform.sync.doubts import doubts_of, policy, resolved, told_of
from activation_platform.sync.fingerprint import text_hash
from activation_platform.sync.history import Mapped, Run, Status, write_run
from activation_platform.sync.journey import Journey
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.loader import Loader
from activation_platform.sync.manifest import Target
from activation_platform.sync.mapping import BoundMapping, bind
from activation_platform.sync.order import Activation, InDoubt, RunOrder
from activation_platform.sync.progress import Face, silently
from activation_platform.sync.remember import settled
from activation_platform.sync.states import ENTRIES, PENDING_ERASURE, State

__all__ = ["RunFailed", "activate"]


class RunFailed(Exception):
    """A run ended early; `run` holds its figures, `error` why."""

    def __init__(self, run: Run, error: ActivationError) -> None:
        self.run = run
        self.error = error
        super().__init__(str(error))


def activate(
    activation: Activation,
    frame: pl.LazyFrame,
    ledger: Ledger,
    loader: Loader,
    order: RunOrder,
    *,
    account_hash: Callable[[], str],
    neighbours: Callable[[], Sequence[Neighbour]] = nobody,
    progress: Face = silently,
) -> Run:
    """Run an activation under its lock; returns what the history keeps of it.

    `account_hash` names the account where the vendor does not. `neighbours`: the other ledgers under the storage root.
    Raises RunFailed when the run ended early; what was acknowledged is sealed then, too.
    """
    return asyncio.run(
        _activate(activation, frame, ledger, loader, order, account_hash, neighbours, progress)
    )


async def _activate(
    activation: Activation,
    frame: pl.LazyFrame,
    ledger: Ledger,
    loader: Loader,
    order: RunOrder,
    account_hash: Callable[[], str],
    neighbours: Callable[[], Sequence[Neighbour]],
    progress: Face,
) -> Run:
    started = time.time()
    if activation.run_type is RunType.FULL_ONLY:
        order = replace(order, full=True)
    journey = Journey(activation, ledger, loader, order, progress)
    mapping: BoundMapping | None = None

    def told(status: Status, error: str = "") -> Run:
        figures, notes = journey.figures(), [*journey.notes, *loader.notes]
        platform = loader.destination.platform
        return Run(
            number=ledger.manifest.sequence,
            activation=activation.name,
            destination=f"{platform}.{type(loader.destination).service_name(type(activation.service))}",
            partition=order.partition,
            run_id=order.run_id,
            status=status,
            figures=figures,
            started=started,
            seconds=time.time() - started,
            full=order.full,
            error=error,
            ledger=ledger.folder.name,
            notes=notes,
            frame=order.frame,
            mapping="" if mapping is None else mapping.version,
            fields=None if mapping is None else _mapped(mapping, activation),
        )

    try:
        if ledger.recovered:
            journey.notes.append(f"run {ledger.recovered} had crashed: what was acknowledged to it is kept")
        if activation.kind is not ObjectKind.EVENT and _overtaken(ledger, order):
            ledger.begin()
            ledger.seal()
            return _kept(told(Status.SUPERSEDED), ledger)
        target = await _target(activation, loader, account_hash)
        journey.notes.extend(claim(activation, ledger, target, frame, neighbours))
        mapping = await _bound(activation, loader, frame.collect_schema())
        await _settle(activation, ledger, loader)
        journey.notes.extend(await _resolve(activation, ledger, loader))
        await journey.travel(frame, mapping)
        return _kept(told(journey.status()), ledger)
    except LeaseLost:  # another run seals what this one had acknowledged
        raise
    except Exception as error:
        reason = error if isinstance(error, ActivationError) else storage_failure(error, ledger.folder)
        if reason is None:
            raise
        reason = _sealed_early(ledger, begun=journey.begun) or reason
        status = Status.STOPPED if isinstance(reason, (Stopped, RateLimited)) else Status.FAILED
        run = told(status, str(reason))
        with suppress(
            OSError, StorageFailed
        ):  # what kept it from being sealed may keep its figures from being written, too
            write_run(ledger.folder, run)
        raise RunFailed(run, reason) from error
    finally:
        await loader.close()


def _mapped(mapping: BoundMapping, activation: Activation) -> list[Mapped]:
    """What the history keeps of a mapping."""
    shown = {line.field for line in activation.mapping if line.shown}
    return [
        Mapped(one.name, one.type.label, one.column, one.name == mapping.identifying, one.name in shown)
        for one in mapping.fields
    ]


def _kept(run: Run, ledger: Ledger) -> Run:
    write_run(ledger.folder, run)
    return run


def _sealed_early(ledger: Ledger, *, begun: bool) -> StorageFailed | None:
    """Seal a run that ended before its time; returns what hinders it: the next run seals it then, as after a crash."""
    try:
        if not (ledger.running or begun):
            ledger.begin()
        if ledger.running:
            ledger.seal()
    except StorageFailed as failed:
        return failed
    except (OSError, pl.exceptions.PolarsError) as error:
        failure = storage_failure(error, ledger.folder)
        if failure is None:
            raise
        return failure
    return None


def _overtaken(ledger: Ledger, order: RunOrder) -> bool:
    """Whether a newer partition or frame was already applied (SEMANTICS E1, E2)."""
    manifest = ledger.manifest
    older = order.instant.timestamp() < manifest.instant
    if older and order.explicit:
        raise DeclarationError(
            f"partition {order.partition} is older than {manifest.partition}, which the ledger has already applied",
            remedy="Run the newest partition: it brings the destination in step with today's data.",
        )
    return older or order.snapshot < manifest.snapshot


async def _target(activation: Activation, loader: Loader, account_hash: Callable[[], str]) -> Target:
    """Where the activation writes, as far as the account's own name."""
    destination = loader.destination
    account = await loader.ask(destination.account())
    return target_of(activation.service, account or account_hash())


async def _bound(activation: Activation, loader: Loader, schema: pl.Schema) -> BoundMapping:
    """The mapping, bound to the frame's columns and the account's fields."""
    inquiry = activation.service.account_fields()
    fields: tuple[Field, ...] | None = None if inquiry is None else await loader.ask(inquiry)
    return bind(activation.mapping, activation.service, schema, fields)


async def _settle(activation: Activation, ledger: Ledger, loader: Loader) -> None:
    """Ask what became of asynchronous deletes; sealed by itself, so that the plan starts from what is true now."""
    head = ledger.head
    entries = head.entries(head.found(State.DELETE_REQUESTED)).with_columns(_behind=pl.lit(value=False))
    owed = ledger.debts.filter(pl.col("operation") == PENDING_ERASURE)
    behind = owed.select(
        "key64", "key", "raw", "identifier", "request", "since", _behind=pl.lit(value=True)
    ).with_columns(identifier64=text_hash(pl.col("identifier")))
    pending = pl.concat([entries, behind], how="diagonal_relaxed")
    if pending.is_empty() or not activation.service.deletes_are_requests:
        return
    asked = [
        Pending(row["key"], row["identifier"], row["request"] or "", row["since"] / 1e6)
        for row in pending.iter_rows(named=True)
    ]
    settlements = await loader.ask(activation.service.settle(asked))
    events = settled(
        pending.select(*ENTRIES.names(), "_behind"),
        [settlement.state for settlement in settlements],
        [settlement.request for settlement in settlements],
        remembers=activation.mode is Mode.ERASE,
        at=ledger.now(),
    )
    _seal(ledger, events)


async def _resolve(activation: Activation, ledger: Ledger, loader: Loader) -> list[str]:
    """Find out what became of operations without an answer, or take them for done; sealed by itself, too (SEMANTICS A1).

    Returns what a run should say of it.
    """
    if activation.service.idempotent:
        return []
    entries, doubts = doubts_of(ledger)
    if not doubts:
        return []
    how, done = policy(activation), [True] * len(doubts)
    if how is InDoubt.RESEND:
        return [told_of(how, done)]
    if how is InDoubt.VERIFY:
        done = await loader.ask(activation.service.look_up(doubts))
    events = resolved(entries, done, ledger.now())
    _seal(ledger, events)
    return [told_of(how, done)]


def _seal(ledger: Ledger, events: pl.DataFrame) -> None:
    if events.height:
        ledger.begin()
        ledger.record(events)
        ledger.seal()
