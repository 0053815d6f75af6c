"""The part of a run that plans, sends and remembers; its order of events is told in `activate.py`."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import polars as pl

from activation_platform.contracts.batch import IDENTIFIER, KEY, PREVIOUS, REQUEST, Batch
from activation_platform.contracts.errors import Cancelled
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import Outcome, Verdict
from activation_platform.sync.departures import cancelled
from activation_platform.sync.history import Figures, Status
from activation_platform.sync.identifiers import contested
from activation_platform.sync.ledger import Ledger, now_us
from activation_platform.sync.loader import Loader, Told
from activation_platform.sync.mapping import BoundMapping
from activation_platform.sync.order import Activation, RunOrder
from activation_platform.sync.plan import Counts, Plan, make_plan
from activation_platform.sync.remember import answered, intent, left_behind, overwritten, unsent
from activation_platform.sync.states import EVENTS, Event
from activation_platform.sync.tally import Tally

__all__ = ["Journey", "Progress", "silently"]

Progress = Callable[[int, int], None]
"""Told how many records of how many have their answer."""


def silently(done: int, total: int) -> None:
    """Progress that nobody wants to see."""
    del done, total


class Journey:
    """The part of a run that plans and sends."""

    def __init__(
        self, activation: Activation, ledger: Ledger, loader: Loader, order: RunOrder, progress: Progress
    ) -> None:
        self.activation = activation
        self.ledger = ledger
        self.loader = loader
        self.order = order
        self.progress = progress
        self.notes: list[str] = []
        self.begun = False
        self._tally = Tally(Counts())
        self._moved: list[pl.DataFrame] = []
        self._accepted_late: list[pl.Series] = []
        self._not_accepted: list[pl.Series] = []
        self._unknown_there: list[Batch] = []
        self._plan: Plan | None = None

    async def travel(self, frame: pl.LazyFrame, mapping: BoundMapping) -> None:
        """Plan, remember what the plan decided, send, seal."""
        order, ledger = self.order, self.ledger
        ledger.begin(
            partition=order.partition,
            instant=order.instant.timestamp(),
            snapshot=order.snapshot,
            mapping={bound.name: bound.type.label for bound in mapping.fields},
        )
        self.begun = True
        plan = self._plan = make_plan(frame, self.activation, mapping, ledger, self.order, now_us())
        self._tally.counts = plan.counts
        self.notes.extend(plan.notes)
        self._stop_if_cancelled()
        for events in plan.decided():
            ledger.record(events)
        for operation in (Operation.INSERT, Operation.UPDATE):
            await self._load(self._writes(plan, operation))
        await self._load(self._inserts_after_all())
        await self._load(self._deletes(plan))
        ledger.seal(null_keys=plan.null_keys, full_done=True)

    def _stop_if_cancelled(self) -> None:
        if self.loader.cancelled():
            raise Cancelled(
                "the run was cancelled", remedy="What was acknowledged is kept; the next run sends the rest."
            )

    async def _load(self, batches: Iterator[Batch]) -> None:
        told = Told(before=self._before, after=self._after, unsent=self._unsent)
        await self.loader.load(self.activation.service, batches, told)
        self._stop_if_cancelled()

    def _intends(self, batch: Batch) -> bool:
        """Whether the ledger must know of a batch before it leaves.

        An idempotent insert under a mode that does not delete is simply sent again. An update is not: if the value went
        back to what was acknowledged before, nobody would look at the record again.
        """
        new = batch.operation is Operation.INSERT
        return not (new and self.activation.service.idempotent and not self.activation.deletes)

    def _before(self, batch: Batch) -> None:
        at = now_us()
        events = EVENTS.to_frame()
        if (
            self._plan is not None
            and self._plan.overwritten.height
            and batch.operation is not Operation.DELETE
        ):
            writers = self._plan.overwritten.filter(pl.col("_writer").is_in(batch.frame["_key64"].implode()))
            events = overwritten(writers.drop("_writer"), at)
        if self._intends(batch):
            asynchronous = self.activation.service.deletes_are_requests
            meant = intent(batch, deletes=self.activation.deletes, asynchronous=asynchronous, at=at)
            events = pl.concat([events, meant])
        self.ledger.record(events)

    def _unsent(self, batch: Batch) -> None:
        if self._intends(batch):
            self.ledger.record(unsent(batch, now_us()))

    def _after(self, batch: Batch, outcomes: list[Outcome]) -> None:
        if batch.operation is Operation.DELETE:
            events = self._remembered(batch, outcomes)
            self.ledger.record(events)
            self._tally.deletes(events, batch.frame["_same_run"])
        else:
            self._after_writes(*self._without_unknown_there(batch, outcomes))
        self.progress(self._tally.answered, self._tally.planned)

    def _remembered(self, batch: Batch, outcomes: list[Outcome]) -> pl.DataFrame:
        asynchronous = self.activation.service.deletes_are_requests
        return answered(batch, outcomes, asynchronous=asynchronous, at=now_us())

    def _after_writes(self, batch: Batch, outcomes: list[Outcome]) -> None:
        events = self._remembered(batch, outcomes)
        behind = left_behind(events, batch, deletes=self.activation.deletes, at=now_us())
        self.ledger.record(pl.concat([events, behind]))
        self._tally.left_behind += behind.height
        self._tally.writes(events, batch.operation, batch.frame["_moved"])
        self._moved.append(behind)
        stands = events["event"].is_in([Event.ACCEPTED, Event.PARTIAL])
        self._not_accepted.append(events["key64"].filter(~stands))
        if self._plan is not None and len(self._plan.doubtful):
            late = stands & events["key64"].is_in(self._plan.doubtful.implode())
            self._accepted_late.append(events["key64"].filter(late))

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

    def _writes(self, plan: Plan, operation: Operation) -> Iterator[Batch]:
        """Whole batches of one operation, cut across the plan's files."""
        activation = self.activation
        size = activation.service.batch_size
        rest: pl.DataFrame | None = None
        for chunk in plan.records(operation):
            frame = chunk if rest is None else pl.concat([rest, chunk])
            whole = frame.height - frame.height % size
            for start in range(0, whole, size):
                part = frame[start : start + size]
                yield Batch(operation, activation.mode, part, plan.mapping.mapped_fields)
            rest = frame[whole:]
        if rest is not None and rest.height:
            yield Batch(operation, activation.mode, rest, plan.mapping.mapped_fields)

    def _inserts_after_all(self) -> Iterator[Batch]:
        """The updates that the destination did not know, as inserts."""
        while self._unknown_there:
            yield self._unknown_there.pop()

    def _deletes(self, plan: Plan) -> Iterator[Batch]:
        """Deletes last: what left the frame, what was owed, and what this run's moves left behind."""
        if Operation.DELETE in plan.withheld:
            return
        service = self.activation.service
        size = service.delete_batch_size or service.batch_size
        moved = self._left_behind_now(plan).with_columns(
            _behind=pl.lit(value=True), _same_run=pl.lit(value=True)
        )
        planned = plan.deletes.with_columns(_same_run=pl.lit(value=False))
        rows = pl.concat([planned, moved], how="diagonal_relaxed")
        # An old identifier goes only once its record stands under the new one.
        waits = pl.col("_behind") & pl.col("key64").is_in(self._not_standing(plan).implode())
        self._tally.held_back = rows.filter(waits & ~pl.col("_same_run")).height
        rows = rows.filter(~waits).select(
            pl.col("key").alias(KEY),
            pl.col("identifier").alias(IDENTIFIER),
            pl.col("identifier").alias(PREVIOUS),
            pl.col("request").alias(REQUEST),
            "_behind",
            "_same_run",
            _key64="key64",
            _raw="raw",
            _sent="sent",
            _identifier64="identifier64",
        )
        for start in range(0, rows.height, size):
            part = rows[start : start + size].with_columns(_asked=pl.lit(now_us()))
            yield Batch(Operation.DELETE, self.activation.mode, part)

    def _not_standing(self, plan: Plan) -> pl.Series:
        """Hashes of keys that were not accepted in this run, or were in doubt before it and got no answer since."""
        nothing = pl.Series(dtype=pl.UInt64)
        accepted = pl.concat([nothing, *self._accepted_late])
        doubtful = plan.doubtful.filter(~plan.doubtful.is_in(accepted.implode()))
        return pl.concat([nothing, *self._not_accepted, doubtful])

    def _left_behind_now(self, plan: Plan) -> pl.DataFrame:
        """Identifiers left behind in this run and free to delete; what a present key holds is owed no more."""
        moved = pl.concat([EVENTS.to_frame(), *self._moved])
        if not self.activation.deletes or moved.is_empty():
            return moved.clear()
        held, claimed = contested(
            moved["identifier64"].to_numpy(), self.ledger.head, plan.seen, plan.claimed, moved["key64"]
        )
        self.ledger.record(cancelled(moved.filter(pl.Series(held)), now_us()))
        return moved.filter(pl.Series(~(held | claimed)))

    def figures(self) -> Figures:
        """The run's figures so far."""
        return self._tally.figures(self.loader.requests)

    def status(self) -> Status:
        """How a run that came to its end ended."""
        return self._tally.status()
