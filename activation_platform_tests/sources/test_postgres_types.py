"""Every PostgreSQL type arrives exactly, or is refused by name with what to write instead."""

import random
from datetime import UTC, date, datetime, time
from decimal import Decimal

import polars as pl
import pytest

from activation_platform.contracts.errors import DeclarationError
from activation_platform.sources.postgres import Postgres

SOME_UUID = "8b4c2d9e-0f1a-4b3c-9d8e-7f6a5b4c3d2e"
NOON = datetime.fromisoformat("2024-02-29T12:00:00.123456")
MOST = "9" * 38
EXACT = [
    ("true", pl.Boolean(), True),
    ("(-32768)::int2", pl.Int16(), -32768),
    ("2147483647", pl.Int32(), 2**31 - 1),
    ("9223372036854775807", pl.Int64(), 2**63 - 1),
    ("1.5::float4", pl.Float32(), 1.5),
    ("0.1::float8", pl.Float64(), 0.1),
    ("'Infinity'::float8", pl.Float64(), float("inf")),
    ("0.10::numeric(4, 2)", pl.Decimal(4, 2), Decimal("0.10")),
    (f"{MOST}::numeric(38, 0)", pl.Decimal(38, 0), Decimal(MOST)),
    (f"(-0.{MOST})::numeric(38, 38)", pl.Decimal(38, 38), Decimal(f"-0.{MOST}")),
    (
        "12345678901234567890123456789.123456789::numeric(38, 9)",
        pl.Decimal(38, 9),
        Decimal("12345678901234567890123456789.123456789"),
    ),
    ("0.00123::numeric(3, 5)", pl.Decimal(5, 5), Decimal("0.00123")),
    ("15000::numeric(2, -3)", pl.Decimal(5, 0), Decimal(15000)),
    ("1.5::positive", pl.Decimal(5, 1), Decimal("1.5")),
    ("1.5::numeric(60, 10)", pl.String(), "1.5000000000"),
    (
        "12345678901234567890123456789012345678901.5",
        pl.String(),
        "12345678901234567890123456789012345678901.5",
    ),
    ("1.10::numeric", pl.String(), "1.10"),
    ("'NaN'::numeric", pl.String(), "NaN"),
    ("'Infinity'::numeric", pl.String(), "Infinity"),
    ("'-Infinity'::numeric", pl.String(), "-Infinity"),
    ("'été'", pl.String(), "été"),
    ("'ab'::char(4)", pl.String(), "ab  "),
    ("'ab'::varchar(9)", pl.String(), "ab"),
    ("'ab'::name", pl.String(), "ab"),
    ("'sad'::mood", pl.String(), "sad"),
    ("'a@b.fr'::address", pl.String(), "a@b.fr"),
    (r"'\x00ff'::bytea", pl.Binary(), b"\x00\xff"),
    ("date '0001-01-01'", pl.Date(), date(1, 1, 1)),
    ("date '9999-12-31'", pl.Date(), date(9999, 12, 31)),
    ("time '23:59:59.999999'", pl.Time(), time(23, 59, 59, 999999)),
    ("timestamp '2024-02-29 12:00:00.123456'", pl.Datetime("us"), NOON),
    (
        "timestamp '9999-12-31 23:59:59.999999'",
        pl.Datetime("us"),
        datetime.fromisoformat("9999-12-31T23:59:59.999999"),
    ),
    ("timestamptz '2024-02-29 14:00:00.123456+02'", pl.Datetime("us", "UTC"), NOON.replace(tzinfo=UTC)),
    ("""'{"b": 1, "a":2}'::json""", pl.String(), '{"b": 1, "a":2}'),
    ("""'{"b": 1, "a":2}'::jsonb""", pl.String(), '{"a": 2, "b": 1}'),
    (f"'{SOME_UUID.upper()}'::uuid", pl.String(), SOME_UUID),
    ("array[1, null, 3]", pl.List(pl.Int32()), [1, None, 3]),
    ("array[]::text[]", pl.List(pl.String()), []),
    ("array['sad'::mood, null]", pl.List(pl.String()), ["sad", None]),
    (f"array['{SOME_UUID}'::uuid, null]", pl.List(pl.String()), [SOME_UUID, None]),
    ("array[1.10, 'NaN', null]::numeric(9, 2)[]", pl.List(pl.String()), ["1.10", "NaN", None]),
    ("array['[1]'::jsonb]", pl.List(pl.String()), ["[1]"]),
    (
        "array[timestamptz '2024-02-29 12:00:00.123456+00']",
        pl.List(pl.Datetime("us", "UTC")),
        [NOON.replace(tzinfo=UTC)],
    ),
    ("null", pl.String(), None),
]
REFUSED = [
    ("interval '1 mon'", "interval", r'extract\(epoch from "x""y"\)'),
    ("12.34::numeric::money", "money", '"x""y"::numeric'),
    ("'10:00+02'::timetz", "timetz", '"x""y"::text'),
    ("'10.0.0.1'::inet", "inet", '"x""y"::text'),
    ("'(1,2)'::point", "point", '"x""y"::text'),
    ("'101'::bit(3)", "bit", '"x""y"::text'),
    ("'[1,2)'::int4range", "type of an extension", '"x""y"::text'),
    ("3000000000::oid", "oid", '"x""y"::bigint'),
    ("'now'::regproc", "regproc", '"x""y"::text'),
    ("row(1, 2)", "record", r'to_jsonb\("x""y"\)'),
    ("'1 2'::int2vector", "int2vector", '"x""y"::text'),
    ("array[interval '1 day']", r"interval\[\]", r'to_jsonb\("x""y"\)'),
    ("array['12.3'::money]", r"money\[\]", r'to_jsonb\("x""y"\)'),
    ("array[row(1, 2)]", r"record\[\]", r'to_jsonb\("x""y"\)'),
]
IMPOSSIBLE = [
    "'infinity'::date",
    "'-infinity'::date",
    "'infinity'::timestamp",
    "'-infinity'::timestamp",
    "'infinity'::timestamptz",
    "'-infinity'::timestamptz",
    "array['infinity'::timestamp]",
    "date '10000-01-01'",
    "timestamp '0044-03-15 12:00:00 BC'",
    "time '24:00:00'",
    "'NaN'::numeric(10, 2)",
]


@pytest.fixture(scope="module")
def source(postgres_server):
    postgres_server.run(
        "create database types strategy file_copy",
    )
    postgres_server.run(
        "create type mood as enum ('sad', 'ok')",
        "create domain address as text check (value like '%@%')",
        "create domain positive as numeric(5, 1) check (value > 0)",
        database="types",
    )
    yield Postgres(
        host=postgres_server.host,
        port=postgres_server.port,
        database="types",
        user=postgres_server.user,
        password=postgres_server.password,
    )
    postgres_server.run("drop database types with (force)")


@pytest.mark.parametrize(("literal", "dtype", "value"), EXACT, ids=[case[0] for case in EXACT])
def test_a_value_and_a_null_arrive_exactly(source, literal, dtype, value):
    query = f"select case when i = 1 then {literal} end as x from generate_series(1, 2) i order by i"
    if "numeric(" in literal or "positive" in literal:
        query = f"select x from (select {literal} as x) one right join generate_series(1, 2) i on i = 1 order by i"

    frame = pl.concat(source.read(query))

    assert frame.schema == {"x": dtype} == source.columns(query)
    assert frame["x"].to_list() == [value, None]


def test_an_empty_result_has_the_types_of_a_full_one(source):
    query = "select " + ", ".join(f"{literal} as c{place}" for place, (literal, _, _) in enumerate(EXACT))

    (empty,) = source.read(query + " where false")

    assert empty.is_empty()
    assert (
        empty.schema
        == source.columns(query)
        == {f"c{place}": dtype for place, (_, dtype, _) in enumerate(EXACT)}
    )


def test_numerics_of_any_size_keep_every_digit(source):
    chance = random.Random(1)
    said = [
        f"{chance.choice(['', '-'])}{chance.randrange(10 ** chance.randint(1, 60))}e-{chance.randint(0, 40)}"
        for _ in range(2000)
    ]
    values = ", ".join(f"('{number}')" for number in said)

    frame = pl.concat(
        source.read(f"select v::numeric as x, v::numeric::text as t from (values {values}) s(v)")
    )

    assert frame["x"].to_list() == frame["t"].to_list()
    assert [Decimal(text) for text in frame["x"]] == [Decimal(number) for number in said]


def test_a_sum_becomes_a_number_by_the_cast_that_the_documentation_names(source):
    query = "select sum(x) as text, sum(x)::numeric(18, 2) as number from (values (1.10), (2.20)) v(x)"
    frame = pl.concat(source.read(query))
    assert frame.schema == {"text": pl.String(), "number": pl.Decimal(18, 2)}
    assert frame.rows() == [("3.30", Decimal("3.30"))]


@pytest.mark.parametrize(("literal", "kind", "advice"), REFUSED, ids=[case[0] for case in REFUSED])
def test_a_type_without_a_home_is_refused_by_name_with_what_to_write(source, literal, kind, advice):
    query = f'select 1 as fine, {literal} as "x""y"'
    for act in (source.columns, lambda q: list(source.read(q))):
        with pytest.raises(DeclarationError, match=f"'x\"y' is .*{kind}.*{advice}"):
            act(query)


def test_every_refused_column_is_named_at_once(source):
    with pytest.raises(DeclarationError, match=r"'a' is interval.*'b' is money"):
        source.columns("select interval '1 day' as a, '1'::money as b")


def test_what_a_refusal_proposes_works(source):
    query = (
        "select extract(epoch from interval '90 s')::bigint as a, '12.34'::money::numeric(19, 2) as b, "
        "3000000000::oid::bigint as c, to_jsonb(row(1, 2)) as d, '10.0.0.1'::inet::text as e, "
        "to_jsonb(array[interval '1 day']) as f, to_jsonb(array[[1], [2]]) as g"
    )
    assert pl.concat(source.read(query)).rows() == [
        (90, Decimal("12.34"), 3_000_000_000, '{"f1": 1, "f2": 2}', "10.0.0.1/32", '["1 day"]', "[[1], [2]]")
    ]


@pytest.mark.parametrize("literal", IMPOSSIBLE)
def test_a_value_that_no_column_can_say_stops_the_read_and_names_the_column(source, literal):
    with pytest.raises(DeclarationError, match="Column 'when' holds"):
        list(source.read(f'select 1 as id, {literal} as "when"'))


def test_an_array_of_arrays_is_refused_and_not_flattened(source):
    for query in (
        "select 1 as id, '{{1,2},{3,4}}'::int[] as x",
        "select array[i] as x, array[[i]] as y from generate_series(1, 9) i",
    ):
        with pytest.raises(DeclarationError, match=r"several dimensions.*to_jsonb"):
            list(source.read(query))


def test_an_array_that_does_not_begin_at_one_is_an_error_of_the_query(source):
    with pytest.raises(DeclarationError, match="lower bound"):
        list(source.read("select '[2:3]={1,2}'::int[] as x"))
