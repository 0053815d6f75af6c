"""Splits, limits and lists: what a key's text and place are, who is in which arm, who is among the first, and what is refused."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import md5
from itertools import pairwise
from math import nan

import polars as pl
import pytest
from sqlglot import exp

from activation_platform.segmentation.compile import compile_condition
from activation_platform.segmentation.computed import read_computed
from activation_platform.segmentation.conditions import AllOf, read
from activation_platform.segmentation.definitions import computed_problems, typed
from activation_platform.segmentation.evaluate import Snapshots, answers, evaluate
from activation_platform.segmentation.keys import hashed
from activation_platform.segmentation.problems import InvalidCondition
from activation_platform.segmentation.scope import Model, Scope, Segment
from activation_platform.segmentation.splits import PLACES, Split
from activation_platform.segmentation.validate import problems
from activation_platform.sources.dialect import dialect_of
from activation_platform_tests.segmentation.test_related import NOW
from activation_platform_tests.sources.naming import Spoken

PEOPLE = {
    "id": pl.Int64(),
    "name": pl.String(),
    "spent": pl.Float64(),
    "born": pl.Date(),
    "tags": pl.List(pl.String()),
}
KEYS = {
    "text": pl.String(),
    "price": pl.Decimal(10, 2),
    "day": pl.Date(),
    "at": pl.Datetime("us", "UTC"),
    "naive": pl.Datetime("us"),
    "flag": pl.Boolean(),
    "number": pl.Int64(),
}
TENTH = {"treatment": Decimal(90), "control": Decimal(10)}
SCOPE = Scope(
    "people",
    {
        "people": Model(PEOPLE, ("id",)),
        "wide": Model(KEYS, tuple(KEYS)),
        "real": Model({"id": pl.Float64()}, ("id",)),
        "nano": Model({"id": pl.Datetime("ns")}, ("id",)),
        "listed": Model({"id": pl.List(pl.Int64())}, ("id",)),
        "without": Model({"id": pl.Int64()}),
        "unread": Model(None, ("id",)),
    },
    {
        "rich": Segment("people", read({"field": "spent", "above": 100})),
        "few": Segment("people", read({"limit": {"top": 10, "by": [{"descending": "spent"}]}})),
        "listed": Segment(
            "people",
            read({"all": [{"field": "born", "is_null": False}, {"none": [{"taken_by": "rich"}]}]}),
            read({"field": "born", "is_null": False}),
        ),
    },
    {
        "test": Split("people", "spring", TENTH),
        "keys": Split("wide", "x", {"a": Decimal("33.3"), "b": Decimal("66.7")}),
        "real": Split("real", "x", TENTH),
        "unread": Split("unread", "x", TENTH),
    },
)
FORMS = [
    ("people", {"split": "test", "arm": "treatment"}),
    ("people", {"split": "test", "arm": "control"}),
    ("wide", {"split": "keys", "arm": "a"}),
    ("people", {"limit": {"top": 1000, "by": [{"descending": "spent"}]}}),
    (
        "people",
        {
            "limit": {"top": 5, "by": [{"ascending": "name", "nulls": "first"}, {"descending": "born"}]},
            "of": {"field": "spent", "above": 1},
        },
    ),
    ("wide", {"limit": {"top": 5, "by": [{"descending": "price"}, {"ascending": "flag"}]}}),
    ("people", {"limit": {"sample": 100, "seed": "it's"}, "of": {"segment": "rich"}}),
    ("people", {"limit": {"sample": "12.5 %", "seed": "a"}, "of": {"segment": "rich"}}),
    ("people", {"none": [{"segment": "few"}]}),
    ("people", {"segment": "listed"}),
]
"""Of which model, and the condition."""


def snapshot(folder, model, rows):
    """Rows of a model in a file of their own."""
    schema = SCOPE.models[model].schema
    frame = (
        rows.select(*schema) if isinstance(rows, pl.DataFrame) else pl.DataFrame(rows, schema, orient="row")
    )
    frame.write_parquet(folder / f"{model}.parquet")
    return Snapshots({model: [folder / f"{model}.parquet"]}, replace(SCOPE, name=model))


def members(tree, snapshots, column="id"):
    return evaluate(read(tree), snapshots, now=NOW).collect()[column].to_list()


def people(*rows):
    """Number and what else is held of each."""
    return [tuple({**dict.fromkeys(PEOPLE), "id": number, **held}.values()) for number, held in rows]


MOMENT = datetime(2026, 1, 31, 7, tzinfo=UTC)
PLACES_OF = [
    (pl.Int64(), 1, "c993cc13c6acabe"),
    (pl.Int8(), 1, "c993cc13c6acabe"),
    (pl.Int64(), -7, "8e37c2b95ff30b2"),
    (pl.String(), "1", "c993cc13c6acabe"),
    (pl.String(), "", "8a8c3fec24cde5f"),
    (pl.String(), "Zoë|\\", "67906cc30e720a1"),
    (pl.String(), "123e4567-e89b-12d3-a456-426614174000", "e361dbe0a62166e"),
    (pl.Date(), date(2026, 1, 31), "21f5b89c800a31a"),
    (pl.Datetime("us", "UTC"), MOMENT, "65910ae521a1546"),
    (pl.Datetime("ms", "Europe/Paris"), MOMENT, "65910ae521a1546"),
    (pl.Datetime("us"), MOMENT.replace(tzinfo=None), "65910ae521a1546"),
    (pl.Boolean(), True, "75f9846c9279fcf"),
    (pl.Decimal(10, 2), Decimal("7.50"), "a90bc3b300459e7"),
    (pl.Decimal(38, 9), Decimal("7.5"), "a90bc3b300459e7"),
    (pl.Decimal(10, 2), Decimal("1.00"), "c993cc13c6acabe"),
    (pl.Decimal(10, 0), Decimal(1), "c993cc13c6acabe"),
]
"""Of keys of a type, under the seed `spring`."""


@pytest.mark.parametrize(("dtype", "value", "digits"), PLACES_OF, ids=str)
def test_a_key_has_its_place_in_duckdb(tmp_path, dtype, value, digits):
    pl.DataFrame({"id": pl.Series([value], dtype=dtype)}).write_parquet(tmp_path / "rows.parquet")
    snapshots = Snapshots({"m": [tmp_path / "rows.parquet"]}, Scope("m", {"m": Model(None, ("id",))}))

    place = hashed("spring", snapshots.scope, snapshots)

    found = answers(exp.select(place.as_("place")).from_(snapshots.rows("m")), snapshots)
    assert found["place"].to_list() == [digits]


def test_a_key_has_its_place_in_postgres(postgres_server, postgres_database):
    from adbc_driver_postgresql import dbapi

    columns = {
        f"k{number}": pl.Series([value], dtype=dtype) for number, (dtype, value, _) in enumerate(PLACES_OF)
    }
    frame = pl.DataFrame(columns)
    postgres = dialect_of("postgres")
    places = [
        hashed("spring", Scope("rows", {"rows": Model(frame.schema, (name,))}), Spoken(postgres))
        for name in columns
    ]
    with dbapi.connect(postgres_server.uri(postgres_database)) as connection, connection.cursor() as cursor:
        cursor.adbc_ingest("rows", frame.to_arrow(), mode="replace")
        cursor.execute("alter table rows alter k6 type uuid using k6::uuid")
        cursor.execute(postgres.written(postgres.conditions(exp.select(*places).from_("rows"))))
        assert [*cursor.fetchone()] == [digits for _, _, digits in PLACES_OF]


def test_no_two_keys_of_several_columns_have_one_text(tmp_path):
    texts = {
        ("a|b", "c"): r"a\|b|c",
        ("a", "b|c"): r"a|b\|c",
        ("a\\", "b|c"): r"a\\|b\|c",
        ("a\\|b", "c"): r"a\\\|b|c",
        ("a", ""): "a|",
        ("", "a"): "|a",
    }
    pl.DataFrame(list(texts), ("a", "b"), orient="row").write_parquet(tmp_path / "rows.parquet")
    snapshots = Snapshots({"m": [tmp_path / "rows.parquet"]}, Scope("m", {"m": Model(None, ("a", "b"))}))

    place = hashed("x", snapshots.scope, snapshots).as_("place")
    found = answers(exp.select(place).from_(snapshots.rows("m")), snapshots)

    expected = {md5(f"x:{text}".encode(), usedforsecurity=False).hexdigest()[:15] for text in texts.values()}
    assert set(found["place"].to_list()) == expected
    assert len(expected) == len(texts)


def test_texts_are_hashed_as_utf_8_and_ordered_by_code_point_whatever_a_database_does(
    postgres_server, postgres_database
):
    from adbc_driver_postgresql import dbapi

    postgres, other = dialect_of("postgres"), f"{postgres_database}_latin"
    scope = Scope("names", {"names": Model({"id": pl.String()}, ("id",))})
    first = compile_condition(
        read({"limit": {"top": 3, "by": [{"ascending": "id"}]}}), scope, now=NOW, naming=Spoken(postgres)
    )
    places = exp.select("id", hashed("spring", scope, Spoken(postgres))).from_("names").where(first)
    with (
        dbapi.connect(postgres_server.uri(postgres_database), autocommit=True) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(f"create database {other} encoding 'WIN1252' locale 'C' template template0")
    try:
        with dbapi.connect(postgres_server.uri(other)) as connection, connection.cursor() as cursor:
            cursor.execute("set client_encoding to 'UTF8'")
            cursor.execute("create table names (id text)")
            cursor.execute("insert into names values ('é'), ('z'), ('Z'), ('€'), ('ž')")
            cursor.execute(postgres.written(postgres.conditions(places)))
            found = dict(cursor.fetchall())
    finally:
        with (
            dbapi.connect(postgres_server.uri(postgres_database), autocommit=True) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(f"drop database {other} with (force)")

    assert found == {
        name: md5(f"spring:{name}".encode(), usedforsecurity=False).hexdigest()[:15]
        for name in ("Z", "z", "é")
    }


def counted(folder, split):
    """How many of 10,000 numbered people are in each arm."""
    scope = replace(SCOPE, splits={"test": split})
    pl.DataFrame({"id": range(1, 10_001)}).write_parquet(folder / "people.parquet")
    snapshots = Snapshots({"people": [folder / "people.parquet"]}, scope)
    return {arm: set(members({"split": "test", "arm": arm}, snapshots)) for arm in split.arms}


def test_the_arms_of_a_split_are_as_large_as_their_shares_and_have_everybody_once(tmp_path):
    split = Split(
        "people", "spring", {"a": Decimal(50), "b": Decimal("33.3"), "c": Decimal("16.7"), "d": Decimal(0)}
    )

    arms = counted(tmp_path, split)

    assert {arm: len(rows) for arm, rows in arms.items()} == {"a": 4975, "b": 3375, "c": 1650, "d": 0}
    assert sum(map(len, arms.values())) == len(set().union(*arms.values())) == 10_000


def test_other_shares_move_those_between_the_old_and_the_new_bound_alone(tmp_path):
    halves = counted(tmp_path, Split("people", "spring", {"a": Decimal(50), "b": Decimal(50)}))
    larger = counted(tmp_path, Split("people", "spring", {"a": Decimal(60), "b": Decimal(40)}))

    assert halves["a"] < larger["a"]
    assert larger["a"] - halves["a"] == halves["b"] - larger["b"]
    assert len(larger["a"] - halves["a"]) == 1009


def test_another_seed_divides_anew_and_the_two_have_nothing_to_do_with_each_other(tmp_path):
    one = counted(tmp_path, Split("people", "spring", {"a": Decimal(50), "b": Decimal(50)}))
    other = counted(tmp_path, Split("people", "autumn", {"a": Decimal(50), "b": Decimal(50)}))

    assert [len(one[first] & other[second]) for first in "ab" for second in "ab"] == [2438, 2537, 2488, 2537]


def test_the_bounds_of_arms_are_whole_places_rounded_down():
    thirds = Split("people", "", {"a": Decimal("33.3"), "b": Decimal("33.3"), "c": Decimal("33.4")})

    assert thirds.bounds == {
        "a": (0, 333 * PLACES // 1000),
        "b": (333 * PLACES // 1000, 666 * PLACES // 1000),
        "c": (666 * PLACES // 1000, PLACES),
    }
    assert Split("people", "", {"a": Decimal("0.000000001"), "b": Decimal("99.999999999")}).bounds["a"] == (
        0,
        11_529_215,
    )


def test_a_row_without_a_key_is_in_no_arm_and_has_no_place(tmp_path):
    snapshots = snapshot(tmp_path, "people", people((None, {"spent": 1.0}), (1, {"spent": 2.0})))

    for arm in ("treatment", "control"):
        assert None not in members({"split": "test", "arm": arm}, snapshots)
    assert members({"limit": {"top": 5, "by": [{"ascending": "spent"}]}}, snapshots) == [1]
    assert members({"limit": {"sample": "100 %", "seed": "a"}}, snapshots) == [1]


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ([{"descending": "spent"}], [3, 1, 6, 4, 2, 5]),
        ([{"ascending": "spent"}], [4, 6, 1, 3, 2, 5]),
        ([{"descending": "spent", "nulls": "first"}], [2, 5, 3, 1, 6, 4]),
        ([{"ascending": "name"}], [6, 2, 1, 3, 4, 5]),
        ([{"descending": "name"}], [4, 3, 1, 2, 6, 5]),
        ([{"ascending": "born", "nulls": "first"}, {"descending": "spent"}], [3, 5, 6, 1, 4, 2]),
    ],
    ids=str,
)
def test_the_first_come_in_order_nulls_and_nan_last_unless_said_and_text_by_code_point(
    tmp_path, by, expected
):
    snapshots = snapshot(
        tmp_path,
        "people",
        people(
            (1, {"spent": 2.0, "name": "a", "born": date(2000, 1, 1)}),
            (2, {"spent": None, "name": "Z", "born": date(2000, 1, 2)}),
            (3, {"spent": 3.0, "name": "z", "born": None}),
            (4, {"spent": -1.0, "name": "é", "born": date(2000, 1, 1)}),
            (5, {"spent": nan, "name": None, "born": None}),
            (6, {"spent": 0.0, "name": "", "born": date(1999, 1, 1)}),
        ),
    )
    found = [set(members({"limit": {"top": number, "by": by}}, snapshots)) for number in range(7)[1:]]

    assert [one - before for before, one in pairwise([set(), *found])] == [{one} for one in expected]


def test_of_equal_rows_the_key_decides_and_rows_of_one_key_are_in_together(tmp_path):
    rich = {"spent": 9.0}
    snapshots = snapshot(
        tmp_path, "people", people((3, rich), (1, rich), (2, {"spent": 1.0}), (2, rich), (4, rich))
    )

    assert members({"limit": {"top": 2, "by": [{"descending": "spent"}]}}, snapshots) == [1, 2, 2]


def test_the_conditions_come_before_the_limit(tmp_path):
    rows = people(*((number, {"spent": float(number)}) for number in range(1, 9)))
    snapshots = snapshot(tmp_path, "people", rows)
    limit = {"top": 2, "by": [{"descending": "spent"}]}

    assert members({"limit": limit, "of": {"field": "id", "below": 5}}, snapshots) == [3, 4]
    assert members({"all": [{"limit": limit}, {"field": "id", "below": 8}]}, snapshots) == [7]


def test_a_sample_stays_when_others_come(tmp_path):
    half = {"limit": {"sample": "50 %", "seed": "a"}}
    thousand = {"limit": {"sample": 1000, "seed": "a"}}
    pl.DataFrame({"id": range(4_000)}).write_parquet(tmp_path / "few.parquet")
    pl.DataFrame({"id": range(4_400)}).write_parquet(tmp_path / "more.parquet")
    few, more = (Snapshots({"people": [tmp_path / f"{name}.parquet"]}, SCOPE) for name in ("few", "more"))

    sampled, later = set(members(half, few)), set(members(half, more))
    assert sampled == {number for number in later if number < 4_000}
    assert (len(sampled), len(later)) == (1983, 2194)
    sampled, later = set(members(thousand, few)), set(members(thousand, more))
    assert len(sampled) == len(later) == 1_000
    assert {number for number in later if number < 4_000} < sampled
    assert len(later - sampled) == 89


@pytest.mark.parametrize(
    ("model", "tree", "path", "words"),
    [
        ("people", {"split": "tests", "arm": "control"}, ("split",), 'no split "tests" - did you mean "test"?'),
        ("people", {"split": "keys", "arm": "a"}, ("split",), "is one of wide, and this is about people"),
        ("people", {"split": "test", "arm": "contrl"}, ("arm",), 'no arm "contrl" - did you mean "control"?'),
        ("people", {"split": "test", "arm": "x"}, ("arm",), "it has: treatment, control"),
        ("people", {"split": "test"}, (), "says no `arm:`"),
        ("people", {"split": "test", "arms": "x"}, (), '"arms" is no word here - did you mean "arm"?'),
        ("real", {"split": "real", "arm": "control"}, ("split",), "id of real holds floats"),
        ("nano", {"limit": {"sample": 1, "seed": "a"}}, ("limit",), "id of nano holds nanoseconds"),
        ("listed", {"limit": {"sample": 1, "seed": "a"}}, ("limit",), "holds List(Int64)"),
        ("without", {"limit": {"sample": 1, "seed": "a"}}, ("limit",), "without has no primary key"),
        ("people", {"limit": {"top": 0, "by": [{"ascending": "id"}]}}, ("limit", "top"), "from 1 to 2,147,483,647, not 0"),
        ("people", {"limit": {"top": -1, "by": [{"ascending": "id"}]}}, ("limit", "top"), "not -1"),
        ("people", {"limit": {"top": True, "by": [{"ascending": "id"}]}}, ("limit", "top"), "not True"),
        ("people", {"limit": {"top": 5}}, ("limit",), "takes {top: 1000, by: [{descending: field}]}, or a stable"),
        ("people", {"limit": {"sample": 5}}, ("limit",), "takes {top: 1000"),
        ("people", {"limit": {"top": 5, "by": [{"ascending": "id"}], "seed": "a"}}, ("limit",), "takes {top: 1000"),
        ("people", {"limit": {"sample": 0, "seed": "a"}}, ("limit", "sample"), "from 1 to"),
        ("people", {"limit": {"sample": "0 %", "seed": "a"}}, ("limit", "sample"), "or a share such as 10 %, not '0 %'"),
        ("people", {"limit": {"sample": "101 %", "seed": "a"}}, ("limit", "sample"), "or a share such as 10 %"),
        ("people", {"limit": {"sample": 0.1, "seed": "a"}}, ("limit", "sample"), "not 0.1"),
        ("people", {"limit": {"sample": 5, "seed": ""}}, ("limit", "seed"), "takes a text of your own, in quotes"),
        ("people", {"limit": {"top": 5, "by": []}}, ("limit", "by"), "takes a list of {descending: field}"),
        ("people", {"limit": {"top": 5, "by": {"ascending": "id"}}}, ("limit", "by"), "takes a list of {descending: field}"),
        ("people", {"limit": {"top": 5, "by": "spent"}}, ("limit", "by"), "takes a list of {descending: field}"),
        ("people", {"limit": {"top": 5, "by": [{"field": "id"}]}}, ("limit", "by", 0), '"field" is no word here'),
        ("people", {"limit": {"top": 5, "by": [{}]}}, ("limit", "by", 0), "exactly one of `ascending:` and `descending:`"),
        ("people", {"limit": {"top": 5, "by": [{"ascending": "id", "nulls": "no"}]}}, ("limit", "by", 0, "nulls"), "first or"),
        ("people", {"limit": {"top": 5, "by": [{"ascending": "spnt"}]}}, ("limit", "by", 0, "ascending"), 'did you mean "spent"'),
        ("people", {"limit": {"top": 5, "by": [{"ascending": "tags"}]}}, ("limit", "by", 0, "ascending"), "list has no order"),
        ("people", {"limit": {"sample": 1, "seed": "a"}, "of": {"field": "x", "above": 1}}, ("of", "field"), "no such field"),
        ("people", {"limit": 5}, ("limit",), "takes a mapping of top, by, sample, seed, not 5"),
        ("people", {"taken_by": "rch"}, ("taken_by",), 'no segment "rch" - did you mean "rich"?'),
    ],
    ids=str,
)  # fmt: skip
def test_what_no_engine_could_do_alike_or_nobody_can_mean_is_refused(model, tree, path, words):
    try:
        found = problems(read(tree), replace(SCOPE, name=model))
    except InvalidCondition as invalid:
        found = invalid.problems

    assert [(problem.path, words in problem.message) for problem in found] == [(path, True)], found


def test_where_only_the_source_knows_the_fields_they_are_checked_when_it_has_been_read():
    unread = replace(SCOPE, name="unread")

    assert not problems(read({"limit": {"top": 5, "by": [{"ascending": "x"}]}}), unread)
    assert not problems(read({"split": "unread", "arm": "control"}), unread)


def test_a_segment_that_leads_back_through_a_priority_list_is_told_with_its_path():
    first = Segment("people", read({"segment": "second"}))
    second = Segment(
        "people",
        read({"all": [{"segment": "rich"}, {"none": [{"taken_by": "first"}]}]}),
        read({"segment": "rich"}),
    )
    scope = replace(SCOPE, segments={**SCOPE.segments, "first": first, "second": second})

    (problem,) = problems(first.condition, scope, within=("first",))

    assert problem.message == "the segment refers to itself: first → second → first"


def test_the_sql_of_a_priority_list_grows_with_its_length_and_not_faster():
    takes = {f"s{number}": read({"field": "id", "above": number}) for number in range(40)}
    before = [
        (name, [{"taken_by": one} for one in list(takes)[:number]]) for number, name in enumerate(takes)
    ]
    segments = {
        name: Segment(
            "people", AllOf(all=(takes[name], *([read({"none": earlier})] if earlier else []))), takes[name]
        )
        for name, earlier in before
    }

    last = compile_condition(read({"segment": "s39"}), replace(SCOPE, segments=segments), now=NOW).sql()

    assert last.count('"id" >') == 40


def test_a_label_that_a_limit_orders_by_cannot_be_made_of_that_limit():
    rank = read_computed({"label": [{"when": {"segment": "top"}, "then": "best"}]})
    top = Segment("people", read({"limit": {"top": 5, "by": [{"ascending": "rank"}]}}))
    scope = replace(
        SCOPE,
        models={"people": replace(SCOPE.models["people"], computed={"rank": rank})},
        segments={"top": top},
    )

    (problem,) = computed_problems("rank", typed(scope))

    assert problem.message == "the field refers to itself: rank → segment top → rank"
