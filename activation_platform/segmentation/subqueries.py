"""The compiler of leaves about many rows: each becomes a subquery that an engine answers once, not once for every row.

"At least two orders" is `key IN (SELECT customer FROM orders GROUP BY customer HAVING COUNT(*) >= 2)`. What also holds for rows
that have no related rows ("at most two", "not above 100") is the opposite of its opposite. A row whose key is null has none.
"""

from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlglot import exp

from activation_platform.segmentation.aggregates import value_type
from activation_platform.segmentation.columns import amount, beside
from activation_platform.segmentation.conditions import Comparison
from activation_platform.segmentation.fields import Kind, kind_of
from activation_platform.segmentation.gathered import Gathered, double, is_number, named_keys
from activation_platform.segmentation.intervals import intervals
from activation_platform.segmentation.leaves import compile_leaf, holds_for_null, opposite
from activation_platform.segmentation.operators import NEGATIONS, Operator, positive
from activation_platform.segmentation.related import Aggregate, Function, Has, Steps
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
class Asked(Gathered):
    """What conditions ask of related rows."""

    def has(self, leaf: Has) -> exp.Condition:
        """Rows with so many related rows."""
        rows = self.rows(leaf.has, leaf)
        least, most = leaf.bounds
        if most is None:
            return self._among(leaf.has, _counted(rows, least, None))
        if least:
            return self._among(leaf.has, _counted(rows, least, most))
        return opposite(self._among(leaf.has, _counted(rows, most + 1, None)))

    def aggregated(self, leaf: Comparison, aggregate: Aggregate) -> exp.Condition:
        """Rows for which what their related rows come to satisfies a leaf."""
        holds = compile_leaf(leaf, exp.column("value"), self._dtype(aggregate), self.now)
        if _holds_without_rows(leaf, aggregate, self.now):
            return opposite(self._coming_to(aggregate, opposite(holds)))
        return self._coming_to(aggregate, holds)

    def followed(self, leaf: Steps) -> exp.Condition:
        """Rows with related rows that follow one another."""
        related = self.scope.related(leaf.sequence)
        moment = self.time(leaf, related)
        dtype = related.schema[moment]
        found: exp.Select | None = None
        for number, step in enumerate(leaf.steps):
            column = self.naming.column(related.name, moment)
            rows = self.rows(leaf.sequence, leaf, column, where=step.where)
            named = named_keys(rows.expressions)
            rows = rows.select(*named, column.as_("moment"), append=False)
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
        return _beside(leaf, column, dtype, self.limit(leaf.field, percentile))

    def aggregated_beside_percentile(
        self, leaf: Comparison, aggregate: Aggregate, percentile: Percentile
    ) -> exp.Condition:
        """Rows whose related rows come to what lies above or below a percentile of what those of all rows come to."""
        dtype, limit = self._dtype(aggregate), self.limit_of(aggregate, percentile)
        holds = self._coming_to(aggregate, _beside(leaf, exp.column("value"), dtype, limit))
        if aggregate.function is not Function.DISTINCT:
            return holds
        nobody = opposite(self._among(aggregate.of, self.rows(aggregate.of, aggregate)))
        none = _beside(leaf, exp.Literal.number(0), dtype, limit.copy())
        return exp.or_(holds, exp.and_(nobody, none, copy=False), copy=False)

    def limit(self, field: str, percentile: Percentile) -> exp.Expr:
        """A percentile of a field over the whole model."""
        column = self.naming.column(self.scope.name, field)
        return _limit(column, self.scope.schema[field], self.source(self.scope, column), percentile)

    def limit_of(self, aggregate: Aggregate, percentile: Percentile) -> exp.Expr:
        """A percentile of what the related rows come to, over the whole model."""
        made = {exp.to_identifier("value"): amount(self, aggregate)}
        rows = beside(self, self.naming.rows(self.scope.name), made)
        return _limit(exp.column("value"), self._dtype(aggregate), rows.subquery("row"), percentile)

    def _dtype(self, aggregate: Aggregate) -> pl.DataType:
        return value_type(aggregate, self.scope.related(aggregate.of).schema[aggregate.field])

    def _coming_to(self, aggregate: Aggregate, holds: exp.Condition) -> exp.Condition:
        """Rows that have related rows, whose `value` is such."""
        keys = [exp.column(f"key{place}") for place, _ in enumerate(self._match(aggregate.of))]
        found = exp.select(*keys).from_(self.values(aggregate).subquery("made")).where(holds)
        return self._among(aggregate.of, found)

    def _among(self, relation: str, keys: exp.Select) -> exp.Condition:
        here = [self.naming.column(self.scope.name, column) for column, _ in self._match(relation)]
        this = here[0] if len(here) == 1 else exp.Tuple(expressions=here)
        return exp.In(this=this, query=keys.subquery())

    def _match(self, relation: str) -> tuple[tuple[str, str], ...]:
        return self.scope.model.relations[relation].match


def _beside(leaf: Comparison, held: exp.Condition, dtype: pl.DataType, limit: exp.Expr) -> exp.Condition:
    compared = _COMPARED[leaf.operator](this=double(held), expression=limit)
    return exp.and_(compared, *([is_number(held)] if dtype.is_float() else []), copy=False)


def _limit(column: exp.Condition, dtype: pl.DataType, rows: exp.Expr, percentile: Percentile) -> exp.Expr:
    """A percentile of the values in a column of these rows, nulls and NaN left out."""
    real = [opposite(exp.Is(this=column.copy(), expression=exp.Null()))]
    real += [is_number(column)] if dtype.is_float() else []
    share = exp.PercentileCont(this=exp.Literal.number(repr(percentile.percent / 100)))
    order = exp.Order(expressions=[exp.Ordered(this=double(column), nulls_first=False)])
    model = exp.select(exp.WithinGroup(this=share, expression=order)).from_(rows)
    return model.where(*real).subquery()


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
