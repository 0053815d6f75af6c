"""Profiles said to the sandbox over a socket: what it then holds is what was meant."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from activation_platform.contracts.batch import REQUEST
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import ACCEPTED, Verdict
from activation_platform.contracts.service import BatchRefused, Pending
from activation_platform.destinations.batch.profiles import Profiles
from activation_platform_tests.destinations.batch.conftest import APPS
from activation_platform_tests.destinations.conversation import batch_of, carry


@pytest.fixture
def send(project, client):
    def deliver(*people, **details):
        batch = batch_of(*people, identified_by="custom_id", mode=Mode.MIRROR, **details)
        return carry(Profiles(project).deliver(batch), project, client)

    return deliver


@pytest.fixture
def settle(project, client):
    def ask(*pending):
        return carry(Profiles(project).settle(pending), project, client).outcomes

    return ask


@pytest.fixture
def finish_erasures(sandbox):
    with sandbox.control() as control:
        yield control.finish_erasures


def profiles(sandbox):
    return sandbox.world.part("batch", "profiles")


def test_the_account_is_proven(project, client):
    assert carry(project.account(), project, client).outcomes == "sandbox-project"


def test_what_was_sent_is_what_is_there(sandbox, send):
    jane = {
        "custom_id": "jane",
        "$email_address": "jane@acme.com",
        "$email_marketing": "subscribed",
        "$phone_number": "+33639981337",
        "$sms_marketing": "unsubscribed",
        "$language": "fr",
        "$region": "FR",
        "$timezone": "Europe/Paris",
        "firstname": "Jané ☃",
        "orders": 42,
        "spent": 19.9,
        "vip": True,
        "born": date(1989, 7, 20),
        "seen": datetime(2024, 1, 31, 12, tzinfo=UTC),
        "likes": ["bikes", "cinema"],
    }

    assert send(jane).outcomes == [ACCEPTED]

    held = profiles(sandbox)["jane"]
    dated = {"born": "1989-07-20T00:00:00Z", "seen": "2024-01-31T12:00:00Z"}
    expected = {**{name: value for name, value in jane.items() if name != "custom_id"}, **dated}
    assert {name.removeprefix("date(").removesuffix(")"): value for name, value in held.items()} == expected


def test_a_null_takes_the_attribute_away_whatever_its_type(sandbox, send):
    send({"custom_id": "jane", "name": "Jane", "born": date(1989, 7, 20), "likes": ["bikes"], "kept": 1})

    cleared = {"custom_id": "jane", "name": None, "born": None, "likes": []}
    send(cleared, schema={"name": pl.String, "born": pl.Date, "likes": pl.List(pl.String)})

    assert profiles(sandbox)["jane"] == {"kept": 1}


def test_a_refused_attribute_leaves_the_rest_and_the_neighbours_applied(sandbox, send):
    people = [{"custom_id": str(n), "$language": "fr", "level": n} for n in range(3)]
    people[1]["$language"] = "french"

    outcomes = send(*people).outcomes

    assert [one.verdict for one in outcomes] == [Verdict.ACCEPTED, Verdict.PARTIAL, Verdict.ACCEPTED]
    assert "$language" in outcomes[1].reason
    assert profiles(sandbox)["1"] == {"level": 1}
    assert profiles(sandbox)["2"] == {"$language": "fr", "level": 2}


def test_more_than_the_vendor_takes_is_refused_as_a_whole(sandbox, send):
    said = send(*({"custom_id": str(n)} for n in range(201)))

    assert isinstance(said.raised, BatchRefused)
    assert profiles(sandbox) == {}


def test_an_erasure_is_requested_pending_and_done(sandbox, send, settle, finish_erasures):
    send({"custom_id": "jane"}, {"custom_id": "john"})

    (outcome,) = send({"custom_id": "jane"}, operation=Operation.DELETE).outcomes
    pending = Pending("1", "jane", outcome.request, sandbox.world.wall())

    assert outcome.verdict is Verdict.REQUESTED
    assert not any(key in outcome.request for key in APPS)
    assert [one.state for one in settle(pending)] == ["pending"]
    finish_erasures()
    assert [one.state for one in settle(pending)] == ["done"]
    assert list(profiles(sandbox)) == ["john"]


def test_erasing_who_is_not_there_is_done_too(sandbox, send, settle, finish_erasures):
    (outcome,) = send({"custom_id": "nobody"}, operation=Operation.DELETE).outcomes
    finish_erasures()

    assert [one.state for one in settle(Pending("1", "nobody", outcome.request, sandbox.world.wall()))] == [
        "done"
    ]


def test_an_erasure_in_doubt_is_found_again_or_asked_where_it_is_missing(sandbox, send, settle):
    in_doubt = Pending("1", "jane", "", sandbox.world.wall())
    assert [one.state for one in settle(in_doubt)] == ["unheard"]

    send({"custom_id": "jane"}, operation=Operation.DELETE)
    (found,) = settle(in_doubt)

    assert found.state == "pending"
    again = send({"custom_id": "jane", REQUEST: found.request}, operation=Operation.DELETE)
    assert again.requests == []
    assert again.outcomes[0].request == found.request
