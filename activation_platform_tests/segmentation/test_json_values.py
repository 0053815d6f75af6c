"""The table of values within JSON, row by row, and what a path may say."""

from datetime import UTC, date, datetime

import duckdb
import polars as pl
import pytest
from sqlglot import exp

from activation_platform.contracts.json_value import JsonPath, JsonType
from activation_platform.segmentation.compile import compile_condition
from activation_platform.segmentation.conditions import read
from activation_platform.segmentation.evaluate import Snapshots, answers, evaluate
from activation_platform.segmentation.json_values import in_json
from activation_platform.segmentation.problems import InvalidCondition
from activation_platform.segmentation.scope import Model, Scope, alone
from activation_platform.segmentation.validate import problems
from activation_platform.segmentation.why import ChosenHere, why
from activation_platform.sources.dialect import dialect_of
from activation_platform_tests.segmentation.reference_json import value_at

PROFILES = {"profile": pl.String(), "age": pl.Int64(), "address": pl.Struct({"city": pl.String()})}
LEAVES = [
    {"field": "profile", "path": path, "as": kind, **asked}
    for path, kind, asked in (
        ("$.address.city", "text", {"equals": "Paris", "ignore_case": True}),
        ('$["a.b"][0][""]', "text", {"is_null": True}),
        ("$.age", "integer", {"between": [18, 30]}),
        ("$.score", "number", {"above": 0.5}),
        ("$.vip", "boolean", {"not_equals": True}),
        ("$.born", "date", {"anniversary": "today"}),
        ("$.seen", "timestamp", {"in_last": "90 days"}),
        ("$.tags", "list of text", {"contains_any": ["a", "b"]}),
    )
]
"""One of each type, for a reviewer to read in each dialect."""
NOW = datetime(2024, 3, 31, 12, 30, tzinfo=UTC)


def found(documents: list, path: str, kind: str, folder) -> list:
    """What DuckDB finds in each document."""
    snapshot = folder / "documents.parquet"
    pl.DataFrame({"profile": documents}, schema={"profile": pl.String}).write_parquet(snapshot)
    snapshots = Snapshots.alone(snapshot)
    value = in_json(snapshots.column("model", "profile"), JsonPath.parse(path), JsonType(kind))
    query = exp.select("file_row_number", value.as_("value")).from_(snapshots.rows("model"))
    return answers(query, snapshots).sort("file_row_number")["value"].to_list()


def at_a(kind: str, folder, *written: str) -> list:
    """What stands at `$.a`, as it is written there."""
    return found([f'{{"a":{one}}}' for one in written], "$.a", kind, folder)


def test_only_a_string_is_text(tmp_path):
    assert at_a("text", tmp_path, '"x"', '""', '"12"', "12", "true", "null", "{}", '["x"]') == [
        *("x", "", "12"),
        *[None] * 5,
    ]


def test_escapes_are_the_characters_that_they_stand_for(tmp_path):
    assert at_a("text", tmp_path, r'"\u0041\n\/"', r'"\ud83d\ude00"', r'"\\u0000"') == [
        "A\n/",
        "😀",
        r"\u0000",
    ]


def test_a_number_is_the_nearest_float_however_it_is_written(tmp_path):
    assert at_a("number", tmp_path, "1", "1.0", "1.10", "1e2", "9007199254740993", "1e-400", "-0") == [
        *(1.0, 1.0, 1.1, 100.0, 9007199254740992.0, 0.0, 0.0)
    ]
    assert at_a("number", tmp_path, "1e400", "-1e400", '"1"', "true", "null", "[1]") == [None] * 6


def test_an_integer_is_a_number_that_is_whole_and_of_53_bits_at_most(tmp_path):
    assert at_a("integer", tmp_path, "1", "1.0", "1e2", "-0.0", "9007199254740991", "-9007199254740991") == [
        *(1, 1, 100, 0, 9007199254740991, -9007199254740991)
    ]
    assert (
        at_a("integer", tmp_path, "1.5", "9007199254740992", "9223372036854775808", "1e400", '"1"')
        == [None] * 5
    )


def test_only_true_and_false_are_boolean(tmp_path):
    assert at_a("boolean", tmp_path, "true", "false", '"true"', "1", "0", "null") == [
        True,
        False,
        *[None] * 4,
    ]


def test_a_date_is_a_day_of_the_calendar_as_a_string_and_nothing_more(tmp_path):
    assert at_a("date", tmp_path, '"2024-02-29"', '"1000-01-01"', '"9999-12-31"') == [
        *(date(2024, 2, 29), date(1000, 1, 1), date(9999, 12, 31))
    ]
    refused = (
        '"2023-02-29"',
        '"0000-01-01"',
        '"2024-1-1"',
        '" 2024-01-01"',
        '"2024-01-01T00:00:00Z"',
        '"now"',
        "20240101",
    )
    assert at_a("date", tmp_path, *refused) == [None] * len(refused)


def test_a_timestamp_is_rfc_3339_without_an_offset_in_utc_and_in_microseconds(tmp_path):
    assert at_a(
        *(
            "timestamp",
            tmp_path,
            '"2024-02-29T10:00:00Z"',
            '"2024-02-29 10:00:00"',
            '"2024-02-29T10:00:00.5+02:00"',
        ),
        *('"2024-02-29T10:00:00.1234569-05:30"', '"9999-12-31T23:59:59+00:00"'),
    ) == [
        datetime(2024, 2, 29, 10, tzinfo=UTC),
        datetime(2024, 2, 29, 10, tzinfo=UTC),
        datetime(2024, 2, 29, 8, 0, 0, 500_000, tzinfo=UTC),
        datetime(2024, 2, 29, 15, 30, 0, 123_456, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    ]
    refused = (
        *('"2024-02-29"', '"2024-02-30T10:00:00Z"', '"2024-02-29T24:00:00Z"', '"2024-02-29T10:00:60Z"'),
        *('"2024-02-29T10:00Z"', '"2024-02-29T10:00:00+0200"', '"2024-02-29T10:00:00+15:00"', "1709200800"),
        '"9999-12-31T23:59:59-01:00"',
    )
    assert at_a("timestamp", tmp_path, *refused) == [None] * len(refused)


def test_a_list_of_text_is_an_array_of_strings_alone(tmp_path):
    assert at_a("list of text", tmp_path, '["x","y","x"]', "[]", '["x",null]', '["x",1]', '"x"', "{}") == [
        *(["x", "y", "x"], []),
        *[None] * 4,
    ]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$.b", "b"),
        ("$.c[1].d", "d"),
        ("$.c[2]", None),
        ("$.c.d", None),
        ("$.c", None),
        ("$[0]", None),
        ("$.b.x", None),
        ('$[""]', "empty"),
        ('$["*"]', "star"),
        ('$["*"].x', None),
        ('$["x.y"]', "dot"),
        ('$["a\\"b"]', "quote"),
        ('$["\\\\"]', "backslash"),
        ('$["0"]', "key"),
        ('$["é"]', "accent"),
        ('$["\\u00e9"]', "accent"),
        ("$.B", None),
    ],
)
def test_a_path_leads_to_one_value_or_to_none(path, value, tmp_path):
    document = r"""{"b": "b", "c": [1, {"d": "d"}], "": "empty", "*": "star", "x.y": "dot", "a\"b": "quote",
        "\\": "backslash", "0": "key", "\u00e9": "accent"}"""

    assert found([document, "{}", "[]"], path, "text", tmp_path) == [value, None, None]
    assert value_at(document, JsonPath.parse(path).steps, "text") == value


@pytest.mark.parametrize(
    "document",
    [
        *(
            None,
            "",
            " ",
            "x",
            '{"a":"v"',
            '{"a":"v"}}',
            '{"a":"v"} x',
            "{'a':'v'}",
            '{a:"v"}',
            '{"a":"v",}',
            '{"a" "v"}',
        ),
        *(
            '{"a":"v","b":NaN}',
            '{"a":"v","b":-Infinity}',
            '{"a":"v","b":01}',
            '{"a":"v","b":[1,]}',
            '{"a":"v","b":TRUE}',
        ),
        *(
            '{"a":"v","a":"v"}',
            '{"a":"v","\\u0061":1}',
            '{"a":"v","b":[{"c":1,"c":1}]}',
            '\ufeff{"a":"v"}',
            '/**/{"a":"v"}',
        ),
        *('{"a":"v","b":"\\ud800"}', '{"a":"v","b":"\\u0000"}', '{"a":"v","b":"\\x"}', '{"a":"v","b":"\t"}'),
        '{"a":"v","b":' + "[" * 5_000 + "]" * 5_000 + "}",
        '{"a":"v","b":"' + "[" * 5_000 + '"}',
    ],
)
def test_text_that_is_no_document_holds_nothing_and_is_no_error(document, tmp_path):
    assert found([document], "$.a", "text", tmp_path) == [None]
    assert value_at(document, ("a",), "text") is None


@pytest.mark.parametrize(
    "document",
    [
        *(
            ' \t\r\n{"a":"v"}\n',
            '{"a":"v","b":"NaN"}',
            '{"a":"v","b":["x", ""],"c":"inf"}',
            '{"a":"v","b":"x,]"}',
        ),
        *('{"a":"v","b":"\\\\u0000"}', '{"a":"v","b":1e999999}', '{"a":"v","b":{"a":1}}', '{"a":"v","A":1}'),
        *('{"a":"v","b":"\\",}"}', '{"a":"v","b":"nan\\\\"}'),
        '{"a":"v","b":' + "[" * 4_999 + "]" * 4_999 + "}",
        '{"a":"v","b":"' + "x" * 1_000_000 + '"}',
    ],
)
def test_what_only_looks_odd_is_a_document(document, tmp_path):
    assert found([document], "$.a", "text", tmp_path) == ["v"]
    assert value_at(document, ("a",), "text") == "v"


@pytest.mark.parametrize(
    ("leaf", "words"),
    [
        ({"path": "a", "as": "text"}, ["begins with $"]),
        ({"path": "$.a.*", "as": "text"}, ["'.*'", "leads to one value"]),
        ({"path": "$..a", "as": "text"}, ["leads to one value"]),
        ({"path": "$[-1]", "as": "text"}, ["[0] (the first one)"]),
        ({"path": "$['a']", "as": "text"}, ['["any key"]']),
        ({"path": '$["\\x"]', "as": "text"}, ["write it as a JSON string"]),
        ({"path": '$["\\ud800"]', "as": "text"}, ["half a surrogate pair"]),
        ({"path": '$["\\u0000"]', "as": "text"}, ["NUL"]),
        ({"path": 1, "as": "text"}, ["takes text"]),
        ({"path": "$.a", "as": "txt"}, ["'txt'", 'did you mean "text"?']),
        ({"path": "$.a", "as": "float"}, ["text, integer, number, boolean, date, timestamp, list of text"]),
        ({"path": "$.a"}, ["`path` and `as` go together"]),
        ({"as": "text"}, ["`path` and `as` go together"]),
    ],
)
def test_what_a_path_cannot_say_is_told(leaf, words):
    with pytest.raises(InvalidCondition) as refused:
        read({"field": "profile", "is_null": True, **leaf})

    assert all(word in str(refused.value) for word in words), refused.value


def test_an_aggregate_has_no_path():
    with pytest.raises(InvalidCondition, match="`path` goes into a field"):
        read({"aggregate": {"last": "profile", "of": "orders"}, "path": "$.a", "as": "text", "is_null": True})


@pytest.mark.parametrize(
    ("leaf", "step", "words"),
    [
        ({"field": "profil", "as": "text", "is_null": True}, "field", 'did you mean "profile"?'),
        (
            {"field": "age", "as": "text", "is_null": True},
            "field",
            "age: is of type Int64, and `path` goes into text",
        ),
        ({"field": "address", "as": "text", "is_null": True}, "field", "make the value a column"),
        (
            {"field": "profile", "as": "integer", "contains": "1"},
            "contains",
            "profile $.a: `contains` does not apply",
        ),
        ({"field": "profile", "as": "date", "equals": "soon"}, "equals", "'soon' is not a date"),
        ({"field": "profile", "as": "date", "in_last": "1 hour"}, "in_last", "count days or longer"),
        (
            {"field": "profile", "as": "number", "above": {"percentile": 80}},
            "above",
            "does not take a percentile",
        ),
    ],
)
def test_a_path_is_checked_against_its_field_and_the_operator_against_its_type(leaf, step, words):
    (problem,) = problems(read({**leaf, "path": "$.a"}), alone(PROFILES))

    assert problem.path == (step,)
    assert words in problem.message


def test_the_type_is_checked_before_the_fields_of_a_model_are_known():
    (problem,) = problems(
        read({"field": "x", "path": "$.a", "as": "boolean", "above": 1}), Scope("m", {"m": Model(None)})
    )

    assert "does not apply to a field of kind boolean" in problem.message


def test_a_value_within_json_is_told_without_the_document_around_it(tmp_path):
    snapshot = tmp_path / "people.parquet"
    pl.DataFrame({"id": [1, 2], "profile": ['{"age": 41, "name": "Ann"}', "broken"]}).write_parquet(snapshot)
    condition = read({"field": "profile", "path": "$.age", "as": "integer", "at_least": 18})

    first, second = why(
        condition, ChosenHere(Snapshots.alone(snapshot), pl.col("id") > 0), now=NOW, most=2
    ).told

    assert (first.holds, first.held) == (True, {"the integer at $.age of profile": 41})
    assert (second.holds, second.held) == (False, {"the integer at $.age of profile": None})
    assert evaluate(condition, Snapshots.alone(snapshot), now=NOW).collect()["id"].to_list() == [1]


@pytest.mark.parametrize("name", ["j", "k", "n", "s", "value", 'a"b', "JSON"])
@pytest.mark.parametrize("kind", JsonType)
def test_no_column_name_is_special_where_it_is_quoted(name, kind):
    leaf = {"field": name, "path": "$.a", "as": str(kind), "is_null": True}
    condition = compile_condition(read(leaf), alone({name: pl.String()}), now=NOW)
    statement = dialect_of("duckdb").written(exp.select(condition).from_("documents"))
    documents = pl.DataFrame({name: ["{}"]})

    with duckdb.connect() as connection:
        connection.register("documents", documents.to_arrow())
        assert connection.execute(statement).fetchall() == [(True,)]
