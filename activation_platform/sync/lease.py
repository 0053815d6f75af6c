"""A lease: the lock of a store that has none. Whoever has it renews it; whoever stops renewing loses it.

No clock is compared with another's. The holder counts from the moment *before* each renewal on its own clock, which goes on
while the process is stopped; others may take the lease over only after they have looked at the same, never renewed words
for a quarter longer than that on theirs. So long as two clocks run at speeds that differ by less than a quarter, the holder
knows that its lease has ended before anybody else has it. What does not even need that is told in `ledger.py`: every
takeover raises the fence, and the manifest takes nothing from behind it.
"""

import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace

from activation_platform.contracts.errors import LeaseLost, StorageFailed
from activation_platform.sync.lock import until_taken
from activation_platform.sync.store import Hold, Store, to_json

__all__ = ["Lease", "leased"]

_MARGIN = 1.25
_RENEWALS = 3


def _now() -> float:
    """Seconds that pass also while this process, or the machine, is asleep."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(frozen=True)
class Words:
    """What the lease's file says. `holder` is empty once it was given back; `renewed` counts."""

    fence: int = 0
    holder: str = ""
    seconds: float = 0.0
    renewed: int = 0

    @classmethod
    def read(cls, kept: bytes | None) -> "Words":
        """From the file; nobody has it where there is none, or where it cannot be read."""
        try:
            return cls() if kept is None else cls(**json.loads(kept))
        except (TypeError, ValueError):
            return cls()

    def written(self) -> bytes:
        """For the file."""
        return to_json(asdict(self))


class _Taken(Exception):
    """Somebody else was quicker."""


class Lease(Hold):
    """A lease on a name in a store, of `seconds` from each renewal."""

    def __init__(self, store: Store, name: str, seconds: float) -> None:
        self._store, self._name, self._seconds = store, name, seconds
        self._own = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(6)}"
        self._seen, self._seen_at = Words(), _now()
        self._ends = 0.0
        self._lost = ""
        self._done = threading.Event()
        self._renewing = threading.Thread(target=self._renew, name=f"lease of {name}", daemon=True)

    def try_to_take(self) -> bool:
        """Take the lease if nobody has it, or if who has it has long stopped renewing it."""
        found = Words.read(self._store.read(self._name))
        if found != self._seen:
            self._seen, self._seen_at = found, _now()
        if found.holder and _now() - self._seen_at < found.seconds * _MARGIN:
            return False
        began = _now()

        def taken(kept: bytes | None) -> bytes:
            current = Words.read(kept)
            if current.holder == self._own:  # the answer to an earlier try was lost
                return current.written()
            if current != found:
                raise _Taken
            return Words(current.fence + 1, self._own, self._seconds).written()

        try:
            self._store.change(self._name, taken)
        except _Taken:
            return False
        self.fence, self._ends = found.fence + 1, began + self._seconds
        self._renewing.start()
        return True

    def require(self) -> None:
        """Raise LeaseLost if it was taken over, or could not be renewed in time."""
        if not self._lost and _now() >= self._ends:
            self._lost = f"it could not be renewed for {self._seconds:.0f} seconds"
        if self._lost:
            raise LeaseLost(
                f"this run no longer has {self._store / self._name} to itself: {self._lost}",
                remedy="Nothing more was sent. What was acknowledged is kept; the run that took over, or the next, goes on.",
            )

    def give_back(self) -> None:
        """Let the next have it at once; the fence stays."""
        self._done.set()
        self._renewing.join()

        def given(kept: bytes | None) -> bytes:
            return replace(self._mine(kept), holder="").written()

        with suppress(LeaseLost, StorageFailed):  # then it ends by itself
            self.require()
            self._store.change(self._name, given)

    def _renew(self) -> None:
        pause = self._seconds / _RENEWALS
        while not self._done.wait(pause):
            began = _now()
            try:
                self.require()
                self._store.change(self._name, self._renewed)
            except LeaseLost as lost:
                self._lost = self._lost or lost.what
                return
            except StorageFailed:
                pause = self._seconds / _RENEWALS / 10
            else:
                self._ends, pause = began + self._seconds, self._seconds / _RENEWALS

    def _renewed(self, kept: bytes | None) -> bytes:
        mine = self._mine(kept)
        return replace(mine, renewed=mine.renewed + 1).written()

    def _mine(self, kept: bytes | None) -> Words:
        words = Words.read(kept)
        if words.holder != self._own:
            raise LeaseLost("another run took over", remedy="It goes on from what was acknowledged.")
        return words


@contextmanager
def leased(
    store: Store, name: str, *, seconds: float, wait: float, cancelled: Callable[[], bool]
) -> Iterator[Lease]:
    """Hold a lease; waits up to `wait` seconds for whoever has it, then raises TimedOut."""
    lease = Lease(store, f"{name}.lease", seconds)
    until_taken(
        lease.try_to_take,
        name.rpartition("/")[2],
        wait=wait,
        cancelled=cancelled,
        poll=min(1.0, seconds / 5),
    )
    try:
        yield lease
    finally:
        lease.give_back()
