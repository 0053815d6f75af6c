"""Leaves about rows of related models: how many there are, what they come to, which follow which; and segments as leaves."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import BeforeValidator, model_validator

from activation_platform.segmentation.nodes import Worded
from activation_platform.segmentation.spans import Span, Unit
from activation_platform.segmentation.values import Name, SpanText, refused

if TYPE_CHECKING:
    from activation_platform.segmentation.conditions import Condition

__all__ = ["Aggregate", "Function", "Has", "InSegment", "Related", "Step", "Steps", "Taken", "Windowed"]


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise refused(f"takes a whole number of rows, 0 or more, not {value!r}")
    return value


def _steps(value: Any) -> Any:
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) < 2:
        raise refused("takes a list of two steps or more, each a mapping of `where:` and `within:`")
    return tuple(value)


Count = Annotated[int, BeforeValidator(_count)]


class Windowed(Worded):
    """Rows of a related model whose `time` lies in a window.

    `time`: the field with the moment of a row; left out, the one that the related model declares as its `event_time`.
    """

    in_last: SpanText | None = None
    in_next: SpanText | None = None
    time: Name | None = None

    @model_validator(mode="after")
    def _one_window(self) -> Self:
        if self.in_last and self.in_next:
            raise refused(
                "takes one window: `in_last` or `in_next`; write others as conditions under `where:`"
            )
        return self


class Related(Windowed):
    """Rows of a related model: those for which `where` holds, too."""

    where: "Condition | None" = None


class Has(Related):
    """How many related rows a row has: at least one, where nothing else is said."""

    has: Name
    at_least: Count | None = None
    at_most: Count | None = None
    exactly: Count | None = None

    @model_validator(mode="after")
    def _one_count(self) -> Self:
        if self.exactly is not None and (self.at_least, self.at_most) != (None, None):
            raise refused("`exactly` goes alone, without `at_least` or `at_most`")
        if self.at_least == 0:
            raise refused("everybody has at least 0; for none at all write exactly: 0")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise refused("has its bounds in the wrong order: `at_least` is above `at_most`")
        return self

    @property
    def bounds(self) -> tuple[int, int | None]:
        """The least and the most number of rows, both included; None: no limit."""
        if self.exactly is not None:
            return self.exactly, self.exactly
        return self.at_least or (0 if self.at_most is not None else 1), self.at_most


class Function(StrEnum):
    """What the values of related rows come to; nulls are left out, and NaN by all but `first` and `last`."""

    SUM = "sum"
    AVERAGE = "average"
    MIN = "min"
    MAX = "max"
    DISTINCT = "distinct"
    FIRST = "first"
    LAST = "last"


class Aggregate(Related):
    """A field of related rows, made one value: null where there is none (`distinct`: 0)."""

    of: Name
    sum: Name | None = None
    average: Name | None = None
    min: Name | None = None
    max: Name | None = None
    distinct: Name | None = None
    first: Name | None = None
    last: Name | None = None

    @model_validator(mode="after")
    def _one_function(self) -> Self:
        if len(self._functions) != 1:
            raise refused(f"takes exactly one of {', '.join(Function)}, here {len(self._functions)}")
        return self

    @property
    def _functions(self) -> list[Function]:
        return [function for function in Function if getattr(self, function) is not None]

    @property
    def function(self) -> Function:
        """What is made of the values."""
        return self._functions[0]

    @property
    def field(self) -> str:
        """The field of the related model."""
        return str(getattr(self, self.function))


class Step(Worded):
    """One row of a sequence; `within`: how long after the one before it at most."""

    where: "Condition | None" = None
    within: SpanText | None = None


def _exact(step: Step) -> bool:
    return step.within is None or step.within.unit not in (Unit.MONTH, Unit.YEAR)


class Steps(Windowed):
    """Related rows that follow one another, each later than the one before it."""

    sequence: Name
    steps: "Annotated[tuple[Step, ...], BeforeValidator(_steps)]"

    @model_validator(mode="after")
    def _spans(self) -> Self:
        if self.steps[0].within is not None:
            raise refused("the first step follows nothing: `within` belongs to the steps after it")
        if not all(map(_exact, self.steps)):
            raise refused("`within` counts minutes, hours, days or weeks; a month is not of one length")
        return self

    @property
    def gaps(self) -> list[Span | None]:
        """For each step but the first, how long after the one before it at most."""
        return [step.within for step in self.steps[1:]]


class InSegment(Worded):
    """Whether the row belongs to another segment of the same model."""

    segment: Name


class Taken(Worded):
    """Whether a segment of the same model takes the row, whatever stands before that segment in a priority list."""

    taken_by: Name
