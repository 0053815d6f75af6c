"""Rows of related models as tables of keys, and of what is known of each: what conditions and computed fields are made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlglot import exp

from activation_platform.segmentation.aggregates import value_type
from activation_platform.segmentation.computed import Picked
from activation_platform.segmentation.conditions import Comparison, Condition
from activation_platform.segmentation.leaves import NAN, compile_leaf, opposite
from activation_platform.segmentation.related import Aggregate, Function, Related, Windowed
from activation_platform.segmentation.scope import Naming, Scope

__all__ = ["Gathered", "double", "is_number", "named_keys", "or_zero"]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Of which model, when, of which engine.

    `compiled` is the compiler of the conditions within; `source` says what to select expressions from: the rows of a model, with
    the computed fields that the expressions name.
    """

    scope: Scope
    now: datetime
    naming: Naming
    compiled: Callable[[Condition, Scope], exp.Condition]
    source: Callable[..., exp.Expr]

    def rows(
        self, relation: str, wanted: Windowed | None, *named: exp.Expr, where: Condition | None = None
    ) -> exp.Select:
        """The keys (as the first model has them) of related rows in the window for which the conditions hold.

        `named`: what else is asked of these rows later on.
        """
        related, link = self.scope.related(relation), self.scope.model.relations[relation]
        conditions = [where, wanted.where if isinstance(wanted, Related) else None]
        parts = [self.compiled(one, related) for one in conditions if one is not None]
        parts += [] if wanted is None else self._window(wanted, related)
        keys = [self.naming.column(related.name, there) for _, there in link.match]
        parts += [opposite(exp.Is(this=key.copy(), expression=exp.Null())) for key in keys]
        source = self.source(related, *keys, *parts, *named)
        return exp.select(*keys).from_(source).where(*parts, copy=False)

    def values(self, aggregate: Aggregate) -> exp.Select:
        """The keys (`key0`, ...) and what the values of their rows come to (`value`)."""
        if aggregate.function in (Function.FIRST, Function.LAST):
            return _marked_one(self._ranked(aggregate), "ranked")
        related = self.scope.related(aggregate.of)
        column = self.naming.column(related.name, aggregate.field)
        rows = self.rows(aggregate.of, aggregate, column)
        return _grouped(rows, _value(aggregate, column, related.schema[aggregate.field]))

    def counts(self, relation: str, wanted: Windowed) -> exp.Select:
        """The keys and how many rows each has."""
        return _grouped(self.rows(relation, wanted), exp.Count(this=exp.Star()))

    def only(self, picked: Picked) -> exp.Select:
        """The keys that stand once, and the value of a field of their row."""
        related = self.scope.related(picked.of)
        column = self.naming.column(related.name, picked.related)
        rows = self.rows(picked.of, None, column)
        keys = rows.expressions
        times = exp.Window(this=exp.Count(this=exp.Star()), partition_by=[key.copy() for key in keys])
        found = rows.select(*named_keys(keys), column.as_("value"), times.as_("mark"), append=False)
        return _marked_one(found, "counted")

    def _ranked(self, aggregate: Aggregate) -> exp.Select:
        """Keys, values and places of related rows, 1 for the first or the last; of rows of one moment, the key decides."""
        related = self.scope.related(aggregate.of)
        last = aggregate.function is Function.LAST
        time = self.naming.column(related.name, self.time(aggregate, related))
        value = self.naming.column(related.name, aggregate.field)
        rows = self.rows(aggregate.of, aggregate, time, value).where(
            *(opposite(exp.Is(this=one.copy(), expression=exp.Null())) for one in (time, value))
        )
        order = [time, *(self.naming.column(related.name, key) for key in related.model.key)]
        place = exp.Window(
            this=exp.RowNumber(),
            partition_by=[key.copy() for key in rows.expressions],
            order=exp.Order(
                expressions=[exp.Ordered(this=one, desc=last, nulls_first=not last) for one in order]
            ),
        )
        named = named_keys(rows.expressions)
        return rows.select(*named, value.as_("value"), place.as_("mark"), append=False)

    @staticmethod
    def time(wanted: Windowed, related: Scope) -> str:
        """The field with the moment of a row."""
        time = wanted.time or related.model.event_time
        assert time is not None
        return time

    def _window(self, wanted: Windowed, related: Scope) -> list[exp.Condition]:
        parts = []
        for word in ("in_last", "in_next"):
            if (span := getattr(wanted, word)) is not None:
                field = self.time(wanted, related)
                leaf = Comparison.model_validate({"field": field, word: span})
                column = self.naming.column(related.name, field)
                parts.append(compile_leaf(leaf, column, related.schema[field], self.now))
        return parts


def named_keys(keys: Sequence[exp.Expr]) -> list[exp.Expr]:
    """The columns of a key under names that do not depend on the model."""
    return [key.copy().as_(f"key{place}") for place, key in enumerate(keys)]


def _grouped(rows: exp.Select, value: exp.Expr) -> exp.Select:
    keys = rows.expressions
    grouped = rows.group_by(*(key.copy() for key in keys))
    return grouped.select(*named_keys(keys), value.as_("value"), append=False)


def _marked_one(rows: exp.Select, name: str) -> exp.Select:
    """Of rows with a `mark` as their last column, those that have 1."""
    kept = [exp.column(one.alias) for one in rows.expressions[:-1]]
    marked = exp.EQ(this=exp.column("mark"), expression=exp.Literal.number(1))
    return exp.select(*kept).from_(rows.subquery(name)).where(marked)


def _value(aggregate: Aggregate, column: exp.Condition, dtype: pl.DataType) -> exp.Condition:
    """What the values of a group of rows come to; nulls and NaN are left out."""
    value = exp.Case().when(is_number(column), column.copy()) if dtype.is_float() else column
    match aggregate.function:
        case Function.SUM:
            made = value_type(aggregate, dtype)
            if not isinstance(made, pl.Decimal):
                return exp.Sum(this=double(value))
            return exp.cast(exp.Sum(this=value), f"DECIMAL(38, {made.scale})")
        case Function.AVERAGE:
            return exp.Avg(this=double(value))
        case Function.DISTINCT:
            return exp.Count(this=exp.Distinct(expressions=[value]))
        case Function.MIN:
            return _as_read(exp.Min(this=value), dtype)
        case _:
            return _as_read(exp.Max(this=value), dtype)


def _as_read(value: exp.Condition, dtype: pl.DataType) -> exp.Condition:
    """A value of a field's own type: what PostgreSQL makes of decimals has as many digits as it likes."""
    return (
        exp.cast(value, f"DECIMAL({dtype.precision}, {dtype.scale})")
        if isinstance(dtype, pl.Decimal)
        else value
    )


def is_number(column: exp.Condition) -> exp.Condition:
    """Whether a float is not NaN."""
    return exp.NEQ(this=column.copy(), expression=NAN.copy())


def double(column: exp.Condition) -> exp.Condition:
    """A number as a float of 64 bits."""
    return exp.cast(column.copy(), "DOUBLE")


def or_zero(count: exp.Expr) -> exp.Expr:
    """A count where there may be nobody to count."""
    return exp.Coalesce(this=count, expressions=[exp.Literal.number(0)])
