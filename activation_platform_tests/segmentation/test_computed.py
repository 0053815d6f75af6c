"""Computed fields: their types, what they are made of in words and in answer to why, and everything that makes one impossible."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from math import inf, nan
from typing import Any

import polars as pl
import pytest

from activation_platform.segmentation.compile import compile_condition, compile_source
from activation_platform.segmentation.computed import read_computed
from activation_platform.segmentation.computed_words import explained
from activation_platform.segmentation.conditions import read
from activation_platform.segmentation.definitions import computed_problems, typed
from activation_platform.segmentation.evaluate import Snapshots, evaluate
from activation_platform.segmentation.fields import UNTOLD
from activation_platform.segmentation.problems import InvalidCondition
from activation_platform.segmentation.reads import models_read
from activation_platform.segmentation.scope import Link, Model, Scope, Segment
from activation_platform.segmentation.validate import problems
from activation_platform.segmentation.why import ChosenHere, why

NOW = datetime(2024, 3, 31, 12, 30, tzinfo=UTC)
CUSTOMERS = {
    "spent": {"aggregate": {"sum": "net", "of": "orders", "in_last": "1 year"}},
    "shops": {"aggregate": {"distinct": "shop", "of": "orders"}},
    "latest": {"aggregate": {"last": "shop", "of": "orders"}},
    "bought": {"count": "orders", "where": {"field": "net", "above": 5}},
    "tier": {
        "label": [
            {"when": {"field": "spent", "at_least": {"percentile": 80}}, "then": "gold"},
            {"when": {"any": [{"has": "orders"}, {"segment": "french"}]}, "then": "silver"},
        ],
        "otherwise": "bronze",
    },
    "town": {"related": "town", "of": "home"},
    "per_order": {"formula": "round(spent / bought, 2)"},
    "place": {"formula": "lower(town) || ', ' || coalesce(country, '?')"},
    "age": {"formula": "days_between(born, today())"},
    "since": {"aggregate": {"max": "days", "of": "orders"}},
}
ORDERS = {
    "net": {"formula": "total - fee"},
    "days": {"formula": "days_between(at, today()) * id"},
}


def scope_of(customers: dict[str, Any], orders: dict[str, Any] | None = None) -> Scope:
    """Customers with computed fields, their orders, their homes and a model that only its source knows."""
    fields = {name: read_computed(tree) for name, tree in customers.items()}
    theirs = {name: read_computed(tree) for name, tree in (ORDERS if orders is None else orders).items()}
    return typed(
        Scope(
            "customers",
            {
                "customers": Model(
                    {"id": pl.Int64(), "country": pl.String(), "born": pl.Date(), "home": pl.Int64()},
                    ("id",),
                    None,
                    {
                        "orders": Link("orders", (("id", "customer"),)),
                        "home": Link("homes", (("home", "id"),)),
                        "elsewhere": Link("unread", (("id", "id"),)),
                    },
                    fields,
                ),
                "orders": Model(
                    {
                        "id": pl.Int64(),
                        "customer": pl.Int64(),
                        "shop": pl.Enum(["A", "B"]),
                        "total": pl.Decimal(10, 2),
                        "fee": pl.Decimal(10, 2),
                        "at": pl.Datetime("us", "UTC"),
                    },
                    ("id",),
                    "at",
                    {"buyer": Link("customers", (("customer", "id"),))},
                    theirs,
                ),
                "homes": Model({"id": pl.Int64(), "town": pl.String(), "photo": pl.Binary()}, ("id",)),
                "unread": Model(None, ("id",)),
            },
            {
                "french": Segment("customers", read({"field": "country", "equals": "FR"})),
                "gold": Segment("customers", read({"field": "tier", "equals": "gold"})),
            },
        )
    )


SCOPE = scope_of(CUSTOMERS)
FORMS = [
    *({"field": name, "is_null": False} for name in CUSTOMERS),
    {"all": [{"field": "spent", "above": 500}, {"field": "tier", "in": ["gold"]}, {"field": "age", "above": 6_570}]},
    {"has": "orders", "where": {"field": "net", "above": 100}},
    {"aggregate": {"max": "net", "of": "orders"}, "below": 10},
    {"field": "spent", "above": {"percentile": 80}},
    {"limit": {"top": 10, "by": [{"descending": "spent"}]}},
]  # fmt: skip
"""Conditions on fields of every kind; what warehouses get for them stands in `activation_platform_tests/sources/conditions/`."""


def test_every_form_fits_and_compiles_to_the_same_text_every_time():
    for tree in FORMS:
        assert problems(read(tree), SCOPE) == []
        once, again = (
            compile_source(SCOPE, compile_condition(read(tree), SCOPE, now=NOW), now=NOW).sql() for _ in "ab"
        )
        assert once == again


def test_every_kind_of_field_has_a_type_of_its_own():
    assert SCOPE.schema == {
        "id": pl.Int64(),
        "country": pl.String(),
        "born": pl.Date(),
        "home": pl.Int64(),
        "spent": pl.Decimal(38, 2),
        "shops": pl.Int64(),
        "latest": pl.String(),
        "bought": pl.Int64(),
        "tier": pl.String(),
        "town": pl.String(),
        "per_order": pl.Float64(),
        "place": pl.String(),
        "age": pl.Int64(),
        "since": pl.Decimal(38, 0),
    }


def test_only_the_fields_that_are_used_are_worked_out():
    where = compile_condition(read({"field": "bought", "above": 1}), SCOPE, now=NOW)

    sql = compile_source(SCOPE, where, now=NOW).sql()

    assert sql.count("JOIN") == 1
    assert '"net"' in sql
    assert "SUM" not in sql


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        ({}, "has one of aggregate, count, label, related, formula, here none"),
        ({"agregate": {}}, 'did you mean "aggregate"?'),
        ("sum(x)", "here none"),
        ({"formula": "a", "count": "orders"}, "here count and formula"),
        ({"formula": "a", "otherwise": "b"}, '"otherwise" is no word here'),
        ({"aggregate": {"of": "orders"}}, "aggregate: takes exactly one of sum"),
        ({"count": "orders", "in_last": "90"}, "in_last: '90' is no span of time"),
        ({"label": []}, "takes a list of {when: a condition, then: a text}"),
        ({"label": [{"when": {"field": "a"}, "then": "x"}]}, "label[0].when: a: takes exactly one operator"),
        ({"label": [{"when": {"field": "a", "is_null": True}, "then": 5}]}, "label[0].then: takes text"),
        ({"label": [{"when": {"field": "a", "is_null": True}}]}, "label[0]: says no `then:`"),
        ({"related": "town"}, "says no `of:`"),
        ({"formula": ""}, "takes an expression such as price - cost"),
        ({"formula": 5}, "takes an expression"),
        ({"formula": "a +"}, "cannot be read; a formula has + - * / ||"),
        ({"formula": "a; b"}, "takes one expression, without semicolons"),
        ({"formula": "a -- b"}, "without semicolons and comments"),
        ({"formula": "sum(a)"}, "knows no function sum; a formula has"),
        ({"formula": "roun(a)"}, 'knows no function roun - did you mean "round"?'),
        ({"formula": "ifnull(a, b)"}, 'knows no function ifnull - did you mean "coalesce"?'),
        ({"formula": "concat(a, b)"}, 'did you mean "||"?'),
        ({"formula": "case when a then b end"}, "`CASE WHEN a THEN b END` is not in the language of formulas"),
        ({"formula": "a % b"}, "`a % b` is not in the language"),
        ({"formula": "a > b"}, "`a > b` is not in the language"),
        ({"formula": "a::text"}, "is not in the language"),
        ({"formula": "(select a from b)"}, "is not in the language"),
        ({"formula": "t.a"}, "is not in the language"),
        ({"formula": "current_date"}, "is not in the language"),
        ({"formula": "null"}, "`NULL` is not in the language"),
        ({"formula": "(" * 5_000 + "a" + ")" * 5_000}, "of at most 2,000 characters"),
        ({"formula": "(" * 900 + "a" + ")" * 900}, "cannot be read"),
    ],
    ids=lambda value: str(value)[:60],
)  # fmt: skip
def test_what_is_no_computed_field_is_refused_when_it_is_read(tree, words):
    with pytest.raises(InvalidCondition) as refused:
        read_computed(tree)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("tree", "path", "words"),
    [
        ({"aggregate": {"sum": "nett", "of": "orders"}}, "aggregate.sum", 'orders has no such field - did you mean "net"?'),
        ({"aggregate": {"sum": "shop", "of": "orders"}}, "aggregate.sum", "takes number, not text"),
        ({"aggregate": {"sum": "net", "of": "ordres"}}, "aggregate.of", 'did you mean "orders"?'),
        ({"count": "orders", "where": {"field": "nt", "above": 1}}, "where.field", 'did you mean "net"'),
        ({"count": "ordres"}, "count", 'did you mean "orders"?'),
        ({"count": "home", "in_last": "1 day"}, "in_last", "name the `time:` field"),
        ({"label": [{"when": {"field": "tear", "equals": "x"}, "then": "y"}]}, "label[0].when.field", "no such field"),
        ({"related": "twn", "of": "home"}, "related", 'homes has no such field - did you mean "town"?'),
        ({"related": "photo", "of": "home"}, "related", "does not come through every engine unchanged"),
        ({"related": "net", "of": "orders"}, "of", "whose primary key is id; say which: aggregate: {last: net, of: orders}"),
        ({"formula": "borne"}, "formula", 'borne: the model has no such field - did you mean "born"?'),
        ({"formula": "country - 1"}, "formula", "`-` takes numbers, here text and number"),
        ({"formula": "born - born"}, "formula", "`-` takes numbers, here date"),
        ({"formula": "id || country"}, "formula", "`||` takes texts, here number and text"),
        ({"formula": "lower(id)"}, "formula", "`lower` takes texts, here number"),
        ({"formula": "coalesce(id, country)"}, "formula", "`coalesce` takes values of one kind, here number and text"),
        ({"formula": "days_between(born)"}, "formula", "takes two dates or timestamps"),
        ({"formula": "days_between(born, id)"}, "formula", "`days_between` takes dates and timestamps, here date and number"),
        ({"formula": "round(id, 12)"}, "formula", "keeps 0 to 9 places"),
        ({"formula": "round(id, id)"}, "formula", "keeps 0 to 9 places"),
        ({"formula": "id * 1e5"}, "formula", "1e5 is no number here: write its digits out"),
        ({"formula": " * ".join(["(id / id)"] * 20)}, "formula", "might be too large for one; make a part of it a computed"),
        ({"formula": "x + 1"}, "", "the field refers to itself: x → x"),
        ({"label": [{"when": {"segment": "gold"}, "then": "x"}]}, "label[0].when.segment", ""),
    ],
    ids=lambda value: str(value)[:60],
)  # fmt: skip
def test_what_cannot_be_is_told_with_its_place_and_the_nearest_word(tree, path, words):
    scope = scope_of({"x": tree})

    found = computed_problems("x", scope)

    if words:
        (problem,) = found
        assert str(problem).startswith(f"{path}: " if path else "")
        assert words in problem.message


def test_a_field_that_leads_back_to_itself_is_refused_with_the_whole_path():
    scope = scope_of(
        {
            "a": {"formula": "b + 1"},
            "b": {"aggregate": {"sum": "c", "of": "orders"}},
            "tier": {"label": [{"when": {"segment": "gold"}, "then": "x"}]},
            "beside": {"formula": "a * 2"},
        },
        {"c": {"label": [{"when": {"has": "buyer", "where": {"field": "a", "above": 1}}, "then": "x"}]}},
    )

    told = {name: [one.message for one in computed_problems(name, scope)] for name in scope.model.computed}

    assert told["a"] == ["the field refers to itself: a → b → orders.c → a"]
    assert told["b"] == ["the field refers to itself: b → orders.c → a → b"]
    assert told["tier"] == ["the field refers to itself: tier → segment gold → tier"]
    assert told["beside"] == []  # those that do lead back tell it
    segment = problems(scope.segments["gold"].condition, scope, within=("gold",))
    assert [str(one) for one in segment] == ["field: the segment refers to itself: gold → field tier → gold"]
    with pytest.raises(InvalidCondition, match=r"a → b → orders\.c → a"):
        compile_condition(read({"field": "beside", "above": 1}), scope, now=NOW)


def test_what_depends_on_a_field_with_a_fault_is_not_told_of_it_too():
    scope = scope_of({"x": {"formula": "nowhere + 1"}, "y": {"formula": "x + 1"}, "z": {"formula": "unread"}})

    assert scope.schema["x"] == UNTOLD
    assert computed_problems("y", scope) == []
    assert problems(read({"field": "x", "contains": "a"}), scope) == []


def test_a_model_that_only_its_source_knows_is_checked_when_it_was_read():
    tree = {"x": {"aggregate": {"sum": "money", "of": "elsewhere"}}}
    declared = scope_of(tree)
    assert declared.schema["x"] == UNTOLD
    assert computed_problems("x", declared) == []

    read_now = typed(declared, {"unread": pl.Schema({"id": pl.Int64(), "money": pl.Float64()})})
    assert read_now.schema["x"] == pl.Float64()

    wrong = typed(declared, {"unread": pl.Schema({"id": pl.Int64(), "money": pl.String()})})
    with pytest.raises(
        InvalidCondition, match=r"customers.computed.x.aggregate.sum: money: `sum` takes number"
    ):
        compile_source(wrong, now=NOW, fields=["x"])


def test_a_column_with_the_name_of_a_computed_field_is_refused_when_it_is_read():
    columns = pl.Schema({"id": pl.Int64(), "Spent": pl.Float64()})

    with pytest.raises(
        InvalidCondition, match=r'customers\.computed\.spent: the model has the column "Spent"'
    ):
        typed(SCOPE, {"customers": columns})


def test_rows_are_not_related_by_computed_fields():
    scope = scope_of({"code": {"formula": "id + 1"}})
    model = replace(scope.model, relations={"odd": Link("orders", (("code", "id"),))})
    scope = replace(scope, models={**scope.models, "customers": model})

    (problem,) = problems(read({"has": "odd"}), scope)

    assert problem.message == "odd: code is a computed field of customers, and rows are related by columns"


def test_a_field_is_read_with_all_that_it_is_made_of():
    assert models_read(None, SCOPE, ["place"]) == {"customers", "homes"}
    assert models_read(read({"field": "tier", "equals": "gold"}), SCOPE) == {"customers", "orders"}


NUMBERS = {
    "i": pl.Int64(),
    "u": pl.UInt64(),
    "s": pl.Int8(),
    "d": pl.Decimal(10, 2),
    "w": pl.Decimal(38, 18),
    "huge": pl.Decimal(38, 0),
    "f": pl.Float64(),
    "g": pl.Float32(),
    "t": pl.String(),
    "b": pl.Boolean(),
    "at": pl.Datetime("ns", "Europe/Paris"),
    "day": pl.Date(),
}


def worth(tmp_path, formula: str, **cells: Any) -> Any:
    """The type of a formula over one row, and its value."""
    row = pl.DataFrame({name: pl.Series([cells.get(name)]).cast(dtype) for name, dtype in NUMBERS.items()})
    row.write_parquet(tmp_path / "row.parquet")
    model = Model(None, (), None, {}, {"x": read_computed({"formula": formula})})
    snapshots = Snapshots({"m": [tmp_path / "row.parquet"]}, Scope("m", {"m": model}))
    made = evaluate(None, snapshots, now=NOW, fields=["x"]).collect()["x"]
    return made.dtype, made[0]


@pytest.mark.parametrize(
    ("formula", "dtype", "value"),
    [
        ("i + s", pl.Decimal(38, 0), Decimal(12)),
        ("s + 1", pl.Int64, 6),
        ("s * s * s", pl.Int64, 125),
        ("i * i", pl.Decimal(38, 0), Decimal(49)),
        ("d - 0.005", pl.Decimal(38, 3), Decimal("2.495")),
        ("d * d", pl.Decimal(38, 4), Decimal("6.2500")),
        ("i * i * i", pl.Float64, 343.0),
        ("d * d * d * d * d", pl.Float64, 97.65625),
        ("w + 1", pl.Float64, 1.5),
        ("f + d", pl.Float64, 3.75),
        ("g * 2", pl.Float64, 1.0),
        ("i / s", pl.Float64, 1.4),
        ("i / 0", pl.Float64, None),
        ("i / (s - 5)", pl.Float64, None),
        ("f / (f - 1.25)", pl.Float64, None),
        ("-(i - -s)", pl.Decimal(38, 0), Decimal(-12)),
        ("i - (s - 2)", pl.Decimal(38, 0), Decimal(4)),
        ("2 * (s + 1) / 4", pl.Float64, 3.0),
        ("round(d)", pl.Int64, 3),
        ("round(-d)", pl.Int64, -3),
        ("round(d * 1.11, 2)", pl.Decimal(38, 2), Decimal("2.78")),
        ("round(d, 5)", pl.Decimal(38, 2), Decimal("2.50")),
        ("round(f * 2)", pl.Float64, 3.0),
        ("round(-f * 2)", pl.Float64, -3.0),
        ("round(f, 1)", pl.Float64, 1.3),
        ("i + null_one", pl.Float64, None),
        ("coalesce(null_one, f, i)", pl.Float64, 1.25),
        ("coalesce(s, d)", pl.Decimal(38, 2), Decimal("5.00")),
        ("t || '-' || 'it''s'", pl.String, "É\"x-it's"),
        ("lower(t) || upper('e')", pl.String, 'é"xE'),
        ("coalesce(t, 'x')", pl.String, 'É"x'),
        ("coalesce(b, b)", pl.Boolean, True),
        ("days_between(day, at)", pl.Int64, 30),
        ("days_between(at, today())", pl.Int64, 1),
        ("today()", pl.Date, date(2024, 3, 31)),
        ("5", pl.Int64, 5),
        ("'a'", pl.String, "a"),
    ],
)  # fmt: skip
def test_a_formula_has_a_type_and_a_value(tmp_path, formula, dtype, value):
    cells = {"i": 7, "s": 5, "d": "2.5", "w": "0.5", "f": 1.25, "g": 0.5, "t": 'É"x', "b": True}
    cells |= {"day": date(2024, 2, 29), "at": datetime(2024, 3, 30, 23, 30, tzinfo=UTC)}

    found, held = worth(tmp_path, formula.replace("null_one", "(f + (f / 0))"), **cells)

    assert (found, held) == (dtype, value)


@pytest.mark.parametrize(
    ("formula", "cells"),
    [
        *(("f + 0", {"f": wrong}) for wrong in (nan, inf, -inf, 1e50, -1e300, None)),
        ("f * f", {"f": 1e200}),
        ("f - f", {"f": inf}),
        ("u + 0", {"u": 2**64 - 1}),
        ("huge + 0", {"huge": 10**19}),
        ("huge * huge", {"huge": -(10**37)}),
        ("1 / f", {"f": 1e-51}),
    ],
)
def test_what_would_overflow_is_null_and_fails_nothing(tmp_path, formula, cells):
    assert worth(tmp_path, formula, **cells)[1] is None


@pytest.mark.parametrize(
    ("formula", "cells", "value"),
    [
        ("f * f", {"f": 1e-60}, 0.0),
        ("f * f", {"f": 9e49}, 9e49**2),
        ("u + 0", {"u": 10**19 - 2_000}, Decimal(10**19 - 2_000)),
        ("i * i", {"i": -(2**63)}, Decimal(2**126)),
        ("i - i", {"i": 2**63 - 1}, Decimal(0)),
    ],
)
def test_what_does_not_overflow_keeps_its_digits(tmp_path, formula, cells, value):
    assert worth(tmp_path, formula, **cells)[1] == value


@pytest.fixture
def shop(tmp_path):
    """Two customers: the first has two orders in the year, the second one order and no home."""
    frames = {
        "customers": pl.DataFrame(
            {"id": [1, 2], "country": ["FR", "BE"], "born": [date(2000, 1, 1), None], "home": [7, 8]}
        ),
        "orders": pl.DataFrame(
            {
                "id": [10, 11, 12],
                "customer": [1, 1, 2],
                "shop": ["A", "B", "A"],
                "total": ["10", "20", "4"],
                "fee": ["1", "2", "1"],
                "at": [datetime(2024, 1, day, tzinfo=UTC) for day in (1, 2, 3)],
            }
        ).cast({"total": pl.Decimal(10, 2), "fee": pl.Decimal(10, 2), "shop": pl.Enum(["A", "B"])}),
        "homes": pl.DataFrame({"id": [7, 9], "town": ["Lille", "Mons"], "photo": [b"", b""]}),
    }
    for name, frame in frames.items():
        frame.write_parquet(tmp_path / f"{name}.parquet")
    return Snapshots({name: [tmp_path / f"{name}.parquet"] for name in frames}, SCOPE)


def test_the_rows_that_belong_have_the_fields_beside_their_own(shop):
    frame = evaluate(
        read({"field": "tier", "not_equals": "bronze"}), shop, now=NOW, fields=["place", "spent", "latest"]
    ).collect()

    assert frame.drop("born", "home").rows() == [
        (1, "FR", "lille, FR", Decimal("27.00"), "B"),
        (2, "BE", None, Decimal("3.00"), "A"),
    ]


def test_an_explanation_says_what_the_fields_are(shop):
    told = explained(
        read({"all": [{"field": "tier", "equals": "gold"}, {"field": "per_order", "above": 3}]}),
        shop.scope,
        NOW,
    )

    assert told.startswith('A row of customers belongs if all of: tier is "gold"; per_order is above 3.')
    assert "The field per_order of customers is the formula round(spent / bought, 2)." in told
    assert (
        "The field spent of customers is the sum of net over rows of orders whose at is in the last 1 year"
        in told
    )
    assert (
        'The field tier of customers is "gold" if (spent is at least percentile 80 of all rows), else "silver" if '
        '(any of: it has at least 1 row of orders; it belongs to the segment french), else "bronze".' in told
    )
    assert "The field net of orders is the formula total - fee." in told
    assert "town" not in told


def test_why_tells_the_case_of_a_label_and_what_a_formula_is_over(shop):
    tree = {"all": [{"field": "tier", "equals": "gold"}, {"field": "per_order", "above": 3}]}

    (verdict,) = why(read(tree), ChosenHere(shop, pl.col("id") == 2), now=NOW, most=10).told

    label, formula = verdict.parts
    assert (label.holds, dict(label.held)) == (False, {"tier": "silver"})
    assert [(part.holds, part.words.partition(" if ")[0]) for part in label.parts] == [
        (False, '"gold"'),
        (True, '"silver"'),
    ]
    assert dict(formula.held) == {"per_order": None, "spent": Decimal("3.00"), "bought": 0}


def test_why_tells_a_field_whatever_it_is_called(tmp_path):
    pl.DataFrame({"id": [1], "x": [2]}).write_parquet(tmp_path / "rows.parquet")
    fields = {
        name: read_computed({"formula": "x + 1"}) for name in ("holds", "amount", "limit", "file_index")
    }
    snapshots = Snapshots({"m": [tmp_path / "rows.parquet"]}, Scope("m", {"m": Model(None, computed=fields)}))
    tree = {"all": [{"field": name, "at_least": {"percentile": 0}} for name in fields]}

    (verdict,) = why(read(tree), ChosenHere(snapshots, pl.col("id") == 1), now=NOW, most=1).told

    assert [dict(part.held) for part in verdict.parts] == [
        {name: Decimal(3), "x": 2, "percentile 0": 3.0} for name in fields
    ]
