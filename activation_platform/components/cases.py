"""A unit test of a segment, as users write it beside the condition: rows that are given, and whose keys must belong."""

from typing import Any

import dagster as dg
from pydantic import Field

from activation_platform.components.names import Name

__all__ = ["Case"]


class Case(dg.Model):
    """Rows of models, and the keys of those that belong to the segment at an instant."""

    name: Name = Field(description="What the test shows; it is called so on the command line and in the UI.")
    description: str | None = Field(default=None, description="For the people who read it.")
    now: Any = Field(
        default=None,
        description="The instant that relative windows count from: 2026-01-31T07:00:00Z. Needed only where there are some.",
    )
    given: dict[str, Any] = Field(
        description="Rows by model, or the name of a .csv or .yaml file with them; columns left out are null."
    )
    expect: list[Any] = Field(
        description="The primary keys of the rows that belong; of several columns: [1, FR], or {id: 1, country: FR}."
    )
