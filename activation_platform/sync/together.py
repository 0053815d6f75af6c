"""What is told of single batches, remembered together: writing down thirty answers costs little more than writing down one."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable
from dataclasses import replace
from typing import TypeVar

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.outcomes import Outcome
from activation_platform.contracts.rows import Rows

__all__ = ["Together"]

_QUIET = 12
"""Turns of the event loop in which nobody told anything: an answer takes a few from the socket to here."""

_Told = TypeVar("_Told")


class Together:
    """Collects what a loader tells, until somebody waits for it to be durable; then all of it is remembered at once.

    `before`, `after`, `unsent` remember batches that may be many in one; `durable` returns when what they were told would
    survive a power cut. `apart`: batches with different ids are not put into one.
    """

    def __init__(
        self,
        before: Callable[[Batch], None],
        after: Callable[[Batch, list[Outcome]], None],
        unsent: Callable[[Batch], None],
        durable: Callable[[], Awaitable[None]],
        *,
        apart: bool,
    ) -> None:
        self._remember = (before, after, unsent)
        self._durable = durable
        self._apart = apart
        self._turn = asyncio.Lock()
        self._failed: BaseException | None = None
        self._told = self._stored = 0
        self._clear()

    def _clear(self) -> None:
        self._before: list[Batch] = []
        self._after: list[tuple[Batch, list[Outcome]]] = []
        self._unsent: list[Batch] = []

    def before(self, batch: Batch) -> None:
        """A batch is about to leave."""
        self._before.append(batch)
        self._told += 1

    def after(self, batch: Batch, outcomes: list[Outcome]) -> None:
        """Its answer came."""
        self._after.append((batch, outcomes))
        self._told += 1

    def unsent(self, batch: Batch) -> None:
        """It did not leave after all."""
        self._unsent.append(batch)
        self._told += 1

    async def durable(self) -> None:
        """Returns when all that was told until now is remembered durably, or raises why it is not."""
        mine = self._told
        async with self._turn:
            if self._stored < mine:  # else it went with another's
                every = await self._all_told()
                self.flush()
                await self._durable()
                self._stored = every

    async def _all_told(self) -> int:
        """Wait until nobody has anything to add; returns how much was told until then."""
        quiet, told = 0, self._told
        while quiet < _QUIET:
            await asyncio.sleep(0)
            quiet = quiet + 1 if self._told == told else 0
            told = self._told
        return told

    def finish(self) -> None:
        """Remember what nobody waited for. What could not be remembered before was raised where it was waited for."""
        if self._failed is None:
            self.flush()

    def flush(self) -> None:
        """Remember what was told. Of one record, what is told first is remembered before another thing is told."""
        before, after, unsent = self._before, self._after, self._unsent
        self._clear()
        remember_before, remember_after, remember_unsent = self._remember
        try:
            for together in self._grouped(after, lambda told: told[0]):
                outcomes = [outcome for _, those in together for outcome in those]
                remember_after(_joined([batch for batch, _ in together]), outcomes)
            for batches in self._grouped(unsent, lambda batch: batch):
                remember_unsent(_joined(batches))
            for batches in self._grouped(before, lambda batch: batch):
                remember_before(_joined(batches))
        except BaseException as error:
            self._failed = error
            raise
        if self._failed is not None:  # what others told went with what could not be remembered
            raise self._failed

    def _grouped(self, told: Iterable[_Told], batch_of: Callable[[_Told], Batch]) -> Iterable[list[_Told]]:
        groups: dict[Hashable, list[_Told]] = {}
        for one in told:
            batch = batch_of(one)
            likeness = (batch.operation, batch.rows.columns, batch.id if self._apart else "")
            groups.setdefault(likeness, []).append(one)
        return groups.values()


def _joined(batches: list[Batch]) -> Batch:
    return replace(batches[0], rows=Rows.together([one.rows for one in batches]))
