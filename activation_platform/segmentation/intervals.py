"""What an operator asks of a number, a date or a timestamp: intervals of the line, cut to what the field can hold."""

import struct
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Any

import polars as pl

from activation_platform.segmentation.fields import Kind, kind_of
from activation_platform.segmentation.operands import Operand, operand
from activation_platform.segmentation.operators import Operator
from activation_platform.segmentation.spans import Span

_WIDE = Context(prec=80)
_NANOSECONDS = (
    datetime(1677, 9, 21, 0, 12, 43, 145225, UTC),
    datetime(2262, 4, 11, 23, 47, 16, 854775, UTC),
)
"""The first and last microsecond of a 64-bit count of nanoseconds; engines fail on a bound outside it."""


@dataclass(frozen=True, slots=True)
class Interval:
    """The values between two ends; an end that is None is open to infinity, one that is `open` does not belong."""

    low: Any = None
    high: Any = None
    low_open: bool = False
    high_open: bool = False

    @property
    def point(self) -> bool:
        """Whether exactly one value belongs."""
        return self.low is not None and self.low == self.high and not self.low_open and not self.high_open


def intervals(operator: Operator, value: Any, dtype: pl.DataType, now: datetime) -> list[Interval]:
    """Return the intervals one of which a value must lie in; `now` is aware and in UTC.

    Relative windows: `in_last` is `now - n < x <= now`, `in_next` is `now < x <= now + n`, `older_than` is
    `x <= now - n`: the three never overlap and leave no gap. On a date field `now` is the day in UTC. `days_ago` and `in_days`
    are a whole day in UTC.
    """
    if isinstance(value, Span):
        found = [_window(operator, value, now.date() if kind_of(dtype) is Kind.DATE else now)]
    elif operator in (Operator.DAYS_AGO, Operator.IN_DAYS):
        day = now.date() + timedelta(days=value if operator is Operator.IN_DAYS else -value)
        found = [_between(day, day)]
    elif operator is Operator.IN:
        found = [_between(item, item) for item in (operand(item, dtype) for item in value)]
    elif operator is Operator.BETWEEN:
        found = [_between(operand(value[0], dtype), operand(value[1], dtype))]
    else:
        found = [_compared(operator, operand(value, dtype))]
    if kind_of(dtype) is Kind.TIMESTAMP:
        found = [_instants(interval) for interval in found]
    return [fitted for interval in found if (fitted := _fitted(interval, dtype)) is not None]


def is_reversed(low: Operand, high: Operand) -> bool:
    """Tell whether the bounds of a `between` stand in the wrong order."""
    interval = _instants(_between(low, high))
    if interval.high is None:
        return False
    return bool(interval.low > interval.high or (interval.high_open and interval.low == interval.high))


def _window(operator: Operator, span: Span, now: Any) -> Interval:
    if operator is Operator.IN_LAST:
        return Interval(span.before(now), now, low_open=True)
    if operator is Operator.IN_NEXT:
        return Interval(now, span.after(now), low_open=True)
    return Interval(high=span.before(now))


def _between(low: Operand, high: Operand) -> Interval:
    return Interval(low, high)


def _compared(operator: Operator, value: Operand) -> Interval:
    match operator:
        case Operator.ABOVE | Operator.AFTER:
            return Interval(low=value, low_open=True)
        case Operator.AT_LEAST:
            return Interval(low=value)
        case Operator.BELOW | Operator.BEFORE:
            return Interval(high=value, high_open=True)
        case Operator.AT_MOST:
            return Interval(high=value)
        case _:
            return _between(value, value)


def _instants(interval: Interval) -> Interval:
    """A day becomes all its instants in UTC: from its midnight up to, without, the next one."""
    low, high = interval.low, interval.high
    low_open, high_open = interval.low_open, interval.high_open
    if _is_day(low):
        low, low_open = (_midnight(low, 1), False) if low_open else (_midnight(low, 0), False)
        if low is None:  # after the last day that there is
            return Interval(datetime.max.replace(tzinfo=UTC), None, low_open=True)
    if _is_day(high):
        high, high_open = (_midnight(high, 0), True) if high_open else (_midnight(high, 1), True)
    return Interval(low, high, low_open, high_open)


def _is_day(value: Any) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _midnight(day: date, later: int) -> datetime | None:
    if later and day == date.max:
        return None
    day += timedelta(days=later)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _fitted(interval: Interval, dtype: pl.DataType) -> Interval | None:
    """Cut to what `dtype` can hold, so that no engine converts a bound inexactly; None where nothing is left."""
    if isinstance(dtype, pl.Float32):
        return Interval(
            _rounded(interval.low), _rounded(interval.high), interval.low_open, interval.high_open
        )
    limits = _limits(dtype)
    if limits is None:
        return interval
    first, last = limits
    low, high = interval.low, interval.high
    if (low is not None and low > last) or (high is not None and high < first):
        return None
    low = None if low is not None and low < first else low
    high = None if high is not None and high > last else high
    fitted = Interval(low, high, interval.low_open, interval.high_open)
    return fitted if kind_of(dtype) is Kind.TIMESTAMP else _stepped(fitted, _scale(dtype))


def _rounded(value: float | None) -> float | None:
    """The nearest 32-bit float, as it would stand in the field; beyond the largest one nothing is rounded."""
    try:
        return None if value is None else struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return value


def _limits(dtype: pl.DataType) -> tuple[Any, Any] | None:
    if isinstance(dtype, pl.Datetime) and dtype.time_unit == "ns":
        return _NANOSECONDS
    if isinstance(dtype, pl.Decimal):
        last = _WIDE.subtract(Decimal(10) ** ((dtype.precision or 38) - dtype.scale), _step(dtype.scale))
        return -last, last
    if dtype.is_integer():
        bits = int(str(dtype).lstrip("UInt"))
        signed = dtype.is_signed_integer()
        return (
            (Decimal(-(2 ** (bits - 1))), Decimal(2 ** (bits - 1) - 1))
            if signed
            else (Decimal(0), Decimal(2**bits - 1))
        )
    return None


def _scale(dtype: pl.DataType) -> int:
    return dtype.scale if isinstance(dtype, pl.Decimal) else 0


def _step(scale: int) -> Decimal:
    return Decimal(1).scaleb(-scale)


def _stepped(interval: Interval, scale: int) -> Interval:
    """Move ends between two steps of the field outward to the next one, which then does not belong."""
    low, high, low_open, high_open = interval.low, interval.high, interval.low_open, interval.high_open
    if low is not None:
        floor = low.quantize(_step(scale), ROUND_FLOOR, _WIDE)
        low, low_open = floor, low_open or floor != low
    if high is not None:
        ceiling = high.quantize(_step(scale), ROUND_CEILING, _WIDE)
        high, high_open = ceiling, high_open or ceiling != high
    return Interval(low, high, low_open, high_open)
