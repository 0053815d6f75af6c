"""The grammar of conditions: what it reads, and what it says about what it cannot read."""

import pytest
from pydantic import BaseModel

from activation_platform.segmentation.conditions import AllOf, AnyOf, Comparison, Condition, NoneOf, read
from activation_platform.segmentation.operators import Operator
from activation_platform.segmentation.problems import InvalidCondition, Problem

EXAMPLE = {
    "all": [
        {"field": "country", "in": ["FR", "BE"]},
        {"field": "orders", "at_least": 2},
        {"field": "last_order_on", "in_last": "90 days"},
        {
            "any": [
                {"field": "email", "contains": "@example.", "ignore_case": True},
                {"field": "phone", "is_null": False},
            ]
        },
        {"none": [{"field": "vip", "equals": True}]},
    ]
}


def faults(tree: object) -> list[Problem]:
    with pytest.raises(InvalidCondition) as raised:
        read(tree)
    return list(raised.value.problems)


def nested(levels: int) -> dict:
    tree: dict = {"field": "orders", "at_least": 2}
    for level in range(levels):
        tree = {("all", "any", "none")[level % 3]: [tree]}
    return tree


def test_a_tree_reads_into_groups_and_leaves():
    tree = read(EXAMPLE)

    assert isinstance(tree, AllOf)
    country, orders, last_order, either, neither = tree.all
    assert (country.field, country.operator, country.value) == ("country", Operator.IN, ("FR", "BE"))
    assert (orders.operator, orders.value) == (Operator.AT_LEAST, 2)
    assert str(last_order.value) == "90 days"
    assert isinstance(either, AnyOf)
    assert either.any[0].ignore_case
    assert isinstance(neither, NoneOf)


def test_what_is_written_out_again_reads_to_the_same_tree():
    tree = read(EXAMPLE)

    written = tree.model_dump(mode="json", by_alias=True, exclude_unset=True)

    assert written == EXAMPLE
    assert read(written) == tree
    assert hash(read(written)) == hash(tree)


def test_a_tree_is_a_value_that_cannot_be_changed():
    leaf = read({"field": "orders", "at_least": 2})

    with pytest.raises(ValueError, match="frozen"):
        leaf.field = "other"


def test_a_tree_can_be_a_field_of_another_model():
    class Segment(BaseModel):
        where: Condition

    segment = Segment.model_validate({"where": EXAMPLE})

    assert segment.where == read(EXAMPLE)
    assert "at_least" in str(Segment.model_json_schema())


def test_conditions_can_be_written_in_python():
    leaf = Comparison(field="orders", at_least=2)

    assert AllOf(all=[leaf, AnyOf(any=[leaf])]) == read(
        {"all": [{"field": "orders", "at_least": 2}, {"any": [{"field": "orders", "at_least": 2}]}]}
    )


def test_every_operator_has_its_word_in_the_grammar():
    words = {field.alias or name for name, field in Comparison.model_fields.items()}

    assert words == {*Operator, "field", "path", "as", "aggregate", "ignore_case"}


def test_groups_nest_deeply_and_say_where_it_ends():
    assert read(nested(64))
    assert faults(nested(65)) == [
        Problem((), "groups are nested deeper than 64 levels, which no engine reads")
    ]


def test_a_tree_that_contains_itself_is_refused():
    tree: dict = {"all": []}
    tree["all"].append(tree)

    assert "deeper" in faults(tree)[0].message


@pytest.mark.parametrize(
    ("tree", "path", "words"),
    [
        ({"field": "age", "at_lest": 18}, (), ["age", '"at_lest" is no word', 'did you mean "at_least"?']),
        ({"field": "age", ">=": 18}, (), ['did you mean "at_least"?']),
        ({"field": "age", "greater_than": 18}, (), ['did you mean "above"?']),
        ({"al": []}, (), ['did you mean "all"?']),
        ({"equals": 1}, (), ["names its `field:`"]),
        ({"field": "age"}, (), ["age", "exactly one operator, here none"]),
        ({"field": "age", "above": 1, "below": 9}, (), ["age", "here `above` and `below`", "`all:`"]),
        ({"field": "age", "equals": None}, (), ["age", "`equals` has no value", "is_null: true"]),
        (
            {"field": "age", "above": 1, "ignore_case": True},
            (),
            ["age", "`ignore_case` does not go with `above`"],
        ),
        ({"field": "name", "is_empty": True, "ignore_case": True}, (), ["does not go with `is_empty`"]),
        ({"field": "name", "equals": "a", "ignore_case": 1}, ("ignore_case",), ["true or false"]),
        ({"field": "age", "equals": [1]}, ("equals",), ["age", "`equals` takes a single value, not a list"]),
        ({"field": "age", "equals": {"a": 1}}, ("equals",), ["not a mapping"]),
        ({"field": "age", "above": float("nan")}, ("above",), ["nan is no number"]),
        ({"field": "age", "above": float("inf")}, ("above",), ["inf is no number"]),
        ({"field": "country", "in": "FR"}, ("in",), ["country", "`in` takes a list"]),
        ({"field": "country", "in": []}, ("in",), ["matches nothing"]),
        ({"field": "country", "in": ["FR", None]}, ("in", 1), ["is_null: true"]),
        ({"field": "age", "between": [1]}, ("between",), ["list of two values"]),
        ({"field": "age", "not_between": [1, 2, 3]}, ("not_between",), ["list of two values"]),
        ({"field": "name", "contains": ""}, ("contains",), ["at least one character"]),
        ({"field": "name", "contains": 5}, ("contains",), ["takes text"]),
        (
            {"field": "name", "matches": r"\bfoo"},
            ("matches",),
            ["name", "engines differ about", "what is allowed"],
        ),
        ({"field": "name", "regex": "a"}, (), ['did you mean "matches"?']),
        ({"field": "name", "equals": "a\0b"}, ("equals",), ["NUL"]),
        ({"field": "name", "equals": "\ud800"}, ("equals",), ["surrogate"]),
        ({"field": "name", "is_null": "yes"}, ("is_null",), ["true or false"]),
        ({"field": "seen", "in_last": 90}, ("in_last",), ["90 is no span", '"90 days"']),
        ({"field": "seen", "in_last": "90"}, ("in_last",), ["units: minutes"]),
        ({"field": "seen", "days_ago": "30 days"}, ("days_ago",), ["whole number of days", "such as 30"]),
        ({"field": "seen", "days_ago": True}, ("days_ago",), ["whole number of days"]),
        ({"field": "seen", "in_days": -1}, ("in_days",), ["from 0 to 182,500"]),
        (
            {"field": "seen", "anniversary": "7 days"},
            ("anniversary",),
            ["the word today", "anniversary_within"],
        ),
        ({"field": "seen", "anniversary_within": 7}, ("anniversary_within",), ["7 is no span", '"90 days"']),
        ({"field": "seen", "anniversary_within": "12 months"}, ("anniversary_within",), ["within one year"]),
        (
            {"field": "seen", "not_anniversary_within": "3 hours"},
            ("not_anniversary_within",),
            ["span of days"],
        ),
        (
            {"field": "seen", "day_of_week": "monday"},
            ("day_of_week",),
            ["list of days", "[saturday, sunday]"],
        ),
        ({"field": "tags", "contains_any": "a"}, ("contains_any",), ["tags", "takes a list"]),
        ({"field": "tags", "contains_all": []}, ("contains_all",), ["at least one value"]),
        ({"field": "tags", "contains_none": [None]}, ("contains_none", 0), ["is_null: true"]),
        ({"field": "tags", "length_equals": -1}, ("length_equals",), ["whole number of values", "such as 2"]),
        ({"field": "tags", "length_at_most": 1.5}, ("length_at_most",), ["not 1.5"]),
        ({"field": "tags", "length": 2}, (), ['did you mean "length_equals"?']),
        ({"field": "tags", "not_contains_any": ["a"]}, (), ['did you mean "contains_none"?']),
        ({"field": "seen", "day_of_week": []}, ("day_of_week",), ["list of days"]),
        ({"field": "seen", "day_of_week": ["tue"]}, ("day_of_week", 0), ["no day of the week", "tuesday"]),
        ({"field": "seen", "day_of_week": ["friday", 5]}, ("day_of_week", 1), ["5 is no day of the week"]),
        ({"field": "seen", "birthday": "today"}, (), ['did you mean "anniversary"?']),
        ({"field": 5, "equals": 1}, ("field",), ["write '5' in quotes"]),
        ({"all": []}, ("all",), ["at least one condition"]),
        ({"any": {"field": "age", "equals": 1}}, ("any",), ["takes a list of conditions"]),
        ({"all": [{"field": "a", "equals": 1}], "any": []}, (), ["one word, here `all` and `any`"]),
        ({"all": ["age > 5"]}, ("all", 0), ["a condition is a mapping", "not 'age > 5'"]),
        (None, (), ["a condition is a mapping"]),
    ],
)
def test_a_wrong_combination_names_the_field_the_operator_and_the_way_out(tree, path, words):
    (problem,) = faults(tree)

    assert problem.path == path
    for word in words:
        assert word in problem.message


def test_all_faults_of_a_tree_are_told_at_once_each_with_its_path():
    tree = {
        "all": [
            {"field": "age", "at_lest": 18},
            {"any": [{"field": "country", "in": []}, {"none": [{"field": "seen", "in_last": "soon"}]}]},
        ]
    }

    assert [problem.path for problem in faults(tree)] == [
        ("all", 0),
        ("all", 1, "any", 0, "in"),
        ("all", 1, "any", 1, "none", 0, "in_last"),
    ]


def test_braces_in_a_users_text_are_told_as_they_are():
    assert '"{0}" is no word' in faults({"field": "{name}", "{0}": 1})[0].message


def test_the_error_prints_every_fault_with_its_place():
    error = InvalidCondition([Problem(("all", 1, "in"), "first"), Problem((), "second")])

    assert str(error) == "all[1].in: first\nsecond"


@pytest.mark.parametrize(
    "leaf",
    [{"field": "x", "day_of_week": ["monday"]}, {"field": "x", "path": "$.a", "as": "text", "equals": "b"}],
)
def test_a_condition_in_a_group_can_be_written_down_and_read_again(leaf):
    tree = read({"all": [leaf]})

    assert read(tree.model_dump(mode="json", exclude_unset=True, by_alias=True)) == tree
