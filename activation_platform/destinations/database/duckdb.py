"""A session with a DuckDB file: open for writing, which keeps every other process out until it is closed."""

import os
from pathlib import Path

import polars as pl

from activation_platform.contracts.duckdb import LOCKED_DOWN, complaint, require_file
from activation_platform.contracts.errors import (
    ConnectionFailed,
    CredentialsRefused,
    DeclarationError,
    NotFound,
)
from activation_platform.contracts.interrupted import Interrupted
from activation_platform.contracts.service import BatchRefused
from activation_platform.contracts.statement import Session, Statement

__all__ = ["DuckDBSession"]

OPEN = "Let the account that runs the platform write the file and its folder."


class DuckDBSession(Session):
    """A connection that may write. Only one process may have the file open while it stands."""

    def __init__(self, path: Path) -> None:
        import duckdb

        require_file(path, "Make it with DuckDB first, or correct the url.")
        if not os.access(path.parent, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
            raise CredentialsRefused(
                f"DuckDB cannot write its log beside {path}: the folder is closed to us", remedy=OPEN
            )
        try:
            self._connection: duckdb.DuckDBPyConnection = duckdb.connect(path, config=LOCKED_DOWN)
        except duckdb.Error as error:
            raise _judged(error) from None
        self._connection.execute("SET TimeZone = 'UTC'")
        self._begun = False

    def execute(self, statement: Statement) -> pl.DataFrame:
        """Carry out one statement; its frames are views of Polars' own memory."""
        import duckdb

        try:
            if not self._begun:
                self._begun = True  # before it is: one that is stopped may have begun
                self._connection.begin()
            for name, frame in statement.frames.items():
                self._connection.register(name, frame.to_arrow())
            answer = self._connection.execute(statement.sql, list(statement.parameters))
            names = [column[0] for column in answer.description or ()]
            rows = answer.fetchall()
            for name in statement.frames:  # where it failed, the rollback takes them away
                self._connection.unregister(name)
            return pl.DataFrame(rows, names, orient="row", infer_schema_length=None)
        except duckdb.Error as error:
            raise _judged(error) from None

    def commit(self) -> None:
        """Make it stand; a conflict or a full disk shows here at the latest, and undoes it."""
        import duckdb

        if self._begun:
            self._begun = False
            try:
                self._connection.commit()
            except duckdb.Error as error:
                raise _judged(error) from None

    def rollback(self) -> None:
        """Undo it."""
        import duckdb

        if self._begun:
            self._begun = False
            try:
                self._connection.rollback()
            except duckdb.TransactionException:
                return  # none had begun
            except duckdb.Error:
                self.alive = False

    def interrupt(self) -> None:
        """Stop what runs."""
        self._connection.interrupt()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def _judged(error: Exception) -> Exception:
    """What DuckDB's error is to us, told apart by the word that it begins with."""
    kind, words = complaint(error)
    what = f"DuckDB: {words}"
    if kind in ("Constraint", "Conversion", "Out of Range", "Invalid Input"):
        return BatchRefused(words)
    if kind in ("TransactionContext", "INTERRUPT"):
        return Interrupted(ConnectionFailed(what, remedy="The next run sends what was not acknowledged."))
    if kind == "IO" and "Permission denied" in words:
        return CredentialsRefused(what, remedy=OPEN)
    if kind in ("IO", "Connection"):
        remedy = "Somebody else may have it open: close it there. Check that it is a DuckDB database not newer than ours."
        return Interrupted(ConnectionFailed(what, remedy=remedy))
    if kind == "Catalog" and ("Table with name" in words or "chema" in words):
        return NotFound(what, remedy="Correct the options `table` and `schema`, or create it.")
    if kind in ("Fatal", "INTERNAL", "Serialization"):
        return ConnectionFailed(
            what, remedy="Check that the file is whole, and written by a DuckDB not newer than ours."
        )
    return DeclarationError(
        what, remedy="Compare the mapping with the table's columns; what the database says is above."
    )
