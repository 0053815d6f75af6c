"""Interruptions: the process dies at some operation on its files, before it, after it, or with a half-written journal."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

OPERATIONS = ("fsync", "fdatasync", "replace", "unlink")


@dataclass(frozen=True)
class Interruption:
    """Dies at the operation of this number; `torn` bytes of the file being synced are lost with it."""

    number: int
    after: bool = False
    torn: int = 0


@contextmanager
def interrupted(by: Interruption | None) -> Iterator[list[str]]:
    """Count the operations, and die at one of them. Nothing is really synced: the test's machine does not lose power."""
    real = {name: getattr(os, name) for name in OPERATIONS}
    seen: list[str] = []

    def instead(name: str) -> Any:
        def operation(*arguments: Any, **more: Any) -> Any:
            seen.append(name)
            dies = by is not None and len(seen) == by.number
            if dies and by is not None and name == "fdatasync" and by.torn:
                size = os.fstat(arguments[0]).st_size
                os.ftruncate(arguments[0], max(0, size - by.torn))
            if dies and by is not None and not by.after:
                raise SystemExit(f"dies before {name}")
            done = None if "sync" in name else real[name](*arguments, **more)
            if dies:
                raise SystemExit(f"dies after {name}")
            return done

        return operation

    for name in OPERATIONS:
        setattr(os, name, instead(name))
    try:
        yield seen
    finally:
        for name, function in real.items():
            setattr(os, name, function)
