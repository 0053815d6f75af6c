"""Sources and destinations of a workspace, connected now: their settings resolved from the environment."""

from typing import Any

from dagster._core.errors import DagsterInvalidConfigError

from activation_platform.cli.running import unset, without_notices
from activation_platform.components.destination import DestinationComponent
from activation_platform.components.settings import resolved
from activation_platform.components.source import SourceComponent
from activation_platform.contracts.destination import Destination
from activation_platform.contracts.source import Source

__all__ = ["destination_of", "source_of"]


def source_of(component: SourceComponent) -> Source:
    """The warehouse; raises DeclarationError that names the environment variables that are not set."""
    platform = component.source_class
    source: Source = _initialised(platform(**resolved(platform, component.spec.settings)))
    return source


def destination_of(component: DestinationComponent) -> Destination:
    """The account; raises DeclarationError that names the environment variables that are not set."""
    platform = component.destination_class
    destination: Destination = _initialised(platform(**resolved(platform, component.spec.settings)))
    return destination


def _initialised(resource: Any) -> Any:
    try:
        # the other way, without a context, leaves Dagster an instance that is closed whenever it is collected
        with without_notices(), resource.process_config_and_initialize_cm() as made:
            return made
    except DagsterInvalidConfigError as error:
        raise unset(error) from None  # its text is a stack trace
