"""What DuckDB says when something is wrong, sorted into our classes and freed of row values."""

import re

from activation_platform.contracts.duckdb import complaint
from activation_platform.contracts.errors import (
    ActivationError,
    ConnectionFailed,
    CredentialsRefused,
    DeclarationError,
    NotFound,
)

__all__ = ["translated"]


def translated(error: Exception, path: str) -> ActivationError:
    """Our error for DuckDB's, told apart by the word its message begins with."""
    kind, words = complaint(error)
    what = f"DuckDB: {words}"
    if kind == "Catalog" and re.search(r"\b(Table with name|[Ss]chema)\b", words):
        return NotFound(what, remedy="Correct the name in the SQL, or create it.")
    if kind == "Permission":
        return DeclarationError(
            what, remedy=f"A query reads {path} and nothing else: load the data into it first."
        )
    if kind in ("IO", "Connection"):
        return _unreachable(what, words)
    if kind in ("Fatal", "INTERNAL", "Serialization"):
        return ConnectionFailed(
            what, remedy=f"Check that {path} is whole, and written by a DuckDB not newer than ours."
        )
    if kind == "Out of Memory":
        return DeclarationError(what, remedy="Select fewer columns, or aggregate in smaller steps.")
    return DeclarationError(what, remedy="Correct the model's SQL.")


def _unreachable(what: str, words: str) -> ActivationError:
    if "Permission denied" in words:
        return CredentialsRefused(what, remedy="Let the account that runs the platform read the file.")
    if "Could not set lock" in words or "different configuration" in words:
        return ConnectionFailed(
            what, remedy="Somebody has it open for writing; try again when the writer has closed it."
        )
    return ConnectionFailed(
        what, remedy="Check that the path leads to a DuckDB database that is not newer than ours."
    )
