"""Conversations about the contacts on an Emarsys contact list."""

import httpx
import pytest

from activation_platform.contracts.errors import DeclarationError, NotFound
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import ACCEPTED, DELETED, ignored, rejected
from activation_platform.contracts.service import BatchRefused, UnreadableAnswer
from activation_platform.destinations.emarsys.contact_lists import ContactLists
from activation_platform.destinations.emarsys.lists import ContactListsOptions
from activation_platform_tests.destinations.conversation import batch_of, converse, talk
from activation_platform_tests.destinations.emarsys.speaking import (
    FIELDS,
    account,
    contacts,
    fields,
    refused,
    replied,
    say,
    written,
)

JANE, JOHN = {"email": "jane@acme.com"}, {"email": "john@acme.com"}
LISTS, MAKE = "GET /api/v2/contactlist", "POST /api/v2/contactlist"
ADD, REMOVE, REPLACE = (f"POST /api/v2/contactlist/123/{word}" for word in ("add", "delete", "replace"))
NOBODY = {"john@acme.com": {"2008": "No contact found with the external id: 3 - john@acme.com"}}


def best(**options):
    return ContactLists(account(), ContactListsOptions(list="Best", **options))


def put(*responses, operation=Operation.INSERT, service=None, people=(JANE, JOHN)):
    service = service or best()
    batch = batch_of(*people, identified_by=service.identifying_field, mode=Mode.MIRROR, operation=operation)
    return converse(service, batch, *responses)


def lists(*names):
    return replied([{"id": str(123 + n), "name": name} for n, name in enumerate(names)])


def done(errors=(), **counted):
    return replied({**counted, "errors": errors or []})


def test_who_is_known_is_put_on_the_list_and_nobody_is_made():
    said = put(lists("Best", "Other"), done(NOBODY, inserted_contacts=1))

    assert said.lines == [LISTS, ADD]
    assert said.bodies[1] == {"key_id": "3", "external_ids": ["jane@acme.com", "john@acme.com"]}
    assert said.outcomes == [ACCEPTED, ignored("unknown at the destination")]


def test_a_list_that_does_not_exist_is_made_once():
    service = best()

    first = put(lists(), replied({"id": 123}), done(), service=service)
    second = put(done(), service=service)

    assert first.lines == [LISTS, MAKE, ADD]
    assert first.bodies[1] == {"key_id": "3", "name": "Best", "external_ids": []}
    assert second.lines == [ADD]


def test_a_list_that_another_run_made_meanwhile_is_used():
    taken = refused(3005, "Contact list with the requested name already exists")

    said = put(lists(), taken, lists("Best"), done())

    assert said.lines == [LISTS, MAKE, LISTS, ADD]


def test_a_list_that_cannot_be_made_blames_no_record_and_says_what_to_do():
    said = put(lists(), refused(3001, "no more lists"), lists())

    assert isinstance(said.raised, DeclarationError)
    assert "no more lists (3001)" in str(said.raised)
    assert "option list" in str(said.raised)


def test_who_left_is_taken_off_and_stays_a_contact():
    said = put(lists("Best"), done(NOBODY, deleted_contacts=1), operation=Operation.DELETE)

    assert said.lines == [LISTS, REMOVE]
    assert said.bodies[1] == {"key_id": "3", "external_ids": ["jane@acme.com", "john@acme.com"]}
    assert said.outcomes == [DELETED] * 2


def test_nobody_is_on_a_list_that_does_not_exist():
    said = put(lists("Other"), operation=Operation.DELETE)

    assert said.lines == [LISTS]
    assert said.outcomes == [DELETED] * 2


def test_a_snapshot_puts_its_first_members_in_the_place_of_all():
    said = put(lists("Best"), done(inserted_contacts=2), operation=Operation.CLEAR)

    assert said.lines == [LISTS, REPLACE]
    assert said.bodies[1]["external_ids"] == ["jane@acme.com", "john@acme.com"]


def test_a_call_that_is_refused_for_its_only_contact_is_no_refusal():
    unknown = refused(2008, "No contact found with the external id: 3")

    assert put(lists("Best"), unknown, people=[JANE]).outcomes == [ignored("unknown at the destination")]
    assert put(lists("Best"), unknown, people=[JANE], operation=Operation.DELETE).outcomes == [DELETED]
    assert isinstance(put(lists("Best"), unknown).raised, BatchRefused)


def test_of_several_contacts_with_one_value_none_is_put_on_the_list():
    several = {"john@acme.com": {"2010": "More contacts found with the external id: 3"}}

    said = put(lists("Best"), done(several))

    assert said.outcomes == [ACCEPTED, rejected("More contacts found with the external id: 3 (2010)")]


def test_a_list_that_is_gone_blames_no_record():
    said = put(lists("Best"), refused(3004, "Invalid contact list id: 123"))

    assert isinstance(said.raised, NotFound)
    assert '"Best" is gone (Invalid contact list id: 123 (3004))' in str(said.raised)


@pytest.mark.parametrize(
    "response", [httpx.Response(200, text="<html>"), replied({}), replied([{"id": "x", "name": "Best"}])]
)
def test_what_is_not_the_vendors_answer_is_no_answer(response):
    assert isinstance(put(response).raised, UnreadableAnswer)


@pytest.mark.parametrize("name", ["", " Best", "Best\n", 7])
def test_a_name_that_no_list_can_have_is_refused_with_the_rule(name):
    with pytest.raises(DeclarationError, match="is not empty"):
        ContactListsOptions(list=name)


def test_the_target_is_the_list_and_a_member_is_a_key_alone():
    service = best(identifier="code")

    said = talk(service.account_fields(), lists(), fields(("1001", "code", "shorttext")))

    assert service.target == "Best"
    assert said.lines == [LISTS, FIELDS]
    assert [(field.name, field.key) for field in said.outcomes] == [("code", True)]


def test_who_is_written_as_a_contact_is_put_on_a_list_where_an_option_says_so():
    service = contacts(to="Best")

    first = say([JANE], lists("Best"), written(1), service=service)
    second = say([JOHN], written(2), service=service)

    assert first.lines[0] == LISTS
    assert [first.bodies[1]["contact_list_id"], second.bodies[0]["contact_list_id"]] == [123, 123]
    with pytest.raises(DeclarationError, match="is not empty"):
        contacts(to=" Best")
