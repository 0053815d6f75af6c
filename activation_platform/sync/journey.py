"""The part of a run that plans, sends and remembers; its order of events is told in `activate.py`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from activation_platform.contracts.batch import IDENTIFIER, KEY, PREVIOUS, REQUEST, Batch
from activation_platform.contracts.errors import Cancelled
from activation_platform.contracts.modes import Operation
from activation_platform.contracts.outcomes import Outcome
from activation_platform.sync.departures import cancelled
from activation_platform.sync.history import Figures, Status
from activation_platform.sync.identifiers import contested
from activation_platform.sync.ledger import Ledger, now_us
from activation_platform.sync.loader import Loader
from activation_platform.sync.mapping import BoundMapping
from activation_platform.sync.order import Activation, RunOrder
from activation_platform.sync.plan import Counts, Plan, make_plan
from activation_platform.sync.remember import answered, intent, left_behind
from activation_platform.sync.states import EVENTS, Event

__all__ = ["Journey", "Progress", "silently"]

Progress = Callable[[int, int], None]
"""Told how many records of how many have their answer."""


def silently(done: int, total: int) -> None:
    """Progress that nobody wants to see."""
    del done, total


@dataclass
class _Tally:
    """What the destination acknowledged so far."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    requested: int = 0
    issues: int = 0
    ignored: int = 0
    left_behind: int = 0

    @property
    def answered(self) -> int:
        """Planned records that have their answer."""
        return self.inserted + self.updated + self.deleted + self.issues + self.ignored


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
        self._counts = Counts()
        self._tally = _Tally()
        self._moved: list[pl.DataFrame] = []
        self._not_accepted: list[pl.Series] = []
        self._needs_intent = not activation.service.idempotent or activation.deletes

    async def travel(self, frame: pl.LazyFrame, mapping: BoundMapping) -> None:
        """Plan, remember what the plan decided, send, seal."""
        order, ledger = self.order, self.ledger
        ledger.begin(partition=order.partition, instant=order.instant.timestamp(), snapshot=order.snapshot)
        self.begun = True
        plan = make_plan(frame, self.activation, mapping, ledger, self.order, now_us())
        self._counts = plan.counts
        self.notes.extend(plan.guards)
        self._stop_if_cancelled()
        for events in plan.decided():
            ledger.record(events)
        for operation in (Operation.INSERT, Operation.UPDATE):
            await self._load(self._writes(plan, operation))
        await self._load(self._deletes(plan))
        self._stop_if_cancelled()
        ledger.seal(null_keys=plan.null_keys, full_done=True)

    def _stop_if_cancelled(self) -> None:
        if self.loader.cancelled():
            raise Cancelled(
                "the run was cancelled", remedy="What was acknowledged is kept; the next run sends the rest."
            )

    async def _load(self, batches: Iterator[Batch]) -> None:
        await self.loader.load(self.activation.service, batches, before=self._before, after=self._after)
        self._stop_if_cancelled()

    def _before(self, batch: Batch) -> None:
        if self._needs_intent:
            service = self.activation.service
            self.ledger.record(
                intent(
                    batch,
                    deletes=self.activation.deletes,
                    asynchronous=service.deletes_are_requests,
                    at=now_us(),
                )
            )

    def _after(self, batch: Batch, outcomes: list[Outcome]) -> None:
        at = now_us()
        events = answered(batch, outcomes, at)
        if batch.operation is Operation.DELETE:
            self.ledger.record(events)
            # An identifier that a record left behind in this run is part of that record's update.
            self._count(events.filter(~batch.frame["_same_run"]), batch.operation)
        else:
            behind = left_behind(events, batch, deletes=self.activation.deletes, at=at)
            self.ledger.record(pl.concat([events, behind]))
            self._tally.left_behind += behind.height
            self._moved.append(behind)
            self._not_accepted.append(
                events.filter(~pl.col("event").is_in([Event.ACCEPTED, Event.PARTIAL]))["key64"]
            )
            self._count(events, batch.operation)
        self.progress(self._tally.answered, self._planned)

    @property
    def _planned(self) -> int:
        return self._counts.insert + self._counts.update + self._counts.delete

    def _count(self, events: pl.DataFrame, operation: Operation) -> None:
        tally = self._tally
        accepted = events.filter(pl.col("event") == Event.ACCEPTED)
        tally.requested += int((events["event"] == Event.REQUESTED).sum())
        tally.ignored += int((events["event"] == Event.IGNORED).sum())
        tally.issues += int(
            events["event"].is_in([Event.REJECTED, Event.PARTIAL, Event.UNKNOWN, Event.OWED]).sum()
        )
        if operation is Operation.DELETE:
            tally.deleted += accepted.height + int((events["event"] == Event.REQUESTED).sum())
            return
        word = pl.col("did").fill_null("created" if operation is Operation.INSERT else "updated")
        created = accepted.filter(word == "created").height
        tally.inserted += created
        tally.updated += accepted.height - created

    def _writes(self, plan: Plan, operation: Operation) -> Iterator[Batch]:
        """Whole batches of one operation, cut across the plan's files."""
        activation = self.activation
        size = activation.service.batch_size
        rest: pl.DataFrame | None = None
        for chunk in plan.records(operation):
            frame = chunk if rest is None else pl.concat([rest, chunk])
            whole = frame.height - frame.height % size
            for start in range(0, whole, size):
                yield Batch(
                    operation, activation.mode, frame[start : start + size], plan.mapping.mapped_fields
                )
            rest = frame[whole:]
        if rest is not None and rest.height:
            yield Batch(operation, activation.mode, rest, plan.mapping.mapped_fields)

    def _deletes(self, plan: Plan) -> Iterator[Batch]:
        """Deletes last: what left the frame, what was owed, and what this run's moves left behind."""
        if Operation.DELETE in plan.withheld:
            return
        service = self.activation.service
        size = service.delete_batch_size or service.batch_size
        waiting = pl.concat([pl.Series(dtype=pl.UInt64), *self._not_accepted])
        moved = self._left_behind_now(plan).with_columns(
            _behind=pl.lit(value=True), _same_run=pl.lit(value=True)
        )
        rows = pl.concat(
            [plan.deletes.with_columns(_same_run=pl.lit(value=False)), moved], how="diagonal_relaxed"
        )
        # An old identifier goes only once the record stands under its new one.
        rows = rows.filter(~(pl.col("_behind") & pl.col("key64").is_in(waiting.implode()))).select(
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
            yield Batch(Operation.DELETE, self.activation.mode, rows[start : start + size])

    def _left_behind_now(self, plan: Plan) -> pl.DataFrame:
        """Identifiers left behind in this run; a debt whose identifier another present key holds is cancelled."""
        moved = pl.concat([EVENTS.to_frame(), *self._moved])
        if not self.activation.deletes or moved.is_empty():
            return moved.clear()
        held, claimed = contested(
            moved["identifier64"].to_numpy(), self.ledger.head, plan.seen, plan.wanted, moved["key64"]
        )
        taken = pl.Series(np.logical_or(held, claimed))
        self.ledger.record(cancelled(moved.filter(taken), now_us()))
        return moved.filter(~taken)

    def figures(self) -> Figures:
        """The run's figures so far."""
        counts, tally = self._counts, self._tally
        unsent = self._planned - tally.answered
        figures = Figures(
            inserted=tally.inserted,
            updated=tally.updated,
            deleted=tally.deleted,
            deletes_requested=tally.requested,
            source_issues=counts.source_issues,
            destination_issues=tally.issues,
            ignored=tally.ignored,
            withheld=counts.withheld,
            no_operation=counts.no_operation,
            unsent=unsent,
            standing=counts.standing,
            left_behind=tally.left_behind,
            requests=self.loader.requests,
        )
        figures.extracted = self._planned + counts.source_issues + counts.withheld + counts.no_operation
        return figures

    def status(self) -> Status:
        """How a run that came to its end ended."""
        figures = self.figures()
        if figures.source_issues or figures.destination_issues or figures.withheld:
            return Status.WITH_ISSUES
        return Status.SUCCEEDED if figures.loaded or figures.ignored else Status.NOTHING_TO_DO
