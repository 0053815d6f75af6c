"""The loader: the only code that sends. Auth, pace, patience and concurrency for every service of every platform.

It carries conversations: takes the requests that a service says, sends them, hands the answers back, and reports one
outcome per record. An account that is refused stops everything and blames no record; a batch refused as a whole is
halved until the culprit stands alone; a batch without an answer is reported as unknown, and too many of those stop the run.
"""

import asyncio
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.destination import Destination
from activation_platform.contracts.errors import (
    ActivationError,
    ConnectionFailed,
    CredentialsRefused,
    RateLimited,
    TimedOut,
)
from activation_platform.contracts.outcomes import Outcome, Verdict, rejected
from activation_platform.contracts.service import BatchRefused, Service, UnreadableAnswer, Wait
from activation_platform.sync.budgets import Budgets
from activation_platform.sync.patience import Patience, retry_after

__all__ = ["Loader", "Unanswered"]

UNKNOWN = Outcome(Verdict.UNKNOWN, "sent, but no answer came")
_FAILURES_IN_A_ROW = 3
_RECORD_RETRIES = 3


class Unanswered(Exception):
    """No usable answer came, however often the request was sent."""

    def __init__(self, error: ActivationError) -> None:
        self.error = error
        super().__init__(str(error))


@dataclass
class Loader:
    """Carries conversations to one destination. Make one a run; `close` it in the event loop that used it.

    `transport` is the socket (the aiohttp one by default); `cancelled` is asked before each batch.
    """

    destination: Destination
    budgets: Budgets
    patience: Patience
    concurrency: int = 8
    transport: httpx.AsyncBaseTransport | None = None
    cancelled: Callable[[], bool] = bool
    requests: int = 0
    """Requests sent so far, retries included."""
    _failures: int = 0
    _broken: ActivationError | None = None
    _client: httpx.AsyncClient | None = field(default=None, repr=False)

    async def ask(self, inquiry: Generator[httpx.Request, Any, Any]) -> Any:
        """Carry a conversation that writes nothing; returns what it returns, or raises the error of its class."""
        try:
            return await self._carry(inquiry)
        except Unanswered as unanswered:
            raise unanswered.error from unanswered
        except UnreadableAnswer as error:
            raise self._unreadable(error) from error
        except BatchRefused as refused:
            raise ConnectionFailed(
                f"{self.destination.platform} refused a request: {refused.reason}",
                remedy="Check the destination's settings (account, base_url, API version).",
            ) from refused

    async def load(
        self,
        service: Service,
        batches: Iterable[Batch],
        *,
        before: Callable[[Batch], None],
        after: Callable[[Batch, list[Outcome]], None],
    ) -> None:
        """Deliver batches, several at a time. `before` is called when a batch is about to leave, `after` with its outcomes.

        Returns when all are delivered or `cancelled` says so; raises what stops the run. Batches in flight are
        finished, and their outcomes reported, in every case.
        """
        source = iter(batches)
        workers = [
            asyncio.create_task(self._work(service, source, before, after)) for _ in range(self.concurrency)
        ]
        results = await asyncio.gather(*workers, return_exceptions=True)
        errors = [result for result in results if isinstance(result, BaseException)]
        for error in errors:
            raise self._broken if isinstance(error, Unanswered) and self._broken else error

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _work(
        self,
        service: Service,
        source: Iterator[Batch],
        before: Callable[[Batch], None],
        after: Callable[[Batch, list[Outcome]], None],
    ) -> None:
        try:
            while not self.cancelled() and self._broken is None:
                batch = next(source, None)
                if batch is None:
                    return
                before(batch)
                await self._deliver(service, batch, after)
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

    async def _deliver(
        self, service: Service, batch: Batch, after: Callable[[Batch, list[Outcome]], None]
    ) -> None:
        """Deliver a batch, or its halves where it is refused as a whole."""
        try:
            outcomes = await self._converse(service, batch)
        except BatchRefused as refused:
            if len(batch) == 1:
                after(batch, [rejected(refused.reason)])
                return
            for half in batch.halves():
                await self._deliver(service, half, after)
            return
        except Unanswered as unanswered:
            after(batch, batch.all(UNKNOWN))
            self._failures += 1
            if self._failures >= _FAILURES_IN_A_ROW:
                raise unanswered.error from unanswered
            return
        self._failures = 0
        after(batch, outcomes)

    async def _converse(self, service: Service, batch: Batch) -> list[Outcome]:
        """One conversation; what should be tried later is said again in this run, alone."""
        outcomes = await self._understood(service, batch)
        for attempt in range(_RECORD_RETRIES if service.idempotent else 0):
            later = [index for index, outcome in enumerate(outcomes) if outcome.verdict is Verdict.RETRY]
            if not later:
                break
            await self.patience.sleep(self.patience.backoff(attempt))
            for index, outcome in zip(later, await self._understood(service, batch.take(later)), strict=True):
                outcomes[index] = outcome
        return [_final(outcome) for outcome in outcomes]

    async def _understood(self, service: Service, batch: Batch) -> list[Outcome]:
        """One conversation, begun again where an answer could not be read."""
        for attempt in range(self.patience.attempts):
            try:
                outcomes: list[Outcome] = await self._carry(service.deliver(batch))
            except UnreadableAnswer as error:
                if attempt + 1 == self.patience.attempts or not service.idempotent:
                    raise Unanswered(self._unreadable(error)) from error
                await self.patience.sleep(self.patience.backoff(attempt))
            else:
                return outcomes
        raise AssertionError("a conversation ends in one of its attempts")

    async def _carry(self, conversation: Generator[httpx.Request | Wait, Any, Any]) -> Any:
        try:
            said = next(conversation)
            while True:
                if isinstance(said, Wait):
                    await self.patience.sleep(said.seconds)
                    said = conversation.send(None)
                else:
                    said = conversation.send(await self._send(said))
        except StopIteration as end:
            return end.value
        finally:
            conversation.close()

    async def _send(self, request: httpx.Request) -> httpx.Response:
        """Send one request until there is an answer worth handing back."""
        budget, cost = request.extensions["budget"], request.extensions["cost"]
        throttled = 0.0
        attempt = 0
        while True:
            await self._pace(budget, cost)
            try:
                response = await self._once(request)
            except httpx.HTTPError as error:
                if attempt + 1 >= self.patience.attempts:
                    raise Unanswered(self._unanswered(request, error)) from None
                await self.patience.sleep(self.patience.backoff(attempt))
                attempt += 1
                continue
            if response.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
                raise self._refused(request, response)
            if response.status_code == httpx.codes.TOO_MANY_REQUESTS or self.destination.should_retry(
                response
            ):
                wait = retry_after(response, self.patience.now())
                wait = self.patience.backoff(attempt) if wait is None else wait
                throttled += wait
                if throttled > self.patience.throttled_for:
                    raise RateLimited(
                        f"{self.destination.platform} asks to wait {wait:.0f} seconds ({self._words(response)})",
                        remedy="What went through is kept; the next run sends the rest. Run less often, or ask for more.",
                    )
                self.budgets.slow_down(budget, wait)
                attempt += 1
                continue
            if response.is_server_error and attempt + 1 < self.patience.attempts:
                wait = retry_after(response, self.patience.now())
                await self.patience.sleep(max(wait or 0.0, self.patience.backoff(attempt)))
                attempt += 1
                continue
            if response.is_server_error:
                raise Unanswered(
                    ConnectionFailed(
                        f"{self.destination.platform} keeps answering {response.status_code} ({self._words(response)})",
                        remedy="The vendor has a problem; the next run sends again what was not acknowledged.",
                    )
                )
            return response

    async def _pace(self, budget: Any, cost: float) -> None:
        wait = self.budgets.take(budget, cost)
        while wait > 0:
            await self.patience.sleep(wait)
            wait = self.budgets.blocked(budget)

    async def _once(self, request: httpx.Request) -> httpx.Response:
        if self._client is None:
            self._client = self._open()
        self.requests += 1
        return await self._client.send(request, auth=self.destination.auth(), follow_redirects=False)

    def _open(self) -> httpx.AsyncClient:
        transport = self.transport
        if transport is None:
            from httpx_aiohttp import AiohttpTransport

            transport = AiohttpTransport(limits=httpx.Limits(max_connections=self.concurrency))
        timeout = httpx.Timeout(self.patience.answer_within, connect=min(10.0, self.patience.answer_within))
        return httpx.AsyncClient(transport=transport, timeout=timeout, trust_env=True)

    def _words(self, response: httpx.Response) -> str:
        return self.destination.redactor()(self.destination.refusal(response))[:300]

    def _refused(self, request: httpx.Request, response: httpx.Response) -> CredentialsRefused:
        path = self.destination.redactor()(request.url.path)
        return CredentialsRefused(
            f"{self.destination.platform} answered {response.status_code} to {request.method} {path} ({self._words(response)})",
            remedy="Check the environment variables that hold the destination's credentials, and what the key is allowed to do.",
        )

    def _unanswered(self, request: httpx.Request, error: httpx.HTTPError) -> ActivationError:
        place = f"{self.destination.platform} at {request.url.host}"
        if isinstance(error, httpx.TimeoutException):
            return TimedOut(
                f"{place} did not answer within {self.patience.answer_within:.0f} seconds, {self.patience.attempts} times",
                remedy="Check that the vendor is up; the next run sends again what was not acknowledged.",
            )
        return ConnectionFailed(
            f"{place} cannot be reached ({type(error).__name__})",
            remedy="Check the network and the destination's base_url; the next run sends again what was not acknowledged.",
        )

    def _unreadable(self, error: UnreadableAnswer) -> ConnectionFailed:
        return ConnectionFailed(
            f"{self.destination.platform} answered something that is not its API ({error})",
            remedy="Check the destination's base_url, and whether a proxy stands in between.",
        )


def _final(outcome: Outcome) -> Outcome:
    """What `retry` means once there is no more trying in this run: rejected, and owed to the next."""
    return rejected(outcome.reason, outcome.request) if outcome.verdict is Verdict.RETRY else outcome
