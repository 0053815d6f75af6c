"""A type of Databricks arrives exactly: through a stand-in as far as it can answer, from a real workspace with `-m live`."""

from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest

from activation_platform.contracts.errors import DeclarationError
from activation_platform.sources.databricks import Databricks
from activation_platform.sources.databricks_columns import arrow_schema
from activation_platform_tests.sources.databricks_workspace import TOKEN, WAREHOUSE, serving

NAIVE = datetime(2024, 2, 29, 12, 34, 56, 123456)  # noqa: DTZ001
STRUCT = pl.Struct({"a": pl.Int32(), "b c": pl.List(pl.Decimal(3, 1))})
TYPES = [
    ("true", pl.Boolean(), True),
    ("cast(7 as tinyint)", pl.Int8(), 7),
    ("cast(7 as smallint)", pl.Int16(), 7),
    ("cast(7 as int)", pl.Int32(), 7),
    ("cast(9223372036854775807 as bigint)", pl.Int64(), 2**63 - 1),
    ("cast(1.5 as float)", pl.Float32(), 1.5),
    ("cast(0.1 as double)", pl.Float64(), 0.1),
    ("cast('12.30' as decimal(12, 2))", pl.Decimal(12, 2), Decimal("12.30")),
    (
        "cast('12345678901234567890123456789.123456789' as decimal(38, 9))",
        pl.Decimal(38, 9),
        Decimal("12345678901234567890123456789.123456789"),
    ),
    ("'é😀'", pl.String(), "é😀"),
    ("''", pl.String(), ""),
    ("cast(unhex('deadbeef00') as binary)", pl.Binary(), bytes.fromhex("deadbeef00")),
    ("date '0001-01-01'", pl.Date(), date(1, 1, 1)),
    ("date '9999-12-31'", pl.Date(), date(9999, 12, 31)),
    ("cast('2024-02-29 12:34:56.123456' as timestamp_ntz)", pl.Datetime("us"), NAIVE),
    (
        "cast('2024-02-29 12:00:00.5+05:30' as timestamp)",
        pl.Datetime("us", "UTC"),
        datetime(2024, 2, 29, 6, 30, 0, 500000, tzinfo=UTC),
    ),
    ("array('a', null)", pl.List(pl.String()), ["a", None]),
    (
        "named_struct('a', cast(1 as int), 'b c', array(cast(1.5 as decimal(3, 1))))",
        STRUCT,
        {"a": 1, "b c": [Decimal("1.5")]},
    ),
]
LIVE = [
    ("cast(null as void)", pl.String(), None),
    ("cast('a' as varchar(3))", pl.String(), "a"),
    ("to_json(map('a', 1))", pl.String(), '{"a":1}'),
    ("to_json(parse_json('{\"a\": 1}'))", pl.String(), '{"a":1}'),
    ("cast(interval '1' day as string)", pl.String(), "INTERVAL '1' DAY"),
]


@pytest.fixture(scope="module")
def source():
    with serving() as workspace:
        yield Databricks(host=workspace.address, warehouse_id=WAREHOUSE, token=TOKEN)


def arrives(source, sql, dtype, value):
    query = f"select {sql} as x union all select null"
    frame = pl.concat(source.read(query))

    assert frame.schema == {"x": dtype}
    assert frame["x"].drop_nulls().to_list() == [each for each in [value] if each is not None]
    assert frame["x"].null_count() == 2 - len(frame["x"].drop_nulls())
    assert source.columns(query) == frame.schema


@pytest.mark.parametrize(("sql", "dtype", "value"), TYPES, ids=[sql for sql, _, _ in TYPES])
def test_a_type_arrives_exactly_and_its_null_is_null(source, sql, dtype, value):
    arrives(source, sql, dtype, value)


@pytest.mark.live
@pytest.mark.parametrize(("sql", "dtype", "value"), TYPES + LIVE, ids=[sql for sql, _, _ in TYPES + LIVE])
def test_a_type_arrives_exactly_from_a_real_workspace(live_source, sql, dtype, value):
    arrives(live_source("databricks"), sql, dtype, value)


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("MAP<STRING, INT>", "to_json(`x`)"),
        ("VARIANT", "to_json(`x`)"),
        ("ARRAY<MAP<STRING, INT>>", "to_json(`x`)"),
        ("INTERVAL DAY TO SECOND", "CAST(`x` AS STRING)"),
        ("GEOGRAPHY(4326)", "st_astext(`x`)"),
        ("SOMETHING<NEW", "CAST(`x` AS STRING)"),
    ],
)
def test_a_type_without_a_home_is_refused_with_what_to_write(words, advice):
    with pytest.raises(DeclarationError) as caught:
        arrow_schema([{"name": "x", "type_text": words}])

    assert f"'x' is {words}: write {advice}" in str(caught.value)


def test_a_decimal_without_digits_is_one_of_ten():
    schema = arrow_schema([{"name": "a", "type_text": "DECIMAL"}, {"name": "b", "type_text": "DECIMAL(5)"}])

    assert [str(kind) for kind in schema.types] == ["decimal128(10, 0)", "decimal128(5, 0)"]
