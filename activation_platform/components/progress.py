"""The progress of a run, told to its log and to whoever in this process asked to hear it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import dagster as dg

from activation_platform.sync.progress import Face, Progress

__all__ = ["listening", "telling"]

_LISTENER: ContextVar[Face | None] = ContextVar("progress_listener", default=None)
_SELDOM = 10.0
"""Seconds that at least lie between two events of a log, and, of a long run, a twentieth of what it took so far."""


@contextmanager
def listening(to: Face | None) -> Iterator[None]:
    """Let `to` hear of every activation that runs within the block, in this thread."""
    token = _LISTENER.set(to)
    try:
        yield
    finally:
        _LISTENER.reset(token)


def telling(context: dg.AssetExecutionContext, clock: Callable[[], float] = time.monotonic) -> Face:
    """Progress as log events, now and then, and to whoever listens in this process."""
    began = last = clock()
    heard = _LISTENER.get()

    def tell(progress: Progress) -> None:
        nonlocal last
        if heard is not None:
            heard(progress)
        now = clock()
        if now - last >= max(_SELDOM, (now - began) / 20):
            last = now
            context.log.info("%s", progress)

    return tell
