"""The plain evaluator over several models: every related row is looked at, one after the other, for every row."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from hashlib import md5
from math import floor, isnan

import polars as pl

from activation_platform.segmentation.aggregates import value_type
from activation_platform.segmentation.computed import Aggregated, Counted, Label, Picked
from activation_platform.segmentation.conditions import AllOf, AnyOf, Comparison, NoneOf, read
from activation_platform.segmentation.limits import Limited
from activation_platform.segmentation.related import Has, InSegment, Steps, Taken
from activation_platform.segmentation.scope import Scope
from activation_platform.segmentation.splits import InArm
from activation_platform.segmentation.values import Percentile
from activation_platform_tests.segmentation.reference import DAY, EPOCH, holds
from activation_platform_tests.segmentation.reference_formulas import worth
from activation_platform_tests.segmentation.reference_json import TYPES, value_at


class World:
    """Rows of every model, as `reference.py` holds them, at an instant."""

    def __init__(self, scope: Scope, rows: dict, now, computed=()):
        """`computed`: the computed fields, as model and field, each after those that it is made of."""
        self.scope, self.now = scope, now
        self.rows = {model: [dict(row) for row in some] for model, some in rows.items()}
        for model, name in computed:
            made = [self.made(scope.models[model].computed[name], row, model) for row in self.rows[model]]
            for row, held in zip(self.rows[model], made, strict=True):
                row[name] = held

    def made(self, definition, row: dict, model: str):
        """What a computed field is for a row."""
        match definition:
            case Aggregated():
                return self.value(definition.aggregate, row, model)
            case Counted():
                return Fraction(len(self.related(definition, definition.count, row, model)))
            case Picked():
                found = self.related(definition, definition.of, row, model)
                return found[0][definition.related] if len(found) == 1 else None
            case Label():
                fitting = (one.then for one in definition.label if self.belongs(one.when, row, model))
                return next(fitting, definition.otherwise)
        return worth(definition.formula, row, self.now)

    def belongs(self, condition, row: dict, model: str) -> bool:
        match condition:
            case AllOf():
                return all(self.belongs(one, row, model) for one in condition.all)
            case AnyOf():
                return any(self.belongs(one, row, model) for one in condition.any)
            case NoneOf():
                return not any(self.belongs(one, row, model) for one in condition.none)
            case InSegment():
                return self.belongs(self.scope.segments[condition.segment].condition, row, model)
            case Taken():
                segment = self.scope.segments[condition.taken_by]
                return self.belongs(segment.taking or segment.condition, row, model)
            case InArm():
                return self.arm(condition.split, row, model) == condition.arm
            case Limited():
                return self.chosen(condition, row, model)
            case Has():
                least, most = condition.bounds
                found = len(self.related(condition, condition.has, row, model))
                return least <= found and (most is None or found <= most)
            case Steps():
                return self.follows(condition, row, model)
        return self.compares(condition, row, model)

    def compares(self, leaf: Comparison, row: dict, model: str) -> bool:
        schema = self.scope.models[model].schema
        if isinstance(leaf.value, Percentile):
            return self.beside(leaf, row, model)
        if leaf.aggregate is not None:
            other = self.scope.models[model].relations[leaf.aggregate.of].model
            dtype = value_type(leaf.aggregate, self.scope.models[other].schema[leaf.aggregate.field])
            return holds(leaf, self.value(leaf.aggregate, row, model), dtype, self.now)
        if leaf.path is not None:
            kind = str(leaf.as_)
            return holds(leaf, value_at(row[leaf.field], leaf.path.steps, kind), TYPES[kind], self.now)
        return holds(leaf, row[leaf.field], schema[leaf.field], self.now)

    def related(self, asked, relation: str, row: dict, model: str) -> list[dict]:
        """The rows of the other model whose columns equal, in the window, for which the condition holds."""
        link = self.scope.models[model].relations[relation]
        found = [
            other
            for other in self.rows[link.model]
            if all(row[here] is not None and row[here] == other[there] for here, there in link.match)
        ]
        for word in ("in_last", "in_next"):
            if (span := getattr(asked, word, None)) is not None:
                window = read({"field": self.time(asked, link.model), word: str(span)})
                found = [other for other in found if self.belongs(window, other, link.model)]
        where = getattr(asked, "where", None)
        return [other for other in found if where is None or self.belongs(where, other, link.model)]

    def time(self, asked, model: str) -> str:
        return asked.time or self.scope.models[model].event_time

    def value(self, aggregate, row: dict, model: str):
        other = self.scope.models[model].relations[aggregate.of].model
        rows = self.related(aggregate, aggregate.of, row, model)
        rows = [one for one in rows if one[aggregate.field] is not None]
        word = str(aggregate.function)
        if word in ("first", "last"):
            time = self.time(aggregate, other)
            keys = self.scope.models[other].key
            timed = [one for one in rows if one[time] is not None]
            timed.sort(key=lambda one: (one[time], *(one[key] for key in keys)))
            return timed[0 if word == "first" else -1][aggregate.field] if timed else None
        values = [one[aggregate.field] for one in rows]
        values = [value for value in values if not (isinstance(value, float) and isnan(value))]
        if word == "distinct":
            return Fraction(len(set(values)))
        if not values:
            return None
        if word == "average":
            return float(sum(map(Fraction, values)) / len(values))
        return {"sum": sum, "min": min, "max": max}[word](values)

    def beside(self, leaf: Comparison, row: dict, model: str) -> bool:
        def of(one: dict):
            return one[leaf.field] if leaf.aggregate is None else self.value(leaf.aggregate, one, model)

        held, values = of(row), [of(one) for one in self.rows[model]]
        values = sorted(float(value) for value in values if value is not None and value == value)
        if held is None or held != held:
            return False
        place = Fraction(leaf.value.percent) / 100 * (len(values) - 1)
        low = floor(place)
        high = min(low + 1, len(values) - 1)
        part = float(place - low)
        limit = values[low] * (1 - part) + values[high] * part
        return {
            "above": held > limit,
            "at_least": held >= limit,
            "below": held < limit,
            "at_most": held <= limit,
        }[str(leaf.operator)]

    def follows(self, leaf: Steps, row: dict, model: str) -> bool:
        other = self.scope.models[model].relations[leaf.sequence].model
        time = self.time(leaf, other)
        rows = [one for one in self.related(leaf, leaf.sequence, row, model) if one[time] is not None]

        def moment(one: dict) -> int:
            held = one[time]
            return held if isinstance(held, int) else (held - EPOCH.date()).days * DAY

        reached = [rows_of for rows_of in rows if self.stands(leaf.steps[0], rows_of, other)]
        for step in leaf.steps[1:]:
            longest = None if step.within is None else step.within.seconds * 1_000_000_000
            reached = [
                later
                for later in rows
                if self.stands(step, later, other)
                and any(
                    moment(earlier) < moment(later)
                    and (longest is None or moment(later) <= moment(earlier) + longest)
                    for earlier in reached
                )
            ]
        return bool(reached)

    def stands(self, step, row: dict, model: str) -> bool:
        return step.where is None or self.belongs(step.where, row, model)

    def key(self, row: dict, model: str) -> tuple:
        return tuple(row[name] for name in self.scope.models[model].key)

    def place(self, seed: str, row: dict, model: str) -> int:
        schema, key = self.scope.models[model].schema, self.scope.models[model].key
        text = written(self.key(row, model), [schema[name] for name in key])
        digest = md5(f"{seed}:{text}".encode(), usedforsecurity=False).digest()
        return int.from_bytes(digest) >> (128 - 60)

    def arm(self, name: str, row: dict, model: str) -> str | None:
        split, share = self.scope.splits[name], Fraction(0)
        for arm, percent in split.arms.items():
            share += Fraction(percent)
            if None not in self.key(row, model) and self.place(split.seed, row, model) < places(share):
                return arm
        return None

    def chosen(self, leaf: Limited, row: dict, model: str) -> bool:
        limit, of = leaf.limit, leaf.of
        if None in self.key(row, model):
            return False
        if isinstance(limit.sample, Decimal):
            within = self.place(limit.seed, row, model) < places(Fraction(limit.sample))
            return within and (of is None or self.belongs(of, row, model))
        rows = [one for one in self.rows[model] if None not in self.key(one, model)]
        rows = [one for one in rows if of is None or self.belongs(of, one, model)]
        rows.sort(key=lambda one: self.key(one, model))
        if limit.sample is not None:
            rows.sort(key=lambda one: self.place(limit.seed, one, model))
        for order in reversed(limit.by or ()):
            rows = in_order(rows, order)
        return self.key(row, model) in [self.key(one, model) for one in rows[: limit.top or limit.sample]]


def places(percent: Fraction) -> int:
    return floor(percent * 2**60 / 100)


def in_order(rows: list[dict], order) -> list[dict]:
    """Sorted by one field, those that are equal as they were."""
    name, down = order.descending or order.ascending, order.descending is not None
    without = [row for row in rows if row[name] is None or row[name] != row[name]]
    held = [row for row in rows if row not in without]
    held.sort(key=lambda row: row[name], reverse=down)
    return without + held if order.nulls == "first" else held + without


def written(key: tuple, dtypes: list[pl.DataType]) -> str:
    """The text of a key, of values as `reference.py` holds them."""
    parts = [one_written(part, dtype) for part, dtype in zip(key, dtypes, strict=True)]
    if len(parts) == 1:
        return parts[0]
    return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts)


def one_written(value, dtype: pl.DataType) -> str:
    if isinstance(dtype, pl.Datetime):
        moment = EPOCH + timedelta(microseconds=value // 1_000)
        return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    if isinstance(dtype, pl.Boolean):
        return "true" if value else "false"
    if not isinstance(value, Fraction):
        return str(value)
    text = f"{Decimal(value.numerator) / Decimal(value.denominator):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
