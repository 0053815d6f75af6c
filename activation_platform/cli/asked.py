"""Sources and destinations of a workspace, connected now: their settings resolved from the environment."""

from typing import TypeVar

from dagster._core.errors import DagsterInvalidConfigError

from activation_platform.cli.running import unset, without_notices
from activation_platform.components.destination import DestinationComponent
from activation_platform.components.settings import resolved
from activation_platform.components.source import SourceComponent
from activation_platform.contracts.destination import Destination
from activation_platform.contracts.source import Source

__all__ = ["destination_of", "source_of"]

ResourceT = TypeVar("ResourceT", Source, Destination)


def source_of(component: SourceComponent) -> Source:
    """The warehouse; raises DeclarationError that names the environment variables that are not set."""
    return _resolved(component.source_class(**resolved(component.spec.settings)))


def destination_of(component: DestinationComponent) -> Destination:
    """The account; raises DeclarationError that names the environment variables that are not set."""
    return _resolved(component.destination_class(**resolved(component.spec.settings)))


def _resolved(resource: ResourceT) -> ResourceT:
    try:
        with without_notices():
            return resource.process_config_and_initialize()
    except DagsterInvalidConfigError as error:
        raise unset(error) from None  # its text is a stack trace
