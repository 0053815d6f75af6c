"""The sql carrier: says statements and transactions over one session, in a thread of its own, one after another.

What the database undid is said again; what it may have carried out, only where saying it again does no harm.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from activation_platform.contracts.interrupted import Interrupted
from activation_platform.contracts.statement import HasSessions, Session, Statement, Transaction
from activation_platform.sync.carrier import GRACE, Carrier, Exchange, Unanswered

__all__ = ["SqlCarrier"]

_LOOK_UP = 1.0
"""Seconds between two looks at whether the run was cancelled, while a statement runs."""


@dataclass
class SqlCarrier(Carrier):
    """Carries `Statement`s and `Transaction`s. The session is opened by the first, and anew after a lost connection."""

    _thread: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, "sql-carrier"), repr=False
    )
    _session: Session | None = field(default=None, repr=False)

    async def close(self) -> None:
        """Close the session."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._hang_up)
        self._thread.shutdown()

    async def say(self, said: Statement | Transaction, exchange: Exchange) -> Any:
        """Say it until it is answered; returns a frame, or what the transaction returns."""
        repeatable = exchange.repeatable or isinstance(said, Statement) or said.once
        for attempt in range(self.patience.attempts):
            try:
                answer = await self._finished(said, exchange)
            except Interrupted as interrupted:
                exchange.touched |= interrupted.in_doubt
                last = attempt + 1 == self.patience.attempts
                if interrupted.in_doubt and (last or not repeatable):
                    raise Unanswered(interrupted.error) from None
                if last:
                    raise interrupted.error from None
                await self.rest(self.patience.backoff(attempt), exchange)
            else:
                exchange.touched |= isinstance(said, Transaction)
                return answer
        raise AssertionError("it is answered, or not, in one of its attempts")

    async def _finished(self, said: Statement | Transaction, exchange: Exchange) -> Any:
        """Wait for the thread. A run that was cancelled long enough ago interrupts it."""
        self.requests += 1
        work = asyncio.get_running_loop().run_in_executor(self._thread, self._carried, said)
        while not (await asyncio.wait({work}, timeout=_LOOK_UP))[0]:
            if self.cancelled():
                exchange.waited += _LOOK_UP
                if exchange.waited >= GRACE and self._session is not None:
                    self._session.interrupt()
        return work.result()

    def _carried(self, said: Statement | Transaction) -> Any:
        """In the thread: one transaction, whole or not at all."""
        session = self._opened()
        try:
            answer = session.execute(said) if isinstance(said, Statement) else _talked(said, session)
            session.commit()
        except BaseException:
            session.rollback()
            if not session.alive:
                self._hang_up()
            raise
        return answer

    def _opened(self) -> Session:
        if self._session is None:
            assert isinstance(self.destination, HasSessions)
            self._session = self.destination.connect()
        return self._session

    def _hang_up(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None


def _talked(transaction: Transaction, session: Session) -> Any:
    conversation = transaction.talk()
    try:
        statement = next(conversation)
        while True:
            statement = conversation.send(session.execute(statement))
    except StopIteration as end:
        return end.value
    finally:
        conversation.close()
