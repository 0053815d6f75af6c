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
    "=a",
]
DOCUMENTS = [
    None,
    *(f'{{"a":{one}}}' for one in VALUES),
    *ODD,
    *(f'{before}{{"a":"v"}}{after}' for before, after in AROUND),
]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

pytestmark = pytest.mark.parametrize("dialect", ["bigquery", "snowflake"])


def values(dialect: str, documents: list, paths: list[tuple[JsonPath, str]]) -> list[tuple]:
    words = dialect_of(dialect)
    column = exp.column("profile", quoted=True)
    return told(
        documents, [words.json(JsonValue(column, path, JsonType(kind)), column) for path, kind in paths]
    )


def held(value):
    """A value as the plain reader holds it."""
    return (value - EPOCH) // timedelta(microseconds=1) * 1000 if isinstance(value, datetime) else value


def test_a_value_of_each_type_is_what_a_plain_reader_finds(dialect):
    path = JsonPath.parse("$.a")
    kinds = [str(kind) for kind in JsonType]

    found = values(dialect, DOCUMENTS, [(path, kind) for kind in kinds])

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
    paths = [(JsonPath((key, 1, str(number))), "text") for number, key in enumerate(KEYS)]
    nowhere = [
        (JsonPath(steps), "text")
        for steps in ((0,), ("a", 2), ("a", "0"), ("A",), ("a", 1, "0", "x"), ("a", 0, 0))
    ]

    (found,) = values(dialect, [f"{{{members}}}"], paths + nowhere)

    assert found == (*map(str, range(len(KEYS))), *[None] * len(nowhere))
