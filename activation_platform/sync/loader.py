"""The loader: delivers batches to one destination, several at a time, and reports one outcome per record.

An account that is refused stops everything and blames no record; a batch refused as a whole is halved until the culprit
stands alone; a batch without an answer is reported as unknown, and too many of those stop the run.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import httpx
import polars as pl

from activation_platform.contracts.batch import REQUEST, Batch
from activation_platform.contracts.destination import Destination
from activation_platform.contracts.errors import ActivationError, ConnectionFailed
from activation_platform.contracts.modes import Operation
from activation_platform.contracts.outcomes import ACCEPTED, Outcome, Verdict, rejected
from activation_platform.contracts.redaction import Redactor, whole
from activation_platform.contracts.service import BatchRefused, Inquiry, Service, UnreadableAnswer
from activation_platform.sync.budgets import Budgets
from activation_platform.sync.carrier import Carrier, Exchange, Unanswered
from activation_platform.sync.carrier_file import FileCarrier
from activation_platform.sync.carrier_http import HttpCarrier
from activation_platform.sync.carrier_sql import SqlCarrier
from activation_platform.sync.patience import Patience
from activation_platform.sync.store import HELD

__all__ = ["Loader", "Told"]

CARRIERS: dict[str, type[Carrier]] = {"file": FileCarrier, "http": HttpCarrier, "sql": SqlCarrier}
UNKNOWN = Outcome(Verdict.UNKNOWN, "sent, but no answer came")
_FAILURES_IN_A_ROW = 3
_RECORD_RETRIES = 3


def _nobody(batch: Batch) -> None:
    del batch


async def _at_once() -> None:
    """What is told is durable when telling returns."""


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told what: `before` a batch leaves, `after` its answer, or that it was `unsent` after all.

    `after` and `unsent` may be told a part of a batch at a time. A batch of which neither is told is in doubt. `durable` is
    awaited before a batch leaves, and at the end: it returns when what was told is remembered.
    """

    before: Callable[[Batch], None]
    after: Callable[[Batch, list[Outcome]], None]
    unsent: Callable[[Batch], None] = _nobody
    durable: Callable[[], Awaitable[None]] = _at_once


@dataclass
class Loader:
    """Carries conversations to one destination. Make one a run; `close` it in the event loop that used it.

    `concurrency`: how many batches are under way at a time (0: as many as the destination may have). `transport` is the
    socket (the aiohttp one by default); `cancelled` is asked before each batch. `held` raises LeaseLost once another run may
    have taken over; it is asked before each request.
    """

    destination: Destination
    budgets: Budgets
    patience: Patience
    concurrency: int = 0
    transport: httpx.AsyncBaseTransport | None = None
    cancelled: Callable[[], bool] = bool
    held: Callable[[], None] = HELD.require
    _failures: int = 0
    _unanswered: list[ActivationError] = field(default_factory=list, repr=False)
    _broken: ActivationError | None = None
    _carrier: Carrier = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.concurrency = self.concurrency or self.destination.conversations
        self._carrier = CARRIERS[self.destination.carrier](
            self.destination,
            self.budgets,
            self.patience,
            self.concurrency,
            self.transport,
            self.cancelled,
            self.held,
        )

    @property
    def requests(self) -> int:
        """Requests sent so far, repetitions included."""
        return self._carrier.requests

    @property
    def limit(self) -> str:
        """What holds requests up now, in words; empty where nothing does."""
        return self._carrier.limit

    @property
    def notes(self) -> list[str]:
        """What a run should say of batches that are in doubt."""
        count = len(self._unanswered)
        if not count:
            return []
        return [
            f"{count} {'batch' if count == 1 else 'batches'} got no usable answer; {self._unanswered[-1]}"
        ]

    async def close(self) -> None:
        """Close the connections."""
        await self._carrier.close()

    async def ask(self, inquiry: Inquiry) -> Any:
        """Carry a conversation that is no batch and may be said twice; returns what it returns, or raises its error."""
        try:
            return await self._carrier.carry(inquiry, Exchange(repeatable=True))
        except Unanswered as unanswered:
            raise unanswered.error from unanswered
        except UnreadableAnswer as error:
            raise self._unreadable(error) from error
        except BatchRefused as refused:
            raise ConnectionFailed(
                f"{self.destination.platform} refused a request: {self._hide(refused.reason)}",
                remedy="Check the destination's settings (account, address, version) and the service's options.",
            ) from refused

    async def load(self, service: Service, batches: Iterable[Batch], told: Told) -> None:
        """Deliver batches, several at a time.

        Returns when all are delivered or `cancelled` says so; raises what stops the run. Batches in flight are
        finished, and their outcomes reported, in every case.
        """
        source = iter(batches)
        workers = [asyncio.create_task(self._work(service, source, told)) for _ in range(self.concurrency)]
        results = await asyncio.gather(*workers, return_exceptions=True)
        for error in results:
            if isinstance(error, BaseException):
                raise error

    async def _work(self, service: Service, source: Iterator[Batch], told: Told) -> None:
        try:
            while not self.cancelled() and self._broken is None:
                batch = next(source, None)
                if batch is None:
                    break
                told.before(batch)
                await told.durable()  # this, and the answer before
                await self._deliver(service, batch, told)
            if self._broken is None:
                await told.durable()
        except BaseException as error:
            # One worker's error stops the others before their next batch; `load` raises it.
            self._broken = (
                error
                if isinstance(error, ActivationError)
                else ConnectionFailed(
                    f"loading failed with {type(error).__name__}",
                    remedy="See the cause below; it is most likely a defect.",
                )
            )
            raise

    async def _deliver(self, service: Service, batch: Batch, told: Told, tries: int = 0) -> None:
        """Deliver a batch; its halves where it is refused as a whole; once more, alone, what should be tried later."""
        exchange = Exchange(repeatable=service.idempotent)
        try:
            if tries:
                await self._carrier.rest(self.patience.backoff(tries - 1), exchange)
            outcomes = await self._understood(service, batch, exchange)
        except BatchRefused as refused:
            self._failures = 0
            await self._parted(service, batch, refused, told, tries)
        except Unanswered as unanswered:
            self._unanswered.append(unanswered.error)
            told.after(batch, batch.all(UNKNOWN))
            self._failures += 1
            if self._failures >= _FAILURES_IN_A_ROW or batch.operation is Operation.CLEAR:
                raise unanswered.error from unanswered
        except ActivationError:
            if not exchange.touched:
                told.unsent(batch)
            raise
        else:
            self._failures = 0
            await self._report(service, batch, outcomes, told, tries)

    async def _parted(
        self, service: Service, batch: Batch, refused: BatchRefused, told: Told, tries: int
    ) -> None:
        """Part a batch that was refused as a whole, until the culprit stands alone."""
        if batch.operation is Operation.CLEAR:
            if not len(batch):
                raise ConnectionFailed(
                    f"{self.destination.platform} refused to be emptied: {self._hide(refused.reason)}",
                    remedy="Check what the account may do; a snapshot needs the destination to take everything away.",
                ) from refused
            # Halves that each take everything away would leave only the last: empty it first.
            await self._deliver(service, batch.of(batch.frame.clear()), told)
            await self._deliver(service, replace(batch, operation=Operation.INSERT), told)
        elif len(batch) == 1:
            told.after(batch, self._redacted([rejected(refused.reason)]))
        else:
            for half in batch.halves():
                await self._deliver(service, half, told, tries)

    async def _report(
        self, service: Service, batch: Batch, outcomes: list[Outcome], told: Told, tries: int
    ) -> None:
        if outcomes.count(ACCEPTED) == len(outcomes):
            told.after(batch, outcomes)
            return
        again = service.idempotent and tries < _RECORD_RETRIES
        later = [n for n, outcome in enumerate(outcomes) if again and outcome.verdict is Verdict.RETRY]
        if not later:
            told.after(batch, self._redacted(outcomes))
            return
        final = [n for n, outcome in enumerate(outcomes) if outcome.verdict is not Verdict.RETRY]
        if final:
            told.after(batch.take(final), self._redacted([outcomes[n] for n in final]))
        rest = _with_requests(batch.take(later), [outcomes[n].request for n in later])
        if rest.operation is Operation.CLEAR:
            rest = replace(rest, operation=Operation.INSERT)  # the others stand already
        await self._deliver(service, rest, told, tries + 1)

    async def _understood(self, service: Service, batch: Batch, exchange: Exchange) -> list[Outcome]:
        """One conversation, begun again where an answer could not be read."""
        for attempt in range(self.patience.attempts):
            try:
                outcomes: list[Outcome] = await self._carrier.carry(service.deliver(batch), exchange)
            except UnreadableAnswer as error:
                exchange.touched = True
                if attempt + 1 == self.patience.attempts or not service.idempotent:
                    raise Unanswered(self._unreadable(error)) from error
                await self._carrier.rest(self.patience.backoff(attempt), exchange)
            else:
                return outcomes
        raise AssertionError("a conversation ends in one of its attempts")

    def _redacted(self, outcomes: list[Outcome]) -> list[Outcome]:
        """Outcomes without secrets. What should still be tried later is rejected for this run, and owed to the next."""
        hide = self._hide
        return [
            replace(
                outcome,
                verdict=Verdict.REJECTED if outcome.verdict is Verdict.RETRY else outcome.verdict,
                reason=hide(outcome.reason),
                request=whole(outcome.request),
            )
            if outcome.reason or outcome.request or outcome.verdict is Verdict.RETRY
            else outcome
            for outcome in outcomes
        ]

    @cached_property
    def _hide(self) -> Redactor:
        return self.destination.redactor()

    def _unreadable(self, error: UnreadableAnswer) -> ConnectionFailed:
        return ConnectionFailed(
            f"{self.destination.platform} answered something that is not its API ({error})",
            remedy="Check the destination's base_url, and whether a proxy stands in between.",
        )


def _with_requests(batch: Batch, requests: list[str]) -> Batch:
    """The batch with what this try already achieved beside each record (SEMANTICS D7)."""
    if not any(requests):
        return batch
    achieved = pl.Series(REQUEST, [request or None for request in requests], dtype=pl.String)
    if REQUEST in batch.frame.columns:
        achieved = achieved.zip_with(achieved.is_not_null(), batch.frame[REQUEST])
    return batch.of(batch.frame.with_columns(achieved))
