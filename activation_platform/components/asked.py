"""The partitions that a run is asked for: one, or a range whose newest counts and overtakes the others (SEMANTICS E2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg
from dagster._core.storage.tags import BACKFILL_ID_TAG

from activation_platform.components.recurrence import Recurrence
from activation_platform.sync.history import Status

__all__ = ["Asked", "asked"]


@dataclass(frozen=True)
class Asked:
    """Partition keys in the order of their instants."""

    keys: Sequence[str]
    chosen: str | None
    """The one that the run is for; None where a backfill came upon keys that are never scheduled."""
    by: str
    """The one that overtakes the others: it brings the destination in step, or has the interval of an event."""

    def told(
        self, context: dg.AssetExecutionContext, asset: dg.AssetKey, metadata: Mapping[str, Any]
    ) -> dg.MaterializeResult[Any]:
        """The metadata belong to the chosen partition; of the others it is told what overtook them."""
        overtaken = {"status": str(Status.SUPERSEDED), "by": self.by}
        if len(self.keys) == 1:
            return dg.MaterializeResult(metadata=metadata if self.chosen else overtaken)
        for key in self.keys:
            context.add_asset_metadata(metadata if key == self.chosen else overtaken, asset, key)
        return dg.MaterializeResult()


def asked(context: dg.AssetExecutionContext, recurrence: Recurrence) -> Asked:
    """What a run is asked for.

    Raises DeclarationError for keys that are never scheduled (SEMANTICS E6); a backfill, which takes whole ranges, passes
    over them.
    """
    keys = sorted(context.partition_keys, key=recurrence.instant)
    chosen = next((key for key in reversed(keys) if recurrence.is_scheduled(key)), None)
    if chosen is None and BACKFILL_ID_TAG not in context.run.tags:
        recurrence.require_scheduled(keys[-1])
    return Asked(keys, chosen, by=chosen or recurrence.successor(keys[-1]))
