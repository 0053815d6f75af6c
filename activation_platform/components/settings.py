"""Settings of sources and destinations: checked by name and type, with secrets as references to environment variables only."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
from pydantic import ValidationError
from pydantic_core import PydanticUndefined

from activation_platform.components.workspace import Fault
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.fields import nearest

__all__ = ["connected", "not_set", "resolved", "secrets_in_clear", "settings_faults"]

Resource = type[dg.ConfigurableResource[Any]]

_REFERENCE = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")
_PASSWORD = re.compile(r"://[^/@\s]*?:([^/@\s]+)@")
_TEMPLATE = re.compile(r"\{\{.*\}\}")
_TEMPLATE_OF_VARIABLE = re.compile(r"\{\{\s*env(?:\.|\(['\"])([A-Za-z_][A-Za-z0-9_]*)")


def settings_faults(
    resource: Resource, secrets: Sequence[str], settings: Mapping[str, Any]
) -> Iterator[Fault]:
    """Everything wrong with the settings of a resource. No value of a secret is ever part of a message."""
    faults = [*_named(resource, secrets, settings), *_missing(resource, settings)]
    yield from faults or _types(resource, settings)


def _named(resource: Resource, secrets: Sequence[str], settings: Mapping[str, Any]) -> Iterator[Fault]:
    known = _fields(resource)
    for name, value in settings.items():
        path = ("settings", name)
        if name not in known:
            near = nearest(name, known) or f" There is: {', '.join(sorted(known))}."
            yield Fault(path, f'there is no setting "{name}".{near}')
            continue
        template = next((found for one in _each(value) if (found := _TEMPLATE.search(str(one)))), None)
        if template is not None:
            variable = _TEMPLATE_OF_VARIABLE.match(template.group())
            instead = f"env:{variable.group(1)}" if variable else "env:NAME"
            yield Fault(
                path, f'"{name}" is a template, which would be resolved at load and shown; write {instead}'
            )
        for secret, one in _secrets(name, secrets, value):
            if template is None and not _is_reference(one):
                yield Fault(
                    path, f'"{secret}" is a secret: write env:NAME, the environment variable that holds it'
                )


def _missing(resource: Resource, settings: Mapping[str, Any]) -> Iterator[Fault]:
    known = _fields(resource)
    misspelt = "".join(nearest(name, known) for name in settings if name not in known)
    for name, info in known.items():
        if f'"{name}"' in misspelt:
            continue
        if info.default is PydanticUndefined and info.default_factory is None and name not in settings:
            yield Fault(("settings",), f'the setting "{name}" is missing')


def _types(resource: Resource, settings: Mapping[str, Any]) -> Iterator[Fault]:
    """What the resource itself refuses. Its own message may hold the value, so only the rule is told."""
    try:
        resource(**resolved(resource, settings))
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_input=False, include_context=False):
            names = [str(part) for part in problem["loc"]]
            yield Fault(("settings", *names[:1]), f'"{".".join(names)}": {problem["msg"]}')


def _fields(resource: Resource) -> dict[str, Any]:
    return {name: info for name, info in resource.model_fields.items() if not name.startswith("_")}


def _each(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else [value]


def _secrets(name: str, secrets: Sequence[str], value: Any) -> Iterator[tuple[str, Any]]:
    """The secrets in a setting, under their names: all of a secret setting, or those named within it (`ssh.password`)."""
    if name in secrets:
        yield from ((name, one) for one in _each(value))
    elif isinstance(value, dict):
        yield from ((f"{name}.{inner}", one) for inner, one in value.items() if f"{name}.{inner}" in secrets)


def _is_reference(value: Any) -> bool:
    return isinstance(value, str) and _REFERENCE.fullmatch(value) is not None


def secrets_in_clear(secrets: Sequence[str], settings: Mapping[str, Any]) -> Iterator[str]:
    """Values of secret settings that are no references, and passwords in addresses."""
    for name, value in settings.items():
        yield from (str(one) for _, one in _secrets(name, secrets, value) if not _is_reference(one))
        yield from _PASSWORD.findall(str(value))


def resolved(resource: Resource, settings: Mapping[str, Any]) -> dict[str, Any]:
    """`env:NAME` as `dg.EnvVar("NAME")`: read when a run starts, never at load, never shown."""
    fields = _fields(resource)
    return {name: _resolve(value, fields[name].annotation) for name, value in settings.items()}


def _resolve(value: Any, annotation: Any) -> Any:
    if isinstance(value, list):
        return [_resolve(one, str) for one in value]
    if isinstance(value, dict):
        return {name: _resolve(one, str) for name, one in value.items()}
    if isinstance(value, str) and (reference := _REFERENCE.fullmatch(value)):
        return dg.EnvVar.int(reference.group(1)) if annotation is int else dg.EnvVar(reference.group(1))
    return value


def connected(resource: Resource, settings: Mapping[str, Any]) -> Any:
    """The resource outside a run, with what the environment holds now; raises DeclarationError where that is nothing or unfit."""
    references = (_REFERENCE.fullmatch(str(one)) for value in settings.values() for one in _each(value))
    unset = sorted({found.group(1) for found in references if found and found.group(1) not in os.environ})
    if unset:
        raise not_set(unset)
    try:
        return resource(**{name: _read(value) for name, value in settings.items()})
    except ValidationError as error:  # whose own text holds the value
        names = ", ".join(str(problem["loc"][0]) for problem in error.errors(include_input=False))
        raise DeclarationError(
            f"what the environment holds for {names} is no such setting",
            remedy="Correct the environment variables.",
        ) from None


def not_set(names: Sequence[str]) -> DeclarationError:
    """Environment variables that the workspace refers to and that are not there."""
    which = f"variable {names[0]} is" if len(names) == 1 else f"variables {', '.join(names)} are"
    return DeclarationError(
        f"the environment {which} not set", remedy="Set what the workspace refers to as env:NAME."
    )


def _read(value: Any) -> Any:
    if isinstance(value, list):
        return [_read(one) for one in value]
    found = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    return value if found is None else os.environ[found.group(1)]
