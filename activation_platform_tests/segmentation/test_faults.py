"""Faults of a tree: those of its grammar and those of what it refers to, told together wherever a part can be read."""

import polars as pl
import pytest

from activation_platform.segmentation.faults import faults
from activation_platform.segmentation.scope import alone

SCOPE = alone(pl.Schema({"age": pl.Int64}))
WRONG, UNKNOWN, RIGHT = (
    {"field": "age", "in_last": 9},
    {"field": "aeg", "above": 1},
    {"field": "age", "above": 1},
)


@pytest.mark.parametrize(
    ("tree", "places"),
    [
        (RIGHT, []),
        (UNKNOWN, [("field",)]),
        (WRONG, [("in_last",)]),
        ({"all": [UNKNOWN, WRONG]}, [("all", 1, "in_last"), ("all", 0, "field")]),
        ({"any": [RIGHT, {"none": [WRONG, UNKNOWN]}]}, [("any", 1, "none", 0, "in_last"), ("any", 1, "none", 1, "field")]),
        ({"all": [UNKNOWN], "any": [UNKNOWN]}, [()]),
        ({"all": UNKNOWN}, [("all",)]),
        ({"al": [UNKNOWN]}, [()]),
        ([UNKNOWN], [()]),
        (None, [()]),
    ],
)  # fmt: skip
def test_what_can_be_read_is_checked_beside_what_cannot(tree, places):
    assert [problem.path for problem in faults(tree, SCOPE)] == places


def test_without_a_model_only_the_grammar_is_checked():
    assert [problem.path for problem in faults({"all": [UNKNOWN, WRONG]}, None)] == [("all", 1, "in_last")]


def test_a_tree_that_contains_itself_has_one_fault():
    tree: dict = {"all": [UNKNOWN]}
    tree["all"].append({"any": [tree]})

    (problem,) = faults(tree, SCOPE)

    assert "nested deeper" in problem.message
