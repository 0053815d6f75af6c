"""What a user writes of the warnings of an activation: a threshold for each, or `off`."""

from typing import Annotated, Any, Literal

import dagster as dg
from pydantic import BeforeValidator, Field

from activation_platform.components.spans import Span
from activation_platform.sync.retention import NEWEST_RUNS

__all__ = ["WarningsSpec"]

Off = Annotated[Literal["off"], BeforeValidator(lambda value: "off" if value is False else value)]
"""YAML reads `off` as false."""
Count = Annotated[
    int, Field(strict=True, ge=1, le=NEWEST_RUNS)
]  # strict: `on`, which YAML reads as true, is no 1


class NewIssues(dg.Model):
    """Warns of more than both: so many records, and such a share of those that the run found."""

    percent: float = Field(default=1, ge=0, description="Percent of the records of the run.")
    records: int = Field(default=0, ge=0, description="Number of records.")


class StandingIssues(dg.Model):
    """Warns of more than both: so many records, and such a share of all rows."""

    percent: float = Field(default=5, ge=0, description="Percent of the rows.")
    records: int = Field(default=0, ge=0, description="Number of records.")


class AudienceSize(dg.Model):
    """Warns of an audience that grew or shrank by more than both since the run before."""

    percent: float = Field(default=20, ge=0, description="Percent of the rows that there were.")
    records: int = Field(default=100, ge=0, description="Number of rows.")


class Turnover(dg.Model):
    """Warns of a run that found more records new, changed or gone than is usual, by more than both."""

    deviations: float = Field(
        default=3.5, gt=0, description="Robust standard deviations above the median of the earlier runs."
    )
    records: int = Field(default=100, ge=0, description="Number of records above that median.")


class Duration(dg.Model):
    """Warns of a run that took longer than is usual for such runs, by more than both."""

    times: float = Field(default=3, gt=1, description="Times the median of comparable earlier runs.")
    seconds: float = Field(default=60, ge=0, description="Seconds above that median.")


class WarningsSpec(dg.Model):
    """The warnings of an activation, each a check that never blocks; `off` switches one off. See docs/warnings.md."""

    source_issues: NewIssues | Off = Field(
        default_factory=NewIssues, description="Records that newly could not be sent as they are."
    )
    destination_issues: NewIssues | Off = Field(
        default_factory=NewIssues, description="Records that the destination newly refused."
    )
    standing_issues: StandingIssues | Off = Field(
        default_factory=StandingIssues, description="Issues of earlier runs that still stand."
    )
    empty_runs: Count | Off = Field(default=24, description="So many runs in a row that found no record.")
    nothing_sent: Span | Off = Field(
        default="14d", description="For how long no run has brought the destination anything."
    )
    audience_size: AudienceSize | Off = Field(
        default_factory=AudienceSize, description="How much the audience grew or shrank since the run before."
    )
    turnover: Turnover | Off = Field(
        default_factory=Turnover, description="How many records a run found new, changed or gone."
    )
    full_sync: bool = Field(default=True, description="A run that sent everything again.")
    owed_deletes: Span | Off = Field(
        default="24h", description="How old a delete that the destination refused may become."
    )
    duration: Duration | Off = Field(default_factory=Duration, description="How long a run took.")
    credentials: bool = Field(
        default=True, description="A credential of its source or destination that will expire."
    )

    def in_force(self) -> dict[str, Any]:
        """The threshold of each warning that is not switched off."""
        every = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: threshold for name, threshold in every.items() if threshold not in ("off", False)}

    @property
    def switched_on(self) -> frozenset[str]:
        """The warnings that somebody asked for by name."""
        return frozenset(self.model_fields_set & self.in_force().keys())
