"""What is said to a database: one statement, or a transaction that is a conversation of them; and the session that hears it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import polars as pl

from activation_platform.contracts.service import Carried

__all__ = ["HasSessions", "Session", "Statement", "Transaction"]


@dataclass(frozen=True, slots=True)
class Statement(Carried):
    """One statement in the database's own dialect, answered by the frame of the rows that it returns.

    `parameters` stand where it says `$1`, `$2`, …; each of `frames` can be selected from under its name, like a table. Said
    outside a transaction, it must be one that may be said twice (a question, CREATE TABLE IF NOT EXISTS).
    """

    sql: str
    parameters: tuple[Any, ...] = ()
    frames: Mapping[str, pl.DataFrame] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Transaction(Carried):
    """Statements that are carried out whole or not at all, answered by what their conversation returns.

    `talk` begins the conversation: it yields statements and is sent frames. It begins anew where the database asks for that
    (a deadlock, a lost connection). `once`: it recognises in the database that it was carried out before, so that it may be
    said again where its answer was lost.
    """

    talk: Callable[[], Generator[Statement, pl.DataFrame, Any]]
    once: bool = False


class Session(ABC):
    """One connection to a database. One thread uses it; only `interrupt` is for others.

    What a database refuses is raised as an error of `contracts.errors`, as `BatchRefused` where a value in it was to blame,
    or as `Interrupted`. `alive` says whether the session can still be used.
    """

    alive: bool = True

    @abstractmethod
    def execute(self, statement: Statement) -> pl.DataFrame:
        """Carry out one statement in the transaction under way, or in a new one."""

    @abstractmethod
    def commit(self) -> None:
        """Make the transaction under way stand."""

    @abstractmethod
    def rollback(self) -> None:
        """Undo the transaction under way; raises nothing, a lost connection has undone it already."""

    @abstractmethod
    def interrupt(self) -> None:
        """Stop the statement that another thread is waiting for."""

    @abstractmethod
    def close(self) -> None:
        """Close the connection; raises nothing."""


@runtime_checkable
class HasSessions(Protocol):
    """A destination that is a database."""

    def connect(self) -> Session:
        """Open a session; raises the errors that a session raises."""
