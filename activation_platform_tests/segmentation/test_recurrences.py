"""Anniversaries and days of the week: the turn of the year, 29 February, and the day in UTC."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from activation_platform.segmentation.conditions import read
from activation_platform.segmentation.evaluate import Snapshots, evaluate

BORN = [
    date(1990, 2, 27),
    date(1992, 2, 28),
    date(1992, 2, 29),
    date(1990, 3, 1),
    date(1980, 12, 31),
    date(1981, 1, 1),
]
TOLD = ["27 Feb", "28 Feb", "29 Feb", "1 Mar", "31 Dec", "1 Jan"]


def whose(condition: dict, today: date, folder) -> list[str]:
    snapshot = folder / "born.parquet"
    pl.DataFrame({"told": TOLD, "born": BORN}).write_parquet(snapshot)
    now = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
    return (
        evaluate(read({"field": "born", **condition}), Snapshots.alone(snapshot), now=now)
        .collect()["told"]
        .to_list()
    )


@pytest.mark.parametrize(
    ("today", "within", "expected"),
    [
        (date(2024, 2, 28), None, ["28 Feb"]),
        (date(2024, 2, 29), None, ["29 Feb"]),
        (date(2023, 2, 28), None, ["28 Feb", "29 Feb"]),
        (date(1900, 2, 28), None, ["28 Feb", "29 Feb"]),
        (date(2023, 3, 1), None, ["1 Mar"]),
        (date(2023, 2, 27), "1 day", ["27 Feb", "28 Feb", "29 Feb"]),
        (date(2024, 2, 27), "1 day", ["27 Feb", "28 Feb"]),
        (date(2024, 2, 27), "2 days", ["27 Feb", "28 Feb", "29 Feb"]),
        (date(2023, 3, 1), "364 days", ["27 Feb", "28 Feb", "1 Mar", "31 Dec", "1 Jan"]),
        (date(2024, 3, 1), "364 days", ["27 Feb", "28 Feb", "29 Feb", "1 Mar", "31 Dec", "1 Jan"]),
        (date(2023, 12, 31), "1 day", ["31 Dec", "1 Jan"]),
        (date(2023, 12, 30), "1 day", ["31 Dec"]),
        (date(2023, 12, 31), "2 months", ["27 Feb", "28 Feb", "29 Feb", "31 Dec", "1 Jan"]),
    ],
)
def test_an_anniversary_recurs_every_year(today, within, expected, tmp_path):
    condition = {"anniversary_within": within} if within else {"anniversary": "today"}

    assert whose(condition, today, tmp_path) == expected
    assert whose({f"not_{word}": value for word, value in condition.items()}, today, tmp_path) == [
        told for told in TOLD if told not in expected
    ]


@pytest.mark.parametrize(
    "dtype",
    [
        pl.Datetime("ms", "Pacific/Auckland"),
        pl.Datetime("us", "America/New_York"),
        pl.Datetime("ns"),
        pl.Datetime("ns", "UTC"),
    ],
)
def test_a_day_is_one_of_utc_to_its_last_nanosecond(dtype, tmp_path):
    snapshot = tmp_path / "moments.parquet"
    second = {"ms": 10**3, "us": 10**6, "ns": 10**9}[dtype.time_unit]
    ends = [-1, 0, 86_400 * second - 1, 86_400 * second]  # of 1 January 1970, a Thursday
    pl.DataFrame({"at": pl.Series(ends).cast(dtype)}).write_parquet(snapshot)
    now = datetime(2024, 1, 1, tzinfo=UTC)

    def count(condition: dict) -> int:
        return (
            evaluate(read({"field": "at", **condition}), Snapshots.alone(snapshot), now=now).collect().height
        )

    assert count({"day_of_week": ["wednesday"]}) == 1
    assert count({"day_of_week": ["thursday"]}) == 2
    assert count({"anniversary": "today"}) == 2
    assert count({"anniversary_within": "1 day"}) == 3
