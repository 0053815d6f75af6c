"""Pauses: an activation rests while something that it stands on is broken. Derived from checks, never stored (SEMANTICS E7)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecord as Record

from activation_platform.components.inputs import models_behind
from activation_platform.components.shown import masked
from activation_platform.components.standing import Broken, evaluated, newest_finished, report, standing
from activation_platform.components.workspace import Declared, Workspace

if TYPE_CHECKING:
    from activation_platform.components.activation import ActivationComponent

__all__ = [
    "NOT_PAUSED",
    "Told",
    "culprits",
    "paused_by",
    "paused_now",
    "stands_on",
    "tell",
    "tell_now",
    "told",
    "verdict",
]

NOT_PAUSED = "not_paused"
"""The check of an activation that says, on its page, what pauses it."""
_SINCE = "since"


def stands_on(activation: "ActivationComponent", workspace: Workspace) -> list[Declared[Any]]:
    """What has to be sound before the activation may run: sources, models, its segment, its destination, its own mapping."""
    models = models_behind(activation, workspace)
    sources = {model.spec.source: workspace.find("source", model.spec.source) for model in models}
    segment = workspace.find("segment", activation.spec.segment or "")
    destination = workspace.find("destination", activation.spec.destination)
    return [one for one in (*sources.values(), *models, segment, destination, activation) if one is not None]


def culprits(
    instance: dg.DagsterInstance, activations: Iterable["ActivationComponent"], workspace: Workspace
) -> dict[str, Sequence[Broken]]:
    """Of each activation, by name, what stands broken below it: empty where nothing does."""
    behind = {one.name: stands_on(one, workspace) for one in activations}
    every = {(one.word, one.name): one for below in behind.values() for one in below}
    broken = standing(instance, every.values())
    return {
        name: [each for one in below for each in broken.get((one.word, one.name), ())]
        for name, below in behind.items()
    }


def paused_by(instance: dg.DagsterInstance, activation: "ActivationComponent", workspace: Workspace) -> str:
    """Why the activation may not run now; empty where it may."""
    broken = culprits(instance, [activation], workspace)[activation.name]
    return _in_words(broken) if broken else ""


def paused_now(
    instance: dg.DagsterInstance, activation: "ActivationComponent", workspace: Workspace
) -> dg.AssetCheckResult:
    """The verdict on the activation at this moment."""
    return verdict(culprits(instance, [activation], workspace)[activation.name])


def tell_now(instance: dg.DagsterInstance, activation: "ActivationComponent", workspace: Workspace) -> None:
    """Let the page of an activation whose run failed say whether that pauses it: what follows its data asks the page."""
    tell(instance, activation, culprits(instance, [activation], workspace)[activation.name])


def _in_words(broken: Sequence[Broken]) -> str:
    return masked(f"paused: {'; '.join(map(str, broken))}")


def verdict(broken: Sequence[Broken]) -> dg.AssetCheckResult:
    """What an activation's page says of it."""
    if not broken:
        return dg.AssetCheckResult(
            check_name=NOT_PAUSED, passed=True, description="nothing that it stands on is broken"
        )
    since = min(one.since for one in broken)
    return dg.AssetCheckResult(
        check_name=NOT_PAUSED,
        passed=False,
        severity=dg.AssetCheckSeverity.WARN,
        description=_in_words(broken),
        metadata={_SINCE: dg.MetadataValue.timestamp(since)},
    )


@dataclass(frozen=True, slots=True)
class Told:
    """What an activation's page says now. `number` tells this pause from others; `since`: None where it is not paused."""

    number: int
    words: str
    since: datetime | None

    @classmethod
    def read(cls, record: Record) -> "Told":
        """From the newest evaluation of its check."""
        said = evaluated(record)
        since = said.metadata.get(_SINCE)
        moment = (
            None if said.passed or since is None else datetime.fromtimestamp(float(str(since.value)), UTC)
        )
        return cls(record.id, said.description or "", moment)


def told(instance: dg.DagsterInstance, activations: Iterable["ActivationComponent"]) -> Mapping[str, Told]:
    """What the page of each activation says, by its name; nothing of one that never ran and was never paused."""
    names = {dg.AssetCheckKey(one.asset_key, NOT_PAUSED): one.name for one in activations}
    return {names[key]: Told.read(record) for key, record in newest_finished(instance, list(names)).items()}


def tell(instance: dg.DagsterInstance, activation: "ActivationComponent", broken: Sequence[Broken]) -> None:
    """Let the activation's page say so."""
    report(instance, activation.asset_key, NOT_PAUSED, verdict(broken))
