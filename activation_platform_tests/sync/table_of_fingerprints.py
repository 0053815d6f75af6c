"""The table of fingerprints: which values are one value to the engine, and which are two.

`test_fingerprint.py` holds every row of it; `python -m` this module prints the page `docs/fingerprint.md`.
"""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import polars as pl

__all__ = ["PAIRS", "Pair", "page"]

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Pair:
    """Two values in words, as series of one row, and whether they have one fingerprint."""

    one: str
    other: str
    same: bool
    values: tuple[pl.Series, pl.Series]

    def __str__(self) -> str:
        return f"{self.one} and {self.other}"


def same(one: str, other: str, first: pl.Series, second: pl.Series) -> Pair:
    return Pair(one, other, True, (first, second))


def two(one: str, other: str, first: pl.Series, second: pl.Series) -> Pair:
    return Pair(one, other, False, (first, second))


def of(value: object, dtype: pl.DataType | None = None) -> pl.Series:
    return pl.Series("v", [value], dtype=dtype)


NAIVE = of(NOON.replace(tzinfo=None), pl.Datetime("us"))
PAIRS = (
    two("null", "the empty string", of(None, pl.String()), of("")),
    same("null text", "null number", of(None, pl.String()), of(None, pl.Int64())),
    two("null", "0", of(None, pl.Int64()), of(0)),
    two("null", "an empty list", of(None, pl.List(pl.String())), of([], pl.List(pl.String()))),
    two("null", "NaN", of(None, pl.Float64()), of(math.nan)),
    same("NaN", "NaN of another sign", of(math.nan), of(-math.nan)),
    same("0.0", "-0.0", of(0.0), of(-0.0)),
    two("1", "1.0", of(1), of(1.0)),
    two("1", '"1"', of(1), of("1")),
    two("1", "true", of(1), of(value=True)),
    two("true", '"true"', of(value=True), of("true")),
    same("5 as Int8", "5 as Int64", of(5, pl.Int8()), of(5, pl.Int64())),
    same("5 as UInt64", "5 as Int64", of(5, pl.UInt64()), of(5, pl.Int64())),
    same("0.5 as Float32", "0.5 as Float64", of(0.5, pl.Float32()), of(0.5, pl.Float64())),
    two("0.1 as Float32", "0.1 as Float64", of(0.1, pl.Float32()), of(0.1, pl.Float64())),
    same(
        "1.50 as Decimal(38, 9)",
        "1.5 as Decimal(4, 1)",
        of(Decimal("1.50"), pl.Decimal(38, 9)),
        of(Decimal("1.5"), pl.Decimal(4, 1)),
    ),
    two("1.5 as Decimal", "1.5 as Float64", of(Decimal("1.5"), pl.Decimal(4, 1)), of(1.5)),
    same(
        "a moment in UTC", "the same moment in Paris", of(NOON), of(NOON).dt.convert_time_zone("Europe/Paris")
    ),
    same("a moment in UTC", "the same reading without a zone", of(NOON), NAIVE),
    same("a moment in milliseconds", "in microseconds", NAIVE.dt.cast_time_unit("ms"), NAIVE),
    same("a moment in microseconds", "in nanoseconds", NAIVE, NAIVE.dt.cast_time_unit("ns")),
    two("a day", "its midnight", of(date(2026, 1, 31)), of(datetime(2026, 1, 31, tzinfo=UTC))),
    same(
        "a duration in milliseconds",
        "in microseconds",
        of(timedelta(seconds=1), pl.Duration("ms")),
        of(timedelta(seconds=1), pl.Duration("us")),
    ),
    same("text as Categorical", "as String", of("a", pl.Categorical()), of("a")),
    same("text as Enum", "as String", of("a", pl.Enum(["a"])), of("a")),
    same("a list as Array", "as List", of(["a"], pl.Array(pl.String(), 1)), of(["a"])),
    two("text", "the same bytes as Binary", of("a"), of(b"a")),
    two("é in one character", "é in two", of("\u00e9"), of("e\u0301")),
    two('"a"', '"a "', of("a"), of("a ")),
)

_OPENING = """# Fingerprints

A run compares a row with what the destination acknowledged by two 64-bit numbers: one over the raw values of the mapped columns,
one over the values as they are sent, each in the order of the field names. The number is the same in every process, on every
machine, in every version of the libraries: golden values and a second implementation in plain Python
([`reference_fingerprint.py`](../activation_platform_tests/sync/reference_fingerprint.py)) hold it in the tests. So a column that
only becomes wider sends nothing, and no value is taken for another because they are written alike.

| one value | another | fingerprint |
|---|---|---|
"""

_CLOSING = """
A raw value that changes in a way that what is sent does not show (`1` becomes `1.0`; a space goes that the field trims anyway)
makes the row a candidate: it is cleaned, compared once more as it would be sent, and not sent.

Rows are found by a hash of their key, XXH3-64 of its text in UTF-8 (`key64` in the files of a ledger; `identifier64` is the same
of an identifier), and the key itself is kept beside it. Two keys that share a hash (2 in 100,000 ledgers of 30 million keys) are
never taken for one: they are set aside as duplicates, or the run stops before its first request.
"""


def page() -> str:
    """The page."""
    rows = [f"| {pair.one} | {pair.other} | {'the same' if pair.same else 'different'} |" for pair in PAIRS]
    return _OPENING + "\n".join(rows) + "\n" + _CLOSING


if __name__ == "__main__":
    print(page(), end="")
