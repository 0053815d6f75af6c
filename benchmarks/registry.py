"""The figures: each is a function registered under the names of what it measures."""

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["FIGURES", "Measure", "Result", "figure"]


@dataclass(frozen=True, slots=True)
class Result:
    """One measured figure. `unit` is a word for the table (`s`, `GiB`, `times`); `detail` says what stands behind the value."""

    name: str
    value: float
    unit: str
    detail: str


Measure = Callable[[], list[Result]]
FIGURES: dict[str, Measure] = {}
"""By name. A function that measures several figures at once stands here under each of their names, in the table's order."""


def figure(*names: str) -> Callable[[Measure], Measure]:
    """Register a function that measures the figures of these names, and returns one result for each."""

    def register(measure: Measure) -> Measure:
        FIGURES.update(dict.fromkeys(names, measure))
        return measure

    return register
