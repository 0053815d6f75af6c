"""The check of a condition against the fields of its model: every problem, each with its path."""

from collections.abc import Iterator
from typing import Any

import polars as pl

from activation_platform.segmentation.conditions import Comparison, Condition, members
from activation_platform.segmentation.fields import Kind, Schema, kind_of
from activation_platform.segmentation.intervals import is_reversed
from activation_platform.segmentation.operands import Operand, operand
from activation_platform.segmentation.operators import Operator, kinds_of, operators_of
from activation_platform.segmentation.problems import Problem, nearest
from activation_platform.segmentation.spans import Span

Path = tuple[str | int, ...]


def problems(condition: Condition, schema: Schema) -> list[Problem]:
    """Return all faults of `condition` over a model with `schema`, in the order of the tree; empty if it can be evaluated."""
    return list(_walk(condition, schema, ()))


def _walk(condition: Condition, schema: Schema, path: Path) -> Iterator[Problem]:
    if isinstance(condition, Comparison):
        yield from _leaf(condition, schema, path)
        return
    word, conditions = members(condition)
    for position, member in enumerate(conditions):
        yield from _walk(member, schema, (*path, word, position))


def _leaf(leaf: Comparison, schema: Schema, path: Path) -> Iterator[Problem]:
    name, operator = leaf.field, leaf.operator
    if name not in schema:
        yield Problem((*path, "field"), f"{name}: the model has no such field{nearest(name, schema)}")
        return
    dtype = schema[name]
    kind = kind_of(dtype)
    if kind not in kinds_of(operator):
        fitting = ", ".join(operators_of(kind))
        held = f"{kind} ({dtype})" if kind is Kind.OTHER else kind
        yield Problem(
            (*path, operator),
            f"{name}: `{operator}` does not apply to a field of kind {held}; what applies: {fitting}",
        )
        return
    if leaf.ignore_case and kind is not Kind.TEXT:
        yield Problem(
            (*path, "ignore_case"), f"{name}: `ignore_case` applies to text, and this field is of kind {kind}"
        )
    for step, message in _value(operator, leaf.value, dtype):
        yield Problem((*path, operator, *step), f"{name}: `{operator}` {message}")


def _value(operator: Operator, value: Any, dtype: pl.DataType) -> Iterator[tuple[Path, str]]:
    if operator in (Operator.IS_NULL, Operator.IS_EMPTY):
        return
    if isinstance(value, Span):
        if kind_of(dtype) is Kind.DATE and value.finer_than_a_day:
            yield (), f"counts {value.unit}s, and the field holds dates: count days or longer"
        return
    read: list[Operand] = []
    for position, item in enumerate(value if isinstance(value, tuple) else (value,)):
        try:
            read.append(operand(item, dtype))
        except ValueError as error:
            yield ((position,) if isinstance(value, tuple) else ()), str(error)
    if operator in (Operator.BETWEEN, Operator.NOT_BETWEEN) and len(read) == 2 and is_reversed(*read):
        yield (), "has its bounds in the wrong order: the lower one comes first"
