"""Conversations about the events of a Klaviyo account."""

from datetime import UTC, datetime

import polars as pl
import pytest

from activation_platform.contracts.modes import Mode
from activation_platform.contracts.outcomes import ACCEPTED, rejected
from activation_platform.contracts.service import BatchRefused
from activation_platform.destinations.klaviyo.destination import Klaviyo
from activation_platform.destinations.klaviyo.events import Events, EventsOptions
from activation_platform_tests.destinations.conversation import batch_of, converse
from activation_platform_tests.destinations.klaviyo.speaking import refused, taken

AT = datetime(2026, 1, 31, 12, 30, tzinfo=UTC)
ORDER = {"unique_id": "o-1", "email": "jane@acme.com", "metric": "Placed Order", "time": AT}


def say(events, *responses, schema=None, **options):
    batch = batch_of(*events, identified_by="unique_id", mode=Mode.INSERT_ONLY, schema=schema)
    return converse(Events(Klaviyo(private_key="key"), EventsOptions(**options)), batch, *responses)


def told(said, request=0):
    return said.bodies[request]["data"]["attributes"]["events-bulk-create"]["data"]


def test_an_event_is_said_as_the_vendor_shows_it():
    said = say([{**ORDER, "value": 9.5, "value_currency": "EUR", "items": ["a", "b"], "gift": True}], taken())

    assert said.lines == ["POST /api/event-bulk-create-jobs"]
    (entry,) = told(said)
    profile = {"type": "profile", "attributes": {"email": "jane@acme.com"}}
    attributes = {
        "unique_id": "o-1",
        "time": "2026-01-31T12:30:00.000000Z",
        "metric": {"data": {"type": "metric", "attributes": {"name": "Placed Order"}}},
        "properties": {"items": ["a", "b"], "gift": True},
        "value": 9.5,
        "value_currency": "EUR",
    }
    assert entry["attributes"]["profile"] == {"data": profile}
    assert entry["attributes"]["events"] == {"data": [{"type": "event", "attributes": attributes}]}
    assert said.outcomes == [ACCEPTED]


def test_what_an_event_lacks_is_left_out():
    said = say(
        [{**ORDER, "value": None, "gift": None}], taken(), schema={"value": pl.Float64, "gift": pl.Boolean}
    )

    (entry,) = told(said)
    attributes = entry["attributes"]["events"]["data"][0]["attributes"]
    assert attributes["properties"] == {}
    assert "value" not in attributes


def test_events_of_the_past_begin_no_flow_where_that_is_said():
    assert told(say([ORDER], taken(), backfill=True))[0]["attributes"]["backfill"] is True
    assert "backfill" not in told(say([ORDER], taken()))[0]["attributes"]


def test_an_event_that_is_refused_is_told_and_the_others_are_said_again():
    said = say([ORDER, {**ORDER, "unique_id": "o-2"}], refused(at(0)), taken())

    assert len(told(said, 1)) == 1
    assert said.outcomes == [rejected("invalid: No."), ACCEPTED]


def at(position):
    return f"/data/attributes/events-bulk-create/data/{position}/attributes/events/data/0/attributes/time"


def test_a_refusal_that_does_not_say_which_event_it_means_parts_the_batch():
    assert isinstance(say([ORDER, ORDER], refused("/data")).raised, BatchRefused)


@pytest.mark.parametrize("identifier", ["email", "phone_number", "external_id"])
def test_the_person_has_the_identifier_that_is_chosen_and_no_other(identifier):
    service = Events(Klaviyo(private_key="key"), EventsOptions(identifier))
    required = {field.name for field in service.declared_fields() if field.required}

    assert required == {"unique_id", "metric", "time", identifier}
    assert {field.name for field in service.declared_fields()} == required | {"value", "value_currency"}
