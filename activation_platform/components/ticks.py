"""Ticks: the instants that cron expressions name in a time zone, and the one expression that covers several."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from heapq import merge
from itertools import groupby, islice, pairwise, takewhile
from zoneinfo import ZoneInfo

from dagster._utils.schedules import CroniterShim, cron_string_iterator, is_valid_cron_schedule
from dagster._vendored.croniter.croniter import CroniterBadDateError

__all__ = ["covering", "is_cron", "shortest_period", "tick_before", "ticks", "ticks_a_day"]

_FINEST = "* * * * *"
_SIZES = (60, 24, 31, 12, 7)
"""How many numbers each field of a cron expression can have."""


def is_cron(text: str) -> bool:
    """Whether the text is an expression of five fields that ever names an instant (the 31st of April never comes)."""
    if not is_valid_cron_schedule(text):
        return False
    try:
        next(_ticks(text, "UTC", datetime.fromtimestamp(0, UTC)))
    except CroniterBadDateError:
        return False
    return True


def ticks(crons: Sequence[str], zone: str, since: datetime) -> Iterator[datetime]:
    """Instants (UTC) from `since` on, each once, in order."""
    every = [(tick.astimezone(UTC) for tick in _ticks(cron, zone, since)) for cron in crons]
    return (tick for tick, _ in groupby(merge(*every)))


def tick_before(crons: Sequence[str], zone: str, instant: datetime) -> datetime:
    """The last tick (UTC) before an instant."""
    before = (
        next(tick for tick in map(_in_utc, _ticks(cron, zone, instant, ascending=False)) if tick < instant)
        for cron in crons
    )
    return max(before)


def _ticks(cron: str, zone: str, since: datetime, *, ascending: bool = True) -> Iterator[datetime]:
    return cron_string_iterator(since.timestamp(), cron, zone, ascending=ascending)


def _in_utc(tick: datetime) -> datetime:
    return tick.astimezone(UTC)  # before any comparison: two times of one zone compare by what clocks show


@cache  # many activations share few recurrences
def shortest_period(crons: tuple[str, ...]) -> timedelta:
    """The shortest time between two of the next ticks, as if in UTC, where clocks never change."""
    some = islice(ticks(crons, "UTC", datetime.fromtimestamp(0, UTC)), 50)
    return min(later - earlier for earlier, later in pairwise(some))


@cache
def ticks_a_day(crons: tuple[str, ...]) -> float:
    """On average; the shortest period overstates a cron that rests at night or at weekends."""
    start = datetime.fromtimestamp(0, UTC)
    until = start + timedelta(days=28)
    return sum(1 for _ in takewhile(lambda tick: tick < until, ticks(crons, "UTC", start))) / 28


def covering(crons: Sequence[str], zone: str) -> str:
    """One cron expression whose ticks include all of theirs, as few more as it can say.

    Where clocks change, a time that does not exist is moved to the full hour, and not every expression moves it alike; so
    the narrower ones are tried on the days of this year on which clocks change.
    """
    if len(set(crons)) == 1:
        return crons[0]
    wanted = [tick for day in _changing(zone) for tick in _of_day(crons, zone, day)]
    for grid in (_united(crons), _hourly(crons), _FINEST):
        if all(next(ticks([grid], zone, tick)) == tick for tick in wanted):
            return grid
    return _FINEST


def _united(crons: Sequence[str]) -> str:
    """Every field the union of theirs; but the days of months and of weeks cannot be united with one another."""
    fields = list(zip(*(_fields(cron) for cron in crons), strict=True))
    _, _, days, _, weekdays = fields
    minute, hour, day, month, weekday = map(_union, fields, _SIZES)
    if set(days) == {None} or set(weekdays) == {None}:
        return f"{minute} {hour} {day} {month} {weekday}"
    return f"{minute} {hour} * * *"


def _hourly(crons: Sequence[str]) -> str:
    """Every hour at each of their minutes, and at the full hour."""
    return f"{_union([(0,), *(_fields(cron)[0] for cron in crons)], 60)} * * * *"


_Field = tuple[int, ...] | None
"""The numbers of a field, or None for every one."""


def _fields(cron: str) -> tuple[_Field, ...]:
    """Minutes, hours, days, months, weekdays; where days are restricted in a way that no union can say: every day."""
    parts, *_ = CroniterShim.expand(cron)
    minutes, hours, days, months, weekdays = (None if "*" in part else tuple(part) for part in parts)
    either = days is not None and weekdays is not None  # such a cron ticks on the one *or* the other
    if either or "l" in (days or ()):
        days = weekdays = None
    return minutes, hours, days, months, weekdays


def _union(fields: Sequence[_Field], size: int) -> str:
    numbers = {number for field in fields for number in field or range(size)}
    return "*" if len(numbers) >= size else ",".join(map(str, sorted(numbers)))


def _changing(zone: str) -> Iterator[date]:
    """The days of a year, from today on, on which clocks change."""
    today = datetime.now(UTC).date()
    offsets = (
        (day, datetime.combine(day, time(), ZoneInfo(zone)).utcoffset())
        for day in (today + timedelta(days=n) for n in range(367))
    )
    return (day for (day, offset), (_, next_offset) in pairwise(offsets) if offset != next_offset)


def _of_day(crons: Sequence[str], zone: str, day: date) -> Iterator[datetime]:
    midnight = datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
    return takewhile(lambda tick: tick < midnight + timedelta(hours=26), ticks(crons, zone, midnight))
