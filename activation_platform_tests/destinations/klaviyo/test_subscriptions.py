"""Conversations about consent to the marketing of a Klaviyo list."""

from datetime import UTC, datetime

import pytest

from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import ACCEPTED, DELETED, rejected
from activation_platform.contracts.service import BatchRefused
from activation_platform.destinations.klaviyo.destination import Klaviyo
from activation_platform.destinations.klaviyo.subscriptions import Subscriptions, SubscriptionsOptions
from activation_platform_tests.destinations.conversation import batch_of, converse
from activation_platform_tests.destinations.klaviyo.speaking import LISTS, listed, refused, taken

JANE = {"email": "jane@acme.com", "phone_number": "+33639981337"}
JOHN = {"email": "john@acme.com", "phone_number": "+33639981338"}
BOTH = ("email", "sms")


def subscriptions(**options):
    return Subscriptions(Klaviyo(private_key="key"), SubscriptionsOptions(**{"list": "Best", **options}))


def say(operation, *responses, people=(JANE, JOHN), by="email", **options):
    service = subscriptions(**options)
    names = [field.name for field in service.declared_fields()]
    told = [{name: person[name] for name in names} for person in people]
    batch = batch_of(*told, identified_by=by, mode=Mode.MIRROR, operation=operation)
    return converse(service, batch, *responses)


def test_people_are_subscribed_to_the_list_in_one_job():
    said = say(Operation.INSERT, listed("list", "L1"), taken())

    assert said.lines == [LISTS, "POST /api/profile-subscription-bulk-create-jobs"]
    data = said.bodies[1]["data"]
    assert data["type"] == "profile-subscription-bulk-create-job"
    assert data["relationships"] == {"list": {"data": {"type": "list", "id": "L1"}}}
    agreed = {"email": {"marketing": {"consent": "SUBSCRIBED"}}}
    assert data["attributes"]["profiles"]["data"][0] == {
        "type": "profile",
        "attributes": {"email": "jane@acme.com", "subscriptions": agreed},
    }
    assert "historical_import" not in data["attributes"]
    assert said.outcomes == [ACCEPTED] * 2


def test_both_channels_are_agreed_to_with_both_addresses():
    said = say(Operation.INSERT, listed("list", "L1"), taken(), channels=BOTH)

    jane = said.bodies[1]["data"]["attributes"]["profiles"]["data"][0]["attributes"]
    agreed = {"marketing": {"consent": "SUBSCRIBED"}}
    assert jane == {**JANE, "subscriptions": {"email": agreed, "sms": agreed}}


def test_the_history_of_consent_says_when_it_was_given():
    at = datetime(2024, 1, 31, 12, tzinfo=UTC)

    said = say(
        Operation.INSERT,
        listed("list", "L1"),
        taken(),
        people=[{**JANE, "consented_at": at}],
        historical=True,
    )

    attributes = said.bodies[1]["data"]["attributes"]
    assert attributes["historical_import"] is True
    marketing = attributes["profiles"]["data"][0]["attributes"]["subscriptions"]["email"]["marketing"]
    assert marketing == {"consent": "SUBSCRIBED", "consented_at": "2024-01-31T12:00:00.000000Z"}


def test_who_is_refused_is_told_and_the_others_are_said_again():
    pointer = "/data/attributes/profiles/data/1/attributes/email"

    said = say(Operation.INSERT, listed("list", "L1"), refused(pointer), taken())

    assert len(said.bodies[2]["data"]["attributes"]["profiles"]["data"]) == 1
    assert said.outcomes == [ACCEPTED, rejected("invalid: No.")]


def test_a_refusal_that_does_not_say_whose_it_is_parts_the_batch():
    assert isinstance(say(Operation.INSERT, listed("list", "L1"), refused("/data")).raised, BatchRefused)


def test_only_who_is_on_the_list_is_unsubscribed_because_others_would_lose_everything():
    members = listed("profile", "P1", email=["jane@acme.com"], phone_number=["+33639981337"])

    said = say(Operation.DELETE, listed("list", "L1"), members, taken(), channels=BOTH)

    assert said.lines[1].startswith("GET /api/lists/L1/profiles?filter=any%28email")
    assert said.lines[2] == "POST /api/profile-subscription-bulk-delete-jobs"
    (jane,) = said.bodies[2]["data"]["attributes"]["profiles"]["data"]
    left = {"marketing": {"consent": "UNSUBSCRIBED"}}
    assert jane["attributes"] == {**JANE, "subscriptions": {"email": left, "sms": left}}
    assert said.bodies[2]["data"]["relationships"] == {"list": {"data": {"type": "list", "id": "L1"}}}
    assert said.outcomes == [DELETED] * 2


def test_a_channel_without_an_address_is_not_unsubscribed_from():
    members = listed("profile", "P1", email=["jane@acme.com"], phone_number=[None])

    said = say(Operation.DELETE, listed("list", "L1"), members, taken(), channels=BOTH)

    (jane,) = said.bodies[2]["data"]["attributes"]["profiles"]["data"]
    assert list(jane["attributes"]["subscriptions"]) == ["email"]


@pytest.mark.parametrize(
    "there", [[listed("list")], [listed("list", "L1"), listed("profile")]], ids=["no list", "nobody"]
)
def test_who_is_not_on_the_list_is_left_alone(there):
    said = say(Operation.DELETE, *there)

    assert {line.split()[0] for line in said.lines} == {"GET"}
    assert said.outcomes == [DELETED] * 2


@pytest.mark.parametrize(
    ("options", "fields", "key"),
    [
        ({}, ["email"], "email"),
        ({"channels": ("sms",)}, ["phone_number"], "phone_number"),
        ({"channels": BOTH}, ["email", "phone_number"], "email"),
        ({"historical": True}, ["email", "consented_at"], "email"),
    ],
    ids=str,
)
def test_the_channels_say_which_addresses_are_needed(options, fields, key):
    service = subscriptions(**options)

    assert [field.name for field in service.declared_fields() if field.required] == fields
    assert service.identifying_field == key


@pytest.mark.parametrize("channels", [(), ("fax",), "email"])
def test_a_channel_that_klaviyo_does_not_have_is_refused(channels):
    with pytest.raises(DeclarationError, match="email or sms"):
        SubscriptionsOptions(list="Best", channels=channels)
