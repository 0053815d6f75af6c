"""DuckDB and a plain Python evaluator agree on random trees over random rows."""

import math
import struct
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from activation_platform.segmentation.conditions import read
from activation_platform.segmentation.evaluate import Snapshots, _engine, _query, _reads_floats
from activation_platform.segmentation.fields import Kind, kind_of
from activation_platform.segmentation.operators import TEXT_OPERATORS, operators_of
from activation_platform_tests.segmentation.reference import DAYS, belongs

SCHEMA = {
    "text": pl.String(),
    "level": pl.Enum(["ß", "a", "İ", "", "A"]),  # in an order that is not the alphabet's
    "plan": pl.Categorical(),
    "small": pl.Int8(),
    "big": pl.Int64(),
    "unsigned": pl.UInt64(),
    "float": pl.Float64(),
    "single": pl.Float32(),
    "price": pl.Decimal(10, 2),
    "wide": pl.Decimal(38, 10),
    "flag": pl.Boolean(),
    "day": pl.Date(),
    "naive": pl.Datetime("us"),
    "nano": pl.Datetime("ns", "UTC"),
    "paris": pl.Datetime("ms", "Europe/Paris"),
    "tags": pl.List(pl.String()),
    "sizes": pl.List(pl.Int8()),
    "ratios": pl.List(pl.Float64()),
    "flags": pl.List(pl.Boolean()),
}
NOWS = [
    datetime(2024, 2, 29, 12, 30, tzinfo=UTC),  # leap day
    datetime(2025, 3, 30, 1, 0, tzinfo=UTC),  # the hour that Paris skips
    datetime(2025, 10, 26, 1, 0, 0, 1, tzinfo=UTC),  # the hour that Paris repeats
    datetime(2025, 3, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2025, 2, 28, 12, 0, tzinfo=UTC),  # when those born on 29 February have their anniversary
    datetime(2023, 12, 31, 12, 0, tzinfo=UTC),  # a Sunday
]
WORDS = st.sampled_from(
    [
        "",
        "a",
        "A",
        "İ",
        "i",
        "I",
        "ß",
        "ẞ",
        "SS",
        "Σ",
        "ς",
        "é",
        "É",
        "%",
        "_",
        "'",
        '"',
        "\\",
        "😀",
        "a'; --",
        "\n",
        "b1",
    ]
)
LETTERS = st.lists(WORDS, max_size=3).map("".join)
PIECES = st.sampled_from(
    [*"aAÉéΣİß .😀", r"\d", r"\w", r"\s", r"\W", r"\n", r"\.", "[a-c]", "[^A-C]", r"[é\-_]", r"[^\s]"]
)
TIMES = st.sampled_from(["", "", "?", "*", "+", "{2}", "{0,2}", "{1,}"])
PATTERNS = st.recursive(
    st.builds("{}{}".format, PIECES, TIMES),
    lambda inner: (
        st.builds("{}{}".format, inner, inner) | st.builds("({}|{}{})".format, inner, inner, PIECES)
    ),
    max_leaves=5,
).flatmap(lambda middle: st.sampled_from([middle, f"^{middle}", f"{middle}$", f"^{middle}$"]))
INTEGERS = st.sampled_from(
    [0, 1, 2, -1, 127, 128, -128, 2**53, 2**53 + 1, 2**63 - 1, -(2**63), 2**63, 2**64 - 1, 10**30]
)
FLOATS = st.sampled_from([0.0, -0.0, 0.5, 0.1, 0.30000000000000004, -1.5, 1e-30, 2.675, 16777217.0, 1e30])
NUMBERS = INTEGERS | FLOATS
SPANS = st.sampled_from(["1 day", "2 days", "1 week", "1 month", "12 months", "1 year", "4 years"])
SHORT = st.sampled_from(["1 minute", "90 minutes", "24 hours"])


def moments() -> st.SearchStrategy[datetime]:
    """Instants on and around every bound that the windows above can have."""
    steps = st.sampled_from([0, 1, -1, 7, 28, 29, 30, 31, 365, 366, -30, -31, -365, 1461, 100_000])
    nudges = st.sampled_from(
        [timedelta(0), timedelta(microseconds=1), -timedelta(microseconds=1), timedelta(minutes=90)]
    )
    return st.builds(
        lambda now, days, nudge: now - timedelta(days=days) + nudge, st.sampled_from(NOWS), steps, nudges
    )


def cells(dtype: pl.DataType) -> st.SearchStrategy:
    if isinstance(dtype, pl.Enum):
        return st.sampled_from(dtype.categories.to_list())
    if dtype in (pl.String, pl.Categorical):
        return LETTERS | st.just("nul\0inside")
    if dtype.is_integer():
        bits = 8 if dtype == pl.Int8 else 64
        low, high = (
            (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if dtype.is_signed_integer() else (0, 2**bits - 1)
        )
        return INTEGERS.filter(lambda number: low <= number <= high)
    if dtype.is_float():
        return FLOATS | st.sampled_from([math.nan, math.inf, -math.inf])
    if dtype.is_decimal():
        return st.sampled_from(
            [Decimal(text) for text in ("0", "0.5", "0.1", "-1.5", "2.68", "2.67", "1", "99999999.99")]
        )
    if dtype == pl.Boolean:
        return st.booleans()
    if dtype == pl.List:
        element = WORDS if dtype.inner == pl.String else cells(dtype.inner)
        return st.lists(element | st.none(), max_size=3)
    if dtype == pl.Date:
        return moments().map(datetime.date)
    extra = st.integers(0, 999) if dtype.time_unit == "ns" else st.just(0)
    return st.builds(lambda instant, more: nanoseconds(instant, dtype) + more, in_range(dtype), extra)


def in_range(dtype: pl.Datetime) -> st.SearchStrategy[datetime]:
    return moments().filter(lambda instant: dtype.time_unit != "ns" or 1700 < instant.year < 2200)


def nanoseconds(instant: datetime, dtype: pl.Datetime) -> int:
    whole = (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
    return whole - whole % 1_000_000 if dtype.time_unit == "ms" else whole


def values(dtype: pl.DataType) -> st.SearchStrategy:
    if kind_of(dtype) is Kind.TEXT:
        return LETTERS
    if dtype == pl.Boolean:
        return st.booleans()
    if dtype.is_numeric():
        return NUMBERS
    days = moments().map(datetime.date)
    if dtype == pl.Date:
        return days | days.map(date.isoformat)
    return (
        days
        | moments()
        | moments().map(lambda instant: instant.isoformat())
        | moments().map(lambda i: i.replace(tzinfo=None))
    )


@st.composite
def leaves(draw) -> dict:
    field = draw(st.sampled_from(list(SCHEMA)))
    dtype = SCHEMA[field]
    operator = draw(st.sampled_from(operators_of(kind_of(dtype))))
    leaf = {"field": field, str(operator): draw(operand(str(operator), dtype))}
    if operator in TEXT_OPERATORS and kind_of(dtype) is Kind.TEXT and draw(st.booleans()):
        leaf["ignore_case"] = True
    return leaf


def operand(operator: str, dtype: pl.DataType) -> st.SearchStrategy:
    plain = operator.removeprefix("not_")
    if plain in ("is_null", "is_empty"):
        return st.booleans()
    if plain in ("in_last", "in_next", "older_than"):
        return SPANS if dtype == pl.Date else SPANS | SHORT
    if plain in ("days_ago", "in_days"):
        return st.sampled_from([0, 1, 7, 28, 29, 30, 31, 365, 366, 1461])
    if plain.startswith("length_"):
        return st.integers(0, 3)
    if plain.startswith("contains_"):
        element = WORDS if dtype.inner == pl.String else values(dtype.inner)
        return st.lists(element, min_size=1, max_size=2)
    if plain == "anniversary":
        return st.just("today")
    if plain == "anniversary_within":
        return st.sampled_from(["1 day", "7 days", "30 days", "51 weeks", "364 days", "1 month", "11 months"])
    if plain == "day_of_week":
        return st.lists(st.sampled_from(DAYS), min_size=1, max_size=3)
    if plain == "matches":
        return PATTERNS
    if plain in ("contains", "starts_with", "ends_with"):
        return LETTERS.filter(bool)
    if plain == "in":
        return st.lists(values(dtype), min_size=1, max_size=3)
    if plain == "between":
        ordered = NUMBERS if dtype.is_numeric() else moments().map(datetime.date)
        return st.lists(ordered, min_size=2, max_size=2).map(sorted)
    return values(dtype)


TREES = st.recursive(
    leaves(),
    lambda members: st.builds(
        lambda word, group: {word: group},
        st.sampled_from(["all", "any", "none"]),
        st.lists(members, min_size=1, max_size=3),
    ),
    max_leaves=8,
)
ROWS = st.fixed_dictionaries({name: st.none() | cells(dtype) for name, dtype in SCHEMA.items()})


def frame_of(rows: list[dict], schema: dict[str, pl.DataType] = SCHEMA) -> pl.DataFrame:
    def series(name: str, dtype: pl.DataType) -> pl.Series:
        column = [row[name] for row in rows]
        if not isinstance(dtype, pl.Datetime):
            return pl.Series(name, column, dtype=dtype, strict=False)
        divisor = {"ns": 1, "us": 1_000, "ms": 1_000_000}[dtype.time_unit]
        return pl.Series(
            name, [None if cell is None else cell // divisor for cell in column], dtype=pl.Int64
        ).cast(dtype)

    return pl.DataFrame([series(name, dtype) for name, dtype in schema.items()])


def as_held(row: dict, schema: dict[str, pl.DataType] = SCHEMA) -> dict:
    """What the frame really holds: 32-bit floats are rounded, exact numbers are fractions."""
    held = dict(row)
    for name, dtype in schema.items():
        cell = held[name]
        if cell is None:
            continue
        if dtype == pl.Float32:
            held[name] = struct.unpack("<f", struct.pack("<f", cell))[0]
        elif dtype.is_integer() or dtype.is_decimal():
            held[name] = Fraction(cell)
    return held


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    return tmp_path_factory.mktemp("agreement") / "rows.parquet"


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    rows=st.lists(ROWS, min_size=1, max_size=8),
    trees=st.lists(TREES, min_size=10, max_size=10),
    now=st.sampled_from(NOWS),
    row_group=st.integers(1, 8),
)
def test_the_engine_takes_the_rows_that_a_plain_evaluator_takes(snapshot, rows, trees, now, row_group):
    # Small row groups, so that the engine's use of their statistics is tested too.
    frame_of(rows).write_parquet(snapshot, row_group_size=row_group)
    held, snapshots = [as_held(row) for row in rows], Snapshots.alone(snapshot)

    with (
        _engine(snapshots, trust_statistics=True) as (trusting, _),
        _engine(snapshots, trust_statistics=False) as (wary, _),
    ):
        for tree in trees:
            condition = read(tree)
            query = _query(condition, snapshots, [exp.column("file_row_number")], now).sql(dialect="duckdb")
            engine = wary if _reads_floats(condition, snapshots) else trusting
            taken = sorted(number for (number,) in engine.execute(query).fetchall())

            assert taken == [
                number for number, row in enumerate(held) if belongs(condition, row, SCHEMA, now)
            ], tree
