"""Everything that is wrong with a tree as it stands in YAML: what cannot be read, and what refers to nothing, together."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from activation_platform.segmentation.conditions import GROUPS, Condition, read
from activation_platform.segmentation.problems import InvalidCondition, Problem
from activation_platform.segmentation.scope import Scope
from activation_platform.segmentation.validate import problems

__all__ = ["faults"]

Path = tuple[str | int, ...]


def faults(tree: object, scope: Scope | None, *, within: tuple[str, ...] = ()) -> list[Problem]:
    """Return all faults of a tree over the scope's model, first those of its grammar.

    `scope`: None where there is no such model; `within`: as `problems` takes it.
    """
    try:
        sound: list[tuple[Path, Condition]] = [((), read(tree))]
        told: list[Problem] = []
    except InvalidCondition as invalid:
        told = list(invalid.problems)
        # One fault of the whole is its depth, below which there may be no end.
        sound = list(_sound(tree, ())) if told[0].path else []
    if scope is not None:
        for path, part in sound:
            found = problems(part, scope, within=within)
            told += (replace(one, path=(*path, *one.path)) for one in found)
    return told


def _sound(tree: object, path: Path) -> Iterator[tuple[Path, Condition]]:
    """The conditions that can be read in the groups of a tree that cannot."""
    if not isinstance(tree, Mapping) or len(tree) != 1:
        return
    ((word, members),) = tree.items()
    for number, member in enumerate(members if word in GROUPS and isinstance(members, list) else []):
        try:
            yield (*path, word, number), read(member)
        except InvalidCondition:
            yield from _sound(member, (*path, word, number))
