"""One run at a time: an advisory lock on a file under the storage root, given back by the system if the process dies."""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from activation_platform.contracts.errors import Cancelled, TimedOut

__all__ = ["locked", "until_taken"]

_POLL = 0.05


@contextmanager
def locked(path: Path, *, wait: float, cancelled: Callable[[], bool] = bool) -> Iterator[None]:
    """Hold the lock; waits up to `wait` seconds for whoever has it, then raises TimedOut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        until_taken(lambda: _taken(file.fileno()), path.stem, wait=wait, cancelled=cancelled, poll=_POLL)
        yield


def until_taken(
    taken: Callable[[], bool], name: str, *, wait: float, cancelled: Callable[[], bool], poll: float
) -> None:
    """Try to take a lock until it is ours; raises TimedOut after `wait` seconds, Cancelled when asked to."""
    until = time.monotonic() + wait
    while not taken():
        if cancelled():
            raise Cancelled(f"cancelled while waiting for {name}", remedy="Nothing was sent.")
        if time.monotonic() >= until:
            raise TimedOut(
                f"another run of {name} has not finished within {wait:.0f} seconds",
                remedy="Let it finish or terminate it, then run this one again; nothing was sent.",
            )
        time.sleep(poll)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
