"""Conversations about the contacts of a SendGrid account."""

from datetime import date

import httpx
import polars as pl
import pytest

from activation_platform.contracts.errors import DeclarationError, NotFound, TimedOut
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import ACCEPTED, CREATED, DELETED, UPDATED, ignored, rejected
from activation_platform.contracts.service import BatchRefused, UnreadableAnswer
from activation_platform.destinations.sendgrid.contacts import Contacts
from activation_platform.destinations.sendgrid.destination import SendGrid
from activation_platform.destinations.sendgrid.people import Identified
from activation_platform_tests.destinations.conversation import batch_of, converse
from activation_platform_tests.destinations.sendgrid.speaking import (
    FIELDS,
    JOB,
    PUT,
    account,
    begun,
    contacts,
    defined,
    found,
    job,
    nobody,
    refused,
    say,
)

JANE, JOHN = {"email": "jane@acme.com"}, {"email": "john@acme.com"}
SEARCH = "POST /v3/marketing/contacts/search/identifiers/email"


def test_contacts_are_said_in_one_call_and_their_job_is_waited_for():
    said = say([{**JANE, "city": "Paris"}, {**JOHN, "city": "Rome"}], begun(), job("pending"), job())

    assert said.lines == [FIELDS, PUT, JOB, JOB]
    assert said.bodies[1] == {
        "contacts": [
            {"email": "jane@acme.com", "city": "Paris"},
            {"email": "john@acme.com", "city": "Rome"},
        ]
    }
    assert said.requests[1].headers["Content-Type"] == "application/json"
    assert said.waits == [1.0, 2.0]
    assert said.outcomes == [ACCEPTED] * 2


def test_a_job_that_is_not_known_yet_is_waited_for_like_one_that_is():
    said = say([JANE], begun(), refused({"message": "not found"}, status=404), job(created_count=1))

    assert said.lines == [FIELDS, PUT, JOB, JOB]
    assert said.outcomes == [CREATED]


@pytest.mark.parametrize(
    ("results", "outcome"),
    [
        ({"created_count": 2, "updated_count": 0}, CREATED),
        ({"created_count": 0, "updated_count": 2}, UPDATED),
        ({"created_count": 1, "updated_count": 1}, ACCEPTED),
        ({}, ACCEPTED),
    ],
)
def test_f3_what_a_job_says_of_all_is_said_of_each(results, outcome):
    assert say([JANE, JOHN], begun(), job(**results)).outcomes == [outcome] * 2


def test_custom_fields_go_by_their_ids_in_the_vendors_forms():
    person = {**JANE, "plan": "gold", "score": 4.5, "born": date(1989, 7, 2)}
    batch = batch_of(person, identified_by="email")

    said = converse(contacts(), batch, defined(plan="Text", score="Number", born="Date"), begun(), job())

    custom = {"e1_T": "gold", "e2_N": 4.5, "e3_D": "07/02/1989"}
    assert said.bodies[1]["contacts"] == [{"email": "jane@acme.com", "custom_fields": custom}]


def test_b6_null_clears_texts_and_lists_and_leaves_out_what_cannot_be_cleared():
    person = {
        **JANE,
        "external_id": None,
        "city": None,
        "alternate_emails": None,
        "plan": None,
        "score": None,
        "born": None,
    }
    schema = {
        "external_id": pl.String,
        "city": pl.String,
        "alternate_emails": pl.List(pl.String),
        "plan": pl.String,
        "score": pl.Float64,
        "born": pl.Date,
    }
    batch = batch_of(person, identified_by="email", schema=schema)

    said = converse(contacts(), batch, defined(plan="Text", score="Number", born="Date"), begun(), job())

    (contact,) = said.bodies[1]["contacts"]
    assert contact == {
        "email": "jane@acme.com",
        "city": "",
        "alternate_emails": [],
        "custom_fields": {"e1_T": ""},
    }


def test_fields_of_the_account_are_asked_for_once():
    service = contacts()
    fields = converse_fields(service, defined(plan="Text", score="Number", born="Date"))

    said = converse(service, batch_of({**JANE, "plan": "gold"}, identified_by="email"), begun(), job())

    assert said.lines == [PUT, JOB]
    assert {field.name: field.type.label for field in fields if field.name in ("plan", "score", "born")} == {
        "plan": "text",
        "score": "number",
        "born": "date",
    }
    assert [field.name for field in fields if field.key] == ["email"]
    assert {field.name for field in fields if not field.clearable} == {
        "email",
        "phone_number_id",
        "external_id",
        "anonymous_id",
        "score",
        "born",
    }


def converse_fields(service, response):
    inquiry = service.account_fields()
    request = next(inquiry)
    response.request = request
    with pytest.raises(StopIteration) as end:
        inquiry.send(response)
    return end.value.value


def test_a_custom_field_that_is_gone_blames_no_record_and_names_the_nearest():
    batch = batch_of({**JANE, "plann": "gold"}, identified_by="email")

    said = converse(contacts(), batch, defined(plan="Text"))

    assert isinstance(said.raised, NotFound)
    assert 'Did you mean "plan"?' in str(said.raised)


def test_contacts_that_a_call_refuses_by_position_are_rejected_and_the_others_said_again():
    fault = {"field": "contacts[0].email", "message": "email 'jane' is not valid"}

    said = say([JANE, JOHN], refused(fault), begun(), job(created_count=1))

    assert said.lines == [FIELDS, PUT, PUT, JOB]
    assert said.bodies[2] == {"contacts": [JOHN]}
    assert said.outcomes == [rejected("email: email 'jane' is not valid"), CREATED]


@pytest.mark.parametrize(
    "fault",
    [
        {"message": "invalid custom field ids supplied"},
        {"field": "contacts[7].email", "message": "no such place"},
        {"field": "contacts", "message": "too many"},
    ],
)
def test_a_refusal_that_does_not_say_of_whom_is_of_the_call_as_a_whole(fault):
    said = say([JANE, JOHN], refused(fault))

    assert isinstance(said.raised, BatchRefused)
    assert fault["message"] in said.raised.reason


@pytest.mark.parametrize(
    "file",
    [
        httpx.Response(200, text="email,error\nJane@acme.com,is a role address\n"),
        httpx.Response(200, json=[{"email": "jane@acme.com", "error": "is a role address"}]),
        httpx.Response(
            200, json={"errors": [{"error": 'is a role address: "x"', "contact": {"email": "jane@acme.com"}}]}
        ),
    ],
    ids=["csv", "array", "object"],
)
def test_contacts_that_a_job_refuses_are_told_by_its_file_of_errors(file):
    address = "https://files.example.org/errors/j1.csv?signature=x"

    said = say([JANE, JOHN], begun(), job("errored", errored_count=1, errors_url=address), file)

    assert said.lines[-1] == "GET /errors/j1.csv?signature=x"
    outcome, other = said.outcomes
    assert (outcome.verdict, other) == ("rejected", ACCEPTED)
    assert "is a role address" in outcome.reason


def test_d9_a_file_at_another_host_is_asked_for_without_the_key():
    address = "https://files.example.org/errors/j1.csv"
    said = say(
        [JANE], begun(), job("failed", errored_count=1, errors_url=address), httpx.Response(200, text="x")
    )

    request = next(account().auth().auth_flow(said.requests[-1]))
    own = next(account().auth().auth_flow(said.requests[1]))

    assert "Authorization" not in request.headers
    assert own.headers["Authorization"] == "Bearer SG.secret"


@pytest.mark.parametrize(
    "answers",
    [
        (job("errored", errored_count=2, errors_url="https://files.example.org/1"), httpx.Response(404)),
        (
            job("errored", errored_count=2, errors_url="https://files.example.org/1"),
            httpx.Response(200, text="email,error\njane@acme.com,bad\n"),
        ),
        (job("errored", errored_count=1),),
        (job("errored", errored_count=1, errors_url="ftp://files.example.org/1"),),
        (job("errored", errored_count=1, errors_url="https://files:port/1"),),
        (job("failed"),),
    ],
    ids=["no file", "too few", "no address", "no https", "no address at all", "no reason"],
)
def test_a_job_that_does_not_say_whom_it_refused_refuses_the_call_as_a_whole(answers):
    assert isinstance(say([JANE, JOHN], begun(), *answers).raised, BatchRefused)


def test_a_job_that_never_ends_stops_after_an_hour():
    said = say([JANE], begun(), *(job("pending") for _ in range(244)))

    assert isinstance(said.raised, TimedOut)
    assert sum(said.waits) == 3_615


@pytest.mark.parametrize(
    "answers",
    [
        (httpx.Response(200, text="<html>One moment</html>"),),
        (httpx.Response(202, text='{"job_id": "'),),
        (httpx.Response(202, json={}),),
        (httpx.Response(202, json=["j1"]),),
        (begun(), httpx.Response(200, text="<html>")),
        (begun(), job("sleeping")),
        (begun(), httpx.Response(200, json={"status": "completed", "results": ["x"]})),
    ],
)
def test_what_is_not_the_vendors_answer_is_no_answer(answers):
    assert isinstance(say([JANE], *answers).raised, UnreadableAnswer)


def test_a_call_of_more_than_6_megabytes_is_not_said():
    people = [{"email": f"p{n}@acme.com", "plan": "x" * 30_000} for n in range(201)]
    batch = batch_of(*people, identified_by="email")

    whole = converse(contacts(), batch, defined(plan="Text"))
    half = converse(contacts(), batch.part(0, 199), defined(plan="Text"), begun(), job())

    assert isinstance(whole.raised, BatchRefused)
    assert whole.lines == [FIELDS]
    assert len(half.requests[1].content) <= 6_000_000
    assert half.outcomes == [ACCEPTED] * 199


def test_update_only_says_those_who_are_there_with_all_their_identifiers():
    there = {"email": "jane@acme.com", "external_id": "C1", "phone_number_id": "", "anonymous_id": None}

    said = say(
        [{**JANE, "city": "Paris"}, {**JOHN, "city": "Rome"}],
        found(there),
        begun(),
        job(updated_count=1),
        mode=Mode.UPDATE_ONLY,
        operation=Operation.UPDATE,
    )

    assert said.lines == [FIELDS, SEARCH, PUT, JOB]
    assert said.bodies[1] == {"identifiers": ["jane@acme.com", "john@acme.com"]}
    assert said.bodies[2]["contacts"] == [{"email": "jane@acme.com", "city": "Paris", "external_id": "C1"}]
    assert said.outcomes == [UPDATED, ignored("unknown at the destination")]


def test_update_only_says_nothing_where_nobody_is_there():
    said = say([JANE, JOHN], nobody(), mode=Mode.UPDATE_ONLY)

    assert said.lines == [FIELDS, SEARCH]
    assert said.outcomes == [ignored("unknown at the destination")] * 2


def test_a_404_without_the_vendors_words_is_an_address_that_does_not_exist():
    said = say([JANE], httpx.Response(404, text="nothing here"), mode=Mode.UPDATE_ONLY)

    assert isinstance(said.raised, NotFound)


def test_contacts_are_sought_a_hundred_at_a_time():
    people = [{"email": f"p{n}@acme.com"} for n in range(201)]

    said = say(people, nobody(), nobody(), nobody(), mode=Mode.UPDATE_ONLY)

    assert [len(body["identifiers"]) for body in said.bodies[1:]] == [100, 100, 1]


def test_who_left_is_deleted_by_the_id_and_who_is_not_there_needs_no_request():
    said = say(
        [JANE, JOHN],
        found(JANE),
        begun(),
        job(deleted_count=1),
        mode=Mode.MIRROR,
        operation=Operation.DELETE,
    )

    assert said.lines == [SEARCH, "DELETE /v3/marketing/contacts?ids=id-jane%40acme.com", JOB]
    assert said.outcomes == [DELETED] * 2
    nothing = say([JANE], nobody(), mode=Mode.MIRROR, operation=Operation.DELETE)
    assert (nothing.lines, nothing.outcomes) == ([SEARCH], [DELETED])


def test_a_contact_that_has_the_address_as_another_one_is_not_deleted():
    other = {"email": "boss@acme.com", "alternate_emails": ["jane@acme.com"]}
    answer = httpx.Response(200, json={"result": {"jane@acme.com": {"contact": {"id": "id-1", **other}}}})

    said = say([JANE], answer, mode=Mode.MIRROR, operation=Operation.DELETE)

    assert (said.lines, said.outcomes) == ([SEARCH], [DELETED])


@pytest.mark.parametrize(
    "answers",
    [
        (begun(), job("errored", errored_count=1, deleted_count=1)),
        (begun(), job("failed")),
        (refused({"message": "one of the contacts does not exist"}, status=404),),
    ],
)
def test_a_deletion_that_is_not_carried_out_whole_is_refused_as_a_whole(answers):
    said = say([JANE, JOHN], found(JANE, JOHN), *answers, mode=Mode.MIRROR, operation=Operation.DELETE)

    assert isinstance(said.raised, BatchRefused)


def test_people_are_recognised_by_any_of_the_four_identifiers():
    said = say([{"external_id": "C1", "email": "jane@acme.com"}], begun(), job(), identifier="external_id")

    assert said.bodies[1]["contacts"] == [{"external_id": "C1", "email": "jane@acme.com"}]
    assert [field.name for field in contacts("external_id").declared_fields() if field.required] == [
        "external_id"
    ]
    with pytest.raises(DeclarationError, match="email, phone_number_id, external_id, anonymous_id"):
        Identified("contact_id")


def test_every_call_is_charged_to_the_limit_of_its_endpoint():
    said = say([JANE], found(JANE), begun(), job(), mode=Mode.UPDATE_ONLY)

    assert [request.extensions["budget"] for request in said.requests] == [
        SendGrid.definitions,
        SendGrid.searches,
        SendGrid.upserts,
        SendGrid.jobs,
    ]


def test_a_batch_is_as_large_as_the_vendor_takes_it():
    assert (Contacts.batch_size, Contacts.delete_batch_size) == (30_000, 100)
