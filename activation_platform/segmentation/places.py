"""The compiler of leaves about the place of a row: in a split, in an order, in a sample.

A limit takes keys, by a subquery that an engine answers once: `key IN (SELECT key FROM … WHERE … ORDER BY … LIMIT 1000)`. So of
rows that share a key, which no two should, all are taken where one is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import polars as pl
from sqlglot import exp

from activation_platform.segmentation.columns import Joined
from activation_platform.segmentation.conditions import Condition
from activation_platform.segmentation.fields import Kind, kind_of
from activation_platform.segmentation.gathered import named_keys
from activation_platform.segmentation.keys import has_key, hashed, key_columns
from activation_platform.segmentation.leaves import NAN
from activation_platform.segmentation.limits import Limit, Limited, Nulls, Order
from activation_platform.segmentation.scope import Naming, Scope
from activation_platform.segmentation.splits import PLACES, InArm, bound

__all__ = ["Placed"]


@dataclass(frozen=True, slots=True)
class Placed:
    """Of which model, of which engine; `compiled` is the compiler of the conditions within, `source` that of rows.

    See `Gathered`.
    """

    scope: Scope
    naming: Naming
    compiled: Callable[[Condition, Scope], exp.Condition]
    source: Callable[..., exp.Expr]

    def in_arm(self, leaf: InArm) -> exp.Condition:
        """Rows in an arm of a split."""
        split = self.scope.splits[leaf.split]
        return _between(hashed(split.seed, self.scope, self.naming), *split.bounds[leaf.arm])

    def arm(self, leaf: InArm) -> exp.Expr:
        """The name of the arm that a row is in."""
        split = self.scope.splits[leaf.split]
        place = hashed(split.seed, self.scope, self.naming)
        case = exp.Case()
        for arm, bounds in split.bounds.items():
            case = case.when(_between(place.copy(), *bounds), exp.Literal.string(arm))
        return case

    def limited(self, leaf: Limited) -> exp.Condition:
        """Rows that a limit takes."""
        limit = leaf.limit
        if isinstance(limit.sample, Decimal):
            place = hashed(limit.seed or "", self.scope, self.naming)
            share = _between(place, 0, bound(limit.sample))
            of = [] if leaf.of is None else [self.compiled(leaf.of, self.scope)]
            return exp.and_(*of, share, copy=False)
        keys = key_columns(self.scope, self.naming)
        order = self._order(limit)
        chosen = self._chosen(leaf, order).select(*keys).order_by(*order, copy=False)
        this = keys[0].copy() if len(keys) == 1 else exp.Tuple(expressions=[key.copy() for key in keys])
        rows = limit.top or limit.sample or 0
        return exp.In(this=this, query=chosen.limit(rows).subquery())

    def place(self, leaf: Limited) -> Joined | None:
        """The place, from 1, of a row among those that a limit chooses from; None if it is not counted."""
        if isinstance(leaf.limit.sample, Decimal):
            return None
        named = named_keys(key_columns(self.scope, self.naming))
        order = self._order(leaf.limit)
        window = exp.Window(this=exp.RowNumber(), order=exp.Order(expressions=[*order]))
        ranked = self._chosen(leaf, order).select(*named, window.as_("place")).subquery("ranked")
        keys = [exp.column(key.alias) for key in named]
        first = exp.Min(this=exp.column("place")).as_("value")
        return Joined(None, exp.select(*keys, first).from_(ranked).group_by(*(key.copy() for key in keys)))

    def _chosen(self, leaf: Limited, order: Sequence[exp.Expr]) -> exp.Select:
        """The rows that a limit chooses from, to be put in an order."""
        of = [] if leaf.of is None else [self.compiled(leaf.of, self.scope)]
        rows = exp.Select().from_(self.source(self.scope, *of, *order))
        return rows.where(*of, has_key(self.scope, self.naming), copy=False)

    def _order(self, limit: Limit) -> list[exp.Ordered]:
        """By the fields of the limit, or the places of a sample; then by the key."""
        fields = [self._ordered(order) for order in limit.by or ()]
        if limit.seed is not None:
            fields.append(exp.Ordered(this=hashed(limit.seed, self.scope, self.naming), nulls_first=False))
        keys = [self._ordered(Order(ascending=name)) for name in self.scope.model.key]
        return fields + keys

    def _ordered(self, order: Order) -> exp.Ordered:
        column = self.naming.column(self.scope.name, order.field)
        value = _comparable(column, self.scope.schema[order.field])
        return exp.Ordered(this=value, desc=order.down, nulls_first=order.nulls is Nulls.FIRST)


def _comparable(column: exp.Condition, dtype: pl.DataType) -> exp.Condition:
    """What engines order alike: text as its bytes in UTF-8, whose order is that of the code points; NaN as null."""
    if kind_of(dtype) is Kind.TEXT:
        return exp.Encode(this=exp.cast(column, "TEXT"), charset=exp.Literal.string("UTF-8"))
    if dtype.is_float():
        return exp.Case().when(exp.NEQ(this=column, expression=NAN.copy()), column.copy())
    return column


def _between(place: exp.Condition, first: int, after: int) -> exp.Condition:
    bounds: list[exp.Condition] = []
    if first:
        bounds.append(exp.GTE(this=place, expression=_digits(first)))
    if after < PLACES or not first:
        bounds.append(exp.LT(this=place.copy(), expression=_digits(after)))
    return exp.and_(*bounds, copy=False)


def _digits(place: int) -> exp.Expr:
    """A place as `hashed` writes it; after the last one, a letter that comes after every digit."""
    return exp.Literal.string(f"{place:015x}" if place < PLACES else "g")
