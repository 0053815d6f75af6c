"""Why a row belongs or not: the verdict on every condition of a tree, with what the row holds of what each compares."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

import polars as pl
from sqlglot import exp

from activation_platform.segmentation.columns import Column, of_base
from activation_platform.segmentation.compile import compile_columns, compile_compared, compile_condition
from activation_platform.segmentation.computed import Formula, Label, When
from activation_platform.segmentation.conditions import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    NoneOf,
    members,
)
from activation_platform.segmentation.evaluate import Snapshots, answers
from activation_platform.segmentation.formulas import names, parsed
from activation_platform.segmentation.limit_words import limit_in_words
from activation_platform.segmentation.limits import Limited
from activation_platform.segmentation.quoting import name_in_words
from activation_platform.segmentation.related import Has, InSegment, Taken
from activation_platform.segmentation.scope import Naming, Scope
from activation_platform.segmentation.splits import InArm
from activation_platform.segmentation.words import (
    aggregate_in_words,
    in_words,
    subject_in_words,
    value_in_words,
)

__all__ = ["Chosen", "ChosenHere", "Told", "Verdict", "Verdicts", "why"]

_COMPARED = ("amount", "limit")

Told = tuple[Mapping[str, Any], Mapping[str, Any]]
"""What a query answers of a row, and what the row holds, by the names of its fields."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a condition, told in words, holds for a row.

    `held`: what the row holds of what a leaf compares, by name; `parts`: the verdicts on the conditions of a group or a segment.
    """

    words: str
    holds: bool
    held: Mapping[str, Any] = field(default_factory=dict)
    parts: tuple["Verdict", ...] = ()


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Of how many rows there was something to say, and the verdict on each of the first of them."""

    rows: int
    told: tuple[Verdict, ...]


class Chosen(Protocol):
    """Some rows of a model, in the engine that decides which of them belong."""

    @property
    def scope(self) -> Scope:
        """What conditions on them may refer to."""

    @property
    def naming(self) -> Naming:
        """What the engine calls it."""

    def told(self, query: exp.Select, fields: Sequence[str], most: int) -> tuple[int, Sequence[Told]]:
        """How many rows there are; of `most` at most, what a query over all rows of the model answers, and their fields.

        What is asked besides, of which rows among others, is added with `of_base`.
        """


@dataclass(frozen=True)
class ChosenHere:
    """Those rows of the scope's model, in its snapshot, for which an expression is true."""

    snapshots: Snapshots
    rows: pl.Expr

    @property
    def scope(self) -> Scope:
        """Of the snapshots."""
        return self.snapshots.scope

    @property
    def naming(self) -> Naming:
        """Of the snapshots."""
        return self.snapshots

    def told(self, query: exp.Select, fields: Sequence[str], most: int) -> tuple[int, Sequence[Told]]:
        """How many there are; in the order of the snapshot, what a query answers of the first, and the rows themselves."""
        del fields  # a few whole rows
        name, place = self.scope.name, [exp.column("file_index"), exp.column("file_row_number")]
        places = [
            (file, number)
            for file, path in enumerate(self.snapshots.files[name])
            for number in pl.scan_parquet(path, glob=False)
            .select(pl.arg_where(self.rows))
            .collect()
            .to_series()
        ]
        if not places:
            return 0, []
        chosen = exp.or_(
            *(exp.and_(place[0].eq(file), place[1].eq(number)) for file, number in places[:most])
        )
        asked = query.select(*map(of_base, place)).where(of_base(chosen))
        found = answers(asked, self.snapshots).sort("file_index", "file_row_number")
        held = self.snapshots.frame(name).filter(self.rows).head(most).collect()
        return len(places), [*zip(found.iter_rows(named=True), held.iter_rows(named=True), strict=True)]


def why(condition: Condition, rows: Chosen, *, now: datetime, most: int) -> Verdicts:
    """Return the verdicts at the instant `now` on some rows, on `most` at most.

    Every part of the tree is a column of one query of the engine that decides about membership: no second opinion.
    Raises InvalidCondition as `compile_condition` does.
    """
    scope = rows.scope
    asked = list(_walk(condition, scope))
    wanted = dict(one for place, node in enumerate(asked) for one in _columns(place, node, rows, now))
    query = compile_columns(wanted, scope, now=now, naming=rows.naming)
    named = dict.fromkeys(name for node in asked for name in _fields(node, scope))
    count, told = rows.told(query, [name for name in named if name not in scope.model.computed], most)
    return Verdicts(
        count,
        tuple(_verdict(condition, scope, now, iter(range(len(asked))), answer, row) for answer, row in told),
    )


def _parts(condition: Condition, scope: Scope) -> tuple[Condition, ...]:
    """The conditions over the same row that a group, a segment or a label is made of."""
    match condition:
        case AllOf() | AnyOf() | NoneOf():
            return members(condition)[1]
        case InSegment():
            return (scope.segments[condition.segment].condition,)
        case Taken():
            return (scope.segments[condition.taken_by].takes,)
        case Limited(of=of) if of is not None:
            return (of,)
        case Comparison():
            return tuple(case.when for case in _cases(condition, scope))
        case _:
            return ()


def _cases(condition: Condition, scope: Scope) -> tuple[When, ...]:
    """The cases of the label that is compared."""
    named = condition.field if isinstance(condition, Comparison) else ""
    computed = scope.model.computed.get(named)
    return computed.label if isinstance(computed, Label) else ()


def _walk(condition: Condition, scope: Scope) -> Iterator[Condition]:
    yield condition
    for part in _parts(condition, scope):
        yield from _walk(part, scope)


def _columns(place: int, node: Condition, rows: Chosen, now: datetime) -> Iterator[tuple[str, Column]]:
    scope, naming = rows.scope, rows.naming
    holds = compile_condition(node, scope, now=now, naming=naming)
    yield f"holds{place}", exp.Coalesce(this=holds, expressions=[exp.false()])
    for number, name in enumerate(_fields(node, scope)):
        if name in scope.model.computed:
            yield f"field{place}_{number}", naming.column(scope.name, name)
    compared = compile_compared(node, scope, now=now, naming=naming)
    yield from (
        (f"{word}{place}", one) for word, one in zip(_COMPARED, compared, strict=True) if one is not None
    )


def _fields(node: Condition, scope: Scope) -> list[str]:
    """The field that a leaf compares (a whole one, no document), and those that it is a formula over."""
    waiting = [node.field] if isinstance(node, Comparison) and node.field and node.path is None else []
    found: list[str] = []
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found.append(name)
            computed = scope.model.computed.get(name)
            waiting += names(parsed(computed.formula)) if isinstance(computed, Formula) else []
    return found


def _verdict(
    condition: Condition,
    scope: Scope,
    now: datetime,
    places: Iterator[int],
    answer: Mapping[str, Any],
    row: Mapping[str, Any],
) -> Verdict:
    """The verdict on a condition, whose place in the walk over the tree is the next one."""
    place = next(places)
    parts = tuple(_verdict(part, scope, now, places, answer, row) for part in _parts(condition, scope))
    cases = _cases(condition, scope)
    if cases:
        texts = (value_in_words(case.then) for case in cases)
        parts = tuple(
            replace(part, words=f"{text} if {part.words}") for text, part in zip(texts, parts, strict=True)
        )
    held = {
        name_in_words(name): answer.get(f"field{place}_{number}", row.get(name))
        for number, name in enumerate(_fields(condition, scope))
    }
    held |= _compared(condition, *(answer.get(f"{word}{place}") for word in _COMPARED))
    return Verdict(_headed(condition, scope, now), answer[f"holds{place}"], held, parts)


def _headed(condition: Condition, scope: Scope, now: datetime) -> str:
    """A leaf in words; of a group, which one it is."""
    match condition:
        case AllOf() | AnyOf() | NoneOf():
            return f"{members(condition)[0]} of"
        case Limited():
            return f"it is {limit_in_words(condition.limit)}"
        case _:
            return in_words(condition, scope, now)


def _compared(condition: Condition, amount: Any, limit: Any) -> dict[str, Any]:
    """What a leaf compares beside fields."""
    match condition:
        case Has():
            return {f"rows of {name_in_words(condition.has)}": amount}
        case InArm():
            return {f"arm of {condition.split}": amount}
        case Limited() if amount is not None:
            return {"place": amount}
        case Comparison(path=path) if path is not None:
            return {subject_in_words(condition): amount}
        case Comparison():
            made = {} if condition.aggregate is None else {aggregate_in_words(condition.aggregate): amount}
            return made if limit is None else {**made, str(condition.value): limit}
        case _:
            return {}
