"""A condition is checked against the fields of its model before anything runs."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from activation_platform.segmentation.compile import compile_condition
from activation_platform.segmentation.conditions import read
from activation_platform.segmentation.fields import Kind, kind_of
from activation_platform.segmentation.operators import Operator, kinds_of, operators_of
from activation_platform.segmentation.problems import InvalidCondition
from activation_platform.segmentation.scope import alone
from activation_platform.segmentation.validate import problems

SCHEMA = pl.Schema(
    {
        "country": pl.String,
        "orders": pl.Int64,
        "score": pl.Float64,
        "price": pl.Decimal(10, 2),
        "vip": pl.Boolean,
        "born_on": pl.Date,
        "seen_at": pl.Datetime("us", "UTC"),
        "tags": pl.List(pl.String),
        "days": pl.List(pl.Date),
        "photo": pl.Binary,
        "huge": pl.Int128,
    }
)


@pytest.mark.parametrize(
    "tree",
    [
        {"field": "country", "in": ["FR"], "ignore_case": True},
        {"field": "orders", "between": [1, 2.5]},
        {"field": "price", "equals": 10**40},
        {"field": "vip", "not_equals": True},
        {"field": "born_on", "equals": "2024-02-29"},
        {"field": "born_on", "in_last": "3 months"},
        {"field": "born_on", "anniversary_within": "1 week"},
        {"field": "seen_at", "not_day_of_week": ["saturday", "sunday"]},
        {"field": "seen_at", "days_ago": 182_500},
        {"field": "seen_at", "between": ["2024-01-01", "2024-01-01"]},
        {"field": "seen_at", "between": ["2024-01-01", "2024-01-01T12:00"]},
        {"field": "seen_at", "after": "2024-01-01T10:00:00.5+02:00"},
        {"field": "seen_at", "before": datetime(2024, 1, 1)},  # noqa: DTZ001 - as YAML gives it
        {"field": "seen_at", "equals": date(9999, 12, 31)},
        {"field": "tags", "is_empty": True},
        {"field": "tags", "contains_any": ["a", "b"]},
        {"field": "days", "length_at_least": 2},
        {"field": "photo", "is_null": True},
        {"field": "country", "path": "$.age", "as": "integer", "between": [18, 2.5e1]},
        {"field": "country", "path": "$", "as": "list of text", "contains_any": ["a"]},
        {"field": "country", "path": '$["a.b"][0]', "as": "timestamp", "in_last": "90 days"},
    ],
)
def test_a_fitting_condition_has_no_problems(tree):
    assert problems(read(tree), alone(SCHEMA)) == []
    compile_condition(read(tree), alone(SCHEMA), now=datetime(2024, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("tree", "path", "words"),
    [
        (
            {"field": "contry", "equals": "FR"},
            ("field",),
            ["contry: the model has no such field", 'did you mean "country"?'],
        ),
        ({"field": "Country", "equals": "FR"}, ("field",), ['did you mean "country"?']),
        ({"field": "zzz", "equals": "FR"}, ("field",), ["zzz: the model has no such field"]),
        (
            {"field": "country", "above": 1},
            ("above",),
            ["country: `above` does not apply to a field of kind text", "contains"],
        ),
        ({"field": "orders", "in_last": "1 day"}, ("in_last",), ["kind number"]),
        ({"field": "orders", "anniversary": "today"}, ("anniversary",), ["kind number"]),
        ({"field": "country", "days_ago": 1}, ("days_ago",), ["kind text"]),
        ({"field": "vip", "in": [True]}, ("in",), ["kind boolean", "equals"]),
        ({"field": "tags", "contains": "a"}, ("contains",), ["kind list"]),
        ({"field": "country", "contains_any": ["a"]}, ("contains_any",), ["kind text", "contains"]),
        ({"field": "tags", "contains_all": ["a", 1]}, ("contains_all", 1), ["1 is not text"]),
        ({"field": "days", "contains_any": ["2024-01-01"]}, ("contains_any",), ["lists of kind date"]),
        ({"field": "photo", "equals": "a"}, ("equals",), ["kind other (Binary)", "is_null"]),
        ({"field": "huge", "above": 1}, ("above",), ["kind other (Int128)"]),
        ({"field": "orders", "is_empty": True}, ("is_empty",), ["kind number"]),
        ({"field": "orders", "equals": 1, "ignore_case": True}, ("ignore_case",), ["applies to text"]),
        ({"field": "country", "equals": 75001}, ("equals",), ["75001 is not text", "in quotes"]),
        ({"field": "country", "in": ["FR", False]}, ("in", 1), ["False is not text", "yes, no, on and off"]),
        ({"field": "orders", "above": "2"}, ("above",), ["'2' is not a number", "without quotes"]),
        ({"field": "orders", "above": True}, ("above",), ["'True' is not a number"]),
        ({"field": "orders", "above": date(2024, 1, 1)}, ("above",), ["not a number"]),
        ({"field": "score", "above": 10**400}, ("above",), ["too large"]),
        ({"field": "vip", "equals": 1}, ("equals",), ["1 is not a boolean", "true or false"]),
        ({"field": "born_on", "equals": "01/02/2024"}, ("equals",), ["write it as 2024-12-31"]),
        ({"field": "born_on", "equals": "20240102"}, ("equals",), ["write it as 2024-12-31"]),
        ({"field": "born_on", "equals": "2023-02-29"}, ("equals",), ["no day of the calendar"]),
        ({"field": "born_on", "before": datetime(2024, 1, 1)}, ("before",), ["write the day alone"]),  # noqa: DTZ001
        ({"field": "born_on", "before": 2024}, ("before",), ["'2024' is not a date"]),
        ({"field": "born_on", "in_last": "3 hours"}, ("in_last",), ["counts hours", "days or longer"]),
        ({"field": "seen_at", "before": "yesterday"}, ("before",), ["'yesterday' is not a moment"]),
        ({"field": "seen_at", "before": "2024-01-01T25:00"}, ("before",), ["no day of the calendar"]),
        ({"field": "seen_at", "before": "0001-01-01T00:00+02:00"}, ("before",), ["outside the years"]),
        ({"field": "orders", "between": [2, 1]}, ("between",), ["wrong order"]),
        (
            {"field": "seen_at", "not_between": ["2024-01-02", "2024-01-01"]},
            ("not_between",),
            ["wrong order"],
        ),
        ({"field": "born_on", "between": ["soon", "late"]}, ("between", 0), ["'soon'"]),
    ],
)
def test_a_problem_names_the_field_the_operator_and_the_way_out(tree, path, words):
    found = problems(read(tree), alone(SCHEMA))

    assert found[0].path == path
    for word in words:
        assert word in found[0].message


def test_all_problems_are_told_in_the_order_of_the_tree():
    tree = {
        "all": [
            {"field": "contry", "equals": "FR"},
            {"any": [{"field": "orders", "between": ["a", "b"]}, {"none": [{"field": "vip", "above": 1}]}]},
        ]
    }

    found = problems(read(tree), alone(SCHEMA))

    assert [problem.path for problem in found] == [
        ("all", 0, "field"),
        ("all", 1, "any", 0, "between", 0),
        ("all", 1, "any", 0, "between", 1),
        ("all", 1, "any", 1, "none", 0, "above"),
    ]
    with pytest.raises(InvalidCondition) as raised:
        compile_condition(read(tree), alone(SCHEMA), now=datetime(2024, 1, 1, tzinfo=UTC))
    assert list(raised.value.problems) == found


def test_a_plain_mapping_of_types_is_a_schema_too():
    assert problems(read({"field": "a", "above": 1}), alone({"a": pl.Int8()})) == []


@pytest.mark.parametrize(
    ("dtype", "kind"),
    [
        (pl.Categorical(), Kind.TEXT),
        (pl.Enum(["a"]), Kind.TEXT),
        (pl.UInt64(), Kind.NUMBER),
        (pl.Float32(), Kind.NUMBER),
        (pl.Datetime("ms"), Kind.TIMESTAMP),
        (pl.Time(), Kind.OTHER),
        (pl.Duration(), Kind.OTHER),
        (pl.Struct({"a": pl.Int8}), Kind.OTHER),
        (pl.Array(pl.Int8, 2), Kind.OTHER),
        (pl.Null(), Kind.OTHER),
    ],
)
def test_every_type_has_a_kind(dtype, kind):
    assert kind_of(dtype) is kind


def test_every_operator_applies_to_some_kind_and_every_kind_can_be_null():
    assert all(kinds_of(operator) for operator in Operator)
    assert all(Operator.IS_NULL in operators_of(kind) for kind in Kind)
