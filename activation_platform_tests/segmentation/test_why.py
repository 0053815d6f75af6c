"""Why a row belongs or not: the verdict on every part of a tree, with what the row holds, by the engine that decides."""

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activation_platform.segmentation.conditions import read
from activation_platform.segmentation.evaluate import Snapshots, evaluate
from activation_platform.segmentation.problems import InvalidCondition
from activation_platform.segmentation.why import ChosenHere, why
from activation_platform_tests.segmentation.shops import SCOPE, Dice
from activation_platform_tests.segmentation.test_related import NOW, shop  # noqa: F401  # a fixture
from activation_platform_tests.segmentation.test_related_agreement import SETTINGS, folder, frames  # noqa: F401


def told(verdict):
    """A verdict without its words."""
    return (verdict.holds, dict(verdict.held), [told(part) for part in verdict.parts])


def verdict_of(tree, shop, key):  # noqa: F811
    (verdict,) = why(read(tree), ChosenHere(shop, pl.col("id") == key), now=NOW, most=10).told
    return verdict


def test_each_condition_of_a_tree_has_its_verdict_and_what_the_row_holds(shop):  # noqa: F811
    tree = {
        "all": [
            {"field": "spent", "below": 5},
            {"none": [{"field": "shop", "equals": "B"}, {"has": "orders", "at_least": 4}]},
            {"segment": "big"},
        ]
    }

    verdict = verdict_of(tree, shop, 1)

    assert told(verdict) == (
        False,
        {},
        [
            (True, {"spent": 1.0}, []),
            (True, {}, [(False, {"shop": "A"}, []), (False, {"rows of orders": 3}, [])]),
            (False, {}, [(False, {"spent": 1.0}, [])]),
        ],
    )
    assert [part.words for part in verdict.parts] == [
        "spent is below 5",
        "none of",
        "it belongs to the segment big",
    ]


@pytest.mark.parametrize(
    ("leaf", "key", "held"),
    [
        ({"has": "orders", "in_last": "90 days"}, 1, {"rows of orders": 2}),
        ({"has": "local"}, 2, {"rows of local": 0}),
        ({"has": "orders"}, 4, {"rows of orders": 0}),
        ({"aggregate": {"sum": "total", "of": "orders"}, "above": 1}, 1, {"the sum of total": Decimal("21.00")}),
        ({"aggregate": {"sum": "id", "of": "orders"}, "above": 1}, 1, {"the sum of id": Decimal(33)}),
        ({"aggregate": {"sum": "weight", "of": "orders"}, "above": 1}, 1, {"the sum of weight": 2.0}),
        ({"aggregate": {"average": "total", "of": "orders"}, "above": 1}, 3, {"the average of total": None}),
        (
            {"aggregate": {"distinct": "shop", "of": "orders"}, "above": 1},
            1,
            {"the number of different values of shop": 2},
        ),
        ({"aggregate": {"first": "shop", "of": "local"}, "equals": "A"}, 1, {"the first shop": "A"}),
        ({"aggregate": {"last": "total", "of": "orders"}, "above": 1}, 1, {"the last total": Decimal("5.00")}),
        ({"field": "spent", "above": {"percentile": 50}}, 1, {"spent": 1.0, "percentile 50": 2.5}),
    ],
    ids=str,
)  # fmt: skip
def test_a_leaf_tells_what_its_related_rows_come_to(shop, leaf, key, held):  # noqa: F811
    assert dict(verdict_of(leaf, shop, key).held) == held


def test_a_key_of_several_rows_has_a_verdict_for_each_up_to_the_most(tmp_path):
    for number, spent in enumerate([[1, 9], [5]]):
        pl.DataFrame({"id": [7] * len(spent), "spent": spent}).write_parquet(tmp_path / f"{number}.parquet")
    twice = Snapshots.alone(tmp_path / "0.parquet", tmp_path / "1.parquet")
    condition = read({"field": "spent", "above": 4})

    whole = why(condition, ChosenHere(twice, pl.col("id") == 7), now=NOW, most=10)
    first = why(condition, ChosenHere(twice, pl.col("id") == 7), now=NOW, most=1)

    assert [told(verdict) for verdict in whole.told] == [
        (False, {"spent": 1}, []),
        (True, {"spent": 9}, []),
        (True, {"spent": 5}, []),
    ]
    assert (whole.rows, first.rows, len(first.told)) == (3, 3, 1)
    assert why(condition, ChosenHere(twice, pl.col("id") == 8), now=NOW, most=10).rows == 0


def test_a_condition_that_does_not_fit_is_refused(shop):  # noqa: F811
    with pytest.raises(InvalidCondition, match='did you mean "spent"'):
        verdict_of({"any": [{"field": "spend", "above": 1}]}, shop, 1)


@settings(max_examples=12, **SETTINGS)
@given(random=st.randoms(use_true_random=True))
def test_the_verdict_on_the_whole_is_membership(folder, random):  # noqa: F811
    dice = Dice(random)
    files = {}
    for name, frame in frames(dice.shop()).items():
        files[name] = [folder / f"{name}.parquet"]
        frame.write_parquet(files[name][0])
    snapshots = Snapshots(files, SCOPE)
    condition = read(dice.tree("customers", 4))

    everybody = pl.col("row").is_not_null()
    verdicts = why(condition, ChosenHere(snapshots, everybody), now=dice.now, most=8)
    belong = evaluate(condition, snapshots, now=dice.now).collect()["row"].to_list()

    assert [row for row, verdict in enumerate(verdicts.told) if verdict.holds] == belong
