"""Values within JSON in the words of BigQuery and Snowflake, carried out with a parser as lax as their pages allow."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlglot import exp

from activation_platform.contracts.json_value import JsonPath, JsonType, JsonValue
from activation_platform.sources.dialect import dialect_of
from activation_platform_tests.segmentation.documents import (
    AROUND,
    KEYS,
    MALFORMED,
    NO_DAYS,
    NUMBERS,
    TEXTS,
    escaped,
)
from activation_platform_tests.segmentation.reference_json import value_at
from activation_platform_tests.sources.vendors_json import told

MOMENTS = [
    "2024-02-29T10:00:00Z",
    "2024-02-29 10:00:00.5",
    "2024-02-29T10:00:00.1234569-05:30",
    "1000-01-01T00:00:00+14:59",
]
STRINGS = [f'"{"".join(map(escaped, one))}"' for one in (*TEXTS, *NO_DAYS, *MOMENTS)]
LISTS = ["[]", '["x","y","x"]', '["x",null]', '["x",1]', '["=x"]', '[["x"]]', '["x",]', "[{}]", '{"a":["x"]}']
VALUES = ["true", "false", "null", "{}", *NUMBERS, *STRINGS, *LISTS, *MALFORMED]
ODD = [
    '{"a":"v",}',
    '{"a":"v","b":}',
    '{"a":"v","b"}',
    '["a":"v"]',
    '{"a":"v"]',
    '{1:2,"a":"v"}',
    '{"a":"v" "b":"v"}',
    '{"a":=v}',
    '{"a":"v","b":"' + "[" * 5_000 + '"}',
    '{"a":"v","b":"' + "[" * 4_999 + '"}',
]
DOCUMENTS = [
    None,
    *(f'{{"a":{one}}}' for one in VALUES),
    *ODD,
    *(f'{before}{{"a":"v"}}{after}' for before, after in AROUND),
]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

pytestmark = pytest.mark.parametrize("dialect", ["bigquery", "snowflake"])


def within(dialect: str, path: JsonPath, kind: str, name: str = "profile") -> exp.Expr:
    column = exp.column(name, quoted=True)
    return dialect_of(dialect).json(JsonValue(column, path, JsonType(kind)), column)


def held(value):
    """A value as the plain reader holds it."""
    return (value - EPOCH) // timedelta(microseconds=1) * 1000 if isinstance(value, datetime) else value


def test_a_value_of_each_type_is_what_a_plain_reader_finds(dialect):
    path = JsonPath.parse("$.a")
    kinds = [str(kind) for kind in JsonType]

    found = told(DOCUMENTS, [within(dialect, path, kind) for kind in kinds])

    wrong = {
        (document, kind): (held(one), right)
        for document, row in zip(DOCUMENTS, found, strict=True)
        for kind, one in zip(kinds, row, strict=True)
        if held(one) != (right := value_at(document, path.steps, kind))
    }
    assert wrong == {}


def test_every_key_and_place_leads_to_its_value(dialect):
    members = ",".join(
        f'"{"".join(map(escaped, key))}":["x",{{"{number}":"{number}"}}]' for number, key in enumerate(KEYS)
    )
    somewhere = [(key, 1, str(number)) for number, key in enumerate(KEYS)]
    nowhere = [(0,), ("a", 2), ("a", "0"), ("A",), ("a", 1, "0", "x"), ("a", 0, 0)]
    values = [within(dialect, JsonPath(steps), "text") for steps in (*somewhere, *nowhere)]

    (found,) = told([f"{{{members}}}"], values)

    assert found == (*map(str, range(len(KEYS))), *[None] * len(nowhere))


def test_no_column_name_is_special(dialect):
    names, kinds = ["e", "l", "m", "n", "r", "v"], [str(kind) for kind in JsonType]
    values = [within(dialect, JsonPath.parse("$.a"), kind, name) for name in names for kind in kinds]

    found = told(['{"a":1}', '{"a":["x"]}', '{"a":"2024-02-29T10:00:00Z"}'], values, names)

    assert [[one is not None for one in row] for row in found] == [
        [kind in there for kind in kinds] * len(names)
        for there in (["integer", "number"], ["list of text"], ["text", "timestamp"])
    ]
