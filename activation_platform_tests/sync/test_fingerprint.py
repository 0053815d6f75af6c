"""The fingerprint: the same number for ever, in every process, and different where values differ."""

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activation_platform.sync.fingerprint import fingerprint, key_text, text_hash
from activation_platform_tests.sync import reference_fingerprint as reference
from activation_platform_tests.sync.table_of_fingerprints import PAIRS, page

PAGE = Path(__file__).parents[2] / "docs" / "fingerprint.md"

GOLDEN = {"row": 5006543488307422761, "seeded": 15661694208980475032, "hash": 4963357690162434494}
ROW = {"number": 7, "text": "Zoë", "nothing": None, "yes": True, "day": date(2026, 1, 31), "part": 0.1}


def of(frame: pl.DataFrame, *columns: str, seed: str = "") -> list[int]:
    return (
        frame.select(fingerprint(*(pl.col(c) for c in columns or frame.columns), seed=seed))
        .to_series()
        .to_list()
    )


def test_golden_values_never_change():
    frame = pl.DataFrame([ROW], schema_overrides={"nothing": pl.String})
    assert of(frame) == [GOLDEN["row"]]
    assert of(frame, "text", seed="s") == [GOLDEN["seeded"]]
    assert frame.select(text_hash(pl.col("text"))).item() == GOLDEN["hash"]


def test_another_process_gives_the_same_value():
    program = (
        "import polars as pl; from activation_platform.sync.fingerprint import text_hash;"
        'print(pl.DataFrame({"text": ["Zo\\u00eb"]}).select(text_hash(pl.col("text"))).item())'
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert int(said.stdout) == GOLDEN["hash"]


texts = st.text(max_size=30)
EARLY, LATE = (datetime(year, 1, 1, tzinfo=UTC).replace(tzinfo=None) for year in (1700, 2200))
rows = st.fixed_dictionaries(
    {
        "a": st.none() | st.integers(-(2**63), 2**63 - 1),
        "b": st.none() | texts,
        "c": st.none() | st.booleans(),
        "d": st.none() | st.floats(),
        "e": st.none() | st.dates(),
        "f": st.none() | st.datetimes(timezones=st.just(UTC), min_value=EARLY, max_value=LATE),
        "g": st.none() | st.lists(texts, max_size=3),
        "h": st.none() | st.binary(max_size=20),
    }
)
SCHEMA = {
    "a": pl.Int64,
    "b": pl.String,
    "c": pl.Boolean,
    "d": pl.Float64,
    "e": pl.Date,
    "f": pl.Datetime("us", "UTC"),
    "g": pl.List(pl.String),
    "h": pl.Binary,
}


@settings(max_examples=150)
@given(rows, st.sets(st.sampled_from("abcdefgh"), max_size=4), st.text(max_size=5))
def test_it_agrees_with_the_reference(row, columns, seed):
    columns = sorted(columns)
    frame = pl.DataFrame([row], schema=SCHEMA)
    assert of(frame.select(*columns) if columns else frame.select("a"), seed=seed) == [
        reference.fingerprint(*(row[c] for c in columns or "a"), seed=seed)
    ]


@pytest.mark.parametrize("size", [*range(40), 127, 128, 129, 160, 161, 239, 240])
def test_the_reference_hashes_every_length_as_the_engine_does(size):
    data = bytes(n * 37 % 251 for n in range(size))
    frame = pl.DataFrame({"data": [data]})
    import polars_hash as plh

    assert frame.select(plh.col("data").nchash.xxh3_64()).item() == reference.xxh3(data)


def test_what_differs_has_different_fingerprints():
    values = [None, "", "1", 1, 1.0, True, "true", ["1"], b"1", date(1970, 1, 2), "None"]
    found = [of(pl.DataFrame({"v": [value]}))[0] for value in values]
    assert len(set(found)) == len(values)
    joined = [
        of(pl.DataFrame({"a": [a], "b": [b]}))[0]
        for a, b in (("ab", "c"), ("a", "bc"), ("abc", None), (None, "abc"))
    ]
    assert len(set(joined)) == 4
    assert of(pl.DataFrame({"a": ["x"]}), seed="1") != of(pl.DataFrame({"a": ["x"]}), seed="2")


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_values_are_one_or_two_as_the_table_says(pair):
    one, other = (of(pl.DataFrame({"v": values})) for values in pair.values)
    assert (one == other) is pair.same


def test_the_page_is_the_table():
    assert PAGE.read_text() == page(), "make docs"


def test_a_key_of_several_columns_cannot_be_taken_for_another():
    frame = pl.DataFrame({"a": ["x|y", "x", "x\\", "x", None], "b": ["z", "y|z", "|z", "\\|z", "z"]})
    texts = frame.select(key_text(("a", "b"), frame.schema)).to_series().to_list()
    assert texts[-1] is None
    assert len(set(texts[:-1])) == 4
    assert texts[0] == "x\\|y|z"


def test_a_key_is_the_text_of_its_value():
    frame = pl.DataFrame(
        {
            "n": [7],
            "d": [date(2026, 1, 31)],
            "t": [datetime(2026, 1, 31, 12, 0, 0, 5, tzinfo=UTC)],
            "b": [True],
        }
    )
    texts = {name: frame.select(key_text((name,), frame.schema)).item() for name in frame.columns}
    assert texts == {"n": "7", "d": "2026-01-31", "t": "2026-01-31T12:00:00.000005Z", "b": "true"}
    paris = frame.select(pl.col("t").dt.convert_time_zone("Europe/Paris"))
    assert paris.select(key_text(("t",), paris.schema)).item() == texts["t"]


@pytest.mark.parametrize(
    "series",
    [
        pl.Series([None, None], dtype=pl.Null),
        pl.Series([None, 1_000], dtype=pl.Duration("ms")),
        pl.Series([None, {"a": 1}]),
        pl.Series([None, 2**100], dtype=pl.Int128),
        pl.Series([None, 1], dtype=pl.Time),
        pl.Series([None, [[1]]]),
    ],
    ids=lambda series: str(series.dtype),
)
def test_a_column_of_any_type_has_fingerprints(series):
    nothing, something = of(pl.DataFrame({"v": series}))
    assert (nothing == something) == (series.dtype == pl.Null)
