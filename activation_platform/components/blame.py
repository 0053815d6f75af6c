"""Blame: what could not be made fails its own check, or that of the source which could not be reached (SEMANTICS E7)."""

from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg

from activation_platform.components.shown import masked, page, tamed
from activation_platform.contracts.errors import ActivationError, Stopped, StorageFailed
from activation_platform.segmentation.problems import InvalidCondition

__all__ = ["COMPUTED", "CONNECTION", "MADE", "blamed", "blocks", "refused"]

CONNECTION = "connection"
"""The check of a source."""
MADE = "made"
"""The check of models and segments: their newest run could make them."""
COMPUTED = "computed_field"
"""Metadata of a failed check: the computed fields that are to blame, as model.field."""


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


def blocks(verdict: dg.AssetCheckResult | dg.AssetCheckEvaluation) -> bool:
    """Whether what was checked must not be used: it failed, and not only as a warning."""
    return not verdict.passed and verdict.severity is dg.AssetCheckSeverity.ERROR


def refused(error: ActivationError, check: str | None = None) -> dg.AssetCheckResult:
    """An error as the failed result of a check."""
    return dg.AssetCheckResult(
        check_name=check,
        passed=False,
        description=tamed(masked(str(error))),
        metadata={
            "error": str(error.error_class),
            "page": page(error.error_class),
            **_computed(error),
        },
    )


def _computed(error: ActivationError) -> dict[str, str]:
    """The computed fields that are to blame; none where something else is, too."""
    problems = error.__cause__.problems if isinstance(error.__cause__, InvalidCondition) else ()
    paths = [problem.path for problem in problems]
    if not paths or any(path[1:2] != ("computed",) for path in paths):
        return {}
    return {COMPUTED: ", ".join(dict.fromkeys(f"{model}.{name}" for model, _, name, *_ in paths))}
