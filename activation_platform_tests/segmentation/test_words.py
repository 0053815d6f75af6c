"""Conditions in English: what every operator and every form says, and that no two readings are possible."""

from datetime import UTC, datetime

import polars as pl
import pytest

from activation_platform.segmentation.conditions import read
from activation_platform.segmentation.operators import Operator
from activation_platform.segmentation.scope import Model, Scope
from activation_platform.segmentation.words import in_words, sentence
from activation_platform_tests.segmentation.test_related import NOW, SCOPE

ALONE = Scope(
    "people",
    {
        "people": Model(
            {"x": pl.String(), "day": pl.Date(), "at": pl.Datetime("us", "UTC"), "tags": pl.List(pl.String())}
        )
    },
)
LEAVES = [
    ({"field": "x", "equals": 'a "b"'}, r'x is "a \"b\""'),
    ({"field": "x", "equals": True}, "x is true"),
    (
        {"field": "x", "path": '$["a b"].c[0]', "as": "text", "equals": "Paris"},
        'the text at $["a b"].c[0] of x is "Paris"',
    ),
    (
        {"field": "x", "path": "$", "as": "list of text", "is_null": True},
        "the list of text at $ of x is null",
    ),
    (
        {"field": "x", "path": "$.since", "as": "date", "in_last": "1 month"},
        "the date at $.since of x is in the last 1 month (after 2024-02-29, up to 2024-03-31)",
    ),
    ({"field": "x", "not_equals": 5}, "x is not 5"),
    ({"field": "x", "in": ["FR", "BE"]}, 'x is one of "FR", "BE"'),
    ({"field": "x", "not_in": [1, 2.5]}, "x is none of 1, 2.5"),
    ({"field": "x", "above": 1}, "x is above 1"),
    ({"field": "x", "above": {"percentile": 80}}, "x is above percentile 80 of all rows"),
    ({"field": "x", "at_least": 1}, "x is at least 1"),
    ({"field": "x", "below": 1}, "x is below 1"),
    ({"field": "x", "at_most": 1}, "x is at most 1"),
    ({"field": "x", "between": [1, 2]}, "x is between 1 and 2, both included"),
    ({"field": "x", "not_between": [1, 2]}, "x is not between 1 and 2, both included"),
    ({"field": "x", "contains": "a"}, 'x contains "a"'),
    ({"field": "x", "not_contains": "a"}, 'x does not contain "a"'),
    ({"field": "x", "starts_with": "{}"}, 'x starts with "{}"'),
    ({"field": "x", "not_starts_with": "a"}, 'x does not start with "a"'),
    (
        {"field": "x", "ends_with": "a", "ignore_case": True},
        'x ends with "a", upper and lower case alike',
    ),
    ({"field": "x", "not_ends_with": "a"}, 'x does not end with "a"'),
    ({"field": "x", "matches": "^a"}, 'x matches the pattern "^a"'),
    ({"field": "x", "not_matches": "^a"}, 'x does not match the pattern "^a"'),
    ({"field": "day", "before": "2024-01-01"}, 'day is before "2024-01-01"'),
    ({"field": "at", "after": datetime(2024, 1, 1, 8, tzinfo=UTC)}, "at is after 2024-01-01 08:00:00 UTC"),
    (
        {"field": "day", "in_last": "1 month"},
        "day is in the last 1 month (after 2024-02-29, up to 2024-03-31)",
    ),
    (
        {"field": "at", "in_next": "2 hours"},
        "at is in the next 2 hours (after 2024-03-31 12:30:00 UTC, up to 2024-03-31 14:30:00 UTC)",
    ),
    ({"field": "at", "older_than": "1 day"}, "at is 1 day ago or earlier (up to 2024-03-30 12:30:00 UTC)"),
    ({"field": "at", "days_ago": 30}, "at is on the day 30 days ago (2024-03-01)"),
    ({"field": "day", "not_days_ago": 1}, "day is not on the day 1 day ago (2024-03-30)"),
    ({"field": "at", "in_days": 1}, "at is on the day in 1 day (2024-04-01)"),
    ({"field": "at", "not_in_days": 0}, "at is not on the day in 0 days (2024-03-31)"),
    ({"field": "day", "anniversary": "today"}, "day has its anniversary today (03-31)"),
    ({"field": "day", "not_anniversary": "today"}, "day does not have its anniversary today (03-31)"),
    (
        {"field": "day", "anniversary_within": "7 days"},
        "day has its anniversary today or in the next 7 days (03-31 to 04-07)",
    ),
    (
        {"field": "day", "not_anniversary_within": "11 months"},
        "day does not have its anniversary today or in the next 11 months (03-31 to 02-29)",
    ),
    ({"field": "day", "day_of_week": ["saturday", "sunday"]}, "day is on a Saturday or Sunday"),
    ({"field": "day", "not_day_of_week": ["monday"]}, "day is not on a Monday"),
    ({"field": "tags", "contains_any": ["a", "b"]}, 'tags contains any of "a", "b"'),
    ({"field": "tags", "contains_none": ["a"]}, 'tags contains none of "a"'),
    ({"field": "tags", "contains_all": ["a", "b"]}, 'tags contains all of "a", "b"'),
    ({"field": "tags", "not_contains_all": ["a"]}, 'tags does not contain all of "a"'),
    ({"field": "tags", "length_equals": 1}, "tags holds exactly 1 value"),
    ({"field": "tags", "not_length_equals": 2}, "tags does not hold exactly 2 values"),
    ({"field": "tags", "length_at_least": 2}, "tags holds at least 2 values"),
    ({"field": "tags", "length_at_most": 0}, "tags holds at most 0 values"),
    ({"field": "x", "is_null": True}, "x is null"),
    ({"field": "x", "is_null": False}, "x is not null"),
    ({"field": "x", "is_empty": True}, "x is empty or null"),
    ({"field": "x", "is_empty": False}, "x is neither empty nor null"),
    ({"field": "a; b", "is_null": True}, '"a; b" is null'),
]


@pytest.mark.parametrize(("tree", "words"), LEAVES, ids=str)
def test_a_leaf_is_told_in_english(tree, words):
    assert in_words(read(tree), ALONE, NOW) == words


def test_every_operator_is_told():
    assert {read(tree).operator for tree, _ in LEAVES} == set(Operator)


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        ({"has": "orders"}, "it has at least 1 row of orders"),
        ({"has": "orders", "exactly": 0}, "it has no row of orders"),
        ({"has": "orders", "exactly": 3}, "it has exactly 3 rows of orders"),
        ({"has": "orders", "at_most": 2}, "it has at most 2 rows of orders"),
        ({"has": "orders", "at_least": 2, "at_most": 4}, "it has 2 to 4 rows of orders"),
        (
            {"has": "visits", "at_least": 2, "in_last": "7 days", "where": {"field": "page", "equals": "a"}},
            "it has at least 2 rows of visits whose day is in the last 7 days (after 2024-03-24, up to 2024-03-31) "
            'and for which (page is "a")',
        ),
        (
            {"has": "orders", "where": {"any": [{"has": "lines"}, {"segment": "heavy"}]}},
            "it has at least 1 row of orders for which (any of: it has at least 1 row of lines; it belongs to the segment heavy)",
        ),
        (
            {"aggregate": {"sum": "total", "of": "orders"}, "above": 100},
            "the sum of total over rows of orders is above 100",
        ),
        (
            {"aggregate": {"distinct": "shop", "of": "orders"}, "below": 3},
            "the number of different values of shop over rows of orders is below 3",
        ),
        (
            {"aggregate": {"last": "shop", "of": "orders", "where": {"field": "total", "above": 1}}, "equals": "B"},
            'the last shop over rows of orders for which (total is above 1) is "B"',
        ),
        (
            {"aggregate": {"max": "at", "of": "orders"}, "older_than": "1 day"},
            "the greatest at over rows of orders is 1 day ago or earlier (up to 2024-03-30 12:30:00 UTC)",
        ),
        (
            {
                "sequence": "visits",
                "steps": [
                    {"where": {"field": "page", "equals": "basket"}},
                    {"where": {"field": "page", "equals": "paid"}, "within": "7 days"},
                    {},
                ],
            },
            'it has rows of visits, each later than the one before: first one for which (page is "basket"), '
            'then within 7 days one for which (page is "paid"), then any',
        ),
        (
            {
                "all": [
                    {"segment": "big"},
                    {"none": [{"field": "shop", "equals": "A"}, {"any": [{"field": "spent", "above": 1}]}]},
                ]
            },
            'all of: it belongs to the segment big; (none of: shop is "A"; (any of: spent is above 1))',
        ),
    ],
    ids=str,
)  # fmt: skip
def test_related_rows_and_groups_are_told_in_english(tree, words):
    assert sentence(read(tree), SCOPE, NOW) == f"A row of customers belongs if {words}."


def test_where_only_the_source_knows_the_fields_the_moments_are_left_out():
    unread = Scope("people", {"people": Model(None)})

    assert in_words(read({"field": "at", "in_last": "2 days"}), unread, NOW) == "at is in the last 2 days"
