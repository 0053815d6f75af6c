"""Who writes where: two activations that keep the same thing at one account are an error, or a doubt (SEMANTICS A4)."""

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticUndefined

from activation_platform.components.activation_spec import ActivationSpec
from activation_platform.components.destination import DestinationComponent
from activation_platform.components.workspace import Fault, Workspace
from activation_platform.contracts.destination import Destination
from activation_platform.contracts.modes import Mode
from activation_platform.sync.owners import contradiction, overwriting

if TYPE_CHECKING:
    from activation_platform.components.activation import ActivationComponent

__all__ = ["doubts_about_the_target", "target_faults"]


def target_faults(activation: "ActivationComponent", workspace: Workspace) -> Iterator[Fault]:
    """A scope that is none; another activation on the same target, where one takes away what the other may have written."""
    spec = activation.spec
    if spec.scope is not None:
        yield from _scope_faults(spec, activation.mode(workspace))
    for other in _rivals(activation, workspace):
        why = contradiction(other.holding(workspace), activation.holding(workspace))
        if why and activation.name > other.name:  # one error a pair
            yield Fault(
                ("service",),
                f'writes to the same target as the activation "{other.name}", and {why}; let one activation own the target, '
                "or give both a scope",
            )


def _scope_faults(spec: ActivationSpec, mode: Mode) -> Iterator[Fault]:
    if mode is Mode.SNAPSHOT:
        yield Fault(("scope",), "a snapshot replaces everything at its target, so it cannot share it")
    elif not spec.in_scope():
        constants = sorted(line.field for line in spec.lines() if line.constant is not None)
        listed = f" There is: {', '.join(constants)}." if constants else " There is none."
        yield Fault(
            ("scope",),
            f'names a field that the mapping feeds with a constant; "{spec.scope}" is none.{listed}',
        )


def doubts_about_the_target(activation: "ActivationComponent", workspace: Workspace) -> Iterator[str]:
    """Another activation on the same target that maps the same fields: they overwrite each other."""
    for other in _rivals(activation, workspace):
        doubt = overwriting(other.holding(workspace), activation.holding(workspace))
        if doubt and activation.name > other.name:
            yield doubt


def _rivals(activation: "ActivationComponent", workspace: Workspace) -> list["ActivationComponent"]:
    owners = workspace.once("owners of targets", lambda: _owners(workspace))
    together = owners.get(_target(activation, workspace), [])
    return [other for other in together if other is not activation]


def _owners(workspace: Workspace) -> dict[Any, list["ActivationComponent"]]:
    """Activations by target; those whose declaration is wrong have none."""
    found: defaultdict[Any, list[ActivationComponent]] = defaultdict(list)
    for name in workspace.names("activation"):
        activation = workspace.find("activation", name)
        if (target := _target(activation, workspace)) is not None:
            found[target].append(activation)
    return dict(found)


def _target(activation: "ActivationComponent", workspace: Workspace) -> tuple[Any, ...] | None:
    """Platform, address, account, service and object as declared; None where the declaration is wrong."""
    destination: DestinationComponent | None = workspace.find("destination", activation.spec.destination)
    service = activation.service(workspace)
    if destination is None or service is None:
        return None
    platform = destination.destination_class
    settings = destination.spec.settings
    address = str(settings.get("base_url") or platform.default_base_url).rstrip("/")
    account = tuple((name, str(settings.get(name))) for name in _naming(platform))
    return destination.spec.platform, address, account, activation.spec.service, service.target


def _naming(platform: type[Destination]) -> list[str]:
    """The settings that tell accounts apart: those a destination cannot do without."""
    fields = platform.model_fields.items()
    return sorted(
        name for name, info in fields if info.default is PydanticUndefined and not info.default_factory
    )
