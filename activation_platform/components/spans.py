"""Spans of time as users write them: 90m, 24h, 30d."""

from datetime import timedelta
from typing import Annotated

from pydantic import StringConstraints

__all__ = ["Interval", "Keeping", "Span", "kept_for", "span_of"]

Span = Annotated[str, StringConstraints(pattern=r"^\d{1,7}[mhd]$")]
Interval = Annotated[str, StringConstraints(pattern=r"^[1-9]\d{0,6}[mhd]$")]
"""A span that is not nothing."""
Keeping = Annotated[str, StringConstraints(pattern=r"^(\d{1,7}[mhd]|forever)$")]
"""For how long something is kept: a span, or forever."""
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def span_of(text: str) -> timedelta:
    """The span that a text says."""
    return timedelta(**{_UNITS[text[-1]]: int(text[:-1])})


def kept_for(text: str) -> timedelta | None:
    """The span for which something is kept; None: forever."""
    return None if text == "forever" else span_of(text)
