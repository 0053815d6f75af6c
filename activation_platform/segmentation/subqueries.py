"""The compiler of leaves about many rows: each becomes a subquery that an engine answers once, not once for every row.

"At least two orders" is `key IN (SELECT customer FROM orders GROUP BY customer HAVING COUNT(*) >= 2)`. What also holds for rows
that have no related rows ("at most two", "not above 100") is the opposite of its opposite. A row whose key is null has none.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlglot import exp

from activation_platform.segmentation.aggregates import value_type
from activation_platform.segmentation.conditions import Comparison, Condition
from activation_platform.segmentation.fields import Kind, kind_of
from activation_platform.segmentation.intervals import intervals
from activation_platform.segmentation.leaves import NAN, compile_leaf, holds_for_null, opposite
from activation_platform.segmentation.operators import NEGATIONS, Operator, positive
from activation_platform.segmentation.related import Aggregate, Function, Has, Related, Steps, Windowed
from activation_platform.segmentation.scope import Link, Naming, Scope
from activation_platform.segmentation.spans import Span
from activation_platform.segmentation.values import Percentile

__all__ = ["Asked"]

_COMPARED = {
    Operator.ABOVE: exp.GT,
    Operator.AT_LEAST: exp.GTE,
    Operator.BELOW: exp.LT,
    Operator.AT_MOST: exp.LTE,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Of which model, when, of which engine; `compiled` is the compiler of the conditions within."""

    scope: Scope
    now: datetime
    naming: Naming
    compiled: Callable[[Condition, Scope], exp.Condition]

    def has(self, leaf: Has) -> exp.Condition:
        """Rows with so many related rows."""
        rows = self._rows(leaf.has, leaf)
        least, most = leaf.bounds
        if most is None:
            return self._among(leaf.has, _counted(rows, least, None))
        if least:
            return self._among(leaf.has, _counted(rows, least, most))
        return opposite(self._among(leaf.has, _counted(rows, most + 1, None)))

    def aggregated(self, leaf: Comparison) -> exp.Condition:
        """Rows for which what their related rows come to satisfies a leaf."""
        aggregate = leaf.aggregate
        assert aggregate is not None
        related = self.scope.related(aggregate.of)
        dtype = value_type(aggregate, related.schema[aggregate.field])
        without_rows = _holds_without_rows(leaf, aggregate, self.now)

        def holds(value: exp.Condition) -> exp.Condition:
            held = compile_leaf(leaf, value, dtype, self.now)
            return opposite(held) if without_rows else held

        if aggregate.function in (Function.FIRST, Function.LAST):
            rows = self._at_the_end(aggregate, holds)
        else:
            rows = self._rows(aggregate.of, aggregate)
            column = self.naming.column(related.name, aggregate.field)
            value = _value(aggregate.function, column, related.schema[aggregate.field])
            rows = rows.group_by(*(key.copy() for key in rows.expressions)).having(holds(value))
        among = self._among(aggregate.of, rows)
        return opposite(among) if without_rows else among

    def followed(self, leaf: Steps) -> exp.Condition:
        """Rows with related rows that follow one another."""
        related = self.scope.related(leaf.sequence)
        moment = self._time(leaf, related)
        dtype = related.schema[moment]
        found: exp.Select | None = None
        for number, step in enumerate(leaf.steps):
            rows = self._rows(leaf.sequence, leaf, step.where)
            named = [key.as_(f"key{place}") for place, key in enumerate(rows.expressions)]
            rows = rows.select(*named, self.naming.column(related.name, moment).as_("moment"), append=False)
            name = f"step{number}"
            if found is None:
                keys = [exp.column(key.alias, table=name) for key in named]
                found = exp.select(*keys).from_(rows.subquery(name))
                continue
            before = f"step{number - 1}"
            on: list[exp.Condition] = [
                exp.EQ(this=exp.column(key.alias, table=before), expression=exp.column(key.alias, table=name))
                for key in named
            ]
            on += _gap(
                step.within, exp.column("moment", table=before), exp.column("moment", table=name), dtype
            )
            found = found.join(rows.subquery(name), on=exp.and_(*on))
        assert found is not None
        return self._among(leaf.sequence, found)

    def beside_percentile(self, leaf: Comparison, percentile: Percentile) -> exp.Condition:
        """Rows whose field lies above or below a percentile of the whole model; compared as floats."""
        column, dtype = self.naming.column(self.scope.name, leaf.field), self.scope.schema[leaf.field]
        compared = _COMPARED[leaf.operator](
            this=_double(column), expression=self.limit(leaf.field, percentile)
        )
        return exp.and_(compared, *([_is_number(column)] if dtype.is_float() else []), copy=False)

    def limit(self, field: str, percentile: Percentile) -> exp.Expr:
        """A percentile of a field over the whole model."""
        column, dtype = self.naming.column(self.scope.name, field), self.scope.schema[field]
        real = [opposite(exp.Is(this=column.copy(), expression=exp.Null()))]
        real += [_is_number(column)] if dtype.is_float() else []
        share = exp.PercentileCont(this=exp.Literal.number(repr(percentile.percent / 100)))
        order = exp.Order(expressions=[exp.Ordered(this=_double(column), nulls_first=False)])
        model = exp.select(exp.WithinGroup(this=share, expression=order)).from_(
            self.naming.rows(self.scope.name)
        )
        return model.where(*(part.copy() for part in real)).subquery()

    def number(self, leaf: Has) -> exp.Expr:
        """How many of the related rows that a leaf counts belong to a row of an outer query."""
        return self._of_a_row(leaf.has, self._rows(leaf.has, leaf), exp.Count(this=exp.Star()))

    def amount(self, aggregate: Aggregate) -> exp.Expr:
        """What the related rows of a row of an outer query come to."""
        related = self.scope.related(aggregate.of)
        value = exp.column("value")
        if aggregate.function in (Function.FIRST, Function.LAST):
            return self._of_a_row(aggregate.of, self._ranked(aggregate), value, _first_place())
        rows = self._rows(aggregate.of, aggregate)
        rows = rows.select(self.naming.column(related.name, aggregate.field).as_("value"))
        made = _value(aggregate.function, value, related.schema[aggregate.field])
        return self._of_a_row(aggregate.of, rows, made)

    def _of_a_row(self, relation: str, rows: exp.Select, value: exp.Expr, *only: exp.Condition) -> exp.Expr:
        """A value made of the rows, keys first, whose keys are those of a row of an outer query."""
        link = self.scope.model.relations[relation]
        count = len(link.match)
        named = [key.unalias().as_(f"key{place}") for place, key in enumerate(rows.expressions[:count])]
        same = [
            exp.EQ(
                this=exp.column(key.alias, table="related"),
                expression=self.naming.column(self.scope.name, here),
            )
            for key, (here, _) in zip(named, link.match, strict=True)
        ]
        rows = rows.select(*named, *rows.expressions[count:], append=False)
        return exp.select(value).from_(rows.subquery("related")).where(*same, *only).subquery()

    def _rows(self, relation: str, wanted: Windowed, where: Condition | None = None) -> exp.Select:
        """The keys (as the first model has them) of related rows in the window for which the conditions hold."""
        related, link = self.scope.related(relation), self.scope.model.relations[relation]
        conditions = [where, wanted.where if isinstance(wanted, Related) else None]
        parts = [self.compiled(one, related) for one in conditions if one is not None]
        parts += self._window(wanted, related)
        keys = [self.naming.column(related.name, there) for _, there in link.match]
        parts += [opposite(exp.Is(this=key.copy(), expression=exp.Null())) for key in keys]
        return exp.select(*keys).from_(self.naming.rows(related.name)).where(*parts, copy=False)

    def _window(self, wanted: Windowed, related: Scope) -> list[exp.Condition]:
        parts = []
        for word in ("in_last", "in_next"):
            if (span := getattr(wanted, word)) is not None:
                field = self._time(wanted, related)
                leaf = Comparison.model_validate({"field": field, word: span})
                column = self.naming.column(related.name, field)
                parts.append(compile_leaf(leaf, column, related.schema[field], self.now))
        return parts

    @staticmethod
    def _time(wanted: Windowed, related: Scope) -> str:
        time = wanted.time or related.model.event_time
        assert time is not None
        return time

    def _among(self, relation: str, keys: exp.Select) -> exp.Condition:
        link: Link = self.scope.model.relations[relation]
        here = [self.naming.column(self.scope.name, column) for column, _ in link.match]
        this = here[0] if len(here) == 1 else exp.Tuple(expressions=here)
        return exp.In(this=this, query=keys.subquery())

    def _at_the_end(
        self, aggregate: Aggregate, holds: Callable[[exp.Condition], exp.Condition]
    ) -> exp.Select:
        """Keys of which the first or the last related row satisfies something."""
        ranked = self._ranked(aggregate)
        outer = [exp.column(key.alias) for key in ranked.expressions[:-2]]
        held = holds(exp.column("value"))
        return exp.select(*outer).from_(ranked.subquery("ranked")).where(_first_place(), held)

    def _ranked(self, aggregate: Aggregate) -> exp.Select:
        """Keys, values and places of related rows, 1 for the first or the last; of rows of one moment, the key decides."""
        related = self.scope.related(aggregate.of)
        last = aggregate.function is Function.LAST
        time = self.naming.column(related.name, self._time(aggregate, related))
        value = self.naming.column(related.name, aggregate.field)
        rows = self._rows(aggregate.of, aggregate).where(
            *(opposite(exp.Is(this=one.copy(), expression=exp.Null())) for one in (time, value))
        )
        keys = rows.expressions
        order = [time, *(self.naming.column(related.name, key) for key in related.model.key)]
        place = exp.Window(
            this=exp.RowNumber(),
            partition_by=[key.copy() for key in keys],
            order=exp.Order(
                expressions=[exp.Ordered(this=one, desc=last, nulls_first=not last) for one in order]
            ),
        )
        named = [key.as_(f"key{number}") for number, key in enumerate(keys)]
        return rows.select(*named, value.as_("value"), place.as_("place"), append=False)


def _counted(rows: exp.Select, least: int, most: int | None) -> exp.Select:
    if (least, most) == (1, None):
        return rows
    count = exp.Count(this=exp.Star())
    grouped = rows.group_by(*(key.copy() for key in rows.expressions))
    if least == most:
        return grouped.having(exp.EQ(this=count, expression=exp.Literal.number(least)))
    bounds: list[exp.Condition] = [exp.GTE(this=count, expression=exp.Literal.number(least))]
    if most is not None:
        bounds.append(exp.LTE(this=count.copy(), expression=exp.Literal.number(most)))
    return grouped.having(*bounds)


def _first_place() -> exp.Condition:
    return exp.EQ(this=exp.column("place"), expression=exp.Literal.number(1))


def _value(function: Function, column: exp.Condition, dtype: pl.DataType) -> exp.Condition:
    value = exp.Case().when(_is_number(column), column.copy()) if dtype.is_float() else column
    match function:
        case Function.SUM:
            return exp.Sum(this=_double(value) if dtype.is_float() else value)
        case Function.AVERAGE:
            return exp.Avg(this=_double(value))
        case Function.DISTINCT:
            return exp.Count(this=exp.Distinct(expressions=[value]))
        case Function.MIN:
            return exp.Min(this=value)
        case _:
            return exp.Max(this=value)


def _holds_without_rows(leaf: Comparison, aggregate: Aggregate, now: datetime) -> bool:
    if aggregate.function is not Function.DISTINCT:
        return holds_for_null(leaf)
    if leaf.operator is Operator.IS_NULL:
        return not leaf.value
    wanted = intervals(positive(leaf.operator), leaf.value, pl.Int64(), now)
    among = any(
        (one.low is None or one.low < 0 or (one.low == 0 and not one.low_open))
        and (one.high is None or one.high > 0 or (one.high == 0 and not one.high_open))
        for one in wanted
    )
    return among is not (leaf.operator in NEGATIONS)


def _gap(
    within: Span | None, earlier: exp.Condition, later: exp.Condition, dtype: pl.DataType
) -> list[exp.Condition]:
    """Later than the row before, and soon enough. In seconds, because a day is not of one length in every session's time zone."""
    parts: list[exp.Condition] = [exp.GT(this=later, expression=earlier)]
    if within is not None:
        whole_days = kind_of(dtype) is Kind.DATE
        number = within.days if whole_days else within.seconds
        span = exp.Interval(
            this=exp.Literal.string(str(number)), unit=exp.var("DAY" if whole_days else "SECOND")
        )
        limit = exp.Add(this=earlier.copy(), expression=span)
        parts.append(exp.LTE(this=later.copy(), expression=limit))
    return parts


def _is_number(column: exp.Condition) -> exp.Condition:
    return exp.NEQ(this=column.copy(), expression=NAN.copy())


def _double(column: exp.Condition) -> exp.Condition:
    return exp.cast(column.copy(), "DOUBLE")
