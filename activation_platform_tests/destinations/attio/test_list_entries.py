"""Conversations about the entries of a list: whom they are of, what they hold, and who leaves."""

import httpx
import pytest

from activation_platform.contracts.batch import IDENTIFIER
from activation_platform.contracts.errors import CredentialsRefused, DeclarationError, NotFound
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import ACCEPTED, DELETED, UPDATED, ignored, rejected
from activation_platform.contracts.service import UnreadableAnswer
from activation_platform.contracts.values import Email, Number, Text
from activation_platform.destinations.attio.destination import Attio
from activation_platform.destinations.attio.list_entries import ListEntries
from activation_platform.destinations.attio.lists import OfAList
from activation_platform.destinations.attio.value_types import Domain
from activation_platform_tests.destinations.attio.speaking import (
    FOUND,
    attribute,
    done,
    found,
    listed,
    refused,
)
from activation_platform_tests.destinations.conversation import batch_of, converse, talk

JANE = {"parent_record": "jane@acme.com", "stage": "Won", "tags": ["new", "big"], "note": None}
QUERY = "POST /v2/objects/people/records/query"
LOOK = "GET /v2/lists/vip"
OF_RECORD = "GET /v2/objects/people/records/r-1/entries?limit=1000&offset=0"
ENTRIES = "/v2/lists/vip/entries"
THERE = httpx.Response(200, json={"data": {"api_slug": "vip", "name": "vip", "parent_object": ["people"]}})
NOT_THERE = refused("not_found", status=404)
EMAIL = attribute("email_addresses", "email-address", is_unique=True, is_multiselect=True)
MANY = {
    "id": {"record_id": "r-1"},
    "values": {"email_addresses": [{"email_address": "jane@acme.com"}, {"email_address": "j@home.net"}]},
}


def entries(**more):
    return ListEntries(Attio(access_token="token"), OfAList(**{"list": "vip", **more}))


def entry(entry_id="e-1", slug="vip"):
    return {"list_id": "l-1", "list_api_slug": slug, "entry_id": entry_id, "created_at": "2024"}


def say(*responses, mode=Mode.UPSERT, service=None, **more):
    return converse(
        service or entries(**more), batch_of(JANE, identified_by="parent_record", mode=mode), *responses
    )


def delete(*responses, service=None):
    gone = {IDENTIFIER: "jane@acme.com"}
    batch = batch_of(gone, identified_by="-", mode=Mode.MIRROR, operation=Operation.DELETE)
    return converse(service or entries(), batch, *responses)


def test_a_record_is_found_and_its_entry_asserted_with_the_lists_own_values():
    said = say(found(FOUND), THERE, done())

    assert said.lines == [QUERY, LOOK, f"PUT {ENTRIES}"]
    assert said.bodies[0] == {"filter": {"email_addresses": "jane@acme.com"}, "limit": 2}
    assert said.bodies[2] == {
        "data": {
            "parent_record_id": "r-1",
            "parent_object": "people",
            "entry_values": {"stage": ["Won"], "tags": ["new", "big"], "note": []},
        }
    }
    assert [request.extensions["budget"] for request in said.requests] == [
        Attio.reads,
        Attio.reads,
        Attio.writes,
    ]
    assert said.outcomes == [ACCEPTED]


@pytest.mark.parametrize("mode", sorted(ListEntries.modes))
def test_who_is_not_known_is_on_no_list_and_nobody_is_created(mode):
    said = say(found(), mode=mode)

    assert said.lines == [QUERY]
    assert said.outcomes == [ignored("unknown at the destination")]


@pytest.mark.parametrize("mode", sorted(ListEntries.modes))
def test_of_several_records_none_is_chosen(mode):
    said = say(found(FOUND, FOUND), mode=mode)

    assert said.outcomes == [rejected("several records at Attio have this value of email_addresses")]


def test_a_list_that_is_there_is_looked_for_once_a_run():
    service = entries()
    say(found(FOUND), THERE, done(), service=service)

    assert say(found(FOUND), done(), service=service).lines == [QUERY, f"PUT {ENTRIES}"]


def test_a_list_that_is_not_there_is_made_by_its_name():
    said = say(found(FOUND), NOT_THERE, listed(), done(), done(), list="Our Best Customers!", object="people")

    assert said.lines == [
        QUERY,
        "GET /v2/lists/our_best_customers",
        "GET /v2/lists",
        "POST /v2/lists",
        "PUT /v2/lists/our_best_customers/entries",
    ]
    assert said.bodies[3] == {
        "data": {
            "name": "Our Best Customers!",
            "api_slug": "our_best_customers",
            "parent_object": "people",
            "workspace_access": "full-access",
            "workspace_member_access": [],
        }
    }
    assert said.requests[3].extensions["budget"] is Attio.writes


def test_a_list_that_another_run_made_first_is_the_one():
    said = say(found(FOUND), NOT_THERE, listed(), refused("slug_conflict", status=409), THERE, done())

    assert said.outcomes == [ACCEPTED]


def test_a_list_that_attio_refuses_to_make_is_a_matter_of_the_declaration():
    taken = refused("slug_conflict", "Taken.", status=409)

    said = say(found(FOUND), NOT_THERE, listed(), taken, NOT_THERE, listed())

    assert isinstance(said.raised, DeclarationError)
    assert "slug_conflict: Taken." in str(said.raised)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("vip", "vip"),
        ("hiring-engineering", "hiring-engineering"),
        ("Our best customers", "our_best_customers"),
        ("Clients fidèles (2024)", "clients_fideles_2024"),
    ],
)
def test_a4_name_and_slug_mean_the_same_list(name, slug):
    assert entries(list=name).target == slug


@pytest.mark.parametrize("name", ["", "顧客", "!?", 7, "33ebdbe9-e529-47c9-b894-0ba25e9c15c0"])
def test_a_list_whose_slug_cannot_be_told_is_refused(name):
    with pytest.raises(DeclarationError, match="slug of the list"):
        entries(list=name)


def test_the_object_of_a_list_is_said_by_its_slug():
    with pytest.raises(DeclarationError, match="slug of an object"):
        entries(object="33ebdbe9-e529-47c9-b894-0ba25e9c15c0")


def test_a4_a_name_whose_list_has_another_slug_is_answered_with_the_slug():
    there = {"api_slug": "best_2021", "name": "Our best customers", "parent_object": ["people"]}

    said = say(found(FOUND), NOT_THERE, listed(there), list="Our best customers")

    assert isinstance(said.raised, DeclarationError)
    assert "best_2021" in str(said.raised)


@pytest.mark.parametrize(
    ("parents", "taken"),
    [(["people"], True), (["companies", "people"], True), (["companies"], False), ([], False)],
)
def test_a_list_must_take_records_of_the_object(parents, taken):
    there = httpx.Response(200, json={"data": {"api_slug": "vip", "name": "vip", "parent_object": parents}})

    said = say(found(FOUND), there, *([done()] if taken else []))

    assert isinstance(said.raised, DeclarationError) is not taken


def test_an_object_that_a_list_names_by_its_id_is_not_doubted():
    parents = ["97052eb9-e65e-443f-a297-f2d9a4a7f795"]
    there = httpx.Response(200, json={"data": {"api_slug": "vip", "name": "vip", "parent_object": parents}})

    assert say(found(FOUND), there, done()).outcomes == [ACCEPTED]


@pytest.mark.parametrize("told", [[], {}, {"data": []}, {"data": {"api_slug": "vip"}}])
def test_a_list_that_cannot_be_read_is_not_guessed(told):
    assert isinstance(say(found(FOUND), httpx.Response(200, json=told)).raised, UnreadableAnswer)


def test_an_entry_that_attio_refuses_is_rejected_in_its_words():
    several = refused("multiple_match_results", "Multiple entries.")

    assert say(found(FOUND), THERE, several).outcomes == [
        rejected("multiple_match_results: Multiple entries.")
    ]


def test_a_list_that_goes_away_meanwhile_blames_no_record():
    assert isinstance(say(found(FOUND), THERE, refused("not_found", status=404)).raised, NotFound)


def test_c_update_only_writes_the_entry_that_is_there():
    said = say(found(FOUND), listed(entry("e-9", "other"), entry()), done(), mode=Mode.UPDATE_ONLY)

    assert said.lines == [QUERY, OF_RECORD, f"PUT {ENTRIES}/e-1"]
    assert said.bodies[2] == {
        "data": {"entry_values": {"stage": ["Won"], "tags": ["new", "big"], "note": []}}
    }
    assert said.outcomes == [UPDATED]


@pytest.mark.parametrize("there", [(), (entry(slug="other"),)])
def test_c_update_only_puts_nobody_on_the_list(there):
    said = say(found(FOUND), listed(*there), mode=Mode.UPDATE_ONLY)

    assert said.lines == [QUERY, OF_RECORD]
    assert said.outcomes == [ignored("unknown at the destination")]


def test_an_entry_that_goes_away_before_it_is_updated_is_unknown():
    said = say(found(FOUND), listed(entry()), refused("not_found", status=404), mode=Mode.UPDATE_ONLY)

    assert said.outcomes == [ignored("unknown at the destination")]


def test_of_several_entries_none_is_chosen():
    two = listed(entry("e-1"), entry("e-2"))
    several = rejected("several entries of the list are of this record")

    assert say(found(FOUND), two, mode=Mode.UPDATE_ONLY).outcomes == [several]
    assert delete(found(FOUND), two).outcomes == [several]


def test_the_entries_of_a_record_are_read_page_by_page():
    first = listed(*[entry(f"o-{number}", "other") for number in range(1000)])

    said = delete(found(FOUND), first, listed(entry()), done())

    assert said.lines[1:] == [
        OF_RECORD,
        OF_RECORD.replace("offset=0", "offset=1000"),
        f"DELETE {ENTRIES}/e-1",
    ]
    assert said.outcomes == [DELETED]


def test_c_mirror_takes_who_left_off_the_list_and_keeps_the_record():
    said = delete(found(FOUND), listed(entry()), httpx.Response(200, json={}))

    assert said.lines == [QUERY, OF_RECORD, f"DELETE {ENTRIES}/e-1"]
    assert [request.extensions["budget"] for request in said.requests] == [
        Attio.reads,
        Attio.reads,
        Attio.writes,
    ]
    assert said.outcomes == [DELETED]


@pytest.mark.parametrize(
    "answers",
    [
        (found(),),
        (found(FOUND), NOT_THERE),
        (found(FOUND), listed()),
        (found(FOUND), listed(entry(slug="other"))),
        (found(FOUND), listed(entry()), NOT_THERE),
    ],
    ids=["no record", "gone since", "no entry", "on another list", "removed since"],
)
def test_c_who_is_not_there_is_off_the_list_already(answers):
    assert delete(*answers).outcomes == [DELETED]


def test_a_record_with_other_identifiers_may_be_another_rows_and_stays():
    said = delete(found(MANY), listed(entry()))

    assert said.lines == [QUERY, OF_RECORD]
    assert said.outcomes == [ignored("stays, known by its other values of email_addresses")]


def test_a_removal_that_attio_refuses_is_owed_in_its_words():
    said = delete(found(FOUND), listed(entry()), refused("billing_error", "No."))

    assert said.outcomes == [rejected("billing_error: No.")]


@pytest.mark.parametrize("page", ["<html>Sign in</html>", '{"da'])
@pytest.mark.parametrize("before", [(), (found(FOUND),), (found(FOUND), listed(entry()))])
def test_what_is_not_the_vendors_answer_removes_nobody(before, page):
    assert isinstance(delete(*before, httpx.Response(200, text=page)).raised, UnreadableAnswer)


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({}, Email()),
        ({"object": "companies", "matching_attribute": "domains"}, Domain()),
        ({"matching_attribute": "customer_id"}, Text(min=1)),
    ],
)
def test_the_parent_record_is_of_the_type_of_the_matching_attribute(options, kind):
    (parent,) = entries(**options).declared_fields()

    assert (parent.name, parent.type, parent.key, parent.required) == ("parent_record", kind, True, True)


def test_the_lists_own_attributes_are_the_fields_beside_the_parent_record():
    own = [attribute("stage", "status", is_required=True), attribute("parent_record", "record-reference")]

    said = talk(entries().account_fields(), listed(EMAIL), listed(), THERE, listed(*own), listed())

    assert said.lines == [
        "GET /v2/objects/people/attributes?limit=500&offset=0",
        "GET /v2/objects/people/attributes?limit=500&offset=1",
        LOOK,
        "GET /v2/lists/vip/attributes?limit=500&offset=0",
        "GET /v2/lists/vip/attributes?limit=500&offset=2",
    ]
    assert [(one.name, one.type, one.key, one.required) for one in said.outcomes] == [
        ("parent_record", Email(), True, True),
        ("stage", Text(min=1), False, True),
    ]


def test_a_list_that_is_to_be_made_has_no_attributes_of_its_own():
    said = talk(entries().account_fields(), listed(EMAIL), listed(), NOT_THERE, listed())

    assert [one.name for one in said.outcomes] == ["parent_record"]
    assert "POST" not in "".join(said.lines)


def test_records_are_found_by_a_number_where_the_matching_attribute_is_one():
    service = entries(matching_attribute="customer_id")
    number = attribute("customer_id", "number", is_unique=True)
    told = talk(service.account_fields(), listed(number), listed(), NOT_THERE, listed()).outcomes
    person = {"parent_record": 42.0}

    said = converse(service, batch_of(person, identified_by="parent_record"), found())

    assert told[0].type == Number()
    assert said.bodies[0]["filter"] == {"customer_id": 42.0}


def token(*scopes):
    return httpx.Response(200, json={"active": True, "scope": " ".join(scopes), "workspace_id": "14beef7a"})


@pytest.mark.parametrize(
    ("scopes", "missing"),
    [
        (("list_entry:read", "list_configuration:read"), "list_entry:read-write"),
        (("list_entry:read-write",), "list_configuration:read"),
    ],
)
def test_a_token_without_the_scopes_of_lists_is_refused_by_name(scopes, missing):
    said = talk(entries().require_rights(Mode.MIRROR, ()), token(*scopes))

    assert isinstance(said.raised, CredentialsRefused)
    assert missing in str(said.raised)


def test_only_who_must_make_the_list_needs_the_right_to():
    reading = token("list_entry:read-write", "list_configuration:read")
    writing = token("list_entry:read-write", "list_configuration:read-write")

    def ask(*answers):
        return talk(entries().require_rights(Mode.UPSERT, ()), *answers)

    assert ask(reading, THERE).raised is None
    assert ask(writing, NOT_THERE, listed(), writing).raised is None
    refused_ = ask(reading, NOT_THERE, listed(), reading)
    assert isinstance(refused_.raised, CredentialsRefused)
    assert "list_configuration:read-write" in str(refused_.raised)
    assert {line.partition(" ")[0] for line in refused_.lines} == {"GET"}


def test_mirror_is_the_only_mode_that_takes_off():
    assert {mode for mode in ListEntries.modes if ListEntries.deletes(mode)} == {Mode.MIRROR}
