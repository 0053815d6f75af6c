"""The http carrier: sends requests, each with auth, at the account's pace, until there is an answer."""

import asyncio
import logging
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property

import httpx

from activation_platform.contracts.errors import (
    ActivationError,
    ConnectionFailed,
    CredentialsRefused,
    RateLimited,
    TimedOut,
)
from activation_platform.contracts.pace import Budget
from activation_platform.contracts.waiting import retry_after
from activation_platform.sync.allowance import SHORT
from activation_platform.sync.carrier import Carrier, Exchange, Unanswered
from activation_platform.sync.client import Client
from activation_platform.sync.progress import lasting

__all__ = ["HttpCarrier"]

_LATELY = 1.0
"""Seconds for which a request that had to wait for its turn tells that the pace is what holds the run up."""
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


@dataclass
class HttpCarrier(Carrier):
    """Sends `httpx.Request`s through one client.

    Who may send next waits at its budget's gate, and everybody behind: so that what a refusal teaches holds for the very
    next request.
    """

    _client: Client | None = field(default=None, repr=False)
    _gates: defaultdict[str, asyncio.Lock] = field(
        default_factory=lambda: defaultdict(asyncio.Lock), repr=False
    )
    _flying: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float), repr=False)
    """What the requests without an answer cost, by budget."""

    _waiting: tuple[Budget, float] | None = None
    """The budget for which a request last had to wait, and the moment until which that says something."""

    _trouble: tuple[str, float] | None = None
    """What the vendor last failed to do, and the moment at which it is asked again."""

    @property
    def limit(self) -> str:
        """The pace, the rest that the vendor asked for, or a failure of its own."""
        now, platform = self.budgets.now(), self.destination.platform
        if self._trouble is not None and now < self._trouble[1]:
            return f"trying again: {platform} {self._trouble[0]}"
        if self._waiting is None or now >= self._waiting[1]:
            return ""
        budget = self._waiting[0]
        rest, rate = self.budgets.blocked(budget), self.budgets.rate(budget)
        if rest:
            return f"waiting {lasting(rest)}: {platform} asked for it"
        if rate < budget.per_second:
            return f"slowed to {rate:.3g} a second ({budget.name}): {platform} said too many"
        return f"paced by {platform}'s limit of {budget.per_second:g} a second ({budget.name})"

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def say(self, request: httpx.Request, exchange: Exchange) -> httpx.Response:
        """Send one request until there is an answer worth handing back."""
        budget, cost = request.extensions["budget"], request.extensions["cost"]
        throttled, attempt = 0.0, 0
        while True:
            await self._turn(budget, cost, exchange)
            last = attempt + 1 >= self.patience.attempts
            sent = self.budgets.now()
            try:
                response = await self._once(request, budget, cost)
            except httpx.HTTPError as error:
                left = not isinstance(error, _NEVER_LEFT)
                exchange.touched |= left
                if last or (left and not exchange.repeatable):
                    raise Unanswered(self._unanswered(request, error, attempt + 1)) from None
                await self._pause("does not answer", self.patience.backoff(attempt), exchange)
            else:
                if self._throttles(response):
                    asked_for = retry_after(response, self.patience.now())
                    wait = self.patience.backoff(attempt) if asked_for is None else asked_for
                    throttled += wait
                    await self.budgets.refused(budget, cost, sent, wait)
                    if throttled > self.patience.throttled_for:
                        raise self._limited(wait, f" ({self._words(response)})")
                    if wait <= SHORT:
                        await self.rest(wait, exchange)
                elif _failed(response):
                    exchange.touched = True
                    if last or not exchange.repeatable:
                        raise Unanswered(self._keeps_failing(response))
                    asked_for = retry_after(response, self.patience.now())
                    wait = max(asked_for or 0.0, self.patience.backoff(attempt))
                    await self._pause(f"answers {response.status_code}", wait, exchange)
                else:
                    self._check(request, response)
                    exchange.touched |= response.is_success
                    return response
            attempt += 1

    async def _pause(self, why: str, seconds: float, exchange: Exchange) -> None:
        """Wait before a request is sent once more."""
        self._trouble = why, self.budgets.now() + seconds
        await self.rest(seconds, exchange)

    async def _turn(self, budget: Budget, cost: float, exchange: Exchange) -> None:
        """Wait until a request may leave; anew where the vendor asked everybody to wait in the meantime."""
        async with self._gates[budget.name]:
            while wait := await self.budgets.turn(budget, cost):
                asked_for = self.budgets.blocked(budget)
                if asked_for > self.patience.throttled_for:
                    raise self._limited(asked_for)
                self._waiting = budget, self.budgets.now() + (asked_for or wait + _LATELY)
                await self.rest(wait, exchange)
                if not self.budgets.blocked(budget):
                    break

    async def _once(self, request: httpx.Request, budget: Budget, cost: float) -> httpx.Response:
        if self._client is None:
            self._client = self._open()
        self.held()  # again: a request may have waited for its turn
        self.requests += 1
        self._flying[budget.name] += cost
        try:
            response = await self._client.exchange(request, self._auth)
        finally:
            self._flying[budget.name] -= cost
        told = self.destination.left(response, self.budgets.now())
        if told is not None:
            await self.budgets.hear(budget, told, self._flying[budget.name])
        return response

    @cached_property
    def _auth(self) -> httpx.Auth:
        return self.destination.auth()

    def _open(self) -> Client:
        # They log addresses, which may hold secrets (SEMANTICS D9).
        for name in ("httpx", "httpcore", "aiohttp"):
            logging.getLogger(name).setLevel(logging.WARNING)
        transport = self.transport
        if transport is None:
            from activation_platform.sync.wire import Wire

            transport = Wire(self.connections, self.patience.answer_within)
        return Client(transport)

    def _throttles(self, response: httpx.Response) -> bool:
        return response.status_code == httpx.codes.TOO_MANY_REQUESTS or self.destination.should_retry(
            response
        )

    def _limited(self, wait: float, words: str = "") -> RateLimited:
        return RateLimited(
            f"{self.destination.platform} asks to wait {wait:.0f} seconds{words}",
            remedy="What went through is kept; the next run sends the rest. Run less often, or ask for more.",
        )

    def _check(self, request: httpx.Request, response: httpx.Response) -> None:
        """Raise what an answer means that is nobody's record's fault.

        A refusal `elsewhere`, by a storage that is not the account's, says nothing of the account: the service hears it.
        """
        if response.is_success or request.extensions.get("elsewhere"):
            return
        place = f"{request.method} {self.destination.redactor()(request.url.path)}"
        if response.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise CredentialsRefused(
                f"{self.destination.platform} answered {response.status_code} to {place} ({self._words(response)})",
                remedy="Check the environment variables that hold the destination's credentials, and what the key may do.",
            )
        if response.is_redirect or response.status_code == httpx.codes.PROXY_AUTHENTICATION_REQUIRED:
            raise ConnectionFailed(
                f"{self.destination.platform} answered {response.status_code} to {place}",
                remedy="Check the destination's base_url, and whether a proxy stands in between.",
            )

    def _words(self, response: httpx.Response) -> str:
        return self.destination.redactor()(self.destination.refusal(response))[:300]

    def _keeps_failing(self, response: httpx.Response) -> ActivationError:
        return ConnectionFailed(
            f"{self.destination.platform} keeps answering {response.status_code} ({self._words(response)})",
            remedy="The vendor has a problem; the next run sends again what was not acknowledged.",
        )

    def _unanswered(self, request: httpx.Request, error: httpx.HTTPError, attempts: int) -> ActivationError:
        place = f"{self.destination.platform} at {request.url.raw_host.decode()}"
        if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
            return TimedOut(
                f"{place} did not answer within {self.patience.answer_within:.0f} seconds, {attempts} times",
                remedy="Check that the vendor is up; the next run sends again what was not acknowledged.",
            )
        return ConnectionFailed(
            f"{place} cannot be reached ({type(error).__name__})",
            remedy="Check the network and the destination's base_url; the next run sends again what was not acknowledged.",
        )


def _failed(response: httpx.Response) -> bool:
    return response.is_server_error or response.status_code == httpx.codes.REQUEST_TIMEOUT
