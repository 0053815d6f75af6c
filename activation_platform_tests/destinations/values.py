"""Values of declared fields: a plain one of each for stories, and any that an engine may meet for generated batches."""

import string
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import polars as pl
from hypothesis import strategies as st

from activation_platform.contracts.value import ValueType
from activation_platform.contracts.values import (
    Boolean,
    Choice,
    Day,
    Decimal,
    Email,
    Instant,
    Integer,
    Number,
    Phone,
    Several,
    Text,
    TextList,
)

__all__ = ["any_values", "plain"]

_LONG = 400
"""Characters of a text whose length is not limited."""
_PHONES = ("+33639981337", "+1 415 555 2671", "+44 20 7946 0958", "+4930901820")


def plain(kind: ValueType, number: int) -> Any:
    """A value that the type takes as it is, and that differs from number to number where the type has so many."""
    return _plain(kind, number)[_taken_by(kind)]


@cache
def _taken_by(kind: ValueType) -> int:
    """Which of the plain values the type takes first."""
    for position, value in enumerate(_plain(kind, 1)):
        if kind.clean(pl.Series([value])).reasons[0] is None:
            return position
    raise AssertionError(f"no plain value of {kind}: say one in the exam")


def _plain(kind: ValueType, number: int) -> Sequence[Any]:
    moment = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1, seconds=number)
    return (
        f"id{number}",
        f"person{number}@example.com",
        f"+3363{number:07}",
        f"company{number}.example.com",
        moment,
        number,
        True,
        [f"id{number}"],
        f"https://example.com/{number}",
        *("fr", "FR", "fr-FR", "EUR", "Europe/Paris"),
        *getattr(kind, "values", ()),
    )


def any_values(kind: ValueType) -> st.SearchStrategy[Any]:
    """Raw values for a field of this type, null among them: most are taken, and the edges are likely."""
    return st.none() | _values(kind)


def _values(kind: ValueType) -> st.SearchStrategy[Any]:
    match kind:
        case Text():
            return _texts(kind)
        case Email():
            return st.emails()
        case Phone():
            return st.sampled_from(_PHONES)
        case Several():
            return st.lists(_values(kind.one), max_size=5)
        case Choice():
            return st.sampled_from(kind.values)
        case TextList():
            items = st.text(max_size=kind.max or 20)
            return st.lists(items, max_size=kind.max_items or 5)
        case Integer():
            low, high = kind.min, kind.max
            return st.integers(-(2**53) if low is None else low, 2**53 if high is None else high)
        case Number() | Decimal():
            return st.floats(allow_nan=False, allow_infinity=False)
        case Boolean():
            return st.booleans()
        case Day():
            return st.dates(date(1000, 1, 1))
        case Instant():
            now = datetime.now(UTC).replace(tzinfo=None)
            low = datetime(1000, 1, 1) if kind.within_last is None else now - kind.within_last  # noqa: DTZ001
            return st.datetimes(low, now, timezones=st.just(UTC))
        case _:
            return st.integers(0, 99).map(lambda number: plain(kind, number))


def _texts(kind: Text) -> st.SearchStrategy[str]:
    """Of the least and of the most characters, of all of Unicode, and by the pattern where there is one."""
    if kind.pattern:
        return st.from_regex(kind.pattern, fullmatch=True)
    longest = kind.max or _LONG
    edges = st.sampled_from([kind.min, longest]).map(lambda length: "ü" * length)
    written = st.text(string.printable, min_size=kind.min, max_size=40)
    return st.text(min_size=kind.min, max_size=min(longest, 60)) | edges | written
