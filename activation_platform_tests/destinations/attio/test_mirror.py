"""Conversations about deletion in Attio: a record that left goes, and nobody else's does."""

import httpx
import pytest

from activation_platform.contracts.batch import IDENTIFIER
from activation_platform.contracts.errors import NotFound
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import ACCEPTED, DELETED, ignored, rejected
from activation_platform.contracts.service import UnreadableAnswer
from activation_platform.destinations.attio.destination import Attio
from activation_platform.destinations.attio.people import People
from activation_platform_tests.destinations.attio.speaking import (
    FOUND,
    JANE,
    attribute,
    done,
    found,
    listed,
    people,
    refused,
    say,
)
from activation_platform_tests.destinations.conversation import batch_of, converse, talk

QUERY = "POST /v2/objects/people/records/query"
GONE = httpx.Response(200, json={})


def known_by(*emails, record="r-1"):
    values = [{"email_address": email, "attribute_type": "email-address"} for email in emails]
    return {"id": {"record_id": record}, "values": {"email_addresses": values}}


def delete(identifier, *responses, service=None):
    gone = batch_of({IDENTIFIER: identifier}, identified_by="-", mode=Mode.MIRROR, operation=Operation.DELETE)
    return converse(service or people(), gone, *responses)


def test_c_mirror_deletes_the_record_found_by_the_identifier_as_sent():
    said = delete("jane@acme.com", found(FOUND), GONE)

    assert said.lines == [QUERY, "DELETE /v2/objects/people/records/r-1"]
    assert said.bodies == [{"filter": {"email_addresses": "jane@acme.com"}, "limit": 2}, None]
    assert [request.extensions["budget"] for request in said.requests] == [Attio.reads, Attio.writes]
    assert said.outcomes == [DELETED]


def test_c_mirror_writes_as_upsert_does():
    said = say(JANE, done(), mode=Mode.MIRROR)

    assert said.lines == ["PUT /v2/objects/people/records?matching_attribute=email_addresses"]
    assert said.outcomes == [ACCEPTED]


def test_c_who_is_not_there_is_deleted_already():
    assert delete("jane@acme.com", found()).outcomes == [DELETED]


def test_who_is_deleted_in_between_is_deleted():
    assert delete("jane@acme.com", found(FOUND), refused("not_found", status=404)).outcomes == [DELETED]


def test_of_several_records_none_is_chosen():
    said = delete("jane@acme.com", found(FOUND, FOUND))

    assert said.outcomes == [rejected("several records at Attio have this value of email_addresses")]


def test_a_record_that_has_other_identifiers_too_loses_only_the_one_that_left():
    person = known_by("john@acme.com", "Jane@acme.com")

    said = delete("jane@acme.com", found(person), done())

    assert said.lines == [QUERY, "PUT /v2/objects/people/records/r-1"]
    assert said.bodies[1] == {"data": {"values": {"email_addresses": ["john@acme.com"]}}}
    assert said.outcomes == [ignored("stays, known by its other values of email_addresses")]


def test_a_delete_that_attio_refuses_is_owed_in_its_words():
    said = delete("jane@acme.com", found(FOUND), refused("billing_error", "No."))

    assert said.outcomes == [rejected("billing_error: No.")]


@pytest.mark.parametrize("page", ["<html>Sign in</html>", '{"da'])
@pytest.mark.parametrize("before", [(), (found(FOUND),)])
def test_what_is_not_the_vendors_answer_deletes_nothing(before, page):
    said = delete("jane@acme.com", *before, httpx.Response(200, text=page))

    assert isinstance(said.raised, UnreadableAnswer)


@pytest.mark.parametrize("record", [{"id": {}}, {"id": "r-1"}, {"id": {"record_id": None}}, {"values": {}}])
def test_a_record_without_an_id_is_no_answer(record):
    assert isinstance(delete("jane@acme.com", found(record)).raised, UnreadableAnswer)


def test_a_query_of_an_object_that_is_gone_blames_no_record():
    assert isinstance(delete("jane@acme.com", refused("not_found", status=404)).raised, NotFound)


def test_the_identifier_is_sought_as_a_number_where_the_attribute_is_one():
    service = people("customer_id")
    talk(service.account_fields(), listed(attribute("customer_id", "number", is_unique=True)), listed())

    said = delete("42.0", found(), service=service)

    assert said.bodies[0]["filter"] == {"customer_id": 42.0}


def test_mirror_is_the_only_mode_that_deletes():
    assert {mode for mode in People.modes if People.deletes(mode)} == {Mode.MIRROR}
