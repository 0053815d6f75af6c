"""A slow, plainly written evaluator of condition trees over rows of Python values: what the compiled SQL must agree with.

It shares the grammar with the compiler and nothing else: no intervals, no SQL, no typed operands.
"""

import re
import struct
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from math import isnan

import polars as pl

from activation_platform.segmentation.conditions import AllOf, AnyOf, Comparison, Condition

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400_000_000_000
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def belongs(condition: Condition, row: dict, schema: dict, now: datetime) -> bool:
    """Say whether a row belongs; timestamps in rows are nanoseconds since 1970 in UTC."""
    if isinstance(condition, Comparison):
        return holds(condition, row[condition.field], schema[condition.field], now)
    if isinstance(condition, AllOf):
        return all(belongs(member, row, schema, now) for member in condition.all)
    if isinstance(condition, AnyOf):
        return any(belongs(member, row, schema, now) for member in condition.any)
    return not any(belongs(member, row, schema, now) for member in condition.none)


def holds(leaf: Comparison, held, dtype: pl.DataType, now: datetime) -> bool:
    word, value = str(leaf.operator), leaf.value
    if word == "is_null":
        return (held is None) == value
    if word == "is_empty":
        return (held is None or len(held) == 0) == value
    if word == "contains_none":
        return not positive("contains_any", value, held, dtype, now, leaf.ignore_case)
    if word.startswith("not_"):
        return not positive(word.removeprefix("not_"), value, held, dtype, now, leaf.ignore_case)
    return positive(word, value, held, dtype, now, leaf.ignore_case)


def positive(word, value, held, dtype, now, ignore_case) -> bool:
    if held is None or (isinstance(held, float) and isnan(held)):
        return False
    if word == "in":
        return any(positive("equals", item, held, dtype, now, ignore_case) for item in value)
    if isinstance(dtype, pl.String | pl.Enum | pl.Categorical):
        return text(word, value, held, ignore_case)
    if dtype == pl.Boolean:
        return held is value
    if isinstance(dtype, pl.List):
        return listed(word, value, held, dtype.inner, now)
    if dtype.is_numeric():
        return number(word, value, held, dtype)
    return moment(word, value, held, dtype, now)


def listed(word, value, held, dtype, now) -> bool:
    if word.startswith("length"):
        return number(word.removeprefix("length_"), value, Fraction(len(held)), pl.Int64())
    found = [any(positive("equals", item, one, dtype, now, False) for one in held) for item in value]
    return all(found) if word == "contains_all" else any(found)


def text(word, value, held, ignore_case) -> bool:
    if ignore_case:
        value, held = pattern_lower(value) if word == "matches" else lower(value), lower(held)
    if word == "matches":
        return re.search(pattern(value), held, re.ASCII) is not None
    return {
        "equals": held == value,
        "contains": value in held,
        "starts_with": held.startswith(value),
        "ends_with": held.endswith(value),
    }[word]


def lower(value: str) -> str:
    """One character for one: only the capital I with a dot would become two, and is a plain i."""
    return "".join("i" if letter == "İ" else letter.lower() for letter in value)


ESCAPES = re.compile(r"\\.|.", re.DOTALL)


def pattern_lower(value: str) -> str:
    return ESCAPES.sub(lambda found: found[0] if found[0].startswith("\\") else lower(found[0]), value)


def pattern(value: str) -> str:
    """As Python reads it, where `$` also stands before a last line break."""
    return ESCAPES.sub(lambda found: r"\Z" if found[0] == "$" else found[0], value)


def number(word, value, held, dtype) -> bool:
    def read(written):
        if dtype == pl.Float32:
            return struct.unpack("<f", struct.pack("<f", written))[0]
        return float(written) if dtype == pl.Float64 else Fraction(repr(written))

    if word == "between":
        return read(value[0]) <= held <= read(value[1])
    value = read(value)
    return {
        "equals": held == value,
        "above": held > value,
        "at_least": held >= value,
        "below": held < value,
        "at_most": held <= value,
    }[word]


def moment(word, value, held, dtype, now) -> bool:
    """Everything in nanoseconds since 1970: a day is the pair of its first and last one."""
    dated = dtype == pl.Date
    if dated:
        held = (held - EPOCH.date()).days * DAY
        now = datetime(now.year, now.month, now.day, tzinfo=UTC)
    if word in ("days_ago", "in_days"):
        day = now.date() + timedelta(days=value if word == "in_days" else -value)
        return first_and_last(day)[0] <= held <= first_and_last(day)[1]
    if word == "day_of_week":
        return DAYS[(EPOCH.date() + timedelta(days=held // DAY)).weekday()] in value
    if word.startswith("anniversary"):
        day = EPOCH.date() + timedelta(days=held // DAY)
        last = now.date() if word == "anniversary" else moved(now, value, +1).date()
        ahead = [now.date() + timedelta(days=number) for number in range((last - now.date()).days + 1)]
        return any(anniversary(day, another.year) == another for another in ahead)
    if word == "in_last":
        return nanoseconds(moved(now, value, -1)) < held <= nanoseconds(now)
    if word == "in_next":
        return nanoseconds(now) < held <= nanoseconds(moved(now, value, +1))
    if word == "older_than":
        return held <= nanoseconds(moved(now, value, -1))
    if word == "between":
        return first_and_last(value[0])[0] <= held <= first_and_last(value[1])[1]
    first, last = first_and_last(value)
    return {"equals": first <= held <= last, "before": held < first, "after": held > last}[word]


def anniversary(day: date, year: int) -> date:
    """The same day of another year; of 29 February the day before, if the year has none."""
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def first_and_last(written) -> tuple[int, int]:
    if isinstance(written, str):
        written = datetime.fromisoformat(written) if "T" in written else date.fromisoformat(written)
    if isinstance(written, datetime):
        instant = nanoseconds(written if written.tzinfo else written.replace(tzinfo=UTC))
        return instant, instant
    midnight = (written - EPOCH.date()).days * DAY
    return midnight, midnight + DAY - 1


def nanoseconds(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(microseconds=1) * 1000


def moved(instant: datetime, span, sign: int) -> datetime:
    unit = str(span.unit)
    if unit not in ("month", "year"):
        return instant + sign * span.count * timedelta(**{f"{unit}s": 1})
    year, month = instant.year, instant.month
    for _ in range(span.count * (12 if unit == "year" else 1)):
        month += sign
        if month in (0, 13):
            year, month = year + sign, 12 if month == 0 else 1
    return instant.replace(year=year, month=month, day=min(instant.day, monthrange(year, month)[1]))
