"""A condition with gaps: `{parameter: name}` stands where a value, or a whole condition, will be."""

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["filled", "gaps"]

_WORD = "parameter"


def filled(tree: Any, values: Mapping[str, Any]) -> Any:
    """The tree with a value in place of every gap; raises KeyError where there is none for it."""
    if _is_gap(tree):
        return values[tree[_WORD]]
    if isinstance(tree, Mapping):
        return {key: filled(part, values) for key, part in tree.items()}
    return [filled(part, values) for part in tree] if isinstance(tree, list) else tree


def gaps(tree: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Where each gap stands, and what it is called."""
    if _is_gap(tree):
        yield path, tree[_WORD]
    elif isinstance(tree, Mapping):
        for key, part in tree.items():
            yield from gaps(part, (*path, key))
    elif isinstance(tree, list):
        for place, part in enumerate(tree):
            yield from gaps(part, (*path, place))


def _is_gap(tree: Any) -> bool:
    return isinstance(tree, Mapping) and [*tree] == [_WORD]
