"""What a condition reads: models, fields of them, computed ones, and other segments; and what leads back to itself."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from activation_platform.segmentation.computed import Aggregated, Computed, Counted, Formula, Label, Picked
from activation_platform.segmentation.conditions import AllOf, AnyOf, Comparison, Condition, NoneOf, members
from activation_platform.segmentation.formulas import names, parsed
from activation_platform.segmentation.limits import Limited
from activation_platform.segmentation.related import (
    Aggregate,
    Has,
    InSegment,
    Related,
    Steps,
    Taken,
    Windowed,
)
from activation_platform.segmentation.scope import Scope
from activation_platform.segmentation.splits import InArm

__all__ = ["Named", "chain_in_words", "fields_read", "loop", "models_read", "resolved"]


class Named(NamedTuple):
    """What something refers to: a `field` of a model, a `segment` of it (or what it takes: `taken_by`), a `split` of it."""

    word: str
    model: str
    name: str


def fields_read(
    condition: Condition | None, scope: Scope, fields: Iterable[str] = ()
) -> frozenset[tuple[str, str]]:
    """Every field, as model and field, that decides about a row or makes up the computed `fields`; nothing may have problems."""
    return frozenset(
        (one.model, one.name) for one in _reached(condition, scope, fields) if one.word == "field"
    )


def models_read(condition: Condition | None, scope: Scope, fields: Iterable[str] = ()) -> frozenset[str]:
    """The models whose rows are asked for, the scope's own among them."""
    return frozenset({scope.name, *(model for model, _ in fields_read(condition, scope, fields))})


def resolved(condition: Condition | None, scope: Scope, fields: Iterable[str] = ()) -> list[Any]:
    """A condition, computed `fields` and all that they refer to, as plain values: what decides, whatever it is called."""
    named, models = sorted(_reached(condition, scope, fields)), models_read(condition, scope, fields)
    found = {" ".join(one): _plain(_part(one, scope)) for one in named if _part(one, scope) is not None}
    splits = {one.name: scope.splits[one.name] for one in named if one.word == "split"}
    found |= {f"split {name}": [split.seed, *split.bounds.items()] for name, split in splits.items()}
    for name in sorted(models):
        model = scope.models[name]
        relations = {word: [link.model, link.match] for word, link in model.relations.items()}
        found[f"model {name}"] = [model.key, model.event_time, relations]
    return [_plain(condition), sorted(fields), found]


def _plain(part: Condition | Computed | None) -> Any:
    # Without a warning of each value whose field says in YAML's types what may stand there.
    return None if part is None else part.model_dump(mode="json", exclude_unset=True, warnings=False)


def loop(start: Named, scope: Scope, within: tuple[Named, ...] = ()) -> tuple[Named, ...] | None:
    """How one comes from there back to itself, or to what it is within; None where one does not."""
    seen: set[Named] = set()

    def walk(node: Named, path: tuple[Named, ...]) -> tuple[Named, ...] | None:
        this = node._replace(word="segment") if node.word == "taken_by" else node
        if this in path:
            return (*path[path.index(this) :], this)
        if node in seen:
            return None
        seen.add(node)
        found = (walk(further, (*path, this)) for further in _named(_part(node, scope), _at(node, scope)))
        return next(filter(None, found), None)

    return walk(start, within)


def chain_in_words(chain: tuple[Named, ...]) -> str:
    """The names on the way; what is of another kind or model than the first says so."""

    def said(one: Named) -> str:
        if one.word != chain[0].word:
            return f"{one.word} {one.name}"
        return one.name if one.model == chain[0].model else f"{one.model}.{one.name}"

    return " → ".join(map(said, chain))


def _reached(condition: Condition | None, scope: Scope, fields: Iterable[str]) -> set[Named]:
    """All that is referred to, and what that refers to, and so on."""
    found: set[Named] = set()
    waiting = [*_named(condition, scope), *(Named("field", scope.name, name) for name in fields)]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += _named(_part(node, scope), _at(node, scope))
    return found


def _at(node: Named, scope: Scope) -> Scope:
    return scope.seen_from(node.model)


def _part(node: Named, scope: Scope) -> Condition | Computed | None:
    """What a segment or a computed field is made of; None of a field that was read, and of a split."""
    if node.word == "field":
        return scope.models[node.model].computed.get(node.name)
    segment = None if node.word == "split" else scope.segments.get(node.name)
    if segment is None:
        return None
    return segment.takes if node.word == "taken_by" else segment.condition


def _named(part: Condition | Computed | None, scope: Scope) -> Iterator[Named]:
    """What a condition or a computed field refers to itself, under `where:` and in `steps:`, too."""
    match part:
        case None:
            return
        case AllOf() | AnyOf() | NoneOf():
            for member in members(part)[1]:
                yield from _named(member, scope)
        case Label():
            for case in part.label:
                yield from _named(case.when, scope)
        case Formula():
            yield from (Named("field", scope.name, name) for name in names(parsed(part.formula)))
        case InSegment() | Taken() | InArm() | Limited():
            yield from _of_segment(part, scope)
        case Comparison() if part.aggregate is None:
            yield Named("field", scope.name, part.field)
        case _:
            yield from _of_relation(part, scope)


def _of_segment(part: InSegment | Taken | InArm | Limited, scope: Scope) -> Iterator[Named]:
    match part:
        case InSegment():
            yield Named("segment", scope.name, part.segment)
        case Taken():
            yield Named("taken_by", scope.name, part.taken_by)
        case InArm():
            yield Named("split", scope.name, part.split)
        case Limited():
            yield from _named(part.of, scope)
            yield from (Named("field", scope.name, order.field) for order in part.limit.by or ())
    if isinstance(part, InArm | Limited):
        yield from (Named("field", scope.name, name) for name in scope.model.key)


def _of_relation(part: Condition | Computed, scope: Scope) -> Iterator[Named]:
    """What is referred to by something about the rows of a relation; nothing where there is no such relation."""
    relation, asked = _asked(part)
    link = scope.model.relations.get(relation)
    if link is None:
        return
    related = scope.related(relation)
    for here, there in link.match:
        yield Named("field", scope.name, here)
        yield Named("field", related.name, there)
    if isinstance(part, Picked):
        yield Named("field", related.name, part.related)
    if asked is None:
        return
    steps = [step.where for step in asked.steps] if isinstance(asked, Steps) else []
    for where in (asked.where if isinstance(asked, Related) else None, *steps):
        yield from _named(where, related)
    named = [asked.time or related.model.event_time, *related.model.key]
    named += [asked.field] if isinstance(asked, Aggregate) else []
    yield from (Named("field", related.name, name) for name in named if name is not None)


def _asked(part: Condition | Computed) -> tuple[str, Windowed | None]:
    """The relation that something is about, and what it asks of its rows."""
    match part:
        case Has():
            return part.has, part
        case Steps():
            return part.sequence, part
        case Counted():
            return part.count, part
        case Picked():
            return part.of, None
        case Aggregated() | Comparison():
            assert part.aggregate is not None
            return part.aggregate.of, part.aggregate
    raise AssertionError(part)
