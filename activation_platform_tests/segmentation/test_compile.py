"""The SQL of every operator, and the moments that relative times stand for."""

from datetime import UTC, datetime, timedelta, timezone

import polars as pl
import pytest
from sqlglot import exp, parse_one

from activation_platform.segmentation.compile import compile_condition
from activation_platform.segmentation.conditions import read
from activation_platform.segmentation.operators import Operator
from activation_platform.segmentation.scope import alone

NOW = datetime(2024, 3, 31, 12, 30, tzinfo=UTC)
SCHEMA = {
    "name": pl.String(),
    "orders": pl.Int16(),
    "score": pl.Float64(),
    "price": pl.Decimal(10, 2),
    "vip": pl.Boolean(),
    "born": pl.Date(),
    "seen": pl.Datetime("us", "Europe/Paris"),
    "local": pl.Datetime("us"),
    "nano": pl.Datetime("ns"),
    "nano_utc": pl.Datetime("ns", "UTC"),
    "tags": pl.List(pl.String()),
    "sizes": pl.List(pl.Int16()),
    "prices": pl.List(pl.Decimal(10, 2)),
    "flags": pl.List(pl.Boolean()),
}

GOLDEN = [
    ({"field": "name", "equals": "Ann"}, """"name" = 'Ann'"""),
    ({"field": "name", "equals": "Ann", "ignore_case": True}, """LOWER("name") = LOWER('Ann')"""),
    ({"field": "name", "not_equals": "Ann"}, """NOT COALESCE("name" = 'Ann', FALSE)"""),
    ({"field": "name", "in": ["a", "b"]}, """"name" IN ('a', 'b')"""),
    ({"field": "name", "not_in": ["a", "b"]}, """NOT COALESCE("name" IN ('a', 'b'), FALSE)"""),
    ({"field": "name", "contains": "50%_"}, """STRPOS("name", '50%_') > 0"""),
    ({"field": "name", "not_contains": "x"}, """NOT COALESCE(STRPOS("name", 'x') > 0, FALSE)"""),
    ({"field": "name", "starts_with": "x"}, """STARTS_WITH("name", 'x')"""),
    ({"field": "name", "not_starts_with": "x"}, """NOT COALESCE(STARTS_WITH("name", 'x'), FALSE)"""),
    ({"field": "name", "ends_with": "x"}, """ENDS_WITH("name", 'x')"""),
    ({"field": "name", "not_ends_with": "x"}, """NOT COALESCE(ENDS_WITH("name", 'x'), FALSE)"""),
    ({"field": "name", "matches": r"^\d{5}$"}, """REGEXP_MATCHES("name", '^[0-9]{5}$')"""),
    (
        {"field": "name", "matches": r"a.*(?:b|'\s)"},
        """REGEXP_MATCHES("name", 'a[^\\n]*(b|''[ \\t\\n\\r\\f])')""",
    ),
    (
        {"field": "name", "matches": r"É[\w.-]\$?", "ignore_case": True},
        """REGEXP_MATCHES(LOWER("name"), 'é[a-za-z0-9_.\\-]\\$?')""",
    ),
    ({"field": "name", "not_matches": "^x?$"}, """NOT COALESCE(REGEXP_MATCHES("name", '^x?$'), FALSE)"""),
    ({"field": "name", "is_null": True}, '"name" IS NULL'),
    ({"field": "name", "is_null": False}, 'NOT "name" IS NULL'),
    ({"field": "name", "is_empty": True}, """"name" IS NULL OR "name" = ''"""),
    ({"field": "name", "is_empty": False}, """NOT COALESCE("name" IS NULL OR "name" = '', FALSE)"""),
    ({"field": "tags", "is_empty": True}, '"tags" IS NULL OR ARRAY_LENGTH("tags") = 0'),
    (
        {"field": "tags", "contains_any": ["a", "b"]},
        """ARRAY_CONTAINS("tags", 'a') OR ARRAY_CONTAINS("tags", 'b')""",
    ),
    ({"field": "tags", "contains_none": ["a"]}, """NOT COALESCE(ARRAY_CONTAINS("tags", 'a'), FALSE)"""),
    (
        {"field": "sizes", "contains_all": [1, 2]},
        """ARRAY_CONTAINS("sizes", 1) AND ARRAY_CONTAINS("sizes", 2)""",
    ),
    ({"field": "sizes", "contains_any": [1.5, 40_000]}, "FALSE OR FALSE"),
    (
        {"field": "prices", "contains_any": [9.9]},
        """ARRAY_CONTAINS("prices", CAST('9.90' AS DECIMAL(10, 2)))""",
    ),
    ({"field": "flags", "not_contains_all": [True]}, 'NOT COALESCE(ARRAY_CONTAINS("flags", TRUE), FALSE)'),
    ({"field": "tags", "length_equals": 2}, 'ARRAY_LENGTH("tags") = 2'),
    ({"field": "tags", "not_length_equals": 0}, 'NOT COALESCE(ARRAY_LENGTH("tags") = 0, FALSE)'),
    ({"field": "tags", "length_at_least": 1}, 'ARRAY_LENGTH("tags") >= 1'),
    ({"field": "tags", "length_at_most": 3}, 'ARRAY_LENGTH("tags") <= 3'),
    ({"field": "orders", "equals": 2}, '"orders" = 2'),
    ({"field": "orders", "above": 2}, '"orders" > 2'),
    ({"field": "orders", "at_least": 2}, '"orders" >= 2'),
    ({"field": "orders", "below": -2}, '"orders" < -2'),
    ({"field": "orders", "at_most": 2}, '"orders" <= 2'),
    ({"field": "orders", "between": [1, 2]}, '"orders" >= 1 AND "orders" <= 2'),
    ({"field": "orders", "not_between": [1, 2]}, 'NOT COALESCE("orders" >= 1 AND "orders" <= 2, FALSE)'),
    ({"field": "orders", "in": [1, 2]}, '"orders" IN (1, 2)'),
    ({"field": "orders", "above": 2.5}, '"orders" > 2'),
    ({"field": "orders", "at_least": 2.5}, '"orders" > 2'),
    ({"field": "orders", "at_most": -2.5}, '"orders" < -2'),
    ({"field": "orders", "above": 32768}, "FALSE"),
    ({"field": "orders", "not_equals": 10**30}, "NOT FALSE"),
    ({"field": "orders", "below": 1e300}, 'NOT "orders" IS NULL'),
    (
        {"field": "score", "above": 2},
        """"score" > CAST('2.0' AS DOUBLE) AND "score" <> CAST('NaN' AS DOUBLE)""",
    ),
    ({"field": "score", "at_most": 0.1}, """"score" <= CAST('0.1' AS DOUBLE)"""),
    ({"field": "price", "equals": 0.1}, """"price" = CAST('0.10' AS DECIMAL(10, 2))"""),
    ({"field": "price", "above": 0.125}, """"price" > CAST('0.12' AS DECIMAL(10, 2))"""),
    ({"field": "vip", "equals": True}, '"vip" = TRUE'),
    ({"field": "vip", "not_equals": True}, 'NOT COALESCE("vip" = TRUE, FALSE)'),
    ({"field": "born", "equals": "2024-02-29"}, """"born" = CAST('2024-02-29' AS DATE)"""),
    ({"field": "born", "before": "2024-02-29"}, """"born" < CAST('2024-02-29' AS DATE)"""),
    ({"field": "born", "after": "2024-02-29"}, """"born" > CAST('2024-02-29' AS DATE)"""),
    (
        {"field": "born", "in_last": "1 month"},
        """"born" > CAST('2024-02-29' AS DATE) AND "born" <= CAST('2024-03-31' AS DATE)""",
    ),
    (
        {"field": "born", "in_next": "1 month"},
        """"born" > CAST('2024-03-31' AS DATE) AND "born" <= CAST('2024-04-30' AS DATE)""",
    ),
    ({"field": "born", "older_than": "18 years"}, """"born" <= CAST('2006-03-31' AS DATE)"""),
    ({"field": "born", "days_ago": 30}, """"born" = CAST('2024-03-01' AS DATE)"""),
    ({"field": "born", "not_days_ago": 0}, """NOT COALESCE("born" = CAST('2024-03-31' AS DATE), FALSE)"""),
    (
        {"field": "seen", "in_days": 1},
        """"seen" >= CAST('2024-04-01 00:00:00+00:00' AS TIMESTAMPTZ) AND """
        """"seen" < CAST('2024-04-02 00:00:00+00:00' AS TIMESTAMPTZ)""",
    ),
    ({"field": "born", "not_in_days": 1}, """NOT COALESCE("born" = CAST('2024-04-01' AS DATE), FALSE)"""),
    (
        {"field": "born", "anniversary": "today"},
        """EXTRACT(MONTH FROM "born") * 100 + EXTRACT(DAY FROM "born") = 331""",
    ),
    (
        {"field": "local", "not_anniversary": "today"},
        """NOT COALESCE(EXTRACT(MONTH FROM "local") * 100 + EXTRACT(DAY FROM "local") = 331, FALSE)""",
    ),
    (
        {"field": "seen", "anniversary_within": "7 days"},
        """EXTRACT(MONTH FROM "seen" AT TIME ZONE 'UTC') * 100 + EXTRACT(DAY FROM "seen" AT TIME ZONE 'UTC') >= 331 AND """
        """EXTRACT(MONTH FROM "seen" AT TIME ZONE 'UTC') * 100 + EXTRACT(DAY FROM "seen" AT TIME ZONE 'UTC') <= 407""",
    ),
    (
        {"field": "born", "not_anniversary_within": "10 months"},
        """NOT COALESCE(EXTRACT(MONTH FROM "born") * 100 + EXTRACT(DAY FROM "born") >= 331 OR """
        """EXTRACT(MONTH FROM "born") * 100 + EXTRACT(DAY FROM "born") <= 131, FALSE)""",
    ),
    ({"field": "born", "day_of_week": ["sunday"]}, """EXTRACT(ISODOW FROM "born") = 7"""),
    (
        {"field": "seen", "day_of_week": ["sunday", "monday", "sunday"]},
        """EXTRACT(ISODOW FROM "seen" AT TIME ZONE 'UTC') IN (1, 7)""",
    ),
    (
        {"field": "born", "not_day_of_week": ["monday"]},
        """NOT COALESCE(EXTRACT(ISODOW FROM "born") = 1, FALSE)""",
    ),
    (
        {"field": "nano_utc", "day_of_week": ["monday"]},
        """EXTRACT(ISODOW FROM MAKE_TIMESTAMP(EPOCH_NS("nano_utc") // 1000 - CAST(EPOCH_NS("nano_utc") % 1000 < 0 AS INT))) """
        "= 1",
    ),
    (
        {"field": "seen", "in_last": "90 minutes"},
        """"seen" > CAST('2024-03-31 11:00:00+00:00' AS TIMESTAMPTZ) AND """
        """"seen" <= CAST('2024-03-31 12:30:00+00:00' AS TIMESTAMPTZ)""",
    ),
    (
        {"field": "seen", "equals": "2024-03-31"},
        """"seen" >= CAST('2024-03-31 00:00:00+00:00' AS TIMESTAMPTZ) AND """
        """"seen" < CAST('2024-04-01 00:00:00+00:00' AS TIMESTAMPTZ)""",
    ),
    (
        {"field": "seen", "after": "2024-03-31"},
        """"seen" >= CAST('2024-04-01 00:00:00+00:00' AS TIMESTAMPTZ)""",
    ),
    (
        {"field": "seen", "before": "2024-03-31"},
        """"seen" < CAST('2024-03-31 00:00:00+00:00' AS TIMESTAMPTZ)""",
    ),
    (
        {"field": "seen", "after": "2024-03-31T02:00+02:00"},
        """"seen" > CAST('2024-03-31 00:00:00+00:00' AS TIMESTAMPTZ)""",
    ),
    (
        {"field": "local", "before": "0999-01-01T00:00:00.5"},
        """"local" < CAST('0999-01-01 00:00:00.500000' AS TIMESTAMP)""",
    ),
    ({"field": "nano", "before": "2024-01-01"}, """"nano" < CAST('2024-01-01 00:00:00' AS TIMESTAMP)"""),
    (
        {"field": "nano_utc", "before": "2024-01-01"},
        """"nano_utc" < CAST('2024-01-01 00:00:00+00:00' AS TIMESTAMPTZ_NS)""",
    ),
    ({"field": "nano", "before": "9999-01-01"}, 'NOT "nano" IS NULL'),
    ({"field": "nano", "after": "9999-01-01"}, "FALSE"),
    (
        {"field": "seen", "before": "9999-12-31"},
        """"seen" < CAST('9999-12-31 00:00:00+00:00' AS TIMESTAMPTZ)""",
    ),
    (
        {"field": "seen", "after": "9999-12-31"},
        """"seen" > CAST('9999-12-31 23:59:59.999999+00:00' AS TIMESTAMPTZ)""",
    ),
    (
        {
            "all": [
                {"field": "vip", "equals": True},
                {"any": [{"field": "orders", "above": 1}, {"field": "orders", "is_null": True}]},
            ]
        },
        '"vip" = TRUE AND ("orders" > 1 OR "orders" IS NULL)',
    ),
    (
        {"none": [{"field": "orders", "above": 1}, {"field": "name", "equals": "x"}]},
        """NOT COALESCE("orders" > 1 OR "name" = 'x', FALSE)""",
    ),
    ({"none": [{"field": "orders", "is_null": True}]}, 'NOT "orders" IS NULL'),
    ({"none": [{"field": "orders", "is_null": False}]}, 'NOT NOT "orders" IS NULL'),
]


def sql(tree: dict, now: datetime = NOW) -> str:
    return compile_condition(read(tree), alone(SCHEMA), now=now).sql(dialect="duckdb")


@pytest.mark.parametrize(("tree", "expected"), GOLDEN, ids=[str(tree) for tree, _ in GOLDEN])
def test_the_sql_of_a_condition(tree, expected):
    assert sql(tree) == expected


def test_every_operator_has_a_golden_line():
    assert {key for tree, _ in GOLDEN for key in tree} >= set(Operator)


def test_the_same_condition_at_the_same_instant_is_the_same_sql():
    tree = {"field": "seen", "in_last": "1 month"}

    assert sql(tree, NOW.astimezone(timezone(timedelta(hours=-5)))) == sql(tree)


def test_the_day_of_a_date_window_is_the_day_in_utc():
    still_sunday_elsewhere = datetime(2024, 3, 31, 22, 0, tzinfo=timezone(timedelta(hours=-5)))

    assert (
        sql({"field": "born", "older_than": "1 day"}, still_sunday_elsewhere)
        == """"born" <= CAST('2024-03-31' AS DATE)"""
    )


def test_an_instant_without_a_time_zone_is_refused():
    with pytest.raises(ValueError, match="needs a time zone"):
        compile_condition(read({"field": "orders", "above": 1}), alone(SCHEMA), now=datetime(2024, 1, 1))  # noqa: DTZ001 - naive is the point


@pytest.mark.parametrize("dialect", ["postgres", "snowflake", "bigquery", "redshift", "fabric"])
def test_texts_and_names_stay_literals_and_identifiers_in_every_dialect(dialect):
    evil = "\\' OR 1=1; DROP TABLE x; -- \" ` ]"
    expression = compile_condition(read({"field": evil, "equals": evil}), alone({evil: pl.String()}), now=NOW)

    parsed = parse_one(expression.sql(dialect=dialect), dialect=dialect)

    assert isinstance(parsed, exp.EQ)
    assert (parsed.this.name, parsed.expression.name) == (evil, evil)
