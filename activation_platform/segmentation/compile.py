"""The compiler of conditions: a tree, what it may refer to, and an instant become one SQL expression (sqlglot).

The expression is TRUE for exactly the rows that belong and FALSE or NULL for the others; a row is taken by `WHERE`. AND and OR
keep that property; NOT does not, so what is negated is wrapped in COALESCE(..., FALSE). `none` is the opposite of `any`. What a
leaf says of one value stands in `leaves.py`; what it says of related rows in `subqueries.py`,
of places in `places.py`. Computed fields are columns of what is selected from: `columns.py`.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from sqlglot import exp

from activation_platform.segmentation import columns
from activation_platform.segmentation.columns import Column, Joined
from activation_platform.segmentation.conditions import AllOf, Comparison, Condition, NoneOf, members
from activation_platform.segmentation.definitions import all_problems
from activation_platform.segmentation.json_values import in_json, type_of
from activation_platform.segmentation.leaves import compile_leaf, opposite
from activation_platform.segmentation.limits import Limited
from activation_platform.segmentation.places import Placed
from activation_platform.segmentation.problems import InvalidCondition
from activation_platform.segmentation.related import Has, InSegment, Steps, Taken
from activation_platform.segmentation.scope import QUOTED, Naming, Scope
from activation_platform.segmentation.splits import InArm
from activation_platform.segmentation.subqueries import Asked
from activation_platform.segmentation.values import Percentile

__all__ = ["compile_columns", "compile_compared", "compile_condition", "compile_source"]


def compile_condition(
    condition: Condition, scope: Scope, *, now: datetime, naming: Naming = QUOTED
) -> exp.Condition:
    """Return the expression that is TRUE for the rows of the scope's model that belong at the instant `now`.

    It is over the columns of `compile_source`. Raises InvalidCondition with all problems of the condition, and ValueError if
    `now` has no time zone.
    """
    if found := all_problems(condition, scope):
        raise InvalidCondition(found)
    return _Compiler(now, naming).compiled(condition, scope)


def compile_source(
    scope: Scope, *named: exp.Expr, now: datetime, naming: Naming = QUOTED, fields: Iterable[str] = ()
) -> exp.Expr:
    """Return what to select expressions from: the model's rows, with the computed fields that they name as columns.

    `fields`: computed fields that become columns in any case. Raises InvalidCondition with all problems of these fields.
    """
    if found := all_problems(None, scope, fields):
        raise InvalidCondition(found)
    also = [naming.column(scope.name, field) for field in fields]
    return _Compiler(now, naming).source(scope, *named, *also)


def compile_compared(
    leaf: Condition, scope: Scope, *, now: datetime, naming: Naming = QUOTED
) -> tuple[Column | None, exp.Expr | None]:
    """Return what a leaf without problems compares beside fields: a count for example, or a place; and a percentile."""
    compiler = _Compiler(now, naming)
    asked, placed = compiler.asked(scope), compiler.placed(scope)
    match leaf:
        case Has():
            return columns.number(asked, leaf.has, leaf), None
        case Comparison(aggregate=aggregate, value=Percentile() as percentile) if aggregate is not None:
            return columns.amount(asked, aggregate), asked.limit_of(aggregate, percentile)
        case Comparison(aggregate=aggregate) if aggregate is not None:
            return columns.amount(asked, aggregate), None
        case Comparison(value=Percentile() as percentile):
            return None, asked.limit(leaf.field, percentile)
        case Comparison(path=path, as_=kind) if path is not None and kind is not None:
            return in_json(naming.column(scope.name, leaf.field), path, kind), None
        case InArm():
            return placed.arm(leaf), None
        case Limited():
            return placed.place(leaf), None
    return None, None


def compile_columns(
    wanted: Mapping[str, Column], scope: Scope, *, now: datetime, naming: Naming = QUOTED
) -> exp.Select:
    """Return a query for columns by name, which may name computed fields, over the rows of the scope's model.

    What else is asked of a row is said with `of_base`.
    """
    compiler = _Compiler(now, naming)
    rows = compiler.source(scope, *(one for one in wanted.values() if not isinstance(one, Joined)))
    named = {exp.to_identifier(name): one for name, one in wanted.items()}
    return columns.beside(compiler.asked(scope), rows, named)


class _Compiler:
    def __init__(self, now: datetime, naming: Naming) -> None:
        if now.tzinfo is None:
            raise ValueError("the instant of a segment needs a time zone: datetime(..., tzinfo=UTC)")
        self._now = now.astimezone(UTC)
        self._naming = naming

    def asked(self, scope: Scope) -> Asked:
        return Asked(scope, self._now, self._naming, self.compiled, self.source)

    def placed(self, scope: Scope) -> Placed:
        return Placed(scope, self._naming, self.compiled, self.source)

    def source(self, scope: Scope, *named: exp.Expr) -> exp.Expr:
        return columns.source(self.asked(scope), *named)

    def compiled(self, condition: Condition, scope: Scope) -> exp.Condition:
        match condition:
            case Comparison():
                return self._compared(condition, self.asked(scope))
            case Has():
                return self.asked(scope).has(condition)
            case Steps():
                return self.asked(scope).followed(condition)
            case InSegment():
                return self.compiled(scope.segments[condition.segment].condition, scope)
            case Taken():
                return self.compiled(scope.segments[condition.taken_by].takes, scope)
            case InArm():
                return self.placed(scope).in_arm(condition)
            case Limited():
                return self.placed(scope).limited(condition)
        parts = [self.compiled(member, scope) for member in members(condition)[1]]
        if isinstance(condition, AllOf):
            return exp.and_(*parts, copy=False)
        either = exp.or_(*parts, copy=False)
        return opposite(either) if isinstance(condition, NoneOf) else either

    def _compared(self, leaf: Comparison, asked: Asked) -> exp.Condition:
        percentile = leaf.value if isinstance(leaf.value, Percentile) else None
        if leaf.aggregate is not None:
            if percentile is None:
                return asked.aggregated(leaf, leaf.aggregate)
            return asked.aggregated_beside_percentile(leaf, leaf.aggregate, percentile)
        if percentile is not None:
            return asked.beside_percentile(leaf, percentile)
        column = self._naming.column(asked.scope.name, leaf.field)
        if leaf.path is not None and leaf.as_ is not None:
            return compile_leaf(leaf, in_json(column, leaf.path, leaf.as_), type_of(leaf.as_), self._now)
        return compile_leaf(leaf, column, asked.scope.schema[leaf.field], self._now)
