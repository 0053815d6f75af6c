"""Following: what runs because its data is new, and not because it is time (`schedule: {follow: upstream}`)."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.definitions.declarative_automation.operators.dep_operators import EntityMatchesCondition

from activation_platform.components.inputs import models_behind
from activation_platform.components.pauses import NOT_PAUSED
from activation_platform.components.workspace import Workspace

if TYPE_CHECKING:
    from activation_platform.components.activation import ActivationComponent

__all__ = ["followers", "foreign", "is_followed", "when_new", "when_other", "while_sound"]


def when_new(*upstream: dg.AssetKey) -> dg.AutomationCondition[dg.AssetKey]:
    """True for the newest partition once one of these assets was materialised and none of them is about to be again."""
    these = dg.AssetSelection.assets(*upstream)
    condition = dg.AutomationCondition
    return (
        condition.in_latest_time_window()
        & condition.any_deps_updated().allow(these).since_last_handled()
        & ~condition.any_deps_in_progress().allow(these)
        & ~condition.in_progress()
    )


def while_sound(activation: dg.AssetKey) -> dg.AutomationCondition[dg.AssetKey]:
    """True while the page of an activation says of nothing that it pauses it (SEMANTICS E7).

    Not while the checks of what it stands on pass: Dagster's conditions cannot tell a warning from an error.
    """
    told = EntityMatchesCondition(
        key=dg.AssetCheckKey(activation, NOT_PAUSED), operand=dg.AutomationCondition.check_failed()
    )
    return ~told


def when_other(*upstream: dg.AssetKey) -> dg.AutomationCondition[dg.AssetKey]:
    """True once one of these assets, all of which are there, has other data, and none of them is about to be made again.

    What was only used again (SEMANTICS E5) has the same data: its version is the snapshot's number.
    """
    these = dg.AssetSelection.assets(*upstream)
    condition = dg.AutomationCondition
    other = condition.any_deps_match(condition.data_version_changed()).allow(these)
    return (
        other.since_last_handled()
        & ~condition.any_deps_missing().allow(these)
        & ~condition.any_deps_in_progress().allow(these)
        & ~condition.in_progress()
    )


def followers(
    name: str, *specs: dg.AssetSpec, paused: bool = False, tags: Mapping[str, str] | None = None
) -> list[dg.AutomationConditionSensorDefinition]:
    """The sensor that requests the runs of assets that follow their data; none for others.

    It is on from the start, and its toggle in the UI is the manual pause. It has these assets only: Dagster's own sensor for all
    assets starts switched off, and two sensors may not share an asset.
    """
    keys = [spec.key for spec in specs if spec.automation_condition is not None]
    if not keys:
        return []
    sensor = dg.AutomationConditionSensorDefinition(
        f"{name}_follows",
        target=dg.AssetSelection.assets(*keys),
        default_status=dg.DefaultSensorStatus.STOPPED if paused else dg.DefaultSensorStatus.RUNNING,
        run_tags=tags,
        description=f"Runs {', '.join(key.to_user_string() for key in keys)} when there is new data. Switch it off to pause it.",
    )
    return [sensor]


def is_followed(workspace: Workspace, word: str, name: str) -> bool:
    """Whether an activation that follows its data is made of this model or segment."""
    return (word, name) in workspace.once("followed", lambda: frozenset(_followed(workspace)))


def _followed(workspace: Workspace) -> Iterator[tuple[str, str]]:
    for name in workspace.names("activation"):
        activation: ActivationComponent = workspace.find("activation", name)
        if activation.spec.schedule.follow is not None:
            upstream = activation.upstream(workspace)
            if upstream is not None:
                for component in (upstream, *models_behind(activation, workspace)):
                    yield component.word, component.name


def foreign(workspace: Workspace) -> frozenset[dg.AssetKey]:
    """What other tools make, and models are read after."""
    models = [workspace.find("model", name) for name in workspace.names("model")]
    return frozenset(key for model in models for key in model.after)
