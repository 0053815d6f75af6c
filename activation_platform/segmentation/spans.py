"""A span of calendar time such as `90 days`, counted from an instant or a day."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

Moment = TypeVar("Moment", date, datetime)

_SHAPE = re.compile(r"\s*([0-9]{1,9})\s+([A-Za-z]+)\s*")
_MAX_YEARS = 500  # keeps `now` plus or minus any span within the years 1 to 9999


class Unit(StrEnum):
    """What a span counts."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


_STEP = {
    Unit.MINUTE: timedelta(minutes=1),
    Unit.HOUR: timedelta(hours=1),
    Unit.DAY: timedelta(days=1),
    Unit.WEEK: timedelta(weeks=1),
}
_PER_YEAR = {
    Unit.MINUTE: 525_600,
    Unit.HOUR: 8_760,
    Unit.DAY: 365,
    Unit.WEEK: 52,
    Unit.MONTH: 12,
    Unit.YEAR: 1,
}


@dataclass(frozen=True, slots=True)
class Span:
    """`count` units of time in the UTC calendar: a day has 24 hours, 31 March - 1 month = 28 (29) February."""

    count: int
    unit: Unit

    @classmethod
    def parse(cls, text: object) -> "Span":
        """Read `90 days`, `1 month`; raises ValueError that says what is missing (a number without a unit is refused)."""
        shape = _SHAPE.fullmatch(text) if isinstance(text, str) else None
        word = shape[2].lower().removesuffix("s") if shape else ""
        if shape is None or word not in Unit.__members__.values():
            raise ValueError(
                f'{text!r} is no span of time: write a whole number and a unit, such as "90 days" '
                f"(units: {', '.join(f'{unit}s' for unit in Unit)})"
            )
        span = cls(int(shape[1]), Unit(word))
        if not 1 <= span.count <= _MAX_YEARS * _PER_YEAR[span.unit]:
            raise ValueError(f"{text!r} is out of range: from 1 {span.unit} to {_MAX_YEARS} years")
        return span

    def __str__(self) -> str:
        return f"{self.count} {self.unit}{'s' if self.count > 1 else ''}"

    @property
    def finer_than_a_day(self) -> bool:
        """Whether the span counts minutes or hours, which a date does not have."""
        return self.unit in (Unit.MINUTE, Unit.HOUR)

    @property
    def shorter_than_a_year(self) -> bool:
        """Whether no day recurs within the span, whichever year it is."""
        return self.count < _PER_YEAR[self.unit]

    @property
    def seconds(self) -> int:
        """Its length, where each of its units has one."""
        return int(self.count * _STEP[self.unit].total_seconds())

    @property
    def days(self) -> int:
        """Its length in whole days."""
        return self.count * _STEP[self.unit].days

    def before(self, moment: Moment) -> Moment:
        """Return the moment this span before `moment`."""
        return self._moved(moment, -self.count)

    def after(self, moment: Moment) -> Moment:
        """Return the moment this span after `moment`."""
        return self._moved(moment, self.count)

    def _moved(self, moment: Moment, count: int) -> Moment:
        if self.unit in _STEP:
            return moment + count * _STEP[self.unit]
        months = moment.year * 12 + moment.month - 1 + count * (12 if self.unit is Unit.YEAR else 1)
        year, month = divmod(months, 12)
        return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))
