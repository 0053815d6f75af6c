"""The table of nulls in the guide, row by row: what every operator answers for null, for the empty text or list, and for NaN."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from math import nan
from pathlib import Path

import polars as pl
import pytest

from activation_platform.segmentation.conditions import read
from activation_platform.segmentation.evaluate import Snapshots, evaluate
from activation_platform.segmentation.fields import Kind, kind_of
from activation_platform.segmentation.operators import NEGATIONS, Operator, kinds_of
from activation_platform.segmentation.scope import Link, Model, Scope
from activation_platform.segmentation.splits import Split

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
    return [None, *([EMPTY[field]] if field in EMPTY else []), *([nan] if field == "number" else [])]


def rows_of_the_guide() -> list[tuple[str, str, str, str]]:
    """The rows of the one table: what is asked, then the answer for null, for what is empty, for NaN."""
    guide = (Path(__file__).parents[2] / "docs" / "segments.md").read_text(encoding="utf-8")
    table = guide.partition("## Null, empty, NaN")[2].partition("\n## ")[0]
    rows = [
        tuple(cell.strip() for cell in line.strip("|").split("|"))
        for line in table.splitlines()
        if "|" in line
    ]
    return [row for row in rows[2:] if len(row) == 4]


def words_of(asked: str) -> set[str]:
    """The operators that a row is about; of those with a switch, each with it."""
    named = re.findall(r"`(\w+…?(?:: \w+)?)`", asked.partition(" (")[0])
    patterns = [re.escape(name).replace("…", r"\w+") for name in named]
    known = {*Operator} - SWITCHED | {
        f"{word}: {switch}" for word in SWITCHED for switch in ("true", "false")
    }
    return {str(word) for word in known for pattern in patterns if re.fullmatch(pattern, word)}


SWITCHED = {Operator.IS_NULL, Operator.IS_EMPTY}
TABLE = [(words_of(asked), cells) for asked, *cells in rows_of_the_guide()]
SWITCHES = [
    (word, field, switch)
    for word, fields in (("is_null", FIELDS), ("is_empty", EMPTY))
    for field in fields
    for switch in (True, False)
]
OF_EMPTY_LISTS = {"length_at_most"}
"""What is true of the list without values; with the values of these cases nothing else is true of it, or of the empty text."""


def answers(word: str, value: object) -> list[str]:
    """What the table says of an operator: of null, of what is empty, of NaN."""
    name = f"{word}: {str(value).lower()}" if word in SWITCHED else word
    (cells,) = [cells for words, cells in TABLE if name in words]
    return cells


@pytest.mark.parametrize(("word", "field", "value"), CASES + NEGATED + SWITCHES)
def test_every_operator_answers_what_the_table_says(word, field, value, tmp_path):
    of_null, of_empty, of_nan = answers(word, value)
    plain = (word not in NEGATIONS) is (word in OF_EMPTY_LISTS)
    said = {"true": True, "false": False}

    for cell in oddities(field):
        told = of_null if cell is None else of_nan if cell is nan else of_empty
        expected = plain if "like any" in told else said[told]
        assert holds({"field": field, word: value}, cell, field, tmp_path) is expected, cell


def test_every_operator_stands_in_one_row_and_every_cell_is_filled_where_it_applies():
    written = [word for words, _ in TABLE for word in words]
    assert sorted(written) == sorted(
        {*map(str, Operator)} - SWITCHED
        | {f"{word}: {switch}" for word in SWITCHED for switch in ("true", "false")}
    )
    for words, (of_null, of_empty, of_nan) in TABLE:
        kinds = {kind for word in words for kind in kinds_of(Operator(word.partition(":")[0]))}
        if words:
            assert of_null in ("true", "false")
            assert bool(of_empty) is bool(kinds & {Kind.TEXT, Kind.LIST}), words
            assert bool(of_nan) is (Kind.NUMBER in kinds), words
        assert ("`[]`" in of_empty) is (Kind.LIST in kinds and "like any" in of_empty), words


ORDERS = {
    "person": [2, 3, 3, 3, None],
    "total": [None, None, nan, 5.0, 1.0],
    "note": [None, "a", None, "", "b"],
    "placed": [NOW.replace(tzinfo=None, hour=hour) for hour in range(5)],
}


@pytest.mark.parametrize(
    ("leaf", "members"),
    [
        ({"has": "orders"}, [2, 3]),
        ({"has": "orders", "at_least": 2, "at_most": 5}, [3]),
        ({"has": "orders", "exactly": 0}, [None, 1]),
        ({"has": "orders", "at_most": 1}, [None, 1, 2]),
        ({"sequence": "orders", "time": "placed", "steps": [{}, {}]}, [3]),
        *(
            ({"aggregate": {name: "total", "of": "orders"}, "equals": 5}, [3])
            for name in ("sum", "average", "min", "max")
        ),
        *(
            ({"aggregate": {name: "total", "of": "orders", "time": "placed"}, "is_null": True}, [None, 1, 2])
            for name in ("sum", "average", "min", "max", "first", "last")
        ),
        (
            {"aggregate": {"first": "total", "of": "orders", "time": "placed"}, "not_equals": 5},
            [None, 1, 2, 3],
        ),
        ({"aggregate": {"first": "total", "of": "orders", "time": "placed"}, "below": 9}, []),
        ({"aggregate": {"last": "total", "of": "orders", "time": "placed"}, "equals": 5}, [3]),
        ({"aggregate": {"distinct": "total", "of": "orders"}, "equals": 0}, [None, 1, 2]),
        ({"aggregate": {"distinct": "total", "of": "orders"}, "equals": 1}, [3]),
        ({"aggregate": {"distinct": "note", "of": "orders"}, "equals": 2}, [3]),
        ({"aggregate": {"last": "note", "of": "orders", "time": "placed"}, "equals": ""}, [3]),
        ({"field": "spent", "above": {"percentile": 50}}, [3]),
        ({"field": "spent", "at_most": {"percentile": 100}}, [2, 3]),
        ({"field": "never", "at_least": {"percentile": 0}}, []),
        ({"limit": {"top": 1, "by": [{"ascending": "spent"}]}}, [2]),
        ({"limit": {"top": 2, "by": [{"descending": "spent"}]}}, [2, 3]),
        ({"limit": {"top": 1, "by": [{"ascending": "spent", "nulls": "first"}]}}, [1]),
        ({"limit": {"top": 9, "by": [{"ascending": "spent"}]}}, [1, 2, 3]),
        ({"limit": {"sample": 9, "seed": "a"}}, [1, 2, 3]),
        ({"split": "all", "arm": "some"}, [1, 2, 3]),
    ],
)
def test_related_rows_and_percentiles_leave_out_what_the_table_says(leaf, members, tmp_path):
    people = {"id": [None, 1, 2, 3], "spent": [None, nan, 1.0, 3.0]}
    frames = {
        "people": pl.DataFrame(people).with_columns(never=pl.lit(None, pl.Float64)),
        "orders": pl.DataFrame(ORDERS),
    }
    for name, frame in frames.items():
        frame.write_parquet(tmp_path / f"{name}.parquet")
    links = {"orders": Link("orders", (("id", "person"),))}
    models = {"people": Model(None, ("id",), relations=links), "orders": Model(None)}
    scope = Scope("people", models, splits={"all": Split("people", "a", {"some": Decimal(100)})})
    snapshots = Snapshots({name: [tmp_path / f"{name}.parquet"] for name in frames}, scope)

    found = evaluate(read(leaf), snapshots, now=NOW).collect()["id"].to_list()

    assert found == members


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
