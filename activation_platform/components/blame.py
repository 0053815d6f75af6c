"""Blame: what could not be made fails its own check, or that of the source which could not be reached (SEMANTICS E7)."""

from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg

from activation_platform.components.shown import masked
from activation_platform.contracts.errors import ActivationError, Stopped, StorageFailed

__all__ = ["CONNECTION", "MADE", "blamed", "refused"]

CONNECTION = "connection"
"""The check of a source."""
MADE = "made"
"""The check of models and segments: their newest run could make them."""


def blamed(results: Iterator[Any], source: Callable[[ActivationError], bool]) -> Iterator[Any]:
    """The results of a model or segment, with the verdict on whether it could be made; its errors go on.

    `source`: whether it is the source's fault, whose own check knows it then.
    """
    try:
        yield from results
    except (StorageFailed, Stopped):
        raise  # our own storage, or somebody's wish
    except ActivationError as error:
        if not source(error):
            yield refused(error, MADE)
        raise
    yield dg.AssetCheckResult(check_name=MADE, passed=True, description="it could be made")


def refused(error: ActivationError, check: str | None = None) -> dg.AssetCheckResult:
    """An error as the failed result of a check."""
    return dg.AssetCheckResult(
        check_name=check,
        passed=False,
        description=masked(str(error)),
        metadata={"error": str(error.error_class)},
    )
