"""Splits, limits and lists in English, and why a row is in one or not."""

from datetime import date

import polars as pl
import pytest

from activation_platform.segmentation.conditions import read
from activation_platform.segmentation.why import ChosenHere, why
from activation_platform.segmentation.words import in_words
from activation_platform_tests.segmentation.test_places import SCOPE, people, snapshot
from activation_platform_tests.segmentation.test_related import NOW


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        ({"split": "test", "arm": "control"}, "it is in the arm control (10 %) of the split test"),
        ({"split": "keys", "arm": "a"}, "it is in the arm a (33.3 %) of the split keys"),
        ({"taken_by": "rich"}, "the segment rich takes it"),
        (
            {"limit": {"top": 1000, "by": [{"descending": "spent"}, {"ascending": "born", "nulls": "first"}]}},
            "it is among the first 1,000 by spent (descending), born (ascending, null first) of all rows",
        ),
        (
            {"limit": {"top": 1, "by": [{"ascending": "a b"}]}, "of": {"any": [{"field": "spent", "above": 1}]}},
            'it is among the first 1 by "a b" (ascending) of the rows for which (any of: spent is above 1)',
        ),
        (
            {"limit": {"sample": 1000, "seed": 'a"'}, "of": {"segment": "rich"}},
            'it is in the stable sample of 1,000 with the seed "a\\"" of the rows for which (it belongs to the segment rich)',
        ),
        (
            {"limit": {"sample": "12.5%", "seed": "a"}},
            'it is in the stable sample of 12.5 % with the seed "a" of all rows',
        ),
    ],
    ids=str,
)  # fmt: skip
def test_places_are_told_in_english(tree, words):
    assert in_words(read(tree), SCOPE, NOW) == words


@pytest.fixture
def rows(tmp_path):
    """Ten people, each of whom spent as much as their number."""
    return snapshot(
        tmp_path, "people", people(*((number, {"spent": float(number)}) for number in range(1, 11)))
    )


def verdict_of(tree, rows, key):
    (verdict,) = why(read(tree), ChosenHere(rows, pl.col("id") == key), now=NOW, most=10).told
    return verdict


def told(verdict):
    return (verdict.words, verdict.holds, dict(verdict.held), [told(part) for part in verdict.parts])


def test_a_row_that_the_conditions_take_and_the_limit_does_not_is_told_its_place(rows):
    limited = {"limit": {"top": 2, "by": [{"descending": "spent"}]}, "of": {"field": "spent", "below": 9}}

    assert told(verdict_of(limited, rows, 5)) == (
        "it is among the first 2 by spent (descending)",
        False,
        {"place": 4},
        [("spent is below 9", True, {"spent": 5.0}, [])],
    )
    assert told(verdict_of(limited, rows, 8))[1:3] == (True, {"place": 1})
    assert told(verdict_of(limited, rows, 9)) == (
        "it is among the first 2 by spent (descending)",
        False,
        {},
        [("spent is below 9", False, {"spent": 9.0}, [])],
    )


def test_a_row_of_a_sample_is_told_its_place_where_rows_are_counted(rows):
    number, share = ({"limit": {"sample": size, "seed": "a"}} for size in (3, "30 %"))
    places = [verdict_of(number, rows, key).held["place"] for key in range(1, 11)]

    assert sorted(places) == [*range(1, 11)]
    assert [verdict_of(number, rows, key).holds for key in range(1, 11)] == [place <= 3 for place in places]
    assert verdict_of(share, rows, 1).held == {}


def test_the_place_is_among_the_rows_that_the_condition_takes_also_of_several_key_columns(tmp_path):
    at = "2026-01-31T07:00:00"
    rows = snapshot(
        tmp_path,
        "wide",
        pl.DataFrame(
            {"text": ["a", "b", "c"], "price": ["3", "1", "2"], "flag": [True, True, False]}
        ).with_columns(
            pl.col("price").cast(pl.Decimal(10, 2)),
            day=pl.lit("2026-01-31").str.to_date(),
            at=pl.lit(at).str.to_datetime(time_unit="us", time_zone="UTC"),
            naive=pl.lit(at).str.to_datetime(time_unit="us"),
            number=pl.lit(1, dtype=pl.Int64),
        ),
    )
    tree = {"limit": {"top": 1, "by": [{"ascending": "price"}]}, "of": {"field": "flag", "equals": True}}

    found = why(read(tree), ChosenHere(rows, pl.col("number") == 1), now=NOW, most=10).told

    assert [(verdict.holds, dict(verdict.held)) for verdict in found] == [
        (False, {"place": 2}),
        (True, {"place": 1}),
        (False, {}),
    ]


def test_a_row_is_told_the_arm_that_it_is_in(tmp_path):
    rows = snapshot(tmp_path, "people", people((1, {}), (4711, {}), (None, {})))
    control = {"split": "test", "arm": "control"}

    assert told(verdict_of(control, rows, 1))[1:3] == (False, {"arm of test": "treatment"})
    assert told(verdict_of(control, rows, 4711))[1:3] == (True, {"arm of test": "control"})
    (without,) = why(read(control), ChosenHere(rows, pl.col("id").is_null()), now=NOW, most=10).told
    assert told(without)[1:3] == (False, {"arm of test": None})


def test_a_segment_before_it_in_a_list_that_takes_a_row_is_told_with_its_conditions(tmp_path):
    rich = people((1, {"spent": 101.0}))
    born = snapshot(tmp_path, "people", [(*rich[0][:3], date(2000, 1, 1), None)])

    verdict = verdict_of({"segment": "listed"}, born, 1)

    assert told(verdict)[3][0][3] == [
        ("born is not null", True, {"born": born.frame("people").collect()["born"][0]}, []),
        (
            "none of",
            False,
            {},
            [("the segment rich takes it", True, {}, [("spent is above 100", True, {"spent": 101.0}, [])])],
        ),
    ]
