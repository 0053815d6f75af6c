"""Bodies written column by column say what they would say written record by record."""

import json
import string
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from activation_platform.contracts.batch import IDENTIFIER, KEY, OMITTED, PREVIOUS, Batch, MappedField
from activation_platform.contracts.encode import Member, Part, json_array, members
from activation_platform.contracts.fields import is_pattern
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.rows import Rows

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = {
    "text": (pl.String, TEXT),
    "int": (pl.Int64, st.integers(-(2**63), 2**63 - 1)),
    "uint": (pl.UInt64, st.integers(0, 2**64 - 1)),
    "float": (pl.Float64, st.floats(allow_nan=False, allow_infinity=False)),
    "bool": (pl.Boolean, st.booleans()),
    "day": (pl.Date, st.dates()),
    "moment": (pl.Datetime("us", "UTC"), st.datetimes(timezones=st.just(UTC))),
    "list": (pl.List(pl.String), st.lists(TEXT, max_size=3)),
    "days": (pl.List(pl.Date), st.lists(st.dates(), max_size=2)),
    "nested": (
        pl.Struct({"a": pl.Int64, "when": pl.Date}),
        st.fixed_dictionaries({"a": st.integers(0, 9), "when": st.dates()}),
    ),
}
NAMES = st.text(string.printable + "é🎉{}", min_size=1, max_size=6).filter(
    lambda name: not name.startswith("_") and not is_pattern(name)
)


def plain(value):
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    return value.isoformat()


@st.composite
def batches(draw):
    rows = draw(st.integers(1, 4))
    named = draw(st.dictionaries(NAMES, st.sampled_from(sorted(VALUES)), min_size=1, max_size=6))
    keys = [str(row) for row in range(rows)]
    columns = [pl.Series(name, keys) for name in (KEY, IDENTIFIER, PREVIOUS)]
    fields = []
    for name, kind in named.items():
        dtype, values = VALUES[kind]
        field = MappedField(name, keeps_null=draw(st.booleans()), may_omit=draw(st.booleans()))
        fields.append(field)
        drawn = draw(st.lists(st.none() | values, min_size=rows, max_size=rows))
        columns.append(pl.Series(name, drawn, dtype=dtype))
        if field.may_omit:
            marks = draw(st.lists(st.booleans(), min_size=rows, max_size=rows))
            columns.append(pl.Series(OMITTED + name, marks))
    return Batch(Operation.INSERT, Mode.UPSERT, Rows(pl.DataFrame(columns)), tuple(fields))


@given(batches())
def test_columns_and_records_say_the_same(batch):
    by_record = [json.loads(json.dumps(dict(record.values), default=plain)) for record in batch.records]
    assert json.loads(json_array(batch, members)) == by_record


@given(batches())
def test_an_object_within_an_object_holds_what_it_should(batch):
    def shape(whole):
        return {"who": {"id": Member(pl.col(IDENTIFIER))}, "values": members(whole), "n": Member(pl.lit(1))}

    by_record = [
        {
            "who": {"id": record.identifier},
            "values": json.loads(json.dumps(dict(record.values), default=plain)),
            "n": 1,
        }
        for record in batch.records
    ]
    assert json.loads(json_array(batch, shape)) == by_record


@pytest.mark.parametrize(
    ("value", "dtype", "written"),
    [
        (Decimal("12345678901234567890.10"), pl.Decimal(30, 2), "12345678901234567890.10"),
        (b"\x00\xff", pl.Binary, "AP8="),
        (time(13, 5), pl.Time, "13:05:00"),
        (timedelta(days=1, seconds=2), pl.Duration("us"), "P1DT2S"),
        (datetime.fromisoformat("2024-01-31T12:00"), pl.Datetime("ms"), "2024-01-31T12:00:00.000000Z"),
        (datetime(2024, 1, 31, 12, tzinfo=UTC), pl.Datetime("us", "Europe/Paris"), "2024-01-31T12:00:00.000000Z"),
        ("gold", pl.Enum(["gold", "silver"]), "gold"),
        (
            {"*": 1, "^x$": date(2024, 1, 31)},
            pl.Struct({"*": pl.Int64, "^x$": pl.Date}),
            {"*": 1, "^x$": "2024-01-31"},
        ),
        ([date(2024, 1, 31)], pl.Array(pl.Date, 1), ["2024-01-31"]),
        (float("nan"), pl.Float64, None),
        (float("-inf"), pl.Float64, None),
        ("\x00\x1f\"\\\u2028🎉é", pl.String, "\x00\x1f\"\\\u2028🎉é"),
    ],
)  # fmt: skip
def test_what_json_has_no_word_for_is_rendered(value, dtype, written):
    frame = pl.DataFrame([pl.Series("field", [value], dtype=dtype)])
    batch = Batch(Operation.INSERT, Mode.UPSERT, Rows(frame), (MappedField("field"),))
    assert json.loads(json_array(batch, members)) == [{"field": written}]


def test_an_object_may_be_absent_and_hold_what_is():
    frame = pl.DataFrame({"a": [1, None, 3], "b": ["x", "y", None], "here": [True, True, False]})
    nothing = pl.col("a").is_null()

    def shape(_):
        value = {"number": Member(pl.col("a"), nothing), "nothing": Member(pl.lit("NULL"), ~nothing)}
        whole = Part({"b": Member(pl.col("b"))})
        return {"value": Part(value, ~pl.col("here")), "whole": whole, "outer": {"inner": whole}}

    said = json.loads(json_array(Batch(Operation.INSERT, Mode.UPSERT, Rows(frame)), shape))

    assert [one.pop("whole") for one in said] == [{"b": "x"}, {"b": "y"}, {"b": None}]
    assert [one.pop("outer")["inner"]["b"] for one in said] == ["x", "y", None]
    assert said == [{"value": {"number": 1}}, {"value": {"nothing": "NULL"}}, {}]


def test_records_without_members_are_empty_objects():
    batch = Batch(Operation.INSERT, Mode.UPSERT, Rows(pl.DataFrame({"a": [1, 2]})))
    assert json_array(batch, lambda _: {}) == b"[{},{}]"
    assert json_array(batch.part(0, 1), lambda _: {"values": {}}) == b'[{"values":{}}]'


def test_bodies_of_batches_of_one_frame_are_made_once():
    whole = Batch(Operation.INSERT, Mode.UPSERT, Rows(pl.DataFrame({"a": [1, 2, 3]})))
    asked = []

    def shape(batch):
        asked.append(len(batch))
        return {"a": Member(pl.col("a"))}

    said = [json_array(part, shape) for part in (whole.part(0, 2), whole.part(2, 4), *whole.halves())]
    assert said == [b'[{"a":1},{"a":2}]', b'[{"a":3}]', b'[{"a":1}]', b'[{"a":2},{"a":3}]']
    assert asked == [3]
