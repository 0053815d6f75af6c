"""Values within JSON in Redshift's words, carried out with PCRE: what a plain reader finds, or an error, never a guess."""

import json
import re
from random import Random

import duckdb
import pytest
from sqlglot import exp

from activation_platform.contracts.json_value import JsonPath, JsonType, JsonValue
from activation_platform.segmentation.compile import compile_condition
from activation_platform.segmentation.conditions import read
from activation_platform.segmentation.scope import alone
from activation_platform.sources.dialect import dialect_of
from activation_platform_tests.segmentation.documents import KEYS, Documents, escaped
from activation_platform_tests.segmentation.reference import holds
from activation_platform_tests.segmentation.reference_json import TYPES, value_at
from activation_platform_tests.segmentation.shops import NOWS
from activation_platform_tests.sources.redshift_words import REFUSED, SUPER, Cluster, fails
from activation_platform_tests.sources.test_json_by_vendors import DOCUMENTS, held

PATH = JsonPath.parse("$.a")
UNSURE = [
    *("0e999", "1e-400", "1e-99999999999", "1e308", "1.7976931348623157e308", "1.7976931348623159e308"),
    *("2.2250738585072011e-308", "4.9e-324"),
]
"""Numbers, of which nobody says what they are as 64-bit floats there."""
ODD_DAY = re.compile(r'\{"a":"(\\u00(2[0bde]|3[0-9a]|5[4a]))+"\}')
"""A document that might hold a day, or a moment, written with escapes."""


def within(path: JsonPath, kind: str, name: str = "profile") -> exp.Expr:
    column = exp.column(name, quoted=True)
    return dialect_of("redshift").json(JsonValue(column, path, JsonType(kind)), column)


def told(documents, kind="text", path="$.a", cluster=None):
    """What is found of a type in each document."""
    found = (cluster or Cluster()).told(documents, [within(JsonPath.parse(path), kind)])
    return [
        json.loads(one) if kind == "list of text" and one not in (None, REFUSED) else held(one)
        for (one,) in found
    ]


@pytest.mark.parametrize("kind", TYPES)
def test_a_value_is_what_a_plain_reader_finds_or_an_error(kind):
    found = dict(zip(DOCUMENTS, told(DOCUMENTS, kind), strict=True))
    judged = {document: one for document, one in found.items() if one != REFUSED}

    assert judged == {document: value_at(document, PATH.steps, kind) for document in judged}
    assert found.keys() - judged.keys() == {
        *(one for one in DOCUMENTS if one and one.count("[") > 1_000),
        *(f'{{"a":{one}}}' for one in UNSURE if kind in ("number", "integer")),
        *(one for one in DOCUMENTS if kind in ("date", "timestamp") and ODD_DAY.fullmatch(one or "")),
    }


@pytest.mark.parametrize("ascii", [False, True])
def test_every_key_and_place_leads_to_its_value(ascii):
    members = {key: ["x", {str(number): str(number)}] for number, key in enumerate(KEYS)}
    somewhere = [(key, 1, str(number)) for number, key in enumerate(KEYS)]
    nowhere = [(0,), ("a", 2), ("a", "0"), ("A",), ("a", 1, "0", "x"), ("a", 0, 0), ("\0",), ("a", 65_000)]
    values = [within(JsonPath(steps), "text") for steps in (*somewhere, *nowhere)]

    (found,) = Cluster().told([json.dumps(members, ensure_ascii=ascii)], values)

    assert found == (*map(str, range(len(KEYS))), *[None] * len(nowhere))


@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_not_overlooked_however_it_is_written(key):
    document = f'{{"{"".join(map(escaped, key))}": "v"}}'

    ((found,),) = Cluster().told([document], [within(JsonPath((key,)), "text")])

    assert found == ("v" if key in ("", "é", "😀") else REFUSED)


@pytest.mark.parametrize("place", [0, 99, 100, 101, 12_345])
def test_a_place_may_be_far_behind(place):
    before = [0] * place

    assert told(map(json.dumps, (before, [*before, 7], [*before, 7, 0])), "integer", f"$[{place}]") == [
        None,
        7,
        7,
    ]


@pytest.mark.parametrize("name", ["x", "way", "key", 'a"b'])
def test_no_column_name_is_special(name):
    (found,) = Cluster().told(['{"a":1}'], [within(PATH, kind, name) for kind in TYPES], name)

    assert [one is not None for one in found] == [kind in ("integer", "number") for kind in TYPES]


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        ('"é": 1, "É": 2', "v"),
        (r'"\u00e9": 1, "\ud83d\ude00": 2, "\n": 3, "\"": 4, "\u001f": 5', "v"),
        (r'"\u00E9": 1, "\uD83D\uDE00": 2', "v"),
        (r'"x\/y": "a\/b", "\u00e9": 1', "v"),
        (r'"x": "\u00e9\u00C9é/\/\u0041"', "v"),
        (r'"é": 1, "\u00e9": 2', REFUSED),
        (r'"\u00e9": 1, "\u00E9": 2', REFUSED),
        (r'"\ud83d\ude00": 1, "\ud83d\uDE00": 2', REFUSED),
        (r'"b": 1, "\u0062": 2', REFUSED),
        (r'"/": 1, "\/": 2', REFUSED),
        (r'"\n": 1, "\u000a": 2', REFUSED),
        (r'"\n": 1, "\u000A": 2', REFUSED),
        (r'"\"": 1, "\u0022": 2', REFUSED),
        (r'"\\": 1, "\u005c": 2', REFUSED),
        (r'"\u001f": 1, "\u001F": 2', REFUSED),
        ('"\x7f": 1, "\\u007f": 2', REFUSED),
        (r'"\u00e9": 1, "\u00e9": 2', None),
        (r'"b": {"c": "\u0062", "d": {}, "c": 1}', None),
        (r'"b": {"c": ["c"], "d": {"c": {"c": 1}}}, "c": "b"', "v"),
    ],
)
def test_a_key_that_may_be_there_twice_is_no_key_of_a_document_or_an_error(keys, answer):
    assert told([f'{{"a": "v", {keys}}}', f'[{{{keys}}}, "v"]'], path="$.a")[0] == answer
    assert told([f'[{{{keys}}}, "v"]'], path="$[1]") == [answer]


def test_two_spellings_are_an_error_only_where_there_is_a_value_to_lose():
    document = r'{"a": "v", "é": 1, "\u00e9": 2}'

    assert told([document, document], path="$.b") == [None, None]
    assert told([document + "}", document.replace("2", "2,")]) == [None, None]


@pytest.mark.parametrize("gives_up", [lambda: None, lambda: ""])
def test_an_engine_that_gives_up_without_a_word_ends_the_query(gives_up):
    wide = json.dumps({f"key{number}": number for number in range(4_000)} | {"a": "v"})

    assert told([wide, '{"a": "v"}'], cluster=Cluster(gives_up=gives_up)) == [REFUSED, "v"]


def test_a_document_that_may_be_too_large_ends_the_query_and_a_smaller_one_does_not():
    def of(size: int, brackets: int) -> str:
        document = json.dumps({"a": "v", "b": "[" * (brackets - 1), "c": ""})
        return document.replace('"c": ""', f'"c": "{"é" * ((size - len(document)) // 2)}"')

    found = told([of(65_000, 1), of(65_002, 1), of(2_000, 1_000), of(2_000, 1_001)])

    assert found == ["v", REFUSED, "v", REFUSED]


@pytest.mark.parametrize("parse", [fails, lambda document: None, lambda document: SUPER + document])
def test_only_a_text_with_escapes_needs_a_parser_and_nothing_else_is_null_for_want_of_one(parse):
    cluster = Cluster(parse=parse)

    assert told(['{"a": "v"}', '{"a": 1}', r'{"a": ["\n"], "\n": "\n"}', None], cluster=cluster) == [
        "v",
        None,
        None,
        None,
    ]
    assert told([r'{"a": ["\n"]}'], "list of text", cluster=cluster) == [["\n"]]
    if parse is fails:
        with pytest.raises(duckdb.InvalidInputException, match="Redshift says no"):
            told([r'{"a": "\n"}'], cluster=cluster)
    else:
        assert told([r'{"a": "\n"}'], cluster=cluster) == [REFUSED]


def test_a_super_is_read_like_the_text_of_its_json():
    assert told([SUPER + '{"a": "x\\ny"}', SUPER + "[1]", SUPER + "null", SUPER + "1"]) == [
        "x\ny",
        None,
        None,
        None,
    ]
    assert told([SUPER + "[1]"], "integer", "$[0]") == [1]


@pytest.mark.parametrize(
    ("asked", "holds_for"),
    [
        ({"contains_any": ["a"]}, [0, 1, 2, 5]),
        ({"contains_any": ["a ", "é/"]}, [2, 3]),
        ({"contains_all": ["a", "b"]}, [1, 2]),
        ({"contains_none": ["a"]}, [3, 4, 6, 7]),
        ({"contains_any": ['",']}, [4]),
        ({"contains_any": ["b"]}, [1, 2]),
        ({"length_equals": 2}, [1, 4]),
        ({"length_at_least": 3}, [2, 5]),
        ({"is_empty": True}, [6, 7]),
    ],
)
def test_a_text_is_found_in_a_list_wherever_it_stands_and_however_it_is_written(asked, holds_for):
    lists = [
        *(
            '["a"]',
            '["a", "b"]',
            r'[ "b" , "\u00e9\/" ,"a"]',
            '["a "]',
            r'["\",", "x"]',
            r'["x", "\u0061", "x"]',
        ),
        *("[]", '["a", 1]'),
    ]
    leaf = read({"field": "profile", "path": "$.a", "as": "list of text", **asked})
    condition = compile_condition(leaf, alone({"profile": TYPES["text"]}), now=NOWS[0])

    found = Cluster().told(
        [f'{{"a": {one}}}' for one in lists], [dialect_of("redshift").conditions(condition)]
    )

    assert [row for row, (answer,) in enumerate(found) if answer] == holds_for


@pytest.mark.parametrize("seed", range(6))
def test_conditions_take_the_rows_that_a_plain_evaluator_takes_or_end_with_an_error(seed):
    dice, redshift = Documents(Random(seed)), dialect_of("redshift")
    documents = [dice.document() for _ in range(40)]
    leaves = [read(dice.json_leaf("profile", documents)) for _ in range(40)]
    scope = alone({"profile": TYPES["text"]})
    asked = [redshift.conditions(compile_condition(leaf, scope, now=dice.now)) for leaf in leaves]

    rows = list(zip(documents, Cluster().told(documents, asked), strict=True))

    judged = 0
    for document, answers in rows:
        for leaf, answer in zip(leaves, answers, strict=True):
            value = value_at(document, leaf.path.steps, str(leaf.as_))
            if answer != REFUSED:
                judged += 1
                assert bool(answer) == holds(leaf, value, TYPES[str(leaf.as_)], dice.now), (document, leaf)
    assert judged > 0.8 * len(documents) * len(leaves)
