"""Conversations about events of a Batch project's people."""

from datetime import UTC, date, datetime, timedelta

import httpx
import polars as pl
import pytest

from activation_platform.contracts.errors import NotFound
from activation_platform.contracts.modes import Mode
from activation_platform.contracts.outcomes import ACCEPTED, partial, rejected
from activation_platform.contracts.service import BatchRefused, UnreadableAnswer
from activation_platform.destinations.batch.destination import Batch as Project
from activation_platform.destinations.batch.events import Events
from activation_platform_tests.destinations.conversation import batch_of, converse

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
SUCCESS = httpx.codes.ACCEPTED, {"code": "SUCCESS"}


def say(happened, *responses, **details):
    batch = batch_of(*happened, identified_by="event_id", mode=Mode.INSERT_ONLY, **details)
    return converse(Events(Project(rest_api_key="rest", project_key="project_1")), batch, *responses)


def event(number, person="jane", name="seen", **attributes):
    own = {
        "event_id": f"e{number}",
        "custom_id": person,
        "event_name": name,
        "event_time": NOON + timedelta(minutes=number),
    }
    return {**own, **attributes}


def answer(status, body):
    return httpx.Response(status, json=body)


def errors(*found):
    return answer(202, {"code": "SUCCESS_WITH_PARTIAL_ERRORS", "errors": list(found)})


def test_an_event_is_said_as_the_vendor_shows_it():
    bought = event(1, name="added_to_cart", **{"$label": "pumpkin", "quantity": 5, "$tags": ["fruits"]})

    said = say([bought], answer(*SUCCESS))

    assert said.lines == ["POST /2.11/profiles/update"]
    assert said.bodies[0] == [
        {
            "identifiers": {"custom_id": "jane"},
            "events": [
                {
                    "name": "added_to_cart",
                    "time": "2026-01-31T12:01:00Z",
                    "attributes": {"$label": "pumpkin", "quantity": 5, "$tags": ["fruits"]},
                }
            ],
        }
    ]
    assert said.outcomes == [ACCEPTED]


@pytest.mark.parametrize(
    ("name", "value", "dtype", "written"),
    [
        ("born", date(1989, 7, 20), pl.Date, {"date(born)": "1989-07-20T00:00:00Z"}),
        ("at", NOON, pl.Datetime("us", "UTC"), {"date(at)": "2026-01-31T12:00:00Z"}),
        ("url(page)", "https://example.org", pl.String, {"url(page)": "https://example.org"}),
        ("flag", False, pl.Boolean, {"flag": False}),
        ("text", None, pl.String, {}),
        ("$label", None, pl.String, {}),
        ("at", None, pl.Date, {}),
        ("$tags", [], pl.List(pl.String), {}),
    ],
)
def test_attributes_carry_their_type_and_those_without_a_value_are_left_out(name, value, dtype, written):
    said = say([event(1, **{name: value})], answer(*SUCCESS), schema={name: dtype})

    assert said.bodies[0][0]["events"][0]["attributes"] == written


def test_the_events_of_a_person_go_together_in_order_and_cost_one():
    said = say([event(1), event(2, "john"), event(3), event(4, name="left")], answer(*SUCCESS))

    told = [
        (one["identifiers"]["custom_id"], [each["name"] for each in one["events"]]) for one in said.bodies[0]
    ]
    assert told == [("jane", ["seen", "seen", "left"]), ("john", ["seen"])]
    assert said.requests[0].extensions["budget"] is Project.updates
    assert said.requests[0].extensions["cost"] == 2.0
    assert said.outcomes == [ACCEPTED] * 4


def test_a_batch_never_holds_more_events_than_a_profile_may():
    assert Events.batch_size <= 15
    assert not Events.idempotent


def test_a_refused_event_does_not_drag_its_neighbours_down():
    happened = [event(1), event(2, "john"), event(3, "john", "bought")]
    refused = {"category": "event", "bulk_index": 1, "event": "bought", "reason": "too old"}

    said = say(happened, errors(refused))

    assert said.outcomes == [ACCEPTED, ACCEPTED, rejected("bought: too old")]


def test_an_event_without_one_of_its_attributes_was_still_told():
    left_out = {"category": "attribute", "bulk_index": 0, "event": "seen", "attribute": "x", "reason": "bad"}

    said = say([event(1)], errors(left_out))

    assert said.outcomes == [partial("x: seen: bad")]


def test_which_of_several_was_refused_is_not_guessed_so_that_none_is_told_twice():
    happened = [event(1), event(2, name="left"), event(3), event(4, "john")]
    refused = {"category": "event", "bulk_index": 0, "event": "seen", "reason": "too old"}

    said = say(happened, errors(refused))

    assert said.outcomes == [partial("seen: too old"), ACCEPTED, partial("seen: too old"), ACCEPTED]


@pytest.mark.parametrize(
    ("error", "outcomes"),
    [
        ({"category": "event", "bulk_index": 1, "reason": "bad"}, [ACCEPTED, rejected("bad")]),
        (
            {"category": "event", "bulk_index": 1, "event": "?", "reason": "bad"},
            [ACCEPTED, rejected("?: bad")],
        ),
        ({"bulk_index": 1}, [ACCEPTED, partial("refused in part")]),
        ({"category": "event", "event": "seen", "reason": "bad"}, [rejected("seen: bad")] * 2),
        ({"bulk_index": 9, "reason": "bad"}, [partial("bad")] * 2),
        ("?", [partial("refused in part")] * 2),
    ],
)
def test_an_error_that_says_little_is_held_against_all_that_it_may_mean(error, outcomes):
    assert say([event(1), event(2, "john")], errors(error)).outcomes == outcomes


def test_several_faults_of_an_event_are_told_together():
    fault = {"category": "attribute", "bulk_index": 0, "event": "seen", "reason": "bad"}

    said = say([event(1)], errors({**fault, "attribute": "x"}, {**fault, "attribute": "y"}))

    assert said.outcomes == [partial("x: seen: bad; y: seen: bad")]


@pytest.mark.parametrize(
    ("response", "raised"),
    [
        (answer(400, {"error_code": "MALFORMED_REQUEST", "error_message": "no"}), BatchRefused),
        (answer(404, {"error_message": "no such route"}), NotFound),
        (httpx.Response(200, text="<html>One moment</html>"), UnreadableAnswer),
        (httpx.Response(202, text='{"code": "SUC'), UnreadableAnswer),
        (answer(202, {"code": "QUEUED"}), UnreadableAnswer),
    ],
)
def test_a_call_that_was_not_taken_on_accepts_nothing(response, raised):
    assert isinstance(say([event(1)], response).raised, raised)


@pytest.mark.parametrize(
    ("field", "value", "fine"),
    [
        ("event_id", "", False),
        ("event_name", "added_to_cart", True),
        ("event_name", "Added to cart", False),
        ("event_name", "x" * 31, False),
        ("$label", "x" * 201, False),
        ("$tags", ["x"] * 11, False),
        ("$tags", ["x" * 65], False),
        ("$tags", ["x" * 64] * 10, True),
    ],
)
def test_fields_refuse_what_the_vendor_would(field, value, fine):
    type_ = next(one.type for one in Events.fields if one.name == field)

    assert (type_.clean(pl.Series([value])).reasons[0] is None) is fine


def test_e3_the_age_limit_is_the_vendors():
    time = next(one.type for one in Events.fields if one.name == "event_time").at(NOON)
    ages = [timedelta(0), timedelta(hours=23, minutes=59), timedelta(hours=24), -timedelta(seconds=1)]

    reasons = time.clean(pl.Series([NOON - age for age in ages])).reasons

    assert reasons.to_list() == [None, None, "is not within the last 24 hours", "lies in the future"]


def test_no_attribute_may_take_the_place_of_a_reserved_word():
    assert not Events.custom_fields.accepts("$other")
    assert Events.custom_fields.accepts("url(page)")
