"""What is usual among numbers, and how far another one lies from it: a robust statistic that a few odd runs do not bend.

The modified z-score of B. Iglewicz and D. Hoaglin, *How to Detect and Handle Outliers* (ASQC, 1993), as in the NIST/SEMATECH
e-Handbook of Statistical Methods, https://www.itl.nist.gov/div898/handbook/eda/section3/eda35h.htm: the distance from the
median, in units of the median absolute deviation, where more than 3.5 is taken for an outlier. Where more than half of the
numbers are the same that deviation is 0, and the mean absolute deviation takes its place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from statistics import fmean, median

__all__ = ["FEWEST", "Usual", "usual"]

FEWEST = 8
"""Fewer numbers than these say nothing of what is usual."""
_OF_MEDIAN, _OF_MEAN = 1.4826, 1.2533
"""What makes a standard deviation of a median, and of a mean, absolute deviation, were the numbers normally distributed."""


@dataclass(frozen=True, slots=True)
class Usual:
    """The middle of some numbers, and how widely they usually lie around it."""

    middle: float
    spread: float

    def deviations(self, value: float) -> float:
        """By how many spreads a number lies above the middle (below: negative); infinitely many where all were the same."""
        distance = value - self.middle
        if not distance:
            return 0.0
        return distance / self.spread if self.spread else inf if distance > 0 else -inf


def usual(values: Sequence[float]) -> Usual | None:
    """What is usual among these; None where they are too few."""
    if len(values) < FEWEST:
        return None
    middle = median(values)
    distances = [abs(value - middle) for value in values]
    return Usual(middle, _OF_MEDIAN * median(distances) or _OF_MEAN * fmean(distances))
