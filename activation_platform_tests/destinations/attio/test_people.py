"""Conversations about people of an Attio workspace."""

import httpx
import pytest

from activation_platform.contracts.batch import IDENTIFIER, PREVIOUS
from activation_platform.contracts.errors import DeclarationError, NotFound
from activation_platform.contracts.modes import ModelKind
from activation_platform.contracts.outcomes import ACCEPTED, CREATED, UPDATED, ignored, rejected
from activation_platform.contracts.service import BatchRefused, UnreadableAnswer
from activation_platform.destinations.attio.destination import Attio
from activation_platform.destinations.attio.people import People, PeopleOptions
from activation_platform_tests.destinations.attio.speaking import (
    FOUND,
    INSERT_ONLY,
    JANE,
    UPDATE_ONLY,
    UPSERT,
    attribute,
    done,
    found,
    listed,
    people,
    refused,
    say,
    values_of,
)
from activation_platform_tests.destinations.conversation import batch_of, converse, talk

CONFLICT = refused(
    "uniqueness_conflict",
    'The value "{"email_address":"jane@acme.com"}" provided for attribute with ID "1d55" '
    "conflicts with one already in the system.",
)


def test_an_upsert_asserts_as_the_vendor_shows_it():
    said = say(JANE, done())

    assert said.lines == ["PUT /v2/objects/people/records?matching_attribute=email_addresses"]
    assert said.bodies == [
        {"data": {"values": {"email_addresses": ["jane@acme.com"], "job_title": ["Engineer"]}}}
    ]
    assert said.requests[0].extensions["budget"] is Attio.writes


def test_an_upsert_claims_neither_created_nor_updated():
    assert say(JANE, done()).outcomes == [ACCEPTED]


def test_an_upsert_sends_a_new_identifier_and_leaves_the_old_one_alone():
    said = say({**JANE, PREVIOUS: "old@acme.com"}, done())

    assert values_of(said)["email_addresses"] == ["jane@acme.com"]


def test_insert_only_creates():
    said = say(JANE, done(), mode=INSERT_ONLY)

    assert said.lines == ["POST /v2/objects/people/records"]
    assert said.outcomes == [CREATED]


@pytest.mark.parametrize("conflict", [CONFLICT, refused("slug_conflict", status=409)])
def test_insert_only_ignores_who_is_already_there(conflict):
    said = say(JANE, conflict, found(FOUND), mode=INSERT_ONLY)

    assert said.lines[1] == "POST /v2/objects/people/records/query"
    assert said.outcomes == [ignored("already there")]


def test_insert_only_rejects_who_collides_with_somebody_else():
    (outcome,) = say(JANE, CONFLICT, found(), mode=INSERT_ONLY).outcomes

    assert outcome.verdict == "rejected"
    assert outcome.reason.startswith("uniqueness_conflict: The value")


def test_update_only_finds_then_overwrites():
    said = say(JANE, found(FOUND), done(), mode=UPDATE_ONLY)

    assert said.lines == ["POST /v2/objects/people/records/query", "PUT /v2/objects/people/records/r-1"]
    assert said.bodies[0] == {"filter": {"email_addresses": "jane@acme.com"}, "limit": 2}
    assert said.requests[0].extensions["budget"] is Attio.reads
    assert said.outcomes == [UPDATED]


def test_update_only_ignores_who_is_unknown():
    assert say(JANE, found(), mode=UPDATE_ONLY).outcomes == [ignored("unknown at the destination")]


def test_update_only_ignores_who_is_deleted_in_between():
    said = say(JANE, found(FOUND), refused("not_found", status=404), mode=UPDATE_ONLY)

    assert said.outcomes == [ignored("unknown at the destination")]


def test_update_only_never_chooses_between_two_people():
    (outcome,) = say(JANE, found(FOUND, FOUND), mode=UPDATE_ONLY).outcomes

    assert outcome == rejected("several records at Attio have this value of email_addresses")


def test_an_update_leaves_the_other_addresses_of_a_person_alone():
    said = say(JANE, found(FOUND), done(), mode=UPDATE_ONLY)

    assert values_of(said) == {"job_title": ["Engineer"]}


def test_an_update_with_nothing_to_write_writes_nothing():
    said = say({"email_addresses": "jane@acme.com"}, found(FOUND), mode=UPDATE_ONLY)

    assert said.outcomes == [ACCEPTED]


def test_an_update_writes_no_less_than_what_the_person_already_has():
    emails = [{"email_address": name} for name in ("first@acme.com", "Old@acme.com", "last@acme.com")]
    person = {"id": {"record_id": "r-1"}, "values": {"email_addresses": emails}}

    said = say({**JANE, PREVIOUS: "old@acme.com"}, found(person), done(), mode=UPDATE_ONLY)

    assert said.bodies[0]["filter"] == {"email_addresses": "old@acme.com"}
    assert values_of(said)["email_addresses"] == ["first@acme.com", "jane@acme.com", "last@acme.com"]
    assert said.outcomes == [UPDATED]


def test_a_changed_identifier_is_added_where_the_old_one_is_told_otherwise():
    person = {"id": {"record_id": "r-1"}, "values": {"email_addresses": [{"email_address": "x@acme.com"}]}}

    said = say({**JANE, PREVIOUS: "old@acme.com"}, found(person), done(), mode=UPDATE_ONLY)

    assert values_of(said)["email_addresses"] == ["jane@acme.com", "x@acme.com"]


def test_an_update_that_was_already_carried_out_is_found_by_todays_identifier():
    said = say({**JANE, PREVIOUS: "old@acme.com"}, found(), found(FOUND), done(), mode=UPDATE_ONLY)

    assert [body.get("filter") for body in said.bodies[:2]] == [
        {"email_addresses": "old@acme.com"},
        {"email_addresses": "jane@acme.com"},
    ]
    assert said.outcomes == [UPDATED]


def test_an_unchanged_identifier_is_looked_for_once():
    said = say({**JANE, PREVIOUS: "jane@acme.com"}, found(), mode=UPDATE_ONLY)

    assert said.outcomes == [ignored("unknown at the destination")]


@pytest.mark.parametrize(
    ("kind", "previous", "sought"),
    [("number", "42.0", 42.0), ("text", "42", "42"), ("number", "forty-two", "forty-two")],
)
def test_an_identifier_is_sought_in_the_type_of_the_attribute(kind, previous, sought):
    service = people("customer_id")
    known = attribute("customer_id", kind, is_unique=True)
    talk(service.account_fields(), listed(known), listed())
    person = {"id": {"record_id": "r-1"}, "values": {"customer_id": [{"value": sought}]}}
    moved = {"customer_id": 43.0, IDENTIFIER: "43.0", PREVIOUS: previous}

    said = converse(
        service, batch_of(moved, identified_by="customer_id", mode=UPDATE_ONLY), found(person), done()
    )

    assert said.bodies[0]["filter"] == {"customer_id": sought}
    assert values_of(said) == {"customer_id": [43.0 if kind == "number" else "43.0"]}


@pytest.mark.parametrize("mode", [UPSERT, INSERT_ONLY])
def test_a_refused_person_is_rejected_in_the_vendors_words(mode):
    said = say(JANE, refused("value_not_found", 'No option "X".'), mode=mode)

    assert said.outcomes == [rejected('value_not_found: No option "X".')]


def test_a_missing_object_blames_no_record():
    said = say(JANE, refused("not_found", 'Object with slug/ID "people" not found.', 404))

    assert isinstance(said.raised, NotFound)


@pytest.mark.parametrize("mode", [UPSERT, INSERT_ONLY, UPDATE_ONLY])
@pytest.mark.parametrize("text", ["<html>Sign in</html>", '{"data": {"id"'])
def test_what_is_not_the_vendors_answer_is_no_answer(mode, text):
    assert isinstance(say(JANE, httpx.Response(200, text=text), mode=mode).raised, UnreadableAnswer)


def test_a_query_without_data_is_no_answer():
    assert isinstance(say(JANE, httpx.Response(200, json={}), mode=UPDATE_ONLY).raised, UnreadableAnswer)


def test_a_refused_query_is_refused_as_a_whole():
    said = say(JANE, refused("filter_error", "Error in filter."), mode=UPDATE_ONLY)

    assert isinstance(said.raised, BatchRefused)
    assert said.raised.reason == "filter_error: Error in filter."


def test_the_record_id_cannot_match():
    with pytest.raises(DeclarationError, match="record_id"):
        PeopleOptions(matching_attribute="record_id")


def test_people_are_found_by_email_unless_told_otherwise():
    assert People(Attio(access_token="token")).identifying_field == "email_addresses"
    assert people("customer_id").identifying_field == "customer_id"


@pytest.mark.parametrize("matching", ["email_addresses", "phone_numbers", "customer_id"])
def test_the_matching_attribute_is_the_key_and_the_only_required_field(matching):
    fields = people(matching).declared_fields()

    assert [field.name for field in fields if field.key] == [matching]
    assert [field.name for field in fields if field.required] == [matching]


def test_only_users_become_people():
    assert People.model_kinds == {ModelKind.USERS}
