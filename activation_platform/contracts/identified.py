"""People whom a vendor knows by several identifiers, of which an option of the service chooses the one that tells them apart."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.fields import Field, nearest
from activation_platform.contracts.modes import Mode, ModelKind, ObjectKind

__all__ = ["AboutSomebody", "ByIdentifier", "Identified", "OnList", "check_name"]


@dataclass(frozen=True, slots=True)
class Identified:
    """`identifier`: the field by which a person is recognised; one of the vendor's `identifiers`."""

    vendor: ClassVar[str]
    identifiers: ClassVar[tuple[Field, ...]]

    identifier: str = "email"

    def __post_init__(self) -> None:
        names = [field.name for field in self.identifiers]
        if self.identifier not in names:
            raise DeclarationError(
                f'{self.vendor} recognises nobody by "{self.identifier}"',
                remedy=f"Set the option identifier to one of {', '.join(names)}.{nearest(self.identifier, names)}",
            )


class ByIdentifier:
    """A service whose key its option `identifier` chooses, among its fields."""

    fields: ClassVar[tuple[Field, ...]]
    options: Identified

    @property
    def identifying_field(self) -> str:
        """The identifier that the options choose."""
        return self.options.identifier

    def declared_fields(self) -> tuple[Field, ...]:
        """The fields, with the chosen identifier as the key."""
        chosen = self.identifying_field
        return tuple(
            replace(one, key=True, required=True) if one.name == chosen else one for one in self.fields
        )


class AboutSomebody:
    """A service of what people did: each event is about the person whom the field that its option `identifier` chooses knows."""

    fields: ClassVar[tuple[Field, ...]]
    options: Identified

    def declared_fields(self) -> tuple[Field, ...]:
        """The fields; the chosen identifier is required, the others are no fields of an event."""
        chosen = self.options.identifier
        others = {one.name for one in self.options.identifiers} - {chosen}
        return tuple(
            replace(one, required=True) if one.name == chosen else one
            for one in self.fields
            if one.name not in others
        )


class OnList(ByIdentifier):
    """A service that keeps people on the list that its option `list` names: they enter and, under mirror, leave."""

    object: ClassVar[ObjectKind] = ObjectKind.LIST
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.UPSERT, Mode.MIRROR})
    model_kinds: ClassVar[frozenset[ModelKind]] = frozenset({ModelKind.USERS})

    options: Any

    @property
    def target(self) -> str:
        """The list's name."""
        return str(self.options.list)

    def declared_fields(self) -> tuple[Field, ...]:
        """The chosen identifier alone: a member of a list has nothing else."""
        return tuple(one for one in super().declared_fields() if one.key)


def check_name(option: str, name: object, most: int | None = None) -> None:
    """Raise DeclarationError where `name`, the value of an option, cannot be that of a list (a tag, an audience, …)."""
    long = most is not None and isinstance(name, str) and len(name) > most
    if not isinstance(name, str) or not name or name != name.strip() or long:
        length = f"1 to {most} characters" if most else "a text"
        raise DeclarationError(
            f"the name of a {option} is {length}, without spaces around it",
            remedy=f"Choose such a name in the option {option}.",
        )
