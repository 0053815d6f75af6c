"""The compiler of conditions: a tree, a schema and an instant become one SQL expression (sqlglot).

The expression is TRUE for exactly the rows that belong and FALSE or NULL for the others; a row is taken by `WHERE`. AND and OR
keep that property; NOT does not, so what is negated is wrapped in COALESCE(..., FALSE). `none` is the opposite of `any`. What a
leaf says stands in `leaves.py`, with the table of nulls.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlglot import exp

from activation_platform.segmentation.conditions import AllOf, Comparison, Condition, NoneOf, members
from activation_platform.segmentation.fields import Schema
from activation_platform.segmentation.leaves import compile_leaf, opposite
from activation_platform.segmentation.problems import InvalidCondition
from activation_platform.segmentation.validate import problems

Columns = Callable[[str], exp.Condition]
"""Names a field in SQL."""


def quoted(field: str) -> exp.Condition:
    """Return a field as a quoted column."""
    return exp.column(field, quoted=True)


def compile_condition(
    condition: Condition, schema: Schema, *, now: datetime, column: Columns = quoted
) -> exp.Condition:
    """Return the expression that is TRUE for the rows of a model that belong at the instant `now`.

    Raises InvalidCondition with all problems of the condition over `schema`, and ValueError if `now` has no time zone.
    """
    if now.tzinfo is None:
        raise ValueError("the instant of a segment needs a time zone: datetime(..., tzinfo=UTC)")
    if found := problems(condition, schema):
        raise InvalidCondition(found)
    return _Compiler(schema, now.astimezone(UTC), column).compiled(condition)


class _Compiler:
    def __init__(self, schema: Schema, now: datetime, column: Columns) -> None:
        self._schema = schema
        self._now = now
        self._column = column

    def compiled(self, condition: Condition) -> exp.Condition:
        if isinstance(condition, Comparison):
            field = condition.field
            return compile_leaf(condition, self._column(field), self._schema[field], self._now)
        parts = [self.compiled(member) for member in members(condition)[1]]
        if isinstance(condition, AllOf):
            return exp.and_(*parts, copy=False)
        either = exp.or_(*parts, copy=False)
        return opposite(either) if isinstance(condition, NoneOf) else either
