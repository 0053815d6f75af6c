"""A carrier: says one conversation to its end. What it carries (requests, statements, files) is its subclass's business."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import httpx

from activation_platform.contracts.destination import Destination
from activation_platform.contracts.errors import ActivationError, Cancelled
from activation_platform.contracts.service import Wait
from activation_platform.sync.budgets import Budgets
from activation_platform.sync.patience import Patience
from activation_platform.sync.store import HELD

__all__ = ["GRACE", "Carrier", "Exchange", "Unanswered"]

GRACE = 30.0
"""Seconds that a cancelled conversation may still wait (SEMANTICS D5)."""


class Unanswered(Exception):
    """No usable answer came, however often the request was sent."""

    def __init__(self, error: ActivationError) -> None:
        self.error = error
        super().__init__(str(error))


@dataclass
class Exchange:
    """How one conversation goes.

    `repeatable`: its requests may be sent twice. `touched`: the vendor may have acted on one of them; while it is false, a
    refusal of the account leaves everything as it was. `waited`: seconds since the run was cancelled.
    """

    repeatable: bool
    touched: bool = False
    waited: float = 0.0


@dataclass
class Carrier(ABC):
    """Carries for one run; `close` it in the event loop that used it. `requests` counts, repetitions included."""

    destination: Destination
    budgets: Budgets
    patience: Patience
    connections: int
    transport: httpx.AsyncBaseTransport | None
    """The socket of the http carrier, where it is not the usual one."""
    cancelled: Callable[[], bool]
    held: Callable[[], None] = HELD.require
    """Raises LeaseLost once another run may have taken over; asked before everything that is said."""
    requests: int = 0

    @property
    def limit(self) -> str:
        """What holds back what is to be said now, in words; empty where nothing does."""
        return ""

    @abstractmethod
    async def say(self, said: Any, exchange: Exchange) -> Any:
        """Carry one thing that a conversation yielded; returns what the conversation is sent.

        Raises the errors of `contracts.errors` for what is nobody's record's fault, `BatchRefused` where the other side
        refuses the batch as a whole, `Unanswered` where no usable answer came.
        """

    @abstractmethod
    async def close(self) -> None:
        """Close the connections."""

    async def carry(self, conversation: Generator[Any, Any, Any], exchange: Exchange) -> Any:
        """Say a conversation to its end; returns what it returns."""
        try:
            said = next(conversation)
            while True:
                if isinstance(said, Wait):
                    await self.rest(said.seconds, exchange)
                    said = conversation.send(None)
                else:
                    self.held()
                    said = conversation.send(await self.say(said, exchange))
        except StopIteration as end:
            return end.value
        finally:
            conversation.close()

    async def rest(self, seconds: float, exchange: Exchange) -> None:
        """Sleep, in short steps: a cancelled run waits no longer than it must."""
        while seconds > 0:
            step = min(seconds, 1.0)
            if self.cancelled():
                if not exchange.touched or exchange.waited >= GRACE:
                    raise Cancelled(
                        "the run was cancelled", remedy="The next run sends what was not acknowledged."
                    )
                exchange.waited += step
            await self.patience.sleep(step)
            seconds -= step
