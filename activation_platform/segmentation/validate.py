"""The check of a condition against what it refers to: fields, relations, segments; every problem, each with its path.

Where only a source knows the fields of a model, what is said of them is checked when the model has been read.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import polars as pl

from activation_platform.segmentation.aggregates import taken, value_type
from activation_platform.segmentation.comparisons import leaf_problems, span_problems
from activation_platform.segmentation.conditions import Comparison, Condition, members
from activation_platform.segmentation.fields import UNTOLD, Kind, kind_of
from activation_platform.segmentation.json_values import type_of
from activation_platform.segmentation.limits import Limited
from activation_platform.segmentation.place_problems import arm_problems, limit_problems
from activation_platform.segmentation.problems import Problem, nearest
from activation_platform.segmentation.reads import Named, chain_in_words, loop
from activation_platform.segmentation.related import (
    Aggregate,
    Function,
    Has,
    InSegment,
    Steps,
    Taken,
    Windowed,
)
from activation_platform.segmentation.scope import Scope
from activation_platform.segmentation.spans import Unit
from activation_platform.segmentation.splits import InArm
from activation_platform.segmentation.values import Percentile

__all__ = [
    "aggregate_problems",
    "at_relation",
    "condition_problems",
    "key_problems",
    "problems",
    "related_problems",
]

Path = tuple[str | int, ...]
Within = tuple[Named, ...]
_MOMENTS = (Kind.DATE, Kind.TIMESTAMP)


def problems(condition: Condition, scope: Scope, *, within: tuple[str, ...] = ()) -> list[Problem]:
    """Return all faults of `condition` over the scope's model, in the order of the tree; empty if it can be evaluated.

    `within`: the segments whose condition this is, from the outermost: none of them may be referred to.
    """
    segments = tuple(Named("segment", scope.name, name) for name in within)
    return list(condition_problems(condition, scope, (), segments))


def condition_problems(condition: Condition, scope: Scope, path: Path, within: Within) -> Iterator[Problem]:
    """The faults of a condition that stands at `path`, in something that may not refer to itself."""
    match condition:
        case Comparison():
            yield from _compared(condition, scope, path, within)
        case Has():
            yield from related_problems(condition, condition.has, "has", scope, path, within)
        case Steps():
            yield from _sequence(condition, scope, path, within)
        case InSegment():
            segment = Named("segment", scope.name, condition.segment)
            yield from _segment(segment, (*path, "segment"), scope, within)
        case Taken():
            segment = Named("taken_by", scope.name, condition.taken_by)
            yield from _segment(segment, (*path, "taken_by"), scope, within)
        case InArm():
            yield from _below(path, arm_problems(condition, scope))
        case Limited():
            yield from _below((*path, "limit"), limit_problems(condition.limit, scope))
            if condition.of is not None:
                yield from condition_problems(condition.of, scope, (*path, "of"), within)
        case _:
            word, conditions = members(condition)
            for position, member in enumerate(conditions):
                yield from condition_problems(member, scope, (*path, word, position), within)


def _below(path: Path, found: Iterable[Problem]) -> Iterator[Problem]:
    return (replace(one, path=(*path, *one.path)) for one in found)


def _segment(named: Named, here: Path, scope: Scope, within: Within) -> Iterator[Problem]:
    name, segment = named.name, scope.segments.get(named.name)
    if (chain := loop(named, scope, within)) is not None:
        yield Problem(here, f"the {chain[0].word} refers to itself: {chain_in_words(chain)}")
    elif name in scope.unread:
        yield Problem(here, f'the segment "{name}" cannot be read', follows=True)
    elif segment is None:
        yield Problem(here, f'there is no segment "{name}"{nearest(name, {*scope.segments, *scope.unread})}')
    elif segment.model != scope.name:
        yield Problem(here, f'the segment "{name}" is one of {segment.model}, and this is about {scope.name}')
    else:
        condition = segment.takes if named.word == "taken_by" else segment.condition
        for one in condition_problems(condition, scope, (), (*within, named._replace(word="segment"))):
            yield Problem(here, f'the segment "{name}" has a fault: {one}', follows=True)


def related_problems(
    leaf: Windowed, relation: str, word: str, scope: Scope, path: Path, within: Within
) -> Iterator[Problem]:
    """The relation, its key columns, the window, and what must hold of the related rows."""
    related = at_relation(relation, (*path, word), scope)
    if isinstance(related, Problem):
        yield related
        return
    yield from key_problems(relation, (*path, word), scope, related)
    if leaf.in_last or leaf.in_next or leaf.time:
        yield from _window(leaf, relation, path, related)
    where = getattr(leaf, "where", None)
    if where is not None:
        yield from condition_problems(where, related, (*path, "where"), within)


def at_relation(relation: str, path: Path, scope: Scope) -> Scope | Problem:
    """The scope at the other end of a relation."""
    relations = scope.model.relations
    if relation in relations:
        return scope.related(relation)
    if relation in scope.model.astray:
        return Problem(path, f'the relation "{relation}" leads to no model', follows=True)
    known = nearest(relation, relations) or (
        f"; it has: {', '.join(relations)}" if relations else "; declare it under `relations:` of the model"
    )
    return Problem(path, f'the model {scope.name} has no relation "{relation}"{known}')


def key_problems(relation: str, path: Path, scope: Scope, related: Scope) -> Iterator[Problem]:
    """The columns by which rows are related."""
    for here, there in scope.model.relations[relation].match:
        for at, field in ((scope, here), (related, there)):
            if at.model.schema is not None and field not in at.schema:
                told = f"{relation}: {at.name} has no such field as {field}{nearest(field, at.schema)}"
                yield Problem(path, told)
            if field in at.model.computed:
                told = (
                    f"{relation}: {field} is a computed field of {at.name}, and rows are related by columns"
                )
                yield Problem(path, told)
        ours, theirs = (_kind(scope, here), _kind(related, there))
        if ours is not None and theirs is not None and ours is not theirs:
            yield Problem(
                path,
                f"{relation}: {here} is of kind {ours} and {there} of kind {theirs}, which are never equal; cast one in "
                "the SQL of its model",
            )


def _kind(scope: Scope, field: str) -> Kind | None:
    dtype = (scope.model.schema or {}).get(field, UNTOLD)
    return None if dtype == UNTOLD else kind_of(dtype)


def _window(leaf: Windowed, relation: str, path: Path, related: Scope) -> Iterator[Problem]:
    word = "in_last" if leaf.in_last else "in_next"
    field = leaf.time or related.model.event_time
    if field is None:
        yield Problem(
            (*path, word), f"{relation}: name the `time:` field; {related.name} declares no event_time"
        )
    elif related.model.schema is not None:
        step = "time" if leaf.time else word
        if field not in related.schema:
            told = f"{field}: {related.name} has no such field{nearest(field, related.schema)}"
            yield Problem((*path, step), told)
        elif related.schema[field] == UNTOLD:
            return
        elif kind_of(related.schema[field]) not in _MOMENTS:
            told = f"{field}: a window needs a date or a timestamp, not {kind_of(related.schema[field])}"
            yield Problem((*path, step), told)
        else:
            span = leaf.in_last or leaf.in_next
            for _, message in span_problems(span, related.schema[field]) if span else ():
                yield Problem((*path, word), f"{relation}: `{word}` {message}")


def _sequence(leaf: Steps, scope: Scope, path: Path, within: Within) -> Iterator[Problem]:
    related = at_relation(leaf.sequence, (*path, "sequence"), scope)
    yield from related_problems(leaf, leaf.sequence, "sequence", scope, path, within)
    if isinstance(related, Problem):
        return
    field = leaf.time or related.model.event_time
    if field is None and not (leaf.in_last or leaf.in_next):
        yield Problem(
            (*path, "sequence"),
            f"{leaf.sequence}: name the `time:` field; {related.name} declares no event_time",
        )
    dated = field is not None and _kind(related, field) is Kind.DATE
    for number, step in enumerate(leaf.steps):
        here = (*path, "steps", number)
        if dated and step.within is not None and step.within.unit in (Unit.MINUTE, Unit.HOUR):
            yield Problem((*here, "within"), f"{field}: holds dates; count days or weeks")
        if step.where is not None:
            yield from condition_problems(step.where, related, (*here, "where"), within)


def _compared(leaf: Comparison, scope: Scope, path: Path, within: Within) -> Iterator[Problem]:
    if leaf.aggregate is None:
        if scope.model.schema is not None:
            yield from _field(leaf, scope, path, within)
        if leaf.as_ is not None:
            yield from _in_json(leaf, type_of(leaf.as_), path)
        return
    aggregate = leaf.aggregate
    yield from aggregate_problems(aggregate, scope, (*path, "aggregate"), within)
    link = scope.model.relations.get(aggregate.of)
    held = None if link is None else (scope.models[link.model].schema or {}).get(aggregate.field)
    if held is not None and held != UNTOLD:
        name = f"{aggregate.function} of {aggregate.field}"
        yield from leaf_problems(leaf, name, value_type(aggregate, held), path)


def aggregate_problems(aggregate: Aggregate, scope: Scope, path: Path, within: Within) -> Iterator[Problem]:
    """The faults of a field of related rows, made one value."""
    yield from related_problems(aggregate, aggregate.of, "of", scope, path, within)
    related = at_relation(aggregate.of, path, scope)
    if isinstance(related, Problem):
        return
    function, field = aggregate.function, aggregate.field
    ordered = function in (Function.FIRST, Function.LAST)
    if ordered and aggregate.time is None and related.model.event_time is None:
        told = f"`{function}` needs an order: name the `time:` field; {related.name} declares no event_time"
        yield Problem((*path, function), told)
    if related.model.schema is None:
        return
    if field not in related.schema:
        told = f"{field}: {related.name} has no such field{nearest(field, related.schema)}"
        yield Problem((*path, function), told)
    elif (held := related.schema[field]) != UNTOLD and kind_of(held) not in taken(function):
        told = f"{field}: `{function}` takes {', '.join(sorted(taken(function)))}, not {kind_of(held)}"
        yield Problem((*path, function), told)


def _field(leaf: Comparison, scope: Scope, path: Path, within: Within) -> Iterator[Problem]:
    name, schema = leaf.field, scope.schema
    if name not in schema:
        yield Problem((*path, "field"), f"{name}: the model has no such field{nearest(name, schema)}")
        return
    chain = loop(Named("field", scope.name, name), scope, within) if name in scope.model.computed else None
    if chain is not None and chain[0] in within:
        told = f"the {chain[0].word} refers to itself: {chain_in_words(chain)}"
        yield Problem((*path, "field"), told)
    if leaf.path is None and schema[name] != UNTOLD:
        yield from leaf_problems(leaf, name, schema[name], path)
    elif leaf.path is not None and schema[name] not in (UNTOLD, pl.String):
        told = f"is of type {schema[name]}, and `path` goes into text; make the value a column of the model"
        yield Problem((*path, "field"), f"{name}: {told}")


def _in_json(leaf: Comparison, dtype: pl.DataType, path: Path) -> Iterator[Problem]:
    """What is said of a value within JSON, whose type is known before its field is."""
    if isinstance(leaf.value, Percentile):
        told = f"`{leaf.operator}` does not take a percentile of a value within JSON; make it a column of the model"
        yield Problem((*path, leaf.operator), told)
        return
    yield from leaf_problems(leaf, f"{leaf.field} {leaf.path}", dtype, path)
