"""A condition in English: one sentence that can be read in one way only, relative times with their literal moments.

Groups are `all of:`, `any of:` and `none of:`, their conditions divided by semicolons; what stands within another condition
stands in parentheses. Users' texts are in quotes.
"""

from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from activation_platform.segmentation.aggregates import value_type
from activation_platform.segmentation.conditions import AllOf, AnyOf, Comparison, Condition, NoneOf, members
from activation_platform.segmentation.fields import Schema
from activation_platform.segmentation.intervals import Interval, intervals
from activation_platform.segmentation.json_values import type_of
from activation_platform.segmentation.limit_words import limit_in_words
from activation_platform.segmentation.limits import Limited
from activation_platform.segmentation.operators import Operator, positive
from activation_platform.segmentation.quoting import name_in_words, quoted
from activation_platform.segmentation.recurrences import recurring
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
from activation_platform.segmentation.spans import Span
from activation_platform.segmentation.splits import InArm
from activation_platform.segmentation.values import Percentile, Weekday

__all__ = [
    "aggregate_in_words",
    "in_words",
    "rows_in_words",
    "sentence",
    "subject_in_words",
    "value_in_words",
]

_SAID = {
    Operator.EQUALS: "is {}",
    Operator.NOT_EQUALS: "is not {}",
    Operator.IN: "is one of {}",
    Operator.NOT_IN: "is none of {}",
    Operator.ABOVE: "is above {}",
    Operator.AT_LEAST: "is at least {}",
    Operator.BELOW: "is below {}",
    Operator.AT_MOST: "is at most {}",
    Operator.BETWEEN: "is between {}, both included",
    Operator.NOT_BETWEEN: "is not between {}, both included",
    Operator.CONTAINS: "contains {}",
    Operator.NOT_CONTAINS: "does not contain {}",
    Operator.STARTS_WITH: "starts with {}",
    Operator.NOT_STARTS_WITH: "does not start with {}",
    Operator.ENDS_WITH: "ends with {}",
    Operator.NOT_ENDS_WITH: "does not end with {}",
    Operator.MATCHES: "matches the pattern {}",
    Operator.NOT_MATCHES: "does not match the pattern {}",
    Operator.BEFORE: "is before {}",
    Operator.AFTER: "is after {}",
    Operator.IN_LAST: "is in the last {}",
    Operator.IN_NEXT: "is in the next {}",
    Operator.OLDER_THAN: "is {} ago or earlier",
    Operator.DAYS_AGO: "is on the day {} ago",
    Operator.NOT_DAYS_AGO: "is not on the day {} ago",
    Operator.IN_DAYS: "is on the day in {}",
    Operator.NOT_IN_DAYS: "is not on the day in {}",
    Operator.ANNIVERSARY: "has its anniversary today",
    Operator.NOT_ANNIVERSARY: "does not have its anniversary today",
    Operator.ANNIVERSARY_WITHIN: "has its anniversary today or in the next {}",
    Operator.NOT_ANNIVERSARY_WITHIN: "does not have its anniversary today or in the next {}",
    Operator.DAY_OF_WEEK: "is on a {}",
    Operator.NOT_DAY_OF_WEEK: "is not on a {}",
    Operator.CONTAINS_ANY: "contains any of {}",
    Operator.CONTAINS_NONE: "contains none of {}",
    Operator.CONTAINS_ALL: "contains all of {}",
    Operator.NOT_CONTAINS_ALL: "does not contain all of {}",
    Operator.LENGTH_EQUALS: "holds exactly {}",
    Operator.NOT_LENGTH_EQUALS: "does not hold exactly {}",
    Operator.LENGTH_AT_LEAST: "holds at least {}",
    Operator.LENGTH_AT_MOST: "holds at most {}",
    Operator.IS_NULL: "is {}",
    Operator.IS_EMPTY: "is {}",
}
_SWITCHED = {
    Operator.IS_NULL: {True: "null", False: "not null"},
    Operator.IS_EMPTY: {True: "empty or null", False: "neither empty nor null"},
}
_MADE = {
    Function.SUM: "the sum of {}",
    Function.AVERAGE: "the average of {}",
    Function.MIN: "the least {}",
    Function.MAX: "the greatest {}",
    Function.DISTINCT: "the number of different values of {}",
    Function.FIRST: "the first {}",
    Function.LAST: "the last {}",
}
_DAYS = (Operator.DAYS_AGO, Operator.IN_DAYS)
_LENGTHS = (Operator.LENGTH_EQUALS, Operator.LENGTH_AT_LEAST, Operator.LENGTH_AT_MOST)
_YEARLY = (Operator.ANNIVERSARY, Operator.ANNIVERSARY_WITHIN)


def sentence(condition: Condition, scope: Scope, now: datetime) -> str:
    """Which rows of the scope's model belong at the instant `now` (in UTC).

    The condition must have no problems. Where the fields of a model are not known, the moments of windows over them are left out.
    """
    return f"A row of {name_in_words(scope.name)} belongs if {in_words(condition, scope, now)}."


def in_words(condition: Condition, scope: Scope, now: datetime) -> str:
    """What a row satisfies, as the end of a sentence whose subject is the row or its field."""
    return _Words(scope, now).said(condition)


def subject_in_words(leaf: Comparison) -> str:
    """What a leaf compares: a field, or what stands at a path within its JSON."""
    field = name_in_words(leaf.field)
    return field if leaf.path is None else f"the {leaf.as_} at {leaf.path} of {field}"


def rows_in_words(
    relation: str, wanted: Windowed, where: Condition | None, scope: Scope, now: datetime
) -> str:
    """A relation, the window its rows lie in, and what holds of them."""
    return _Words(scope, now).rows(relation, wanted, where)


def aggregate_in_words(aggregate: Aggregate) -> str:
    """What is made of the values of related rows, without saying which rows."""
    return _MADE[aggregate.function].format(name_in_words(aggregate.field))


def value_in_words(value: Any) -> str:
    """A value of a condition or of a row: texts in quotes, moments in UTC where they have a time zone."""
    match value:
        case None:
            return "null"
        case Weekday():
            return value.capitalize()
        case str():
            return quoted(value)
        case bool():
            return str(value).lower()
        case Percentile():
            return f"{value} of all rows"
        case date():
            return _moment(value)
        case list():
            return f"[{', '.join(map(value_in_words, value))}]"
        case _:
            return str(value)


class _Words:
    def __init__(self, scope: Scope, now: datetime) -> None:
        self._scope = scope
        self._now = now

    def said(self, condition: Condition) -> str:
        match condition:
            case Comparison():
                return self._compared(condition)
            case Has():
                rows = self.rows(condition.has, condition, condition.where)
                return f"it has {_count(*condition.bounds)} of {rows}"
            case Steps():
                return self._followed(condition)
            case InSegment():
                return f"it belongs to the segment {name_in_words(condition.segment)}"
            case Taken():
                return f"the segment {name_in_words(condition.taken_by)} takes it"
            case InArm():
                split, arm = map(name_in_words, (condition.split, condition.arm))
                share = self._scope.splits[condition.split].arms[condition.arm]
                return f"it is in the arm {arm} ({share.normalize():f} %) of the split {split}"
            case Limited():
                return self._limited(condition)
        word, parts = members(condition)
        return f"{word} of: {'; '.join(map(self._within, parts))}"

    def _within(self, condition: Condition) -> str:
        said = self.said(condition)
        return f"({said})" if isinstance(condition, AllOf | AnyOf | NoneOf) else said

    def _limited(self, leaf: Limited) -> str:
        of = "all rows" if leaf.of is None else f"the rows for which ({self.said(leaf.of)})"
        return f"it is {limit_in_words(leaf.limit)} of {of}"

    def _compared(self, leaf: Comparison) -> str:
        if leaf.aggregate is None:
            return f"{subject_in_words(leaf)} {self._predicate(leaf, _held(leaf, self._scope))}"
        aggregate = leaf.aggregate
        held = _type(self._scope.related(aggregate.of), aggregate.field)
        made = None if held is None else value_type(aggregate, held)
        rows = self.rows(aggregate.of, aggregate, aggregate.where)
        return f"{aggregate_in_words(aggregate)} over rows of {rows} {self._predicate(leaf, made)}"

    def _predicate(self, leaf: Comparison, dtype: pl.DataType | None) -> str:
        said = _SAID[leaf.operator].format(_value(leaf.operator, leaf.value))
        case = ", upper and lower case alike" if leaf.ignore_case else ""
        return f"{said}{self._moments(leaf, dtype)}{case}"

    def _moments(self, leaf: Comparison, dtype: pl.DataType | None) -> str:
        """The literal moments, days or days of the year that a relative time stands for."""
        operator = positive(leaf.operator)
        if operator in _YEARLY:
            found = recurring(operator, leaf.value, self._now.date())
            first, last = (
                f"{number // 100:02}-{number % 100:02}" for number in (found[0].low, found[-1].high)
            )
            return f" ({first})" if first == last else f" ({first} to {last})"
        if operator in _DAYS:
            dtype = pl.Date()  # the whole day, also of a timestamp
        elif dtype is None or not isinstance(leaf.value, Span):
            return ""
        return "".join(f" ({_ends(one)})" for one in intervals(operator, leaf.value, dtype, self._now))

    def rows(self, relation: str, wanted: Windowed, where: Condition | None) -> str:
        related = _Words(self._scope.related(relation), self._now)
        parts = []
        for word in ("in_last", "in_next"):
            if (span := getattr(wanted, word)) is not None:
                time = wanted.time or related._scope.model.event_time
                parts.append(f"whose {related.said(Comparison.model_validate({'field': time, word: span}))}")
        if where is not None:
            parts.append(f"for which ({related.said(where)})")
        return " ".join([name_in_words(relation), " and ".join(parts)]).rstrip()

    def _followed(self, leaf: Steps) -> str:
        related = _Words(self._scope.related(leaf.sequence), self._now)
        steps = []
        for step in leaf.steps:
            row = "any" if step.where is None else f"one for which ({related.said(step.where)})"
            steps.append(row if step.within is None else f"within {step.within} {row}")
        rows = self.rows(leaf.sequence, leaf, None)
        return f"it has rows of {rows}, each later than the one before: first {', then '.join(steps)}"


def _held(leaf: Comparison, scope: Scope) -> pl.DataType | None:
    return _type(scope, leaf.field) if leaf.as_ is None else type_of(leaf.as_)


def _type(scope: Scope, field: str) -> pl.DataType | None:
    schema: Schema = scope.model.schema or {}
    return schema.get(field)


def _count(least: int, most: int | None) -> str:
    if most is None:
        return f"at least {_plural(least, 'row')}"
    if least == most:
        return f"exactly {_plural(most, 'row')}" if most else "no row"
    return f"{least} to {_plural(most, 'row')}" if least else f"at most {_plural(most, 'row')}"


def _plural(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _value(operator: Operator, value: Any) -> str:
    operator = positive(operator)
    if operator in _SWITCHED:
        return _SWITCHED[operator][value]
    if operator in _DAYS:
        return _plural(value, "day")
    if operator in _LENGTHS:
        return _plural(value, "value")
    if not isinstance(value, tuple):
        return value_in_words(value)
    between = {Operator.BETWEEN: " and ", Operator.DAY_OF_WEEK: " or "}.get(operator, ", ")
    return between.join(map(value_in_words, value))


def _moment(value: date) -> str:
    if isinstance(value, datetime):
        in_utc = value if value.tzinfo is None else value.astimezone(UTC)
        return in_utc.isoformat(" ").replace("+00:00", " UTC")
    return value.isoformat()


def _ends(interval: Interval) -> str:
    if interval.point:
        return _moment(interval.low)
    low = (
        []
        if interval.low is None
        else [f"{'after' if interval.low_open else 'from'} {_moment(interval.low)}"]
    )
    high = (
        []
        if interval.high is None
        else [f"{'before' if interval.high_open else 'up to'} {_moment(interval.high)}"]
    )
    return ", ".join([*low, *high])
