"""What stands broken: components whose newest finished blocking check failed, since when, and in what words (SEMANTICS E7)."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any

import dagster as dg
from dagster._core.storage.asset_check_execution_record import (
    COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES as FINISHED,
)
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecord as Record

from activation_platform.components.blame import COMPUTED, blocks
from activation_platform.components.workspace import Declared

__all__ = ["Broken", "evaluated", "newest_finished", "report", "standing"]

_PAGE = 100


@dataclass(frozen=True, slots=True)
class Broken:
    """A component of which a blocking check stands failed.

    `since`: when it first did, after it had last passed (UTC). `computed`: the computed fields that are to blame, as model.field.
    """

    word: str
    name: str
    check: str
    since: datetime
    words: str
    computed: str = ""

    def __str__(self) -> str:
        """Who it is, what is wrong, since when."""
        who = f"the {self.word} {self.name}"
        if self.computed:
            who = f"the computed field {self.computed} (for {who})"
        return f"{who} is broken since {self.since:%Y-%m-%d %H:%M} UTC ({self.check}: {self.words})"


def standing(
    instance: dg.DagsterInstance, components: Iterable[Declared[Any]]
) -> dict[tuple[str, str], list[Broken]]:
    """The failed checks of each of these that stands broken, by its word and name; one query for all of them."""
    owners = {
        dg.AssetCheckKey(component.asset_key, check): component
        for component in components
        for check in component.blocking
    }
    found: dict[tuple[str, str], list[Broken]] = {}
    for key, record in newest_finished(instance, list(owners)).items():
        if _fails(record):
            component, told = owners[key], evaluated(record)
            broken = Broken(
                component.word,
                component.name,
                key.name,
                _since(instance, key, record),
                told.description or "",
                str(told.metadata[COMPUTED].value) if COMPUTED in told.metadata else "",
            )
            found.setdefault((component.word, component.name), []).append(broken)
    return found


def newest_finished(
    instance: dg.DagsterInstance, keys: Sequence[dg.AssetCheckKey]
) -> Mapping[dg.AssetCheckKey, Record]:
    """The newest evaluation of each check that has one; a run that died before it evaluated a check says nothing of it."""
    storage = instance.event_log_storage
    found = {}
    for key, record in storage.get_latest_asset_check_execution_by_key(keys).items():
        finished = record.status in FINISHED
        last = (
            [record] if finished else storage.get_asset_check_execution_history(key, limit=1, status=FINISHED)
        )
        for one in last:
            found[key] = one
    return found


def evaluated(record: Record) -> dg.AssetCheckEvaluation:
    """What a finished record says."""
    assert record.event is not None
    assert record.event.dagster_event is not None
    said: dg.AssetCheckEvaluation = record.event.dagster_event.asset_check_evaluation_data
    return said


def report(instance: dg.DagsterInstance, asset: dg.AssetKey, name: str, result: dg.AssetCheckResult) -> None:
    """Let Dagster know the result of a check that nobody asked it to carry out."""
    instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(
            asset_key=asset,
            check_name=name,
            passed=result.passed,
            severity=result.severity,
            description=result.description,
            metadata=dict(result.metadata),
        )
    )


def _fails(record: Record) -> bool:
    return blocks(evaluated(record))


def _since(instance: dg.DagsterInstance, key: dg.AssetCheckKey, newest: Record) -> datetime:
    """When the first of the failures began that have not been interrupted."""
    first = deque(takewhile(_fails, _history(instance, key)), maxlen=1)
    event = (first or [newest])[-1].event
    assert event is not None
    return datetime.fromtimestamp(event.timestamp, UTC)


def _history(instance: dg.DagsterInstance, key: dg.AssetCheckKey) -> Iterator[Record]:
    """Finished records, the newest first."""
    cursor = None
    while True:
        page = instance.event_log_storage.get_asset_check_execution_history(
            key, limit=_PAGE, cursor=cursor, status=FINISHED
        )
        yield from page
        if len(page) < _PAGE:
            return
        cursor = page[-1].id
