"""What Snowflake's types become, cell by cell: what fakesnow can honestly answer, and the rest `live`."""

import datetime as dt
from decimal import Decimal

import polars as pl
import pyarrow as pa
import pytest

from activation_platform.contracts.errors import DeclarationError
from activation_platform.sources.snowflake import Snowflake
from activation_platform.sources.snowflake_columns import exactly, reading

UTC = pl.Datetime("us", "UTC")
CELLS = [
    ("9007199254740993::number(38, 0)", pl.Int64(), 9007199254740993),
    ("'123456789012345678.12'::number(22, 2)", pl.Decimal(22, 2), Decimal("123456789012345678.12")),
    ("1.5::float", pl.Float64(), 1.5),
    ("true", pl.Boolean(), True),
    ("'Zoë'", pl.String(), "Zoë"),
    ("null::varchar", pl.String(), None),
    ("null::number(12, 2)", pl.Decimal(12, 2), None),
    ("'1999-12-31'::date", pl.Date(), dt.date(1999, 12, 31)),
    ("'23:59:59'::time", pl.Time(), dt.time(23, 59, 59)),
    (
        "'2024-03-01 12:00:00.123456'::timestamp_ntz",
        pl.Datetime("us"),
        dt.datetime.fromisoformat("2024-03-01T12:00:00.123456"),
    ),
    ("'2024-03-01 12:00:00'::timestamp_tz", UTC, dt.datetime(2024, 3, 1, 12, tzinfo=dt.UTC)),
    ("to_binary('00ff', 'hex')", pl.Binary(), b"\x00\xff"),
]
LIVE = [
    ("'2024-03-01 12:00:00 +02:00'::timestamp_tz", UTC, dt.datetime(2024, 3, 1, 10, tzinfo=dt.UTC)),
    ("'2024-03-01 12:00:00'::timestamp_ltz", UTC, dt.datetime(2024, 3, 1, 12, tzinfo=dt.UTC)),
    ("'9999-12-31'::timestamp_ntz", pl.Datetime("us"), dt.datetime.fromisoformat("9999-12-31")),
    ("null::timestamp_ntz", pl.Datetime("us"), None),
    ("null::timestamp_tz", UTC, None),
    ("parse_json('[1]')", pl.String(), "[\n  1\n]"),
    ("array_construct(1)", pl.String(), "[\n  1\n]"),
]
REFUSED = [
    ("12345678901234567890123::number(38, 0)", "beyond 64 bits"),
    ("{'a': 1}::map(varchar, int)", "MAP: write"),
    ("[1, 2]::vector(int, 2)", "VECTOR: write"),
]


def arrives(source, expression, dtype, value):
    query = f'select {expression} as "x"'
    frame = pl.concat(source.read(query))
    assert frame.schema == source.columns(query) == {"x": dtype}
    assert frame["x"].to_list() == [value]


@pytest.mark.parametrize(("expression", "dtype", "value"), CELLS, ids=[cell[0] for cell in CELLS])
def test_a_type_arrives_exactly(snowflake_account, expression, dtype, value):
    arrives(Snowflake(**snowflake_account.settings), expression, dtype, value)


@pytest.mark.live
@pytest.mark.parametrize(
    ("expression", "dtype", "value"), [*CELLS, *LIVE], ids=[cell[0] for cell in (*CELLS, *LIVE)]
)
def test_a_type_arrives_exactly_from_a_real_account(live_source, expression, dtype, value):
    arrives(live_source("snowflake"), expression, dtype, value)


@pytest.mark.live
@pytest.mark.parametrize(("expression", "words"), REFUSED)
def test_a_type_without_a_home_is_refused_by_a_real_account(live_source, expression, words):
    with pytest.raises(DeclarationError, match=words):
        list(live_source("snowflake").read(f"select {expression} as x"))


def described(name, code, precision=None, scale=None):
    from snowflake.connector.cursor import ResultMetadata

    return ResultMetadata(name, code, None, None, precision, scale, True)


def test_the_narrowest_integers_that_the_connector_hands_over_become_one_type():
    plan = reading([described("ID", 0, 38, 0), described("SUM", 0, 18, 2)])
    chunks = [
        pa.table({"ID": pa.array([1], pa.int8()), "SUM": pa.array([Decimal("1.50")], pa.decimal128(18, 2))}),
        pa.table({"ID": pa.array([2**40], pa.int64()), "SUM": pa.array([None], pa.decimal128(18, 2))}),
        pa.table(
            {
                "ID": pa.array([Decimal(2**63 - 1)], pa.decimal128(38, 0)),
                "SUM": pa.array([None], pa.decimal128(18, 2)),
            }
        ),
    ]

    frame = pl.concat(plan.frames(exactly(chunks, plan)))

    assert frame.schema == {"ID": pl.Int64(), "SUM": pl.Decimal(18, 2)}
    assert frame["ID"].to_list() == [1, 2**40, 2**63 - 1]


def test_a_number_beyond_64_bits_is_refused_and_not_shown():
    plan = reading([described("ID", 0, 38, 0)])
    chunk = pa.table({"ID": pa.array([Decimal(2**63)], pa.decimal128(38, 0))})

    with pytest.raises(DeclarationError, match=r'.ID. holds a number beyond 64 bits.*"ID"::VARCHAR') as told:
        list(exactly([chunk], plan))

    assert str(2**63) not in str(told.value)


def test_types_without_a_home_are_refused_together_each_with_its_cast():
    with pytest.raises(DeclarationError, match=r'.a. is VECTOR: write "a"::ARRAY; .M. is MAP: write TO_JSON'):
        reading([described("a", 16), described("ok", 2), described("M", 17)])
