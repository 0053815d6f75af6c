"""The progress of a run, told to its log and to whoever in this process asked to hear it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import dagster as dg

__all__ = ["Listener", "listening", "telling"]

Listener = Callable[[int, int], None]
"""Is told how many records were answered, and how many there are."""

_LISTENER: ContextVar[Listener | None] = ContextVar("progress_listener", default=None)


@contextmanager
def listening(to: Listener | None) -> Iterator[None]:
    """Let `to` hear of every activation that runs within the block, in this thread."""
    token = _LISTENER.set(to)
    try:
        yield
    finally:
        _LISTENER.reset(token)


def telling(context: dg.AssetExecutionContext) -> Listener:
    """Progress as log events, at most one in ten seconds, and to whoever listens in this process."""
    last = time.monotonic()
    heard = _LISTENER.get()

    def tell(done: int, total: int) -> None:
        nonlocal last
        if heard is not None:
            heard(done, total)
        if time.monotonic() - last >= 10:
            last = time.monotonic()
            context.log.info("%d of %d records answered", done, total)

    return tell
