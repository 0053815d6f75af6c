"""Sources, destinations and alerts of a workspace, connected now: their settings resolved from the environment."""

from typing import Any

from activation_platform.cli.running import without_notices
from activation_platform.components.alerting.channel import Channel
from activation_platform.components.alerts import AlertsComponent
from activation_platform.components.destination import DestinationComponent
from activation_platform.components.settings import Resource, initialised
from activation_platform.components.source import SourceComponent
from activation_platform.contracts.destination import Destination
from activation_platform.contracts.source import Source

__all__ = ["channel_of", "destination_of", "source_of"]


def source_of(component: SourceComponent) -> Source:
    """The warehouse; raises DeclarationError that names the environment variables that are not set."""
    source: Source = _initialised(component.source_class, component)
    return source


def destination_of(component: DestinationComponent) -> Destination:
    """The account; raises DeclarationError that names the environment variables that are not set."""
    destination: Destination = _initialised(component.destination_class, component)
    return destination


def channel_of(component: AlertsComponent) -> Channel:
    """The channel; raises DeclarationError that names the environment variables that are not set."""
    channel: Channel = _initialised(component.channel_class, component)
    return channel


def _initialised(resource: Resource, component: Any) -> Any:
    with without_notices():
        return initialised(resource, component.spec.settings)
