"""When an activation runs: manual, every so often, at a time, or by cron; as partitions whose key is the scheduled instant."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo, available_timezones

import dagster as dg
from dagster._utils.schedules import is_valid_cron_schedule, schedule_execution_time_iterator
from pydantic import Field

from activation_platform.components.workspace import Fault
from activation_platform.contracts.fields import nearest

__all__ = ["Recurrence"]

_EVERY = re.compile(r"(\d+)\s*(m|h|d)")
_AT = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_DAILY = "0 0 * * *"
_DEFAULT_START = date(2024, 1, 1)
MOST_PARTITIONS = 100_000


class Recurrence(dg.Model):
    """At most one of `every`, `at` and `cron`; none of them means that people start the runs."""

    every: str | None = Field(
        default=None, description="An interval: 15m, 4h, 1d. It divides an hour or a day."
    )
    at: str | None = Field(default=None, description="A time of day: 07:00.")
    cron: str | None = Field(default=None, description="A cron expression of five fields.")
    timezone: str = Field(default="UTC", description="An IANA time zone.")
    start: date | None = Field(
        default=None, description="First day; required for anything more frequent than daily."
    )
    paused: bool = Field(default=False, description="Whether the schedule starts switched off.")

    def faults(self) -> Iterator[Fault]:
        """What is impossible about the schedule."""
        said = [name for name in ("every", "at", "cron") if getattr(self, name) is not None]
        if len(said) > 1:
            yield Fault(("schedule",), f"takes one of every, at and cron, here {' and '.join(said)}")
            return
        if self.timezone not in available_timezones():
            yield Fault(
                ("schedule", "timezone"),
                f'"{self.timezone}" is no time zone.{nearest(self.timezone, available_timezones())}',
            )
            return
        problem = self._problem()
        if problem is not None:
            yield problem
        elif self.frequent and self.start is None:
            yield Fault(
                ("schedule",),
                "`start:` is required for anything more frequent than daily (a recent day: every key is kept)",
            )
        elif (fault := self._too_many()) is not None:
            yield fault

    def _problem(self) -> Fault | None:
        if self.every is not None:
            match = _EVERY.fullmatch(self.every.strip())
            if match is None:
                return Fault(("schedule", "every"), f'"{self.every}" is no interval; write 15m, 4h or 1d')
            return self._uneven(int(match[1]), match[2])
        if self.at is not None and _AT.fullmatch(self.at) is None:
            return Fault(("schedule", "at"), f'"{self.at}" is no time of day; write "07:00"')
        if self.cron is not None and not is_valid_cron_schedule(self.cron):
            return Fault(("schedule", "cron"), f'"{self.cron}" is no cron expression of five fields')
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
    def manual(self) -> bool:
        """Whether only people start runs."""
        return self.every is None and self.at is None and self.cron is None

    @property
    def frequent(self) -> bool:
        """Whether two ticks ever lie less than a day apart."""
        return self.period < timedelta(hours=23)

    @property
    def cron_schedule(self) -> str:
        """The cron expression of the partitions (manual: one a day)."""
        if self.cron is not None:
            return self.cron
        if self.at is not None:
            hour, minute = self.at.split(":")
            return f"{int(minute)} {int(hour)} * * *"
        if self.every is not None:
            match = _EVERY.fullmatch(self.every.strip())
            assert match is not None
            count = int(match[1])
            crons = {
                "m": f"*/{count} * * * *" if count < 60 else "0 * * * *",
                "h": f"0 */{count} * * *" if count < 24 else _DAILY,
                "d": _DAILY,
            }
            return crons[match[2]]
        return _DAILY

    @property
    def first_day(self) -> date:
        """The day of the first partition."""
        return self.start or _DEFAULT_START

    @property
    def first_instant(self) -> datetime:
        """The midnight with which the first day begins."""
        return datetime.combine(self.first_day, time(), ZoneInfo(self.timezone))

    @property
    def period(self) -> timedelta:
        """The shortest time between two of the next ticks."""
        # As if in UTC, where clocks never change.
        ticks = islice(schedule_execution_time_iterator(0.0, self.cron_schedule, "UTC"), 50)
        return min(later - earlier for earlier, later in pairwise(ticks))

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
        most = int(days * (timedelta(days=1) / self.period))
        return most if most <= 0.9 * MOST_PARTITIONS else int(days * self._ticks_a_day)

    @property
    def _ticks_a_day(self) -> float:
        """On average; the shortest period overstates a cron that rests at night or at weekends."""
        ticks = schedule_execution_time_iterator(0.0, self.cron_schedule, "UTC")
        until = datetime.fromtimestamp(0, UTC) + timedelta(days=28)
        return sum(1 for _ in takewhile(lambda tick: tick < until, ticks)) / 28

    @property
    def _later(self) -> date:
        """A start that leaves room for as many partitions again."""
        return datetime.now(UTC).date() - timedelta(days=int(MOST_PARTITIONS / 2 / self._ticks_a_day))

    @property
    def key_format(self) -> str:
        """Keys are scheduled instants; with their offset where clocks change, so that every key is unique."""
        return "%Y-%m-%d-%H:%M" if self.timezone == "UTC" else "%Y-%m-%d-%H:%M%z"

    def partitions(self) -> dg.TimeWindowPartitionsDefinition:
        """One partition a tick; the newest is always the last tick that has passed."""
        return dg.TimeWindowPartitionsDefinition(
            cron_schedule=self.cron_schedule,
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
