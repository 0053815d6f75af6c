"""Work in a warehouse without sessions: every statement stands alone, and what is temporary elsewhere is a table to be dropped.

A process that dies leaves the statement under way to end without it, maybe after its successor has begun. So tables for the time
of one run carry its name, and `clear` takes them out of reach of whatever that run still says.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from sqlglot import exp

from activation_platform.contracts.source import Source
from activation_platform.sources.dialect import dialect_of
from activation_platform.sources.schemas import DELTA, own_table
from activation_platform.sources.stating import StatingBench

__all__ = ["StepwiseBench"]


class StepwiseBench(StatingBench):
    """Statements that are atomic in themselves, each carried out before the next one is said."""

    making: ClassVar[str] = "CREATE OR REPLACE TABLE"
    escapes: ClassVar[Mapping[str, str]] = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r"}

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source

    @abstractmethod
    def tables(self) -> list[str]:
        """The names of all tables in `activation_delta`."""

    def placed(self, table: str) -> exp.Table:
        """In `activation_delta`."""
        return own_table(self._source, DELTA, table)

    def clear(self, beginning: str) -> None:
        """Drop the tables of `activation_delta` whose names begin like this."""
        dialect = dialect_of(self.dialect)
        for name in self.tables():
            if name.startswith(beginning):
                self.run(f"DROP TABLE IF EXISTS {dialect.written(self.placed(name))}")
