"""Spans of time as users write them: 90m, 24h, 30d."""

from datetime import timedelta
from typing import Annotated

from pydantic import StringConstraints

__all__ = ["Interval", "Span", "span_of"]

Span = Annotated[str, StringConstraints(pattern=r"^\d+[mhd]$")]
Interval = Annotated[str, StringConstraints(pattern=r"^[1-9]\d*[mhd]$")]
"""A span that is not nothing."""
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def span_of(text: str) -> timedelta:
    """The span that a text says."""
    return timedelta(**{_UNITS[text[-1]]: int(text[:-1])})
