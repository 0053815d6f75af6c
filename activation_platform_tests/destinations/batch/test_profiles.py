"""Conversations about profiles of a Batch project."""

import json
from datetime import UTC, date, datetime

import httpx
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from activation_platform.contracts.batch import OMITTED, Batch, MappedField
from activation_platform.contracts.errors import NotFound
from activation_platform.contracts.outcomes import ACCEPTED, partial
from activation_platform.contracts.service import BatchRefused, UnreadableAnswer
from activation_platform.destinations.batch.destination import Batch as Project
from activation_platform.destinations.batch.profiles import Profiles
from activation_platform_tests.destinations.conversation import batch_of, converse

SUCCESS = httpx.codes.ACCEPTED, {"code": "SUCCESS"}


def profiles():
    return Profiles(Project(rest_api_key="rest", project_key="project_1", live_api_keys=["app-one"]))


def batch(*people, **details):
    return batch_of(*people, identified_by="custom_id", **details)


def attributes_of(person, **schema):
    said = converse(profiles(), batch(person, schema=schema), answer(*SUCCESS))
    return said.bodies[0][0]["attributes"]


def answer(status, body):
    return httpx.Response(status, json=body)


def errors(*found):
    return answer(202, {"code": "SUCCESS_WITH_PARTIAL_ERRORS", "errors": list(found)})


def test_profiles_are_said_as_the_vendor_shows_it():
    jane = {
        "custom_id": "abc",
        "$email_address": "a@b.c",
        "$email_marketing": "subscribed",
        "firstname": "Jane",
    }

    said = converse(profiles(), batch(jane), answer(*SUCCESS))

    assert said.lines == ["POST /2.11/profiles/update"]
    assert said.bodies == [
        [
            {
                "identifiers": {"custom_id": "abc"},
                "attributes": {
                    "$email_address": "a@b.c",
                    "$email_marketing": "subscribed",
                    "firstname": "Jane",
                },
            }
        ]
    ]


def test_a_profile_with_nothing_but_its_id_is_still_created():
    said = converse(profiles(), batch({"custom_id": "abc"}), answer(*SUCCESS))

    assert said.bodies == [[{"identifiers": {"custom_id": "abc"}, "attributes": {}}]]


def test_a_call_costs_as_many_as_it_has_profiles():
    said = converse(profiles(), batch({"custom_id": "a"}, {"custom_id": "b"}), answer(*SUCCESS))

    assert said.requests[0].extensions["budget"] is Project.updates
    assert said.requests[0].extensions["cost"] == 2.0


@pytest.mark.parametrize(
    ("value", "dtype", "written"),
    [
        ("Jane", pl.String, {"field": "Jane"}),
        ("42", pl.String, {"field": "42"}),
        (42, pl.Int64, {"field": 42}),
        (-(2**63), pl.Int64, {"field": -(2**63)}),
        (4.5, pl.Float64, {"field": 4.5}),
        (True, pl.Boolean, {"field": True}),
        (date(1989, 7, 20), pl.Date, {"date(field)": "1989-07-20T00:00:00Z"}),
        (date(1, 1, 1), pl.Date, {"date(field)": "0001-01-01T00:00:00Z"}),
        (
            datetime(2024, 1, 31, 23, 59, 59, 999_999, tzinfo=UTC),
            pl.Datetime("us", "UTC"),
            {"date(field)": "2024-01-31T23:59:59Z"},
        ),
        (["bikes", "cinema"], pl.List(pl.String), {"field": ["bikes", "cinema"]}),
        ([], pl.List(pl.String), {"field": None}),
        (None, pl.String, {"field": None}),
        (None, pl.Date, {"field": None}),
        (None, pl.List(pl.String), {"field": None}),
    ],
)
def test_every_type_of_value_is_written_as_the_vendor_reads_it(value, dtype, written):
    assert attributes_of({"custom_id": "a", "field": value}, field=dtype) == written


def test_a_field_that_keeps_its_null_or_is_omitted_is_not_written():
    whole = batch({"custom_id": "a", "kept": None, "omitted": None, OMITTED + "omitted": True})
    fields = (
        MappedField("custom_id"),
        MappedField("kept", keeps_null=True),
        MappedField("omitted", may_omit=True),
    )

    said = converse(profiles(), Batch(whole.operation, whole.mode, whole.rows, fields), answer(*SUCCESS))

    assert said.bodies[0][0]["attributes"] == {}


def test_success_accepts_all_and_claims_neither_created_nor_updated():
    said = converse(profiles(), batch({"custom_id": "a"}, {"custom_id": "b"}), answer(*SUCCESS))

    assert said.outcomes == [ACCEPTED, ACCEPTED]


def test_a_refused_attribute_does_not_drag_the_neighbours_down():
    refused = errors(
        {"category": "attribute", "bulk_index": 1, "attribute": "x", "reason": "too long"},
        {"category": "attribute", "bulk_index": 1, "attribute": "$language", "reason": "unknown"},
    )

    said = converse(profiles(), batch(*({"custom_id": str(n)} for n in range(3))), refused)

    assert said.outcomes == [ACCEPTED, partial("x: too long; $language: unknown"), ACCEPTED]


@pytest.mark.parametrize(
    "error",
    [
        {"attribute": "x", "reason": "bad"},
        {"bulk_index": 2, "attribute": "x", "reason": "bad"},
        {"bulk_index": -1, "attribute": "x", "reason": "bad"},
        {"bulk_index": "0", "attribute": "x", "reason": "bad"},
    ],
)
def test_an_error_that_names_no_profile_is_held_against_all(error):
    said = converse(profiles(), batch({"custom_id": "a"}, {"custom_id": "b"}), errors(error))

    assert said.outcomes == [partial("x: bad")] * 2


def test_an_error_without_words_is_still_an_error():
    said = converse(profiles(), batch({"custom_id": "a"}), errors({"bulk_index": 0}))

    assert said.outcomes == [partial("refused in part")]


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_refused_call_is_refused_as_a_whole_in_the_vendors_words(status):
    refusal = answer(status, {"error_code": "MALFORMED", "error_message": "profile 0 has no identifier"})

    said = converse(profiles(), batch({"custom_id": "a"}), refusal)

    assert isinstance(said.raised, BatchRefused)
    assert said.raised.reason == "MALFORMED: profile 0 has no identifier"


def test_an_unknown_path_blames_no_record():
    said = converse(profiles(), batch({"custom_id": "a"}), answer(404, {"error_message": "no such route"}))

    assert isinstance(said.raised, NotFound)


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(200, text="<html>Sign in</html>"),
        httpx.Response(202, text='{"code": "SUCC'),
        httpx.Response(202, json=["SUCCESS"]),
        httpx.Response(202, json={"status": "ok"}),
        httpx.Response(202, json={"code": "QUEUED"}),
    ],
)
def test_what_is_not_the_vendors_answer_is_no_answer(response):
    assert isinstance(converse(profiles(), batch({"custom_id": "a"}), response).raised, UnreadableAnswer)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300)


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "custom_id": st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=512),
                "text": st.none() | TEXTS,
                "whole": st.none() | st.integers(-(2**63), 2**63 - 1),
                "number": st.none() | st.floats(allow_nan=False, allow_infinity=False),
                "flag": st.none() | st.booleans(),
                "day": st.none() | st.dates(),
                "moment": st.none() | st.datetimes(timezones=st.just(UTC)),
                "texts": st.none() | st.lists(TEXTS, max_size=25),
            }
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_value_that_may_be_sent_arrives_as_it_is(people):
    schema = {
        "text": pl.String,
        "whole": pl.Int64,
        "number": pl.Float64,
        "flag": pl.Boolean,
        "day": pl.Date,
        "moment": pl.Datetime("us", "UTC"),
        "texts": pl.List(pl.String),
    }

    request = profiles().request(batch(*people, schema=schema))

    for person, profile in zip(people, json.loads(request.content), strict=True):
        attributes = profile["attributes"]
        assert profile["identifiers"] == {"custom_id": person["custom_id"]}
        assert len(attributes) == len(person) - 1
        for name in ("text", "whole", "number", "flag"):
            assert attributes[name] == person[name]
        assert attributes.get("texts") == (person["texts"] or None)
        assert _day(attributes.get("date(day)")) == person["day"]
        assert _moment(attributes.get("date(moment)")) == (
            person["moment"] and person["moment"].replace(microsecond=0)
        )


def _day(written):
    return _moment(written).date() if written else None


def _moment(written):
    return datetime.fromisoformat(written) if written else None
