"""Conversations about the contacts on a SendGrid list."""

import httpx
import pytest

from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import ACCEPTED, DELETED, ignored, rejected
from activation_platform.contracts.service import BatchRefused, UnreadableAnswer
from activation_platform.destinations.sendgrid.contact_lists import ContactLists, ContactListsOptions
from activation_platform.destinations.sendgrid.destination import SendGrid
from activation_platform_tests.destinations.conversation import batch_of, converse, talk
from activation_platform_tests.destinations.sendgrid.speaking import (
    JOB,
    PUT,
    account,
    begun,
    found,
    job,
    nobody,
    refused,
)

JANE, JOHN = {"email": "jane@acme.com"}, {"email": "john@acme.com"}
SEARCH = "POST /v3/marketing/contacts/search/identifiers/email"
LISTS = "GET /v3/marketing/lists?page_size=1000"
ID = "ca7a3796-e8a8-4029-9ccb-df8937940562"


def best(**options):
    return ContactLists(account(), ContactListsOptions(list="Best", **options))


def say(*responses, operation=Operation.INSERT, service=None, people=(JANE, JOHN)):
    batch = batch_of(*people, identified_by="email", mode=Mode.MIRROR, operation=operation)
    return converse(service or best(), batch, *responses)


def lists(*names, after=None):
    metadata = {} if after is None else {"next": f"https://api.sendgrid.com/v3/marketing/lists?{after}"}
    result = [{"id": ID if name == "Best" else f"id-{name}", "name": name} for name in names]
    return httpx.Response(200, json={"result": result, "_metadata": metadata})


def test_who_is_known_is_put_on_the_list_with_all_identifiers_and_nobody_is_created():
    jane = {**JANE, "external_id": "C1", "phone_number_id": "", "anonymous_id": None, "city": "Paris"}

    said = say(found(jane), lists("Other", "Best"), begun(), job("pending"), job(updated_count=1))

    assert said.lines == [SEARCH, LISTS, PUT, JOB, JOB]
    assert said.bodies[2] == {
        "list_ids": [ID],
        "contacts": [{"email": "jane@acme.com", "external_id": "C1"}],
    }
    assert said.outcomes == [ACCEPTED, ignored("unknown at the destination")]


def test_where_nobody_is_known_no_list_is_looked_for():
    said = say(nobody())

    assert said.lines == [SEARCH]
    assert said.outcomes == [ignored("unknown at the destination")] * 2


def test_a_list_that_does_not_exist_is_made_once():
    service = best()
    made = httpx.Response(201, json={"id": ID, "name": "Best", "contact_count": 0})

    first = say(found(JANE, JOHN), lists(), made, begun(), job(), service=service)
    second = say(found(JANE, JOHN), begun(), job(), service=service)

    assert first.lines == [SEARCH, LISTS, "POST /v3/marketing/lists", PUT, JOB]
    assert first.bodies[2] == {"name": "Best"}
    assert first.bodies[3]["list_ids"] == [ID]
    assert second.lines == [SEARCH, PUT, JOB]


def test_a_list_is_looked_for_on_every_page():
    said = say(
        found(JANE, JOHN),
        lists("a", "b", after="page_size=1000&page_token=t2"),
        lists("Best"),
        begun(),
        job(),
    )

    assert said.lines[1:3] == [LISTS, f"{LISTS}&page_token=t2"]
    assert said.outcomes == [ACCEPTED] * 2


def test_a_list_that_another_run_made_meanwhile_is_used():
    taken = refused({"field": "name", "message": "list name already exists"})

    said = say(found(JANE, JOHN), lists(), taken, lists("Best"), begun(), job())

    assert said.bodies[4]["list_ids"] == [ID]


def test_a_list_that_cannot_be_made_blames_no_record_and_says_what_to_do():
    said = say(found(JANE), lists(), refused({"message": "no more lists"}), lists())

    assert isinstance(said.raised, DeclarationError)
    assert "no more lists" in str(said.raised)
    assert "option list" in str(said.raised)


def test_a_name_that_several_lists_have_is_refused_before_anything_is_said():
    said = talk(best().account_fields(), lists("Best", "Best"))

    assert isinstance(said.raised, DeclarationError)
    assert '2 lists of the SendGrid account are called "Best"' in str(said.raised)
    assert [field.name for field in talk(best().account_fields(), lists()).outcomes] == ["email"]


def test_who_left_is_taken_off_by_the_id_and_stays_a_contact():
    said = say(found(JANE), lists("Best"), begun(), job(), operation=Operation.DELETE)

    assert said.lines == [
        SEARCH,
        LISTS,
        f"DELETE /v3/marketing/lists/{ID}/contacts?contact_ids=id-jane%40acme.com",
        JOB,
    ]
    assert said.outcomes == [DELETED] * 2


@pytest.mark.parametrize("answers", [(nobody(),), (found(JANE), lists())], ids=["no contact", "no list"])
def test_who_is_on_no_list_needs_not_be_taken_off(answers):
    said = say(*answers, operation=Operation.DELETE)

    assert said.outcomes == [DELETED] * 2
    assert not [line for line in said.lines if line.startswith(("DELETE", "POST /v3/marketing/lists"))]


def test_contacts_are_taken_off_a_hundred_at_a_time():
    people = [{"email": f"p{n}@acme.com"} for n in range(101)]

    said = say(
        found(*people[:100]),
        found(*people[100:]),
        lists("Best"),
        begun("j1"),
        job(),
        begun("j2"),
        job(),
        operation=Operation.DELETE,
        people=people,
    )

    removals = [request for request in said.requests if request.method == "DELETE"]
    assert [len(one.url.params["contact_ids"].split(",")) for one in removals] == [100, 1]
    assert {one.extensions["budget"] for one in removals} == {SendGrid.removals}


@pytest.mark.parametrize(
    "answers",
    [
        (begun(), job("errored", errored_count=1)),
        (refused({"message": "one of the contacts does not exist"}, status=404),),
    ],
)
def test_a_removal_that_is_not_carried_out_whole_is_refused_as_a_whole(answers):
    said = say(found(JANE, JOHN), lists("Best"), *answers, operation=Operation.DELETE)

    assert isinstance(said.raised, BatchRefused)


def test_a_contact_that_cannot_be_put_on_the_list_is_rejected_alone():
    fault = {"field": "contacts[1].email", "message": "no"}

    said = say(found(JANE, JOHN), lists("Best"), refused(fault), begun(), job())

    assert said.outcomes == [ACCEPTED, rejected("email: no")]


@pytest.mark.parametrize(
    "response", [httpx.Response(200, text="<html>"), httpx.Response(200, json={"result": [{"name": "Best"}]})]
)
def test_what_is_not_the_vendors_answer_is_no_answer(response):
    assert isinstance(say(found(JANE), response).raised, UnreadableAnswer)


@pytest.mark.parametrize("name", ["", "x" * 101, " Best", "Best\n", 7])
def test_a_name_that_no_list_can_have_is_refused_with_the_rule(name):
    with pytest.raises(DeclarationError, match="1 to 100 characters"):
        ContactListsOptions(list=name)


def test_the_target_is_the_list_and_a_member_is_an_identifier_alone():
    service = best(identifier="external_id")

    assert service.target == "Best"
    assert [(field.name, field.key) for field in service.declared_fields()] == [("external_id", True)]
