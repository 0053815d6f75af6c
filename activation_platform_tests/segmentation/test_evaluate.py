"""The evaluation over snapshots: the right rows, nothing altered, nothing else reached."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from math import inf, nan
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from activation_platform.segmentation.conditions import read
from activation_platform.segmentation.evaluate import Snapshots, evaluate
from activation_platform.segmentation.problems import InvalidCondition

NOW = datetime(2025, 3, 30, 1, 30, tzinfo=UTC)

EVERY_TYPE = {
    **{
        str(dtype): st.integers(0, 100)
        for dtype in (pl.Int8, pl.Int16, pl.Int32, pl.UInt8, pl.UInt16, pl.UInt32)
    },
    "Int64": st.integers(-(2**63), 2**63 - 1),
    "UInt64": st.integers(0, 2**64 - 1),
    "Int128": st.integers(-(2**100), 2**100),
    "Float32": st.sampled_from([0.5, -0.0, nan, inf]),
    "Float64": st.sampled_from([0.1, -0.0, nan, -inf, 5e-324]),
    "Decimal": st.sampled_from([Decimal("0.01"), Decimal("-1.10"), Decimal("12345678901234567890.12")]),
    "Boolean": st.booleans(),
    "String": st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
    "Binary": st.binary(max_size=4),
    "Date": st.dates(date(1, 1, 1), date(9999, 12, 31)),
    "Time": st.builds(
        lambda hour, tick: time(hour, 59, 59, tick), st.integers(0, 23), st.integers(0, 999_999)
    ),
    "Duration": st.timedeltas(timedelta(-9999), timedelta(9999)),
    "Datetime_ms": st.datetimes(datetime(1, 1, 1)).map(lambda at: at.replace(microsecond=0)),  # noqa: DTZ001 - hypothesis bounds are naive
    "Datetime_us": st.datetimes(),
    "Datetime_ns": st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)),  # noqa: DTZ001
    "Datetime_zone": st.datetimes(datetime(1970, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    "Categorical": st.sampled_from(["a", "b", "ß"]),
    "Enum": st.sampled_from(["low", "high"]),
    "List": st.lists(st.none() | st.integers(0, 9), max_size=3),
    "Array": st.lists(st.integers(0, 9), min_size=2, max_size=2),
    "Struct": st.fixed_dictionaries({"a": st.none() | st.integers(0, 9), "b": st.text("xy", max_size=2)}),
    "Null": st.none(),
}
DTYPES = {
    "Decimal": pl.Decimal(38, 2),
    "Duration": pl.Duration("us"),
    "Datetime_ms": pl.Datetime("ms"),
    "Datetime_us": pl.Datetime("us"),
    "Datetime_ns": pl.Datetime("ns"),
    "Datetime_zone": pl.Datetime("us", "Europe/Paris"),
    "Enum": pl.Enum(["low", "high"]),
    "List": pl.List(pl.Int8),
    "Array": pl.Array(pl.Int8, 2),
    "Struct": pl.Struct({"a": pl.Int8, "b": pl.String}),
}


def dtype_of(name: str) -> pl.DataType:
    return DTYPES.get(name) or getattr(pl, name)()


def people(folder: Path, **columns: object) -> Path:
    path = folder / "people.parquet"
    pl.DataFrame(columns).write_parquet(path)
    return path


def taken(tree: dict, snapshot: Path, now: datetime = NOW) -> list[int]:
    return evaluate(read(tree), Snapshots.alone(snapshot), now=now).collect()["id"].to_list()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("round-trip")


@settings(max_examples=40)
@given(
    rows=st.lists(
        st.fixed_dictionaries({name: st.none() | cells for name, cells in EVERY_TYPE.items()}), max_size=6
    ),
    data=st.data(),
)
def test_rows_come_out_as_they_went_in_whatever_their_types(folder, rows, data):
    wanted = data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
    columns = [
        pl.Series(name, [row[name] for row in rows], dtype=dtype_of(name), strict=False)
        for name in EVERY_TYPE
    ]
    frame = pl.DataFrame([pl.Series("wanted", wanted, dtype=pl.Boolean), *columns])
    frame.write_parquet(folder / "in.parquet")

    snapshots = Snapshots.alone(folder / "in.parquet")
    evaluate(read({"field": "wanted", "equals": True}), snapshots, now=NOW).sink_parquet(
        folder / "out.parquet"
    )

    result = pl.read_parquet(folder / "out.parquet")
    assert result.schema == frame.schema
    assert_frame_equal(result, frame.filter(wanted), categorical_as_str=True)


@pytest.mark.parametrize("name", EVERY_TYPE)
def test_every_type_can_be_asked_for_null(name, tmp_path):
    snapshot = people(tmp_path, id=[0], cell=pl.Series([None], dtype=dtype_of(name)))

    assert taken({"field": "cell", "is_null": True}, snapshot) == [0]
    assert taken({"field": "cell", "is_null": False}, snapshot) == []


def test_categories_compare_as_text(tmp_path):
    snapshot = people(
        tmp_path,
        id=[0, 1, 2],
        plan=pl.Series(["gold", "Silver", None], dtype=pl.Categorical),
        level=pl.Series(["low", "high", None], dtype=pl.Enum(["low", "high"])),
    )

    assert taken({"field": "plan", "starts_with": "si", "ignore_case": True}, snapshot) == [1]
    assert taken({"field": "level", "not_in": ["low"]}, snapshot) == [1, 2]


def test_the_order_of_the_snapshot_is_kept_across_row_groups(tmp_path):
    path = tmp_path / "many.parquet"
    pl.DataFrame({"id": range(100_000)}).with_columns(even=pl.col("id") % 2 == 0).write_parquet(
        path, row_group_size=5_000
    )

    assert taken({"field": "even", "equals": True}, path) == list(range(0, 100_000, 2))


def test_several_files_are_one_snapshot(tmp_path):
    parts = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    pl.DataFrame({"id": [1, 2, 3]}).write_parquet(parts[0])
    pl.DataFrame({"id": [4, 5]}).write_parquet(parts[1])
    odd = read({"field": "id", "in": [1, 3, 5]})

    assert evaluate(odd, Snapshots.alone(*parts), now=NOW).collect()["id"].to_list() == [1, 3, 5]
    with pytest.raises(ValueError, match="without a file"):
        evaluate(odd, Snapshots.alone(), now=NOW)


def test_an_empty_segment_and_an_empty_model_keep_their_columns(tmp_path):
    nobody = read({"field": "id", "above": 5})
    for ids in ([1, 2], []):
        snapshot = people(
            tmp_path, id=pl.Series(ids, dtype=pl.Int32), name=pl.Series(["x"] * len(ids), dtype=pl.String)
        )
        snapshots = Snapshots.alone(snapshot)

        assert evaluate(nobody, snapshots, now=NOW).collect().schema == {"id": pl.Int32, "name": pl.String}


def test_a_relative_path_is_read(tmp_path, monkeypatch):
    people(tmp_path, id=[1])
    monkeypatch.chdir(tmp_path)

    assert taken({"field": "id", "equals": 1}, Path("people.parquet")) == [1]


def test_a_condition_that_does_not_fit_the_snapshot_is_refused(tmp_path):
    snapshots = Snapshots.alone(people(tmp_path, id=[1, 2]))

    with pytest.raises(InvalidCondition, match="no such field"):
        evaluate(read({"field": "nme", "equals": "x"}), snapshots, now=NOW)


def test_a_short_float_equals_the_number_as_it_is_written(tmp_path):
    snapshot = people(tmp_path, id=[0, 1], score=pl.Series([0.1, 0.2], dtype=pl.Float32))

    assert taken({"field": "score", "equals": 0.1}, snapshot) == [0]
    assert taken({"field": "score", "above": 0.1}, snapshot) == [1]
    assert taken({"field": "score", "below": 1e300}, snapshot) == [0, 1]


def test_windows_follow_the_instant_across_a_change_of_the_clock(tmp_path):
    # Paris skips the hour from 01:00 to 02:00 UTC on 30 March 2025: the wall clock moves 3 hours in 2.
    instants = [
        NOW - timedelta(hours=2),
        NOW - timedelta(hours=2) + timedelta(microseconds=1),
        NOW,
        NOW + timedelta(microseconds=1),
    ]
    snapshot = people(tmp_path, id=range(4), at=pl.Series(instants).dt.convert_time_zone("Europe/Paris"))

    assert taken({"field": "at", "older_than": "2 hours"}, snapshot) == [0]
    assert taken({"field": "at", "in_last": "2 hours"}, snapshot) == [1, 2]
    assert taken({"field": "at", "in_next": "2 hours"}, snapshot) == [3]


@pytest.mark.parametrize(
    ("now", "oldest"),
    [
        (datetime(2024, 2, 29, 23, tzinfo=UTC), "2023-03-01"),
        (datetime(2025, 2, 28, tzinfo=UTC), "2024-02-29"),
    ],
)
def test_a_year_ends_on_the_last_of_february(now, oldest, tmp_path):
    days = pl.Series([date(2023, 2, 28), date(2023, 3, 1), date(2024, 2, 28), date(2024, 2, 29)])
    snapshot = people(tmp_path, id=days.cast(pl.String), on=days)

    assert min(taken({"field": "on", "in_last": "1 year"}, snapshot, now)) == oldest


def test_the_three_windows_tile_the_line(tmp_path):
    days = pl.date_range(date(2024, 1, 1), date(2026, 12, 31), eager=True)
    snapshot = people(tmp_path, id=range(len(days)), on=days)

    windows = [
        taken({"field": "on", word: "1 month"}, snapshot) for word in ("older_than", "in_last", "in_next")
    ]

    assert [row for window in windows for row in window] == list(
        range((date(2025, 4, 30) - date(2024, 1, 1)).days + 1)
    )


def test_the_deepest_tree_is_evaluated(tmp_path):
    snapshot = people(tmp_path, id=[0, 1, 2])
    tree: dict = {"field": "id", "at_least": 1}
    for level in range(64):
        tree = (
            {("all", "any")[level % 2]: [tree, tree if level == 0 else {"field": "id", "is_null": False}]}
            if level < 2
            else {"none": [tree]}
        )

    assert taken(tree, snapshot) == taken(
        {"any": [{"field": "id", "at_least": 1}, {"field": "id", "is_null": False}]}, snapshot
    )


def test_a_wide_group_is_evaluated(tmp_path):
    snapshot = people(tmp_path, id=range(10))
    leaves = [{"field": "id", "not_equals": number} for number in range(1, 301)]

    assert taken({"all": leaves}, snapshot) == [0]


@pytest.mark.parametrize("dtype", [pl.Float32, pl.Float64])
def test_nan_is_found_although_the_statistics_of_the_file_do_not_know_it(dtype, tmp_path):
    snapshot = people(tmp_path, id=[0, 1, 2], score=pl.Series([nan, 1.0, 2.0], dtype=dtype))

    assert taken({"field": "score", "below": 5}, snapshot) == [1, 2]
    assert taken({"none": [{"field": "score", "below": 5}]}, snapshot) == [0]
    assert taken({"field": "score", "not_between": [1, 2]}, snapshot) == [0]
    assert taken({"field": "score", "above": 0}, snapshot) == [1, 2]
