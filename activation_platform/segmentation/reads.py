"""What a condition reads: models, fields of them, and other segments."""

from collections.abc import Iterator
from typing import Any

from activation_platform.segmentation.conditions import Comparison, Condition, members
from activation_platform.segmentation.limits import Limited
from activation_platform.segmentation.related import Has, InSegment, Related, Steps, Taken, Windowed
from activation_platform.segmentation.scope import Scope
from activation_platform.segmentation.splits import InArm

__all__ = ["fields_read", "models_read", "resolved"]


def fields_read(condition: Condition, scope: Scope) -> frozenset[tuple[str, str]]:
    """Every field that decides about a row, as model and field; the condition must have no problems."""
    return frozenset(field for leaf, at in _leaves(condition, scope) for field in _fields(leaf, at))


def models_read(condition: Condition, scope: Scope) -> frozenset[str]:
    """The models whose rows a condition asks for, the scope's own among them."""
    return frozenset({scope.name, *(model for model, _ in fields_read(condition, scope))})


def resolved(condition: Condition, scope: Scope) -> list[Any]:
    """A condition and what it refers to, as plain values: what decides, whatever it is called."""
    found: dict[str, Any] = {}
    for leaf, at in _leaves(condition, scope):
        match leaf:
            case InSegment():
                found[f"segment {leaf.segment}"] = _plain(at.segments[leaf.segment].condition)
            case Taken():
                found[f"taken_by {leaf.taken_by}"] = _plain(at.segments[leaf.taken_by].takes)
            case InArm():
                split = at.splits[leaf.split]
                found[f"split {leaf.split}"] = [split.seed, *split.bounds.items()]
        if isinstance(leaf, InArm | Limited):
            found[f"key of {at.name}"] = at.model.key
    return [_plain(condition), found]


def _plain(condition: Condition) -> Any:
    return condition.model_dump(mode="json", exclude_unset=True)


def _leaves(condition: Condition, scope: Scope) -> Iterator[tuple[Condition, Scope]]:
    """All leaves, those within `where:`, `steps:`, `of:` and other segments among them, each with the model it is about."""
    match condition:
        case Has() | Steps() | InSegment() | Taken() | InArm() | Limited() | Comparison():
            yield condition, scope
            for within, at in _within(condition, scope):
                yield from _leaves(within, at)
        case _:
            for member in members(condition)[1]:
                yield from _leaves(member, scope)


def _within(leaf: Condition, scope: Scope) -> list[tuple[Condition, Scope]]:
    match leaf:
        case InSegment():
            return [(scope.segments[leaf.segment].condition, scope)]
        case Taken():
            return [(scope.segments[leaf.taken_by].takes, scope)]
        case Limited():
            return [] if leaf.of is None else [(leaf.of, scope)]
    relation, asked = _asked(leaf)
    if asked is None:
        return []
    steps = [step.where for step in asked.steps] if isinstance(asked, Steps) else []
    where = asked.where if isinstance(asked, Related) else None
    return [(one, scope.related(relation)) for one in (where, *steps) if one is not None]


def _asked(leaf: Condition) -> tuple[str, Windowed | None]:
    """The relation that a leaf is about, and what it asks of its rows."""
    match leaf:
        case Has():
            return leaf.has, leaf
        case Steps():
            return leaf.sequence, leaf
        case Comparison(aggregate=aggregate) if aggregate is not None:
            return aggregate.of, aggregate
        case _:
            return "", None


def _fields(leaf: Condition, scope: Scope) -> Iterator[tuple[str, str]]:
    relation, asked = _asked(leaf)
    if asked is None:
        match leaf:
            case Comparison():
                yield scope.name, leaf.field
            case InArm() | Limited():
                yield from ((scope.name, name) for name in scope.model.key)
        if isinstance(leaf, Limited):
            yield from ((scope.name, order.field) for order in leaf.limit.by or ())
        return
    related = scope.related(relation)
    for here, there in scope.model.relations[relation].match:
        yield scope.name, here
        yield related.name, there
    time = asked.time or related.model.event_time
    yield from ((related.name, name) for name in (time, *related.model.key) if name is not None)
    if isinstance(leaf, Comparison) and leaf.aggregate is not None:
        yield related.name, leaf.aggregate.field
