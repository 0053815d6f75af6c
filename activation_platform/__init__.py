"""Activation Platform: keeps the tools that people work in, in step with the warehouse.

Exports the component types that users name in YAML, imported when they are asked for, so that light commands start
without Dagster.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from activation_platform.components.activation import ActivationComponent
    from activation_platform.components.alerts import AlertsComponent
    from activation_platform.components.destination import DestinationComponent
    from activation_platform.components.model import ModelComponent
    from activation_platform.components.retention import RetentionComponent
    from activation_platform.components.segment import SegmentComponent
    from activation_platform.components.source import SourceComponent
    from activation_platform.components.split import SplitComponent
    from activation_platform.components.tables import TablesComponent
    from activation_platform.components.template import TemplateComponent

__all__ = [
    "ActivationComponent",
    "AlertsComponent",
    "DestinationComponent",
    "ModelComponent",
    "RetentionComponent",
    "SegmentComponent",
    "SourceComponent",
    "SplitComponent",
    "TablesComponent",
    "TemplateComponent",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = name.removesuffix("Component").lower()
    return getattr(import_module(f"{__name__}.components.{module}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
