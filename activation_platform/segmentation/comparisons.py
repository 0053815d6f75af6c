"""The check of what a leaf compares: an operator must apply to the type of its subject, and its value be one of that type."""

from collections.abc import Iterator
from typing import Any

import polars as pl

from activation_platform.segmentation.conditions import Comparison
from activation_platform.segmentation.fields import Kind, element, kind_of
from activation_platform.segmentation.intervals import is_reversed
from activation_platform.segmentation.lists import SEARCHABLE
from activation_platform.segmentation.operands import Operand, operand
from activation_platform.segmentation.operators import PLAIN, Operator, kinds_of, operators_of, positive
from activation_platform.segmentation.problems import Problem
from activation_platform.segmentation.spans import Span
from activation_platform.segmentation.values import Percentile

__all__ = ["leaf_problems", "span_problems"]

Path = tuple[str | int, ...]


def leaf_problems(leaf: Comparison, name: str, dtype: pl.DataType, path: Path) -> Iterator[Problem]:
    """The faults of a leaf whose subject, called by a name, is of a type."""
    operator, kind = leaf.operator, kind_of(dtype)
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
    if positive(operator) in PLAIN or isinstance(value, Percentile):
        return
    if isinstance(value, Span):
        yield from span_problems(value, dtype)
        return
    if isinstance(dtype, pl.List):
        dtype = element(dtype)
        if kind_of(dtype) not in SEARCHABLE:
            yield (), f"looks for {', '.join(SEARCHABLE)}, and the field holds lists of kind {kind_of(dtype)}"
            return
    read: list[Operand] = []
    for position, item in enumerate(value if isinstance(value, tuple) else (value,)):
        try:
            read.append(operand(item, dtype))
        except ValueError as error:
            yield ((position,) if isinstance(value, tuple) else ()), str(error)
    if operator in (Operator.BETWEEN, Operator.NOT_BETWEEN) and len(read) == 2 and is_reversed(*read):
        yield (), "has its bounds in the wrong order: the lower one comes first"


def span_problems(span: Span, dtype: pl.DataType) -> Iterator[tuple[Path, str]]:
    """Where in the value, and what: a span that is finer than what a type holds."""
    if kind_of(dtype) is Kind.DATE and span.finer_than_a_day:
        yield (), f"counts {span.unit}s, and the field holds dates: count days or longer"
