"""The progress of a run, told to whoever in this process asked to hear it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["Listener", "listener", "listening"]

Listener = Callable[[int, int], None]
"""Is told how many records were answered, and how many there are."""

_LISTENER: ContextVar[Listener | None] = ContextVar("progress_listener", default=None)


def listener() -> Listener | None:
    """Who listens to the runs of this context."""
    return _LISTENER.get()


@contextmanager
def listening(to: Listener | None) -> Iterator[None]:
    """Let `to` hear of every activation that runs within the block, in this thread."""
    token = _LISTENER.set(to)
    try:
        yield
    finally:
        _LISTENER.reset(token)
