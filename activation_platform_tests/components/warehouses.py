"""A warehouse of the tests, in memory: it yields the frames it is given, and counts how often it is read."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import ClassVar

import polars as pl
import pytest

from activation_platform.contracts.source import CheckStep, Source, TableName
from activation_platform.contracts.warehouse import Bench
from activation_platform.sources import PLACES

__all__ = ["COPIES", "Memory", "copy", "install"]


class Memory(Source):
    """Frames of the test, whatever the query is."""

    kind: ClassVar[str] = "memory"
    dialect: ClassVar[str] = "duckdb"
    frames: ClassVar[Callable[[], Iterator[pl.DataFrame]]]
    reads: ClassVar[int] = 0

    def read(self, query: str) -> Iterator[pl.DataFrame]:
        """The frames."""
        type(self).reads += 1
        return type(self).frames()

    def columns(self, query: str) -> pl.Schema:
        """The schema of the first one."""
        return next(type(self).frames()).schema

    def grants(self, tables: Sequence[TableName]) -> str:
        """Nothing."""
        return ""

    def grants_to_work(self) -> str:
        """Nothing."""
        return ""

    def bench(self) -> AbstractContextManager[Bench]:
        """None: no model of the tests stays in it."""
        raise NotImplementedError

    def check(self) -> Iterator[CheckStep]:
        """It is always there."""
        yield CheckStep("connection", True, "in memory")


def install(patch: pytest.MonkeyPatch, frames: Callable[[], Iterator[pl.DataFrame]]) -> type[Memory]:
    """Make `kind: memory` a source that yields these frames."""
    patch.setitem(PLACES, "memory", f"{__name__}:Memory")
    patch.setattr(Memory, "frames", staticmethod(frames), raising=False)
    patch.setattr(Memory, "reads", 0)
    return Memory


def copy(number: int) -> str:
    """An activation of the same model, or of its segment, to a table of its own in the database `copies`."""
    return (
        "type: activation_platform.ActivationComponent\n"
        "attributes:\n"
        f"  name: copy_{number}\n  {'segment: loyal' if number % 2 else 'model: people'}\n  destination: copies\n"
        f"  service: table\n  options: {{table: copy_{number}, key: id}}\n  mapping: {{id: id}}\n"
        "  schedule: {cron: '0 6 * * 1', start: 2024-01-01}\n"
    )


COPIES = """\
type: activation_platform.DestinationComponent
attributes:
  name: copies
  platform: database
  settings: {url: env:COPIES_URL}
"""
