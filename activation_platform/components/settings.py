"""Settings of sources and destinations: checked by name, with secrets as references to environment variables only."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
from pydantic_core import PydanticUndefined

from activation_platform.components.workspace import Fault
from activation_platform.contracts.fields import nearest

__all__ = ["resolved", "settings_faults"]

_REFERENCE = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")


def settings_faults(
    resource: type[dg.ConfigurableResource[Any]], secrets: Sequence[str], settings: Mapping[str, Any]
) -> Iterator[Fault]:
    """Everything wrong with the settings of a resource. No value of a secret is ever part of a message."""
    known = {name: info for name, info in resource.model_fields.items() if not name.startswith("_")}
    for name, value in settings.items():
        path = ("settings", name)
        if name not in known:
            yield Fault(path, f'there is no setting "{name}".{nearest(name, known)}')
        elif name in secrets and not all(
            _is_reference(one) for one in (value if isinstance(value, list) else [value])
        ):
            yield Fault(path, f'"{name}" is a secret: write env:NAME, the environment variable that holds it')
    for name, info in known.items():
        if info.default is PydanticUndefined and info.default_factory is None and name not in settings:
            yield Fault(("settings",), f'the setting "{name}" is missing')


def _is_reference(value: Any) -> bool:
    return isinstance(value, str) and _REFERENCE.fullmatch(value) is not None


def resolved(settings: Mapping[str, Any]) -> dict[str, Any]:
    """`env:NAME` as `dg.EnvVar("NAME")`: read when a run starts, never at load, never shown."""
    return {name: _resolve(value) for name, value in settings.items()}


def _resolve(value: Any) -> Any:
    if isinstance(value, list):
        return [_resolve(one) for one in value]
    if isinstance(value, str) and (reference := _REFERENCE.fullmatch(value)):
        return dg.EnvVar(reference.group(1))
    return value
