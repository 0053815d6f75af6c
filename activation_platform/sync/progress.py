"""Progress: how far a run is, how fast it goes, how long it still takes and what holds it up; measured here, shown elsewhere."""

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

__all__ = ["Face", "Meter", "Progress", "Reading", "lasting", "silently"]

_WINDOW = 30.0
"""Seconds over which the speed is measured."""
_SELDOM = 0.2
"""Seconds that at least lie between two looks: a run may hear thousands of answers a second."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One look at a run that sends. Records that have their answer, planned records, records a second of late.

    `limit`: what holds it up now, in words; empty where nothing does.
    """

    done: int
    total: int
    per_second: float = 0.0
    limit: str = ""

    @property
    def seconds_left(self) -> float | None:
        """At this speed; None while there is none."""
        return (self.total - self.done) / self.per_second if self.per_second else None

    def __str__(self) -> str:
        told = [f"{self.done:,} of {self.total:,} records answered", f"{self.per_second:,.3g} a second"]
        if self.seconds_left is not None:
            told.append(f"{lasting(self.seconds_left)} left")
        if self.limit:
            told.append(self.limit)
        return ", ".join(told)


Face = Callable[[Progress], None]
"""Shows progress to somebody."""


def silently(progress: Progress) -> None:
    """Progress that nobody wants to see."""
    del progress


def lasting(seconds: float) -> str:
    """A span of time in the two largest units that matter: `12 s`, `17 min`, `2 h 10 min`."""
    if seconds <= 59:
        return f"{math.ceil(seconds)} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


Reading = tuple[int, int, str]
"""Records answered, records planned, what holds the run up."""


class Meter:
    """Looks at a run now and then, and tells a face what it sees.

    `read` is asked for the state of things; `clock` is in seconds and never goes back.
    """

    def __init__(
        self, read: Callable[[], Reading], face: Face, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._read, self._face, self._clock = read, face, clock
        self._looked = -_SELDOM
        self._marks: deque[tuple[float, int]] = deque()

    def look(self) -> None:
        """Tell, unless it was told a moment ago."""
        if self._clock() - self._looked >= _SELDOM:
            self.tell()

    def tell(self) -> None:
        """Tell how things stand now."""
        now = self._looked = self._clock()
        done, total, limit = self._read()
        while len(self._marks) > 1 and now - self._marks[0][0] > _WINDOW:
            self._marks.popleft()
        self._marks.append((now, done))
        began, before = self._marks[0]
        speed = (done - before) / (now - began) if now > began else 0.0
        if total:
            self._face(Progress(done, total, speed, limit if done < total else ""))

    @asynccontextmanager
    async def ticking(self, every: float = 1.0) -> AsyncIterator[None]:
        """Tell when the block begins and ends, and look every so many seconds meanwhile: a run that waits hears no answers."""

        async def tick() -> None:
            while True:
                await asyncio.sleep(every)
                self.look()

        self.tell()
        ticker = asyncio.create_task(tick())
        try:
            yield
        finally:
            ticker.cancel()
            with suppress(asyncio.CancelledError):
                await ticker
            self.tell()
