"""What is asked of related rows: the SQL of every form, what it means where there are none, and what is refused."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from activation_platform.segmentation.compile import compile_condition
from activation_platform.segmentation.conditions import read
from activation_platform.segmentation.evaluate import Snapshots, evaluate
from activation_platform.segmentation.problems import InvalidCondition
from activation_platform.segmentation.scope import Link, Model, Scope, Segment
from activation_platform.segmentation.validate import problems

NOW = datetime(2024, 3, 31, 12, 30, tzinfo=UTC)
SCOPE = Scope(
    "customers",
    {
        "customers": Model(
            {"id": pl.Int64(), "shop": pl.String(), "spent": pl.Float64()},
            ("id",),
            None,
            {
                "orders": Link("orders", (("id", "customer"),)),
                "local": Link("orders", (("id", "customer"), ("shop", "shop"))),
                "visits": Link("visits", (("id", "who"),)),
                "elsewhere": Link("unread", (("id", "id"),)),
                "askew": Link("visits", (("shop", "who"),)),
                "astray": Link("visits", (("id", "whom"),)),
            },
        ),
        "orders": Model(
            {
                "id": pl.Int64(),
                "customer": pl.Int64(),
                "shop": pl.String(),
                "total": pl.Decimal(10, 2),
                "weight": pl.Float64(),
                "at": pl.Datetime("us", "UTC"),
            },
            ("id",),
            "at",
            {"lines": Link("lines", (("id", "order"),))},
        ),
        "lines": Model({"order": pl.Int64(), "sku": pl.String(), "gifts": pl.List(pl.String())}, ("order",)),
        "visits": Model({"who": pl.Int64(), "day": pl.Date(), "page": pl.String()}, (), "day"),
        "unread": Model(None),
    },
    {
        "big": Segment("customers", read({"field": "spent", "above": 100})),
        "loop": Segment("customers", read({"all": [{"segment": "pool"}]})),
        "pool": Segment("customers", read({"none": [{"segment": "loop"}]})),
        "heavy": Segment("orders", read({"field": "weight", "above": 2})),
    },
)
FORMS = [
    {"has": "orders"},
    {"has": "orders", "at_least": 2, "in_last": "90 days"},
    {"has": "orders", "at_most": 2},
    {"has": "orders", "exactly": 0},
    {"has": "orders", "exactly": 3},
    {"has": "orders", "at_least": 2, "at_most": 4},
    {"has": "orders", "where": {"has": "lines", "where": {"field": "sku", "equals": "x"}}},
    {"has": "local", "in_next": "1 month"},
    {"has": "orders", "where": {"segment": "heavy"}},
    {"aggregate": {"sum": "total", "of": "orders"}, "above": 100},
    {"aggregate": {"sum": "weight", "of": "orders"}, "not_between": [1, 2]},
    {"aggregate": {"average": "total", "of": "orders", "in_last": "1 year"}, "at_least": 10.5},
    {"aggregate": {"min": "at", "of": "orders"}, "in_last": "30 days"},
    {"aggregate": {"max": "at", "of": "orders"}, "is_null": True},
    {"aggregate": {"distinct": "shop", "of": "orders"}, "below": 3},
    {
        "aggregate": {"last": "shop", "of": "orders", "where": {"field": "total", "above": 1}},
        "equals": "Lille",
    },
    {"aggregate": {"first": "total", "of": "local"}, "not_equals": 5},
    {
        "sequence": "visits",
        "steps": [
            {"where": {"field": "page", "equals": "basket"}},
            {"where": {"field": "page", "equals": "paid"}, "within": "7 days"},
        ],
    },
    {"sequence": "orders", "in_last": "1 year", "steps": [{}, {"within": "12 hours"}, {}]},
    {"field": "spent", "above": {"percentile": 80}},
    {"none": [{"segment": "big"}]},
    {"aggregate": {"sum": "total", "of": "orders"}, "above": {"percentile": 80}},
    {"aggregate": {"distinct": "shop", "of": "orders"}, "at_most": {"percentile": 50}},
]
"""Every form; what each warehouse gets for it stands in `activation_platform_tests/sources/conditions/`."""


@pytest.mark.parametrize("tree", FORMS, ids=str)
def test_every_form_fits(tree):
    assert problems(read(tree), SCOPE) == []


@pytest.mark.parametrize(
    ("tree", "path", "words"),
    [
        ({"has": "ordres"}, "has", 'no relation "ordres" - did you mean "orders"?'),
        ({"has": "lines"}, "has", "no relation"),
        ({"has": "orders", "where": {"field": "totl", "above": 1}}, "where.field", 'did you mean "total"?'),
        ({"has": "orders", "where": {"has": "nowhere"}}, "where.has", "it has: lines"),
        ({"has": "orders", "in_last": "1 day", "time": "when"}, "time", "orders has no such field"),
        ({"has": "orders", "in_last": "1 day", "time": "total"}, "time", "a date or a timestamp, not number"),
        ({"has": "visits", "in_last": "3 hours"}, "in_last", "count days or longer"),
        ({"all": [{"has": "orders", "where": {"has": "lines", "in_last": "1 day"}}]}, "all[0].where.in_last", "name the `time:`"),
        ({"has": "astray"}, "has", 'visits has no such field as whom - did you mean "who"?'),
        ({"has": "askew"}, "has", "shop is of kind text and who of kind number"),
        ({"aggregate": {"sum": "shop", "of": "orders"}, "above": 1}, "aggregate.sum", "takes number, not text"),
        ({"aggregate": {"max": "shop", "of": "orders"}, "equals": "a"}, "aggregate.max", "not text"),
        ({"aggregate": {"sum": "totl", "of": "orders"}, "above": 1}, "aggregate.sum", 'did you mean "total"?'),
        ({"aggregate": {"last": "sku", "of": "lines"}, "equals": "a"}, "aggregate.of", "no relation"),
        ({"aggregate": {"max": "at", "of": "orders"}, "contains": "a"}, "contains", "does not apply to a field of kind time"),
        ({"aggregate": {"max": "at", "of": "orders"}, "above": {"percentile": 5}}, "above", "does not apply to a field"),
        ({"sequence": "visits", "steps": [{}, {"within": "2 hours"}]}, "steps[1].within", "count days or weeks"),
        ({"sequence": "orders", "steps": [{}, {"where": {"field": "x", "equals": 1}}]}, "steps[1].where.field", "no such field"),
        ({"field": "shop", "above": {"percentile": 80}}, "above", "does not apply to a field of kind text"),
        ({"segment": "bigg"}, "segment", 'did you mean "big"?'),
        ({"segment": "heavy"}, "segment", "is one of orders, and this is about customers"),
        ({"segment": "loop"}, "segment", "refers to itself: loop → pool → loop"),
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_is_told_with_its_place_and_the_nearest_word(tree, path, words):
    (problem,) = problems(read(tree), SCOPE)

    assert str(problem).startswith(f"{path}: ")
    assert words in problem.message


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        ({"has": "orders", "at_leest": 2}, '"at_leest" is no word here - did you mean "at_least"?'),
        ({"has": "orders", "at_least": -1}, "a whole number of rows"),
        ({"has": "orders", "at_least": 0}, "exactly: 0"),
        ({"has": "orders", "at_least": 3, "at_most": 2}, "wrong order"),
        ({"has": "orders", "exactly": 3, "at_most": 2}, "goes alone"),
        ({"has": "orders", "in_last": "90"}, "is no span of time"),
        ({"has": "orders", "in_last": "1 day", "in_next": "1 day"}, "one window"),
        ({"aggregate": {"sum": "a", "max": "b", "of": "orders"}, "above": 1}, "exactly one of sum"),
        ({"aggregate": {"of": "orders"}, "above": 1}, "here 0"),
        ({"aggregate": {"sum": "a", "of": "orders"}, "field": "x", "above": 1}, "names its `field:` (or an `aggregate:`"),
        ({"sequence": "orders", "steps": [{}]}, "two steps or more"),
        ({"sequence": "orders", "steps": [{"within": "1 day"}, {}]}, "follows nothing"),
        ({"sequence": "orders", "steps": [{}, {"within": "1 month"}]}, "not of one length"),
        ({"field": "spent", "above": {"percentile": 101}}, "from 0 to 100"),
        ({"field": "spent", "above": {"percent": 80}}, "{percentile: 80}"),
        ({"field": "spent", "equals": {"percentile": 80}}, "takes a single value, not a mapping"),
    ],
    ids=str,
)  # fmt: skip
def test_what_nobody_can_mean_is_refused_when_it_is_read(tree, words):
    with pytest.raises(InvalidCondition) as refused:
        read(tree)
    assert words in str(refused.value)


def test_segments_may_not_refer_to_themselves():
    (problem,) = problems(SCOPE.segments["loop"].condition, SCOPE, within=("loop",))

    assert "refers to itself: loop → pool → loop" in problem.message


@pytest.fixture
def shop(tmp_path):
    """Customers 1 to 4 and one without an id; 1 has three orders, 2 one, 3 one without a total, and one order is nobody's."""
    frames = {
        "customers": pl.DataFrame(
            {
                "id": [1, 2, 3, 4, None],
                "shop": ["A", "A", "B", None, "A"],
                "spent": [1.0, 2.0, 3.0, 4.0, None],
            }
        ),
        "orders": pl.DataFrame(
            {
                "id": [10, 11, 12, 13, 14, 15],
                "customer": [1, 1, 1, 2, 3, None],
                "shop": ["A", "B", "A", "B", "B", "A"],
                "total": pl.Series(["5", "7", "9", "20", None, "1"]).cast(pl.Decimal(10, 2)),
                "weight": [1.0, 1.0, float("nan"), 2.5, 0.0, 0.0],
                "at": pl.Series(["2024-03-30", "2024-03-01", "2023-01-01", "2024-03-31", None, "2024-03-31"])
                .str.to_datetime("%Y-%m-%d")
                .dt.replace_time_zone("UTC"),
            }
        ),
        "lines": pl.DataFrame({"order": [10, 10, 13], "sku": ["x", "y", "x"], "gifts": [[], ["a"], None]}),
        "visits": pl.DataFrame(
            {
                "who": [1, 1, 1, 2, 2],
                "day": [
                    date(2024, 1, 1),
                    date(2024, 1, 8),
                    date(2024, 1, 9),
                    date(2024, 1, 8),
                    date(2024, 1, 8),
                ],
                "page": ["basket", "paid", "paid", "basket", "paid"],
            }
        ),
    }
    for name, frame in frames.items():
        frame.write_parquet(tmp_path / f"{name}.parquet")
    return Snapshots({name: [tmp_path / f"{name}.parquet"] for name in frames}, SCOPE)


@pytest.mark.parametrize(
    ("tree", "members"),
    [
        ({"has": "orders"}, [1, 2, 3]),
        ({"has": "orders", "at_least": 2}, [1]),
        ({"has": "orders", "at_most": 1}, [2, 3, 4, None]),
        ({"has": "orders", "exactly": 0}, [4, None]),
        ({"has": "orders", "exactly": 1}, [2, 3]),
        ({"has": "orders", "at_least": 1, "at_most": 2}, [2, 3]),
        ({"has": "orders", "in_last": "90 days"}, [1, 2]),
        ({"has": "orders", "in_last": "90 days", "at_least": 2}, [1]),
        ({"has": "local"}, [1, 3]),
        ({"has": "orders", "where": {"has": "lines", "where": {"field": "sku", "equals": "y"}}}, [1]),
        ({"has": "orders", "where": {"none": [{"has": "lines"}]}}, [1, 3]),
        ({"has": "orders", "where": {"segment": "heavy"}}, [2]),
        ({"aggregate": {"sum": "total", "of": "orders"}, "above": 20}, [1]),
        ({"aggregate": {"sum": "total", "of": "orders"}, "is_null": True}, [3, 4, None]),
        ({"aggregate": {"sum": "total", "of": "orders"}, "not_in": [20]}, [1, 3, 4, None]),
        ({"aggregate": {"sum": "weight", "of": "orders"}, "equals": 2}, [1]),
        ({"aggregate": {"average": "total", "of": "orders"}, "equals": 7}, [1]),
        ({"aggregate": {"distinct": "shop", "of": "orders"}, "at_most": 1}, [2, 3, 4, None]),
        ({"aggregate": {"distinct": "shop", "of": "orders"}, "is_null": True}, []),
        ({"aggregate": {"first": "shop", "of": "orders"}, "equals": "A"}, [1]),
        ({"aggregate": {"last": "total", "of": "orders"}, "equals": 5}, [1]),
        ({"aggregate": {"last": "total", "of": "orders"}, "is_null": True}, [3, 4, None]),
        (FORMS[-6], [1]),
        ({"aggregate": {"sum": "total", "of": "orders"}, "at_least": {"percentile": 50}}, [1]),
        ({"aggregate": {"sum": "total", "of": "orders"}, "at_most": {"percentile": 0}}, [2]),
        ({"aggregate": {"distinct": "shop", "of": "orders"}, "at_most": {"percentile": 50}}, [2, 3, 4, None]),
        ({"aggregate": {"distinct": "shop", "of": "orders"}, "above": {"percentile": 50}}, [1]),
        ({"field": "spent", "at_least": {"percentile": 50}}, [3, 4]),
        ({"none": [{"field": "spent", "at_least": {"percentile": 50}}]}, [1, 2, None]),
        ({"segment": "big"}, []),
        ({"none": [{"segment": "big"}]}, [1, 2, 3, 4, None]),
    ],
    ids=str,
)
def test_rows_belong_by_their_related_rows(shop, tree, members):
    condition = read(tree)

    assert evaluate(condition, shop, now=NOW).collect()["id"].to_list() == members


def test_a_condition_names_only_tables_and_columns_in_quotes():
    tree = {"has": 'o"; --', "where": {"field": 'x"y', "equals": "'; --"}}
    table = Model({'x"y': pl.String(), 'k"': pl.Int8()})
    evil = Scope(
        "m", {"m": Model({"i": pl.Int8()}, (), None, {'o"; --': Link('t"', (("i", 'k"'),))}), 't"': table}
    )

    sql = compile_condition(read(tree), evil, now=NOW).sql(dialect="postgres")

    assert sql == """"i" IN (SELECT "k\"\"" FROM "t\"\"" WHERE "x\"\"y" = '''; --' AND NOT "k\"\"" IS NULL)"""


def test_a_fault_of_a_segment_that_is_referred_to_is_told_when_the_columns_are_known():
    segments = {"wrong": Segment("m", read({"field": "nmae", "equals": "a"}))}
    scope = Scope("m", {"m": Model({"name": pl.String()})}, segments)

    with pytest.raises(
        InvalidCondition, match='segment: the segment "wrong" has a fault: field: nmae'
    ) as raised:
        compile_condition(read({"any": [{"segment": "wrong"}]}), scope, now=NOW)

    assert [problem.follows for problem in raised.value.problems] == [True]
