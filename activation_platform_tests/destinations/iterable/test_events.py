"""Conversations about the events of an Iterable project's users, and the same against the sandbox."""

from datetime import UTC, datetime

import httpx
import polars as pl
import pytest

from activation_platform.contracts.modes import Mode
from activation_platform.contracts.outcomes import ACCEPTED, partial, rejected
from activation_platform.contracts.service import BatchRefused, UnreadableAnswer
from activation_platform.destinations.iterable.events import Events
from activation_platform.destinations.iterable.people import Identified
from activation_platform_tests.destinations.conversation import batch_of, converse
from activation_platform_tests.destinations.iterable.speaking import account, coded, counted

AT = datetime(2026, 1, 31, 12, 30, 15, 900_000, tzinfo=UTC)
ORDER = {"id": "o-1", "email": "jane@acme.com", "eventName": "orderPlaced", "createdAt": AT}
OTHER = {**ORDER, "id": "o-2", "email": "john@acme.com", "eventName": "cartLeft"}


def say(events, *responses, identifier="email", schema=None):
    batch = batch_of(*events, identified_by="id", mode=Mode.INSERT_ONLY, schema=schema)
    return converse(Events(account(), Identified(identifier)), batch, *responses)


def test_an_event_is_said_as_the_vendor_shows_it():
    event = {**ORDER, "campaignId": 7, "templateId": 8, "items": ["a", "b"], "total": 9.5, "due": AT}

    said = say([event], counted(1))

    assert said.lines == ["POST /api/events/trackBulk"]
    assert said.bodies[0] == {
        "events": [
            {
                "id": "o-1",
                "email": "jane@acme.com",
                "eventName": "orderPlaced",
                "createdAt": 1_769_862_615,
                "campaignId": 7,
                "templateId": 8,
                "dataFields": {"items": ["a", "b"], "total": 9.5, "due": "2026-01-31 12:30:15 +00:00"},
            }
        ]
    }
    assert said.outcomes == [ACCEPTED]


def test_what_an_event_lacks_is_left_out():
    schema = {"campaignId": pl.Int64, "gift": pl.Boolean}

    said = say([{**ORDER, "campaignId": None, "gift": None}], counted(1), schema=schema)

    assert said.bodies[0]["events"] == [
        {
            "id": "o-1",
            "email": "jane@acme.com",
            "eventName": "orderPlaced",
            "createdAt": 1_769_862_615,
            "dataFields": {},
        }
    ]


def test_the_person_of_an_event_is_known_by_the_chosen_identifier():
    service = Events(account(), Identified("userId"))
    event = {"id": "o-1", "userId": "C1", "eventName": "orderPlaced", "createdAt": AT}

    said = say([event], counted(1), identifier="userId")

    assert said.bodies[0]["events"][0]["userId"] == "C1"
    assert service.identifying_field == "id"
    assert {field.name for field in service.declared_fields() if field.required} == {
        "id",
        "eventName",
        "createdAt",
        "userId",
    }
    assert "email" not in {field.name for field in service.declared_fields()}


@pytest.mark.parametrize(
    ("lists", "words"),
    [
        ({"failedUpdates": {"notFoundEmails": ["john@acme.com"]}}, "unknown at the destination"),
        (
            {"failedUpdates": {"forgottenEmails": ["john@acme.com"]}},
            "is forgotten, and can never be written again",
        ),
        ({"disallowedEventNames": ["cartLeft"]}, "has a name that the project does not allow"),
    ],
)
def test_an_event_that_is_left_out_is_rejected_alone(lists, words):
    assert say([ORDER, OTHER], counted(1, 1, **lists)).outcomes == [ACCEPTED, rejected(words)]


def test_all_events_of_somebody_who_is_unknown_are_rejected():
    events = [ORDER, OTHER, {**OTHER, "id": "o-3"}]

    said = say(events, counted(1, 2, failedUpdates={"notFoundEmails": ["john@acme.com"]}))

    assert said.outcomes == [ACCEPTED, *[rejected("unknown at the destination")] * 2]


def test_a_field_that_the_project_does_not_take_is_told_as_a_part():
    said = say([ORDER], counted(1, filteredOutFields=["total"]))

    assert said.outcomes == [partial("the project has no field total")]


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        (coded("RequestFieldsTypesMismatched"), BatchRefused),
        (counted(0, 1), BatchRefused),
        (httpx.Response(200, json={}), UnreadableAnswer),
    ],
)
def test_what_does_not_tell_of_single_events_tells_of_none(answer, raised):
    assert isinstance(say([ORDER], answer).raised, raised)


def test_events_of_more_than_four_megabytes_are_parted_before_they_are_said():
    long = {**ORDER, "words": "x" * 2_000_000}

    said = say([long, {**long, "id": "o-2"}])

    assert isinstance(said.raised, BatchRefused)
    assert said.lines == []


@pytest.fixture
def tracked(sandbox):
    return lambda: sandbox.world.part("iterable", "events")


def test_what_is_told_twice_is_there_once_as_it_was_told_last(account, ask, deliver, tracked):
    ask("POST", "/api/users/bulkUpdate", users=[{"email": "jane@acme.com"}])
    service = Events(account)

    deliver(service, {**ORDER, "total": 1.5}, mode=Mode.INSERT_ONLY)
    outcomes = deliver(service, {**ORDER, "total": 2.5}, {**OTHER, "total": None}, mode=Mode.INSERT_ONLY)

    assert outcomes == [ACCEPTED, rejected("unknown at the destination")]
    assert [(one["id"], one["dataFields"]) for one in tracked()] == [("o-1", {"total": 2.5})]
