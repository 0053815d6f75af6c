"""A plain reader of values within JSON documents: what every engine must find there.

It is Python's own parser, told to refuse what I-JSON (RFC 7493) does not allow.
"""

import json
import re
import sys
from calendar import monthrange
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from math import isinf

import polars as pl

TYPES = {
    "text": pl.String(),
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "timestamp": pl.Datetime("us", "UTC"),
    "list of text": pl.List(pl.String()),
}
DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
MOMENT = re.compile(rf"{DAY.pattern}[T ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))?", re.ASCII)


class Refused(Exception):
    pass


class Number(str):
    """A number as it is written."""


def value_at(document: str | None, steps: tuple, kind: str):
    """The value as rows hold it in `reference.py`; None where there is none of the kind."""
    if document is None or document.count("[") + document.count("{") > 5_000:
        return None
    try:
        found = parsed(document)
    except (ValueError, Refused):
        return None
    for step in steps:
        if isinstance(step, int):
            found = found[step] if isinstance(found, list) and step < len(found) else None
        else:
            found = found.get(step) if isinstance(found, dict) else None
    return READERS[kind](found)


@lru_cache(maxsize=1_000)
def parsed(document: str):
    with deep_enough():
        return json.loads(
            document,
            object_pairs_hook=one_of_each,
            parse_constant=refuse,
            parse_int=Number,
            parse_float=Number,
            cls=Checked,
        )


@contextmanager
def deep_enough():
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(50_000)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


class Checked(json.JSONDecoder):
    def decode(self, s: str):
        found = super().decode(s)
        check(found)
        return found


def check(found) -> None:
    """No text anywhere holds NUL or half a surrogate pair."""
    left = [found]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            left += [*one, *one.values()]
        elif isinstance(one, list):
            left += one
        elif isinstance(one, str) and ("\0" in one or any("\ud800" <= letter <= "\udfff" for letter in one)):
            raise Refused


def one_of_each(pairs: list) -> dict:
    if len({key for key, _ in pairs}) < len(pairs):
        raise Refused
    return dict(pairs)


def refuse(word: str):
    raise Refused


def text(found):
    return found if isinstance(found, str) and not isinstance(found, Number) else None


def number(found):
    if not isinstance(found, Number) or isinf(float(found)):
        return None
    return float(found)


def integer(found):
    read = number(found)
    return Fraction(read) if read is not None and read == int(read) and abs(read) < 2**53 else None


def boolean(found):
    return found if isinstance(found, bool) else None


def day(found):
    matched = DAY.fullmatch(text(found) or "")
    return calendar_day(*map(int, matched.groups())) if matched else None


def calendar_day(year: int, month: int, day: int):
    if not (year >= 1000 and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]):
        return None
    return date(year, month, day)


def moment(found):
    """Nanoseconds since 1970; what is finer than a microsecond is cut."""
    matched = MOMENT.fullmatch(text(found) or "")
    if not matched:
        return None
    day = calendar_day(*map(int, matched.groups()[:3]))
    hour, minute, second = map(int, matched.groups()[3:6])
    fraction, sign, hours, minutes = matched.groups()[6:]
    if (
        day is None
        or hour > 23
        or minute > 59
        or second > 59
        or int(hours or 0) > 14
        or int(minutes or 0) > 59
    ):
        return None
    micro = int((fraction or "0").ljust(6, "0")[:6])
    since = datetime(day.year, day.month, day.day, hour, minute, second, micro, tzinfo=UTC)
    offset = (int(hours or 0) * 60 + int(minutes or 0)) * (-1 if sign == "-" else 1)
    if offset and day.year > 9899:
        return None
    whole = (since - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    return (whole - offset * 60_000_000) * 1_000


def texts(found):
    if not isinstance(found, list) or any(text(one) is None for one in found):
        return None
    return found


READERS = {
    "text": text,
    "integer": integer,
    "number": number,
    "boolean": boolean,
    "date": day,
    "timestamp": moment,
    "list of text": texts,
}
