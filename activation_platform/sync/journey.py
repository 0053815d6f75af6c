"""The part of a run that plans, sends and remembers; its order of events is told in `activate.py`."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import numpy as np
import polars as pl

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.errors import ActivationError, Cancelled
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import Outcome, Verdict
from activation_platform.contracts.passes import Pass
from activation_platform.sync.batches import Cutter
from activation_platform.sync.behind import Behind
from activation_platform.sync.departures import cancelled
from activation_platform.sync.history import Figures, Status
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.loader import Loader, Told
from activation_platform.sync.mapping import BoundMapping
from activation_platform.sync.order import Activation, RunOrder
from activation_platform.sync.piece import Piece
from activation_platform.sync.plan import Counts, Plan
from activation_platform.sync.planning import make_plan
from activation_platform.sync.progress import Face, Meter, Reading
from activation_platform.sync.remember import (
    answered,
    cleared,
    intent,
    left_behind,
    overwritten,
    replaced,
    unsent,
)
from activation_platform.sync.states import NO_EVENTS, Debt, Event, State
from activation_platform.sync.tally import Tally
from activation_platform.sync.together import Together

__all__ = ["Journey"]


class Journey:
    """The part of a run that plans and sends."""

    def __init__(
        self, activation: Activation, ledger: Ledger, loader: Loader, order: RunOrder, progress: Face
    ) -> None:
        self.activation = activation
        self.ledger = ledger
        self.loader = loader
        self.order = order
        self.notes: list[str] = []
        self.begun = False
        self._meter = Meter(self._reading, progress)
        self._tally = Tally(Counts())
        self._piece: Piece | None = None
        self._behind: Behind | None = None
        self._standing: list[pl.Series] = []
        self._unknown_there: list[Batch] = []
        self._plan: Plan | None = None

    async def travel(self, frame: pl.LazyFrame, mapping: BoundMapping) -> None:
        """Plan, remember what the plan decided, send, seal."""
        order, ledger = self.order, self.ledger
        name = f"{order.run_id}:{ledger.manifest.sequence + 1}"
        full_since = ledger.manifest.full_since or (ledger.now() if order.full else 0)
        ledger.begin(
            partition=order.partition,
            instant=order.instant.timestamp(),
            snapshot=order.snapshot,
            mapping={bound.name: bound.type.label for bound in mapping.fields},
            full_since=full_since,
            owned_from=self._owned_from(),
            engine="frames" if order.rows is None else "warehouse",
            delta="" if order.rows is None else order.rows.token(ledger.manifest.delta),
        )
        self.begun = True
        plan = self._plan = make_plan(frame, self.activation, mapping, ledger, self.order, ledger.now())
        self._behind = Behind(plan, self.activation, ledger.head)
        self._tally.counts = plan.counts
        self.notes.extend(plan.notes)
        self._stop_if_cancelled()
        for events in plan.decided():
            ledger.record(events)
        if self.activation.mode is Mode.SNAPSHOT and plan.withheld:
            self.notes.append("what stands at the destination stays as it is")
        elif self.activation.in_one_piece:
            await self._in_one_piece(plan, name)
        else:
            await self._batch_by_batch(plan, Cutter(plan, self.activation, name, ledger.now))
        remembered = self.activation.events
        ledger.seal(
            forget_before=0 if remembered is None else remembered.forgotten_before(ledger.now()),
            null_keys=plan.null_keys,
            full_done=True,
            full_since=0 if order.full else full_since,
        )
        if order.rows is not None:
            self.notes.extend(order.rows.merge(ledger))

    def _owned_from(self) -> float:
        """Where the earliest window begins that a run of events owned, this one included."""
        window, before = self.order.window, self.ledger.manifest.owned_from
        if window is None:
            return before
        start = window.start.timestamp()
        return min(before or start, start)

    async def _batch_by_batch(self, plan: Plan, cutter: Cutter) -> None:
        """Every answer counts at once."""
        inserts = cutter.writes(Operation.INSERT)
        if self.activation.mode is Mode.SNAPSHOT:
            for entries in self.ledger.head.chunks():
                self.ledger.record(cleared(entries, self.ledger.now()))
            first = next(inserts, None) or cutter.emptying()
            await self._load(iter([replace(first, operation=Operation.CLEAR)]))
        await self._load(inserts)
        await self._load(cutter.writes(Operation.UPDATE))
        await self._load(self._inserts_after_all())
        await self._load(cutter.erasures())
        await self._load(cutter.deletes(self._leaving()))
        if self.activation.mode is Mode.SNAPSHOT:
            self._forget_replaced(plan)

    async def _in_one_piece(self, plan: Plan, name: str) -> None:
        """Nothing counts before everything stands in its place (SEMANTICS C1)."""
        activation, service = self.activation, self.activation.service
        if not self._tally.planned and activation.mode is not Mode.SNAPSHOT:
            return
        order, schema = self.order, plan.mapping.sent_schema
        begun = service.begin(Pass(name, activation.mode, order.partition, order.instant, schema))
        piece = self._piece = Piece(self.ledger.work, token=await self.loader.ask(begun))
        cutter = Cutter(plan, activation, name, self.ledger.now, piece.token)
        try:
            await self._load(cutter.writes(Operation.INSERT))
            await self._load(cutter.writes(Operation.UPDATE))
            await self._load(cutter.deletes(self._leaving()))
        except BaseException:
            self._piece = None
            with suppress(ActivationError):  # the reason why it is abandoned says more
                await self.loader.ask(service.abandon(piece.token))
            raise
        for events in piece.intents():
            self.ledger.record(events)
        await self.loader.ask(service.finish(piece.token))
        self._piece = None
        with self._tally.in_doubt_unless_kept(piece.tally.answered):
            for events in piece.answers():
                self.ledger.record(events)
        self._tally.absorb(piece.tally)
        if activation.mode is Mode.SNAPSHOT:
            self._forget_replaced(plan)

    def _forget_replaced(self, plan: Plan) -> None:
        """What was not part of a snapshot is no more, and no delete is owed for it."""
        head = self.ledger.head
        stays = np.zeros(len(head), dtype=np.bool_)
        standing = head.find(pl.concat([pl.Series(dtype=pl.UInt64), *self._standing]).to_numpy())
        stays[standing[standing >= 0]] = True
        at = self.ledger.now()
        self.ledger.record(replaced(head.entries(head.found(*State, unless=stays)), at))
        self.ledger.record(cancelled(self.ledger.debts.filter(pl.col("debt") == Debt.DELETE), at))
        self._tally.deleted += plan.counts.delete

    def _stop_if_cancelled(self) -> None:
        if self.loader.cancelled():
            raise Cancelled(
                "the run was cancelled", remedy="What was acknowledged is kept; the next run sends the rest."
            )

    async def _load(self, batches: Iterator[Batch]) -> None:
        service = self.activation.service
        together = Together(
            self._before, self._after, self._unsent, self.ledger.durable, apart=service.can_look_up
        )
        told = Told(together.before, together.after, together.unsent, together.durable)
        try:
            async with self._meter.ticking():
                await self.loader.load(service, batches, told)
        finally:
            together.finish()
        self._stop_if_cancelled()

    def _intends(self, batch: Batch) -> bool:
        """Whether the ledger must know of a batch before it leaves.

        An idempotent insert under a mode that does not delete is simply sent again. An update is not: if the value went
        back to what was acknowledged before, nobody would look at the record again.
        """
        new = batch.operation is Operation.INSERT
        return not (new and self.activation.service.idempotent and not self.activation.removes_left_behind)

    def _before(self, batch: Batch) -> None:
        at = self.ledger.now()
        events = NO_EVENTS
        if (
            self._plan is not None
            and self._plan.overwritten.height
            and batch.operation is not Operation.DELETE
        ):
            writers = self._plan.overwritten.filter(pl.col("_writer").is_in(batch.frame["_key64"].implode()))
            events = overwritten(writers.drop("_writer"), at)
        if self._piece is not None:
            self._piece.intend(pl.concat([events, intent(batch, self.activation, at)]))
            return
        if self._intends(batch):
            events = pl.concat([events, intent(batch, self.activation, at)])
        self.ledger.note(events)

    def _unsent(self, batch: Batch) -> None:
        if self._piece is None and self._intends(batch):
            self.ledger.note(unsent(batch, self.activation, self.ledger.now()))

    @property
    def _counting(self) -> Tally:
        return self._tally if self._piece is None else self._piece.tally

    def _reading(self) -> Reading:
        return self._counting.answered, self._tally.planned, self.loader.limit

    def _remember(self, events: pl.DataFrame) -> None:
        """Now, or once the piece stands."""
        if self._piece is None:
            self.ledger.note(events)
        else:
            self._piece.answer(events)

    def _after(self, batch: Batch, outcomes: list[Outcome]) -> None:
        own = (
            len(batch) if batch.operation is not Operation.DELETE else int((~batch.frame["_same_run"]).sum())
        )
        with self._counting.in_doubt_unless_kept(own):
            self._heard(batch, outcomes)
        self._meter.look()

    def _heard(self, batch: Batch, outcomes: list[Outcome]) -> None:
        if batch.operation is Operation.DELETE:
            events = answered(batch, outcomes, self.activation, self.ledger.now())
            self._remember(events)
            self._counting.deletes(events, batch.frame["_same_run"])
        elif len(batch):
            self._after_writes(*self._without_unknown_there(batch, outcomes))

    def _after_writes(self, batch: Batch, outcomes: list[Outcome]) -> None:
        at = self.ledger.now()
        events = answered(batch, outcomes, self.activation, at)
        behind = left_behind(events, batch, self.activation, at)
        self._remember(pl.concat([events, behind]) if behind.height else events)
        self._counting.left_behind += behind.height
        self._counting.writes(events, batch.operation, batch.frame["_moved"])
        assert self._behind is not None
        self._behind.hear(events, behind)
        if self.activation.mode is Mode.SNAPSHOT:
            stands = events["event"].is_in([Event.ACCEPTED, Event.PARTIAL, Event.UNKNOWN])
            self._standing.append(events["key64"].filter(stands))

    def _without_unknown_there(self, batch: Batch, outcomes: list[Outcome]) -> tuple[Batch, list[Outcome]]:
        """Under upsert and mirror an update of a record that is not there becomes an insert, in this run (SEMANTICS C)."""
        upserts = self.activation.mode in (Mode.UPSERT, Mode.MIRROR)
        if batch.operation is not Operation.UPDATE or not upserts:
            return batch, outcomes
        missing = [n for n, outcome in enumerate(outcomes) if outcome.verdict is Verdict.IGNORED]
        if not missing:
            return batch, outcomes
        self._unknown_there.append(replace(batch.take(missing), operation=Operation.INSERT))
        others = [n for n, outcome in enumerate(outcomes) if outcome.verdict is not Verdict.IGNORED]
        return batch.take(others), [outcomes[n] for n in others]

    def _inserts_after_all(self) -> Iterator[Batch]:
        """The updates that the destination did not know, as inserts."""
        size = self.activation.service.batch_size
        while self._unknown_there:
            batch = self._unknown_there.pop()
            for start in range(0, len(batch), size):
                yield batch.part(start, start + size)

    def _leaving(self) -> pl.DataFrame:
        """Deletes, which come last, once every write has its answer."""
        assert self._behind is not None
        leaving = self._behind.leaving(self.ledger.now())
        self._remember(leaving.cancelled)
        self._tally.held_back = leaving.waiting
        return leaving.deletes

    def figures(self) -> Figures:
        """The run's figures so far."""
        return self._tally.figures(self.loader.requests)

    def status(self) -> Status:
        """How a run that came to its end ended."""
        return self._tally.status()
