"""The instance of Dagster that DAGSTER_HOME names, or one that is gone with the command."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from activation_platform.contracts.errors import DeclarationError

__all__ = ["instance_here", "is_kept"]


def is_kept() -> bool:
    """Whether Dagster keeps anything."""
    return bool(os.environ.get("DAGSTER_HOME"))


@contextmanager
def instance_here() -> Iterator[dg.DagsterInstance]:
    """The instance, open; raises DeclarationError where DAGSTER_HOME cannot be used."""
    if not is_kept():
        with dg.DagsterInstance.ephemeral() as instance:
            yield instance
        return
    try:
        opened = dg.DagsterInstance.get()
    except dg.DagsterInvariantViolationError as error:  # not a folder, not absolute
        raise DeclarationError(
            f"DAGSTER_HOME cannot be used: {error}", remedy="Make the folder, or unset DAGSTER_HOME."
        ) from error
    with opened as instance:
        yield instance
