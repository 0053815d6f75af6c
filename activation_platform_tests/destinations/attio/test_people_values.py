"""What the values of a person look like on the wire."""

import json
from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from activation_platform_tests.destinations.attio.speaking import done, say, values_of


@pytest.mark.parametrize(
    ("value", "dtype", "written"),
    [
        ("Engineer", pl.String, ["Engineer"]),
        ("", pl.String, [""]),
        (42, pl.Int64, [42]),
        (4.5, pl.Float64, [4.5]),
        (False, pl.Boolean, [False]),
        (date(2024, 2, 29), pl.Date, ["2024-02-29"]),
        (
            datetime(2024, 1, 31, 23, 59, 59, 250_000, tzinfo=UTC),
            pl.Datetime("us", "UTC"),
            ["2024-01-31T23:59:59.250000Z"],
        ),
        (["A", "B"], pl.List(pl.String), ["A", "B"]),
        ([], pl.List(pl.String), []),
        (None, pl.String, []),
        (None, pl.List(pl.String), []),
        (None, pl.Date, []),
    ],
)
def test_every_type_of_value_is_written_as_the_vendor_reads_it(value, dtype, written):
    said = say({"email_addresses": "a@b.co", "field": value}, done(), schema={"field": dtype})

    assert values_of(said)["field"] == written


@pytest.mark.parametrize(
    ("parts", "written"),
    [
        ({"name": "Lovelace, Ada"}, ["Lovelace, Ada"]),
        ({"name": None}, []),
        (
            {"name.first_name": "Ada", "name.last_name": "Lovelace"},
            [{"first_name": "Ada", "last_name": "Lovelace", "full_name": "Ada Lovelace"}],
        ),
        (
            {"name.first_name": "Ada", "name.last_name": None},
            [{"first_name": "Ada", "last_name": "", "full_name": "Ada"}],
        ),
        (
            {"name.last_name": "Lovelace"},
            [{"first_name": "", "last_name": "Lovelace", "full_name": "Lovelace"}],
        ),
        (
            {"name": "Countess Ada", "name.first_name": "Ada", "name.last_name": "King"},
            [{"first_name": "Ada", "last_name": "King", "full_name": "Countess Ada"}],
        ),
        ({"name.first_name": None, "name.last_name": None}, []),
        ({"name": "Ada", "name.first_name": None}, ["Ada"]),
    ],
)
def test_a_name_is_written_whole_from_the_parts_there_are(parts, written):
    schema = dict.fromkeys(parts, pl.String)

    said = say({"email_addresses": "a@b.co", **parts}, done(), schema=schema)

    assert values_of(said) == {"email_addresses": ["a@b.co"], "name": written}


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(
    st.fixed_dictionaries(
        {
            "email_addresses": st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
            "text": st.none() | TEXTS,
            "whole": st.none() | st.integers(-(2**63), 2**63 - 1),
            "number": st.none() | st.floats(allow_nan=False, allow_infinity=False),
            "flag": st.none() | st.booleans(),
            "day": st.none() | st.dates(),
            "moment": st.none() | st.datetimes(timezones=st.just(UTC)),
            "texts": st.none() | st.lists(TEXTS, max_size=5),
        }
    )
)
def test_any_value_that_may_be_sent_arrives_as_it_is(person):
    schema = {
        "text": pl.String,
        "whole": pl.Int64,
        "number": pl.Float64,
        "flag": pl.Boolean,
        "day": pl.Date,
        "moment": pl.Datetime("us", "UTC"),
        "texts": pl.List(pl.String),
    }

    said = say(person, done(), schema=schema)
    values = json.loads(said.requests[0].content)["data"]["values"]

    assert set(values) == set(person)
    assert values["texts"] == (person["texts"] or [])
    for name in ("email_addresses", "text", "whole", "number", "flag"):
        assert values[name] == ([] if person[name] is None else [person[name]])
    for name, read in (("day", date), ("moment", datetime)):
        assert [read.fromisoformat(value) for value in values[name]] == (
            [person[name]] if person[name] else []
        )
