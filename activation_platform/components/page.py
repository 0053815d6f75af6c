"""The checks of an activation that pause it, or say that it is paused, and what each of them asks."""

import dagster as dg

from activation_platform.components.mapping_check import MAPPING
from activation_platform.components.pauses import NOT_PAUSED

__all__ = ["page_checks"]

_ASKS = {
    NOT_PAUSED: "Is everything sound that it stands on? Else it runs again by itself once that is mended.",
    MAPPING: "Does the account have every field that is mapped, and let the service in?",
}


def page_checks(activation: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """Both; the one that blocks is what pauses."""
    return [
        dg.AssetCheckSpec(name, asset=activation, blocking=name == MAPPING, description=asks)
        for name, asks in _ASKS.items()
    ]
