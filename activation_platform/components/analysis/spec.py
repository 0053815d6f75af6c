"""What a user writes of the analysis of a segment: the attribute `analysis` in YAML."""

from typing import Annotated

import dagster as dg
from pydantic import Field

__all__ = ["AnalysisSpec"]

_MOST_OVERLAPPED = 7
"""Other segments in one overlap: with the segment itself 8, which is 255 intersections."""


class AnalysisSpec(dg.Model):
    """What is worked out of a segment whenever it is materialised; each word is an asset `analysis/<segment>/…`."""

    breakdowns: list[str] = Field(
        default_factory=list, description="Categorical fields whose values are counted."
    )
    overlap_with: Annotated[list[str], Field(max_length=_MOST_OVERLAPPED)] = Field(
        default_factory=list, description="Segments of the same model, whose shared keys are counted."
    )
    history: bool = Field(
        default=False, description="Whether it is written down who entered and left, and when."
    )
