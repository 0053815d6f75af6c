"""When an activation runs: by hand, every so often, at times, by cron, after its data; as partitions named after instants."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, cached_property
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

import dagster as dg
from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema, model_validator

from activation_platform.components.ticks import (
    covering,
    is_cron,
    shortest_period,
    tick_before,
    ticks,
    ticks_a_day,
)
from activation_platform.components.workspace import Fault
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.fields import nearest
from activation_platform.sync.order import Window

__all__ = ["Recurrence", "TimeOfDay"]

_EVERY = re.compile(r"(\d+)\s*(m|h|d)")
_AT = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_DAILY = "0 0 * * *"
_DEFAULT_START = date(2024, 1, 1)
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
MOST_PARTITIONS = 100_000


def _time_of_day(said: Any) -> Any:
    """YAML reads 18:30 without quotes as a number to the base of sixty."""
    if isinstance(said, int) and not isinstance(said, bool) and 60 <= said < 24 * 60:
        return f"{said // 60}:{said % 60:02}"
    return said


Time = Annotated[str, BeforeValidator(_time_of_day), WithJsonSchema({"type": ["string", "integer"]})]
TimeOfDay = Annotated[
    str,
    BeforeValidator(_time_of_day),
    StringConstraints(pattern=r"^([01]?\d|2[0-3]):[0-5]\d$"),
    WithJsonSchema({"type": ["string", "integer"]}),
]
Weekday = Literal["sun", "mon", "tue", "wed", "thu", "fri", "sat"]


class Recurrence(dg.Model):
    """At most one of `every`, `at` and `cron`; none of them means that people, or new data, start the runs."""

    every: str | None = Field(
        default=None, description="An interval: 15m, 4h, 1d. It divides an hour or a day."
    )
    at: Time | list[Time] | None = Field(default=None, description='A time of day, or several: "07:00".')
    days: list[Weekday] | None = Field(
        default=None, description="With every and at: the days of the week, [mon, wed]; omitted: all."
    )
    cron: str | list[str] | None = Field(
        default=None, description="A cron expression of five fields, or several."
    )
    follow: Literal["upstream"] | None = Field(
        default=None, description="upstream: also run whenever the model or segment was materialised."
    )
    timezone: str = Field(default="UTC", description="An IANA time zone.")
    start: date | None = Field(
        default=None, description="First day; required for anything more frequent than daily."
    )
    paused: bool = Field(default=False, description="Whether the schedule starts switched off.")

    @model_validator(mode="before")
    @classmethod
    def _not_on(cls, said: Any) -> Any:
        if isinstance(said, dict) and True in said:
            raise ValueError("YAML reads `on` as true; write `follow: upstream`, or `days: [mon, wed]`")
        return said

    def faults(self) -> Iterator[Fault]:
        """What is impossible about the schedule."""
        said = [name for name in ("every", "at", "cron") if getattr(self, name) is not None]
        if len(said) > 1:
            yield Fault(("schedule",), f"takes one of every, at and cron, here {' and '.join(said)}")
        elif self.timezone not in _zones():
            yield Fault(
                ("schedule", "timezone"),
                f'"{self.timezone}" is no time zone.{nearest(self.timezone, _zones())}',
            )
        elif (problem := self._problem()) is not None:
            yield problem
        elif self.frequent and self.start is None:
            yield Fault(
                ("schedule",),
                "`start:` is required for anything more frequent than daily (a recent day: every key is kept)",
            )
        elif (fault := self._too_many()) is not None:
            yield fault

    def _problem(self) -> Fault | None:
        if self.days is not None and self.every is None and self.at is None:
            return Fault(("schedule", "days"), "days go with every and at; a cron says its own")
        for name in ("at", "days", "cron"):
            if getattr(self, name) == []:
                return Fault(("schedule", name), f"{name} is an empty list; leave it out")
        if self.every is not None:
            match = _EVERY.fullmatch(self.every.strip())
            if match is None:
                return Fault(("schedule", "every"), f'"{self.every}" is no interval; write 15m, 4h or 1d')
            return self._uneven(int(match[1]), match[2])
        for text in _several(self.at):
            if _AT.fullmatch(text) is None:
                return Fault(("schedule", "at"), f'"{text}" is no time of day; write "07:00"')
        for text in _several(self.cron):
            if not is_cron(text):
                words = f'"{text}" is no cron expression of five fields that ever comes due'
                return Fault(("schedule", "cron"), words)
        return None

    @staticmethod
    def _uneven(count: int, unit: str) -> Fault | None:
        size = {"m": 60, "h": 24, "d": 1}[unit]
        if count and size % count == 0:
            return None
        fitting = [n for n in range(1, size + 1) if size % n == 0]
        close = min(fitting, key=lambda n: abs(n - count))
        return Fault(
            ("schedule", "every"),
            f"{count}{unit} does not divide {'an hour' if unit == 'm' else 'a day'}; the nearest is {close}{unit}",
        )

    @property
    def timed(self) -> bool:
        """Whether a schedule starts runs."""
        return not (self.every is None and self.at is None and self.cron is None)

    @property
    def frequent(self) -> bool:
        """Whether there is more than one tick a day."""
        return self.period < timedelta(hours=23) and ticks_a_day(self.crons) > 1

    @cached_property
    def crons(self) -> tuple[str, ...]:
        """The recurrences as cron expressions (untimed: one a day)."""
        if self.cron is not None:
            return _several(self.cron)
        days = ",".join(str(_WEEKDAYS.index(day)) for day in self.days) if self.days else "*"
        if self.at is not None:
            times = [text.split(":") for text in _several(self.at)]
            return tuple(f"{int(minute)} {int(hour)} * * {days}" for hour, minute in times)
        if self.every is None:
            return (_DAILY,)
        match = _EVERY.fullmatch(self.every.strip())
        assert match is not None
        count = int(match[1])
        minutes_and_hours = {
            "m": f"*/{count} *" if count < 60 else "0 *",
            "h": f"0 */{count}" if count < 24 else "0 0",
            "d": "0 0",
        }
        return (f"{minutes_and_hours[match[2]]} * * {days}",)

    @cached_property
    def grid(self) -> str:
        """The cron expression of the partitions. Where there are several recurrences it covers them, and more: keys that are
        never scheduled (SEMANTICS E6)."""
        return covering(self.crons, self.timezone)

    @property
    def first_day(self) -> date:
        """The day of the first partition."""
        return self.start or _DEFAULT_START

    def midnight(self, day: date) -> datetime:
        """The moment with which a day begins."""
        return datetime.combine(day, time(), ZoneInfo(self.timezone))

    @property
    def first_instant(self) -> datetime:
        """The moment with which the first day begins."""
        return self.midnight(self.first_day)

    @property
    def period(self) -> timedelta:
        """The shortest time between two of the next ticks."""
        return shortest_period(self.crons)

    def doubts(self) -> Iterator[str]:
        """What will be impossible one day."""
        if 0.9 * MOST_PARTITIONS < self._partition_count() <= MOST_PARTITIONS:
            yield (
                f"the schedule nears {MOST_PARTITIONS} partitions, above which it is refused; start later: {self._later}"
            )

    def _too_many(self) -> Fault | None:
        """More keys than Dagster can list in reasonable time, and the day to start on instead."""
        count = self._partition_count()
        if count <= MOST_PARTITIONS:
            return None
        words = f"about {count} partitions since {self.first_day} are more than {MOST_PARTITIONS}; start later: {self._later}"
        return Fault(("schedule", "start"), words)

    def _partition_count(self) -> int:
        """Partitions so far: as the shortest period has it, or, where that is too many, as the ticks of four weeks have it."""
        days = max((datetime.now(UTC).date() - self.first_day).days, 0)
        most = int(days * (timedelta(days=1) / shortest_period((self.grid,))))
        return most if most <= 0.9 * MOST_PARTITIONS else int(days * ticks_a_day((self.grid,)))

    @property
    def _later(self) -> date:
        """A start that leaves room for as many partitions again."""
        return datetime.now(UTC).date() - timedelta(days=int(MOST_PARTITIONS / 2 / ticks_a_day((self.grid,))))

    @property
    def key_format(self) -> str:
        """Keys are scheduled instants; with their offset where clocks change, so that every key is unique."""
        return "%Y-%m-%d-%H:%M" if self.timezone == "UTC" else "%Y-%m-%d-%H:%M%z"

    def partitions(self) -> dg.TimeWindowPartitionsDefinition:
        """One partition a tick of the grid; the newest is always the last that has passed."""
        return dg.TimeWindowPartitionsDefinition(
            cron_schedule=self.grid,
            start=self.first_instant,
            timezone=self.timezone,
            fmt=self.key_format,
            end_offset=1,
        )

    def instant(self, key: str) -> datetime:
        """The scheduled instant of a partition key, in UTC."""
        parsed = datetime.strptime(key, self.key_format)  # noqa: DTZ007 -- the zone is added where the key has none
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)

    def key(self, instant: datetime) -> str:
        """The partition key of a tick."""
        return instant.astimezone(ZoneInfo(self.timezone)).strftime(self.key_format)

    def is_scheduled(self, key: str) -> bool:
        """Whether the key is ever scheduled; a grid that covers several recurrences has keys that are not."""
        instant = self.instant(key)
        return self._next(instant) == instant

    def require_scheduled(self, key: str) -> None:
        """Raise DeclarationError, with the keys around it, for one that is never scheduled."""
        if not self.is_scheduled(key):
            before, after = self.key(self._before(self.instant(key))), self.successor(key)
            raise DeclarationError(
                f"partition {key} is never scheduled: it only fills the grid of several recurrences",
                remedy=f"Run the one before it, {before}, or the one after it, {after}.",
            )

    def successor(self, key: str) -> str:
        """The first scheduled key that is not earlier."""
        return self.key(self._next(self.instant(key)))

    def newest(self, at: datetime) -> str | None:
        """The newest scheduled key at a moment; None before the first."""
        tick = self._before(at + timedelta(microseconds=1))
        return self.key(tick) if tick >= self.first_instant else None

    def next_after(self, moment: datetime) -> datetime:
        """The first scheduled instant (UTC) that is not earlier than a moment."""
        return self._next(max(moment, self.first_instant))

    def window(self, key: str) -> Window:
        """The interval that the key's partition owns: it ends at its instant (SEMANTICS E3)."""
        instant = self.instant(key)
        return Window(start=self._before(instant), end=instant)

    def _before(self, instant: datetime) -> datetime:
        return tick_before(self.crons, self.timezone, instant)

    def _next(self, instant: datetime) -> datetime:
        return next(ticks(self.crons, self.timezone, instant))


@cache  # each call of it walks the folders of the time zone database
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _several(said: str | list[str] | None) -> tuple[str, ...]:
    return () if said is None else (said,) if isinstance(said, str) else tuple(said)
