"""The sensor that tells people: looks at what began and ended, remembers it in its cursor, and delivers what is not yet told."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg

from activation_platform.components.alerting.delivery import deliver
from activation_platform.components.alerting.memory import Memory
from activation_platform.components.alerting.observing import observe
from activation_platform.components.workspace import Workspace

if TYPE_CHECKING:
    from activation_platform.components.alerts import AlertsComponent

__all__ = ["alerts_of"]

_SECONDS = 30


def alerts_of(workspace: Workspace) -> dg.SensorDefinition:
    """The sensor of a workspace that has alerts."""
    every: list[AlertsComponent] = [workspace.find("alerts", name) for name in workspace.names("alerts")]

    @dg.sensor(
        name="alerts",
        minimum_interval_seconds=_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells people when an activation breaks and when it recovers.",
    )
    def alerts(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        memory, now = Memory.read(context.cursor), datetime.now(UTC)
        observe(context.instance, workspace, every, _checks(context), memory, now)
        failed = deliver(every, workspace, memory, now)
        for words in failed:
            context.log.warning(words)
        waiting = sum(len(box.waiting) for box in memory.boxes.values())
        said = "; ".join(failed) or (f"{waiting} more to tell" if waiting else "everything is told")
        return dg.SensorResult(skip_reason=said, cursor=memory.model_dump_json(exclude_defaults=True))

    return alerts


def _checks(context: dg.SensorEvaluationContext) -> Mapping[dg.AssetKey, Sequence[dg.AssetCheckKey]]:
    """The checks of every asset, whoever declares them."""
    assert context.repository_def is not None
    found: dict[dg.AssetKey, list[dg.AssetCheckKey]] = {}
    for key in context.repository_def.asset_graph.asset_check_keys:
        found.setdefault(key.asset_key, []).append(key)
    return found
