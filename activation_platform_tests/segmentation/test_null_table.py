"""The null table, row by row: what every operator answers for null, for the empty text or list, and for NaN."""

from datetime import UTC, datetime
from math import nan

import polars as pl
import pytest

from activation_platform.segmentation.conditions import read
from activation_platform.segmentation.evaluate import Snapshots, evaluate
from activation_platform.segmentation.fields import Kind, kind_of
from activation_platform.segmentation.operators import NEGATIONS, Operator, kinds_of

NOW = datetime(2024, 3, 31, 12, 30, tzinfo=UTC)
FIELDS = {
    "text": pl.String(),
    "number": pl.Float64(),
    "flag": pl.Boolean(),
    "day": pl.Date(),
    "at": pl.Datetime("us"),
    "tags": pl.List(pl.Int8()),
}
EMPTY = {"text": "", "tags": []}

POSITIVE = [
    ("equals", {"text": "a", "number": 1, "flag": True, "day": "2024-01-01", "at": "2024-01-01"}),
    ("in", {"text": ["a"], "number": [1, 2], "day": ["2024-01-01"], "at": ["2024-01-01"]}),
    ("above", {"number": 1}),
    ("at_least", {"number": 1}),
    ("below", {"number": 1}),
    ("at_most", {"number": 1}),
    ("between", {"number": [1, 2], "day": ["2024-01-01", "2024-01-02"], "at": ["2024-01-01", "2024-01-02"]}),
    ("contains", {"text": "a"}),
    ("starts_with", {"text": "a"}),
    ("ends_with", {"text": "a"}),
    ("matches", {"text": "a"}),
    ("before", {"day": "2024-01-01", "at": "2024-01-01"}),
    ("after", {"day": "2024-01-01", "at": "2024-01-01"}),
    ("in_last", {"day": "1 day", "at": "1 day"}),
    ("in_next", {"day": "1 day", "at": "1 day"}),
    ("older_than", {"day": "1 day", "at": "1 day"}),
    ("days_ago", {"day": 1, "at": 1}),
    ("in_days", {"day": 1, "at": 1}),
    ("anniversary", {"day": "today", "at": "today"}),
    ("anniversary_within", {"day": "1 day", "at": "1 day"}),
    ("day_of_week", {"day": ["monday"], "at": ["monday"]}),
    ("contains_any", {"tags": [1, 2]}),
    ("contains_all", {"tags": [1, 2]}),
    ("length_equals", {"tags": 1}),
    ("length_at_least", {"tags": 1}),
    ("length_at_most", {"tags": 1}),
]
CASES = [(word, field, value) for word, values in POSITIVE for field, value in values.items()]
NEGATED = [
    (str(negated), field, value)
    for negated, positive in NEGATIONS.items()
    for word, field, value in CASES
    if word == positive
]


def holds(tree: dict, cell: object, field: str, folder) -> bool:
    snapshot = folder / "one.parquet"
    pl.DataFrame({field: pl.Series([cell], dtype=FIELDS[field])}).write_parquet(snapshot)
    return evaluate(read(tree), Snapshots.alone(snapshot), now=NOW).collect().height == 1


def oddities(field: str) -> list:
    return [None, *([EMPTY[field]] if field == "text" else []), *([nan] if field == "number" else [])]


@pytest.mark.parametrize(("word", "field", "value"), CASES)
def test_a_positive_operator_is_false_on_null_on_the_empty_text_and_on_nan(word, field, value, tmp_path):
    assert [holds({"field": field, word: value}, cell, field, tmp_path) for cell in oddities(field)] == [
        False
    ] * len(oddities(field))


@pytest.mark.parametrize(("word", "field", "value"), NEGATED)
def test_a_negated_operator_is_true_on_null_on_the_empty_text_and_on_nan(word, field, value, tmp_path):
    assert [holds({"field": field, word: value}, cell, field, tmp_path) for cell in oddities(field)] == [
        True
    ] * len(oddities(field))


@pytest.mark.parametrize(("word", "field", "value"), CASES + NEGATED)
def test_a_group_of_none_is_the_opposite_of_its_condition(word, field, value, tmp_path):
    leaf = {"field": field, word: value}

    for cell in oddities(field):
        assert holds({"none": [leaf]}, cell, field, tmp_path) is not holds(leaf, cell, field, tmp_path)
        assert holds({"none": [{"none": [leaf]}]}, cell, field, tmp_path) is holds(
            leaf, cell, field, tmp_path
        )


def test_a_null_in_a_list_is_counted_and_equals_nothing(tmp_path):
    def told(word: str, value: object) -> list[bool]:
        cells = (None, [], [None], [1, None], [1, 2, 1])
        return [holds({"field": "tags", word: value}, cell, "tags", tmp_path) for cell in cells]

    assert told("contains_any", [1, 2]) == [False, False, False, True, True]
    assert told("contains_none", [1, 2]) == [True, True, True, False, False]
    assert told("contains_all", [1, 2]) == [False, False, False, False, True]
    assert told("not_contains_all", [1, 2]) == [True, True, True, True, False]
    assert told("length_at_least", 1) == [False, False, True, True, True]
    assert told("length_at_most", 0) == [False, True, False, False, False]
    assert told("not_length_equals", 1) == [True, True, False, True, True]


@pytest.mark.parametrize("field", FIELDS)
def test_is_null_is_true_on_null_alone(field, tmp_path):
    for cell in (None, *([EMPTY[field]] if field in EMPTY else []), *([nan] if field == "number" else [])):
        assert holds({"field": field, "is_null": True}, cell, field, tmp_path) is (cell is None)
        assert holds({"field": field, "is_null": False}, cell, field, tmp_path) is (cell is not None)


@pytest.mark.parametrize(("field", "something"), [("text", " "), ("tags", [None])])
def test_is_empty_is_true_on_null_and_on_what_has_no_content(field, something, tmp_path):
    for cell, empty in ((None, True), (EMPTY[field], True), (something, False)):
        assert holds({"field": field, "is_empty": True}, cell, field, tmp_path) is empty
        assert holds({"field": field, "is_empty": False}, cell, field, tmp_path) is not empty


def test_the_empty_text_equals_the_empty_text_and_no_null(tmp_path):
    assert holds({"field": "text", "equals": ""}, "", "text", tmp_path)
    assert not holds({"field": "text", "equals": ""}, None, "text", tmp_path)
    assert not holds({"field": "text", "not_equals": ""}, "", "text", tmp_path)


def test_the_table_has_a_row_for_every_operator_and_every_kind_it_applies_to():
    tested = {(word, kind_of(FIELDS[field])) for word, field, _ in CASES + NEGATED}
    written = {Operator.IS_NULL, Operator.IS_EMPTY}

    assert tested == {
        (str(word), kind) for word in Operator if word not in written for kind in kinds_of(word)
    }
    assert {kind_of(dtype) for dtype in FIELDS.values()} == set(Kind) - {Kind.OTHER}
