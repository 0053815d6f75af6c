"""Who holds a target: whether two activations can write to the same one, and what they overwrite of each other (SEMANTICS A4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from activation_platform.contracts.modes import Mode, ObjectKind

__all__ = ["Holding", "contradiction", "overwriting"]

_TAKES: Mapping[Mode, str] = {
    Mode.MIRROR: "delete",
    Mode.SNAPSHOT: "replace",
    Mode.ERASE: "erase",
}
"""What a mode does to what others wrote."""

_OVERWRITES = (Mode.UPSERT, Mode.UPDATE_ONLY)
"""Insert only leaves alone what is there."""


@dataclass(frozen=True)
class Holding:
    """How an activation holds its target. `fields`: what it maps besides the field by which a record is known."""

    activation: str
    mode: Mode
    object: ObjectKind
    fields: frozenset[str] = frozenset()
    scope: Mapping[str, str] = field(default_factory=dict)

    def apart_from(self, other: "Holding") -> bool:
        """Whether both declare that their records carry different values of one field; a snapshot replaces every record."""
        if Mode.SNAPSHOT in (self.mode, other.mode):
            return False
        return any(other.scope.get(name, value) != value for name, value in self.scope.items())


def contradiction(one: Holding, other: Holding) -> str:
    """Why the two cannot hold one target, or an empty text."""
    taking = [each for each in (one, other) if each.mode in _TAKES]
    if not taking or one.apart_from(other):
        return ""
    does = " and ".join(f'"{each.activation}" ({each.mode})' for each in taking)
    verbs = " or ".join(dict.fromkeys(_TAKES[each.mode] for each in taking))
    return f"{does} would {verbs} what the other wrote"


def overwriting(one: Holding, other: Holding) -> str:
    """What the two overwrite of each other, though they can hold one target; or an empty text."""
    if one.mode not in _OVERWRITES or other.mode not in _OVERWRITES or one.apart_from(other):
        return ""
    names = f'the activations "{one.activation}" and "{other.activation}" write to the same target'
    if one.object is ObjectKind.LIST:
        return f"{names}: where one removes an identifier that changed, it is gone for the other, too"
    shared = sorted(one.fields & other.fields)
    return f"{names}, and both map {', '.join(shared)}: whichever runs later wins" if shared else ""
