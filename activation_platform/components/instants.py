"""Now: the instant that a run stands for (SEMANTICS E4)."""

from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.storage.tags import AUTOMATION_CONDITION_TAG

__all__ = ["MAX_AGE", "FrameConfig", "as_of", "by_hand", "ids_of", "run_ids", "scheduled"]

MAX_AGE = "activation_platform/max_age"
"""Run tag: seconds for which an earlier snapshot may be used again (the schedule sets it; people's runs read anew)."""

INSTANT = "activation_platform/instant"
"""Run tag: the scheduled instant, as ISO 8601 (the schedule sets it)."""


class FrameConfig(dg.Config):
    """What can be chosen when a model or segment is materialised by hand."""

    as_of: str = ""
    """The instant the frame stands for, as ISO 8601 with an offset; empty: the schedule's, else now."""


def scheduled(context: dg.AssetExecutionContext) -> datetime | None:
    """The instant that a schedule set, or None for a run that a person, or new data, started."""
    text = context.run.tags.get(INSTANT)
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def by_hand(context: dg.AssetExecutionContext) -> bool:
    """Whether a person chose the run's partition: neither a schedule nor new data started it."""
    return scheduled(context) is None and AUTOMATION_CONDITION_TAG not in context.run.tags


def as_of(context: dg.AssetExecutionContext, config: FrameConfig, otherwise: datetime) -> datetime:
    """The instant a frame stands for."""
    if config.as_of:
        chosen = datetime.fromisoformat(config.as_of)
        if chosen.tzinfo is None:
            raise dg.Failure(
                f'as_of "{config.as_of}" has no offset; write 2026-01-31T07:00:00+00:00', allow_retries=False
            )
        return chosen.astimezone(UTC)
    return scheduled(context) or otherwise


def run_ids(context: dg.AssetExecutionContext) -> list[str]:
    """This run and those it re-executes, newest first: whose frames it reads."""
    return ids_of(context.run)


def ids_of(run: dg.DagsterRun) -> list[str]:
    """A run and those it re-executes, newest first."""
    return [one for one in (run.run_id, run.parent_run_id, run.root_run_id) if one]


def max_age(context: dg.AssetExecutionContext) -> timedelta:
    """How old a snapshot may be to be used again by this run."""
    return timedelta(seconds=float(context.run.tags.get(MAX_AGE, "0")))
