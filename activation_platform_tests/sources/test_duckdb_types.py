"""Every DuckDB type arrives exactly, or is refused by name with what to write instead."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import duckdb
import polars as pl
import pytest

from activation_platform.contracts.errors import DeclarationError
from activation_platform.sources.duckdb import DuckDB

SOME_UUID = "8b4c2d9e-0f1a-4b3c-9d8e-7f6a5b4c3d2e"
NOON = datetime.fromisoformat("2024-02-29T12:00:00.123456")
EXACT = [
    ("true", pl.Boolean(), True),
    ("(-128)::tinyint", pl.Int8(), -128),
    ("255::utinyint", pl.UInt8(), 255),
    ("9223372036854775807::bigint", pl.Int64(), 2**63 - 1),
    ("18446744073709551615::ubigint", pl.UInt64(), 2**64 - 1),
    ("99999999999999999999999999999999999999::hugeint", pl.Decimal(38, 0), Decimal(10**38 - 1)),
    ("(-99999999999999999999999999999999999999)::hugeint", pl.Decimal(38, 0), Decimal(1 - 10**38)),
    ("1.5::float", pl.Float32(), 1.5),
    ("0.1::double", pl.Float64(), 0.1),
    ("0.10::decimal(4, 2)", pl.Decimal(4, 2), Decimal("0.10")),
    (
        "12345678901234567890123456789.123456789::decimal(38, 9)",
        pl.Decimal(38, 9),
        Decimal("12345678901234567890123456789.123456789"),
    ),
    ("date '0001-01-01'", pl.Date(), date(1, 1, 1)),
    ("date '9999-12-31'", pl.Date(), date(9999, 12, 31)),
    ("time '23:59:59.999999'", pl.Time(), time(23, 59, 59, 999999)),
    ("timestamp '2024-02-29 12:00:00.123456'", pl.Datetime("us"), NOON),
    ("'2024-02-29 12:00:00'::timestamp_s", pl.Datetime("ms"), NOON.replace(microsecond=0)),
    ("'2024-02-29 12:00:00.123'::timestamp_ms", pl.Datetime("ms"), NOON.replace(microsecond=123000)),
    ("'2024-02-29 12:00:00.123456'::timestamp_ns", pl.Datetime("ns"), NOON),
    ("timestamptz '2024-02-29 14:00:00.123456+02'", pl.Datetime("us", "UTC"), NOON.replace(tzinfo=UTC)),
    (
        "timestamp '9999-12-31 23:59:59.999999'",
        pl.Datetime("us"),
        datetime.fromisoformat("9999-12-31T23:59:59.999999"),
    ),
    (f"'{SOME_UUID}'::uuid", pl.String(), SOME_UUID),
    ("'b'::enum('a', 'b')", pl.String(), "b"),
    ("'{\"a\": [1]}'::json", pl.String(), '{"a": [1]}'),
    ("'\\x00\\xFF'::blob", pl.Binary(), b"\x00\xff"),
    ("'été'", pl.String(), "été"),
    ("null", pl.String(), None),
    ("[1, null, 3]", pl.List(pl.Int32()), [1, None, 3]),
    ("array_value(1, 2)", pl.List(pl.Int32()), [1, 2]),
    ("['b'::enum('a', 'b')]", pl.List(pl.String()), ["b"]),
    (
        "[[timestamptz '2024-02-29 12:00:00.123456+00']]",
        pl.List(pl.List(pl.Datetime("us", "UTC"))),
        [[NOON.replace(tzinfo=UTC)]],
    ),
    ("{'a': 1, 'b': 'x'::enum('x')}", pl.Struct({"a": pl.Int32(), "b": pl.String()}), {"a": 1, "b": "x"}),
]
REFUSED = [
    ("interval 1 month", "interval", r'extract\(epoch from "x y"\)'),
    ("map {'a': 1}", "MAP", r'to_json\("x y"\)'),
    ("union_value(a := 1)", "UNION", r'to_json\("x y"\)'),
    ("1::variant", "VARIANT", '"x y"::JSON'),
    ("1::uhugeint", "UHUGEINT", '"x y"::HUGEINT'),
    ("1::bignum", "BIGNUM", '"x y"::VARCHAR'),
    ("'101'::bit", "BIT", '"x y"::VARCHAR'),
    ("'10:00:00+02'::timetz", "TIME WITH TIME ZONE", '"x y"::VARCHAR'),
    ("[interval 1 day]", "INTERVAL", r'to_json\("x y"\)'),
    ("{'a': [interval 1 day]}", "INTERVAL", r'to_json\("x y"\)'),
]
IMPOSSIBLE = [
    "'infinity'::date",
    "'-infinity'::date",
    "'infinity'::timestamp",
    "'-infinity'::timestamptz",
    "'infinity'::timestamp_s",
    "'infinity'::timestamp_ms",
    "'infinity'::timestamp_ns",
    "'-infinity'::timestamp_ns",
    "date '10000-01-01'",
    "date '0001-01-01 (BC)'",
    "time '24:00:00'",
    "[time '24:00:00']",
    "time_ns '24:00:00'",
    "170141183460469231731687303715884105727::hugeint",
    "['infinity'::timestamp]",
    "['infinity'::timestamp_s]",
    "{'a': [{'b': 'infinity'::date}]}",
]


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("duckdb") / "types.duckdb"
    duckdb.connect(path).close()
    return DuckDB(path=str(path))


@pytest.mark.parametrize(("literal", "dtype", "value"), EXACT, ids=[case[0] for case in EXACT])
def test_a_value_and_a_null_arrive_exactly(source, literal, dtype, value):
    query = f"select {literal} as x union all select null"

    frame = pl.concat(source.read(query))

    assert frame.schema == {"x": dtype} == source.columns(query)
    assert sorted(frame["x"].to_list(), key=lambda found: found is None) == [value, None]


def test_an_empty_result_has_the_types_of_a_full_one(source):
    query = "select " + ", ".join(f"{literal} as c{place}" for place, (literal, _, _) in enumerate(EXACT))

    (empty,) = source.read(query + " where false")

    assert empty.is_empty()
    assert (
        empty.schema
        == source.columns(query)
        == {f"c{place}": dtype for place, (_, dtype, _) in enumerate(EXACT)}
    )


def test_nanoseconds_are_kept(source):
    frame = pl.concat(source.read("select '2024-02-29 12:00:00.123456789'::timestamp_ns as x"))
    assert frame["x"].dt.nanosecond().to_list() == [123456789]


@pytest.mark.parametrize(("literal", "kind", "advice"), REFUSED, ids=[case[0] for case in REFUSED])
def test_a_type_without_a_home_is_refused_by_name_with_what_to_write(source, literal, kind, advice):
    query = f'select 1 as fine, {literal} as "x y"'
    for act in (source.columns, lambda q: list(source.read(q))):
        with pytest.raises(DeclarationError, match=f"(?i)'x y' is .*{kind}.*{advice}"):
            act(query)


def test_what_a_refusal_proposes_works(source):
    query = (
        "select extract(epoch from interval 90 second) as a, to_json(map {1: 2}) as b, 1::variant::json as c, "
        "'101'::bit::varchar as d, 1::uhugeint::hugeint as e, to_json([interval 1 day]) as f"
    )
    assert pl.concat(source.read(query)).rows() == [(90.0, '{"1":2}', "1", "101", Decimal(1), '["1 day"]')]


@pytest.mark.parametrize("literal", IMPOSSIBLE)
def test_a_value_that_no_column_can_say_stops_the_read_and_names_the_column(source, literal):
    with pytest.raises(DeclarationError, match="Column 'when' holds"):
        list(source.read(f'select 1 as id, {literal} as "when"'))


def test_the_session_speaks_utc_wherever_it_runs(source, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    frame = pl.concat(
        source.read("select '2024-01-01 00:00:00'::timestamptz as x, current_setting('TimeZone') as zone")
    )
    assert frame.rows() == [(datetime(2024, 1, 1, tzinfo=UTC), "UTC")]
