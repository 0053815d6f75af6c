"""Companies, users, deals and an object of one's own, said to the sandbox over a socket."""

import pytest

from activation_platform.contracts.batch import IDENTIFIER, PREVIOUS
from activation_platform.contracts.errors import NotFound
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import ACCEPTED, CREATED, DELETED, UPDATED, Verdict, ignored
from activation_platform.contracts.service import UnreadableAnswer
from activation_platform.destinations.attio.attributes import Matching
from activation_platform.destinations.attio.companies import Companies
from activation_platform.destinations.attio.deals import Deals
from activation_platform.destinations.attio.objects import Objects, ObjectsOptions
from activation_platform.destinations.attio.people import People
from activation_platform.destinations.attio.users import Users
from activation_platform.sandbox.faults import Kind, Rule
from activation_platform_tests.destinations.conversation import batch_of, carry

ADA = {"user_id": "u-1", "primary_email_address": "ada@acme.com"}
DEAL = {"deal_id": "d-1", "name": "Engine", "stage": "Lead", "owner": "owner@example.org", "value": 1200.5}


@pytest.fixture
def send(workspace, client):
    def deliver(service, record, mode=Mode.UPSERT):
        batch = batch_of(record, identified_by=service.identifying_field, mode=mode)
        return carry(service.deliver(batch), workspace, client)

    return deliver


@pytest.fixture
def delete(workspace, client):
    def deliver(service, identifier):
        gone = {IDENTIFIER: identifier, PREVIOUS: identifier}
        batch = batch_of(gone, identified_by="-", mode=Mode.MIRROR, operation=Operation.DELETE)
        return carry(service.deliver(batch), workspace, client)

    return deliver


@pytest.mark.parametrize("service_class", [People, Companies, Users])
def test_the_declared_fields_are_those_of_the_account(service_class, workspace, client):
    service = service_class(workspace)
    told = {field.name: field for field in carry(service.account_fields(), workspace, client).outcomes}

    for field in service.declared_fields():
        assert (told[field.name].type, told[field.name].required, told[field.name].key) == (
            field.type,
            field.required,
            field.key,
        )


def test_the_declared_fields_of_deals_are_those_of_the_account(workspace, client, attribute):
    attribute("deals", "deal_id")
    service = Deals(workspace, Matching("deal_id"))
    told = {field.name: field for field in carry(service.account_fields(), workspace, client).outcomes}

    assert {field.name: (field.type, field.required) for field in Deals.fields} == {
        field.name: (told[field.name].type, told[field.name].required) for field in Deals.fields
    }


def test_a_company_is_known_by_any_of_its_domains(workspace, send, held):
    companies = Companies(workspace)

    assert send(companies, {"domains": "acme.com", "name": "Acme"}).outcomes == [ACCEPTED]
    send(companies, {"domains": "acme.com", "name": "Acme Corporation", "team": []})

    assert held("companies") == [{"domains": ["acme.com"], "name": "Acme Corporation"}]


def test_a_company_known_by_an_id_has_the_domains_that_were_sent(workspace, send, held, attribute):
    attribute("companies", "company_id")
    companies = Companies(workspace, Matching("company_id"))

    send(companies, {"company_id": "c-1", "domains": ["acme.com", "acme.fr"]})
    send(companies, {"company_id": "c-1", "domains": ["acme.fr", "acme.de"]})

    assert held("companies") == [{"company_id": "c-1", "domains": ["acme.fr", "acme.de"]}]


def test_people_companies_users_and_deals_refer_to_each_other(workspace, send, held, sandbox, attribute):
    attribute("deals", "deal_id")
    send(Companies(workspace), {"domains": "acme.com"})
    send(People(workspace), {"email_addresses": "ada@acme.com", "company": "acme.com"})
    send(Companies(workspace), {"domains": "acme.com", "team": ["ada@acme.com"]})
    send(Users(workspace), {**ADA, "person": "ada@acme.com"})
    deal = {**DEAL, "associated_people": ["ada@acme.com"], "associated_company": "acme.com"}

    assert send(Deals(workspace, Matching("deal_id")), deal).outcomes == [ACCEPTED]

    (company,), (person,) = (sandbox.world.part("attio", thing) for thing in ("companies", "people"))
    assert held("people")[0]["company"] == company
    assert held("companies")[0]["team"] == [person]
    assert held("users")[0]["person"] == person
    assert held("deals")[0]["associated_people"] == [person]
    assert held("deals")[0]["associated_company"] == company
    assert (held("deals")[0]["stage"], held("deals")[0]["value"]) == ("Lead", 1200.5)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"stage": "Dreaming"}, 'Cannot find an option "Dreaming"'),
        ({"owner": "stranger@example.org"}, "Cannot find the workspace member"),
        ({"associated_company": "nobody.com"}, "Cannot find the record that is referred to"),
        ({"value": 1.00001}, "at most 4 decimals"),
        ({"name": None}, 'required attribute "name" is missing'),
    ],
)
def test_one_wrong_value_rejects_the_deal_and_names_it(wrong, words, workspace, send, held, attribute):
    attribute("deals", "deal_id")

    (outcome,) = send(Deals(workspace, Matching("deal_id")), {**DEAL, **wrong}).outcomes

    assert outcome.verdict is Verdict.REJECTED
    assert words in outcome.reason
    assert held("deals") == []


def test_users_are_created_once_and_never_overwritten_under_insert_only(workspace, send, held):
    users = Users(workspace)

    outcomes = [
        send(users, {**ADA, "primary_email_address": email}, Mode.INSERT_ONLY).outcomes
        for email in ("ada@acme.com", "other@acme.com")
    ]

    assert outcomes == [[CREATED], [ignored("already there")]]
    assert held("users") == [ADA]


def test_a_user_whose_address_is_taken_is_rejected_not_ignored(workspace, send):
    users = Users(workspace)
    send(users, ADA)

    (outcome,) = send(users, {**ADA, "user_id": "u-2"}, Mode.INSERT_ONLY).outcomes

    assert outcome.verdict is Verdict.REJECTED
    assert outcome.reason.startswith("uniqueness_conflict")


def test_an_object_of_ones_own_is_kept_like_any_other(
    workspace, client, attio, attribute, send, delete, held
):
    attio("/v2/objects", {"api_slug": "projects", "singular_noun": "Project", "plural_noun": "Projects"})
    attribute("projects", "project_id", "number")
    attribute("projects", "budget", "currency", unique=False)
    projects = Objects(workspace, ObjectsOptions("project_id", object="projects"))
    fields = carry(projects.account_fields(), workspace, client).outcomes

    send(projects, {"project_id": 7.0, "budget": 10.0})
    updated = send(projects, {"project_id": 7.0, "budget": 20.0}, Mode.UPDATE_ONLY)

    assert [field.name for field in fields] == ["project_id", "budget"]
    assert updated.outcomes == [UPDATED]
    assert held("projects") == [{"project_id": 7.0, "budget": 20.0}]
    assert delete(projects, "7.0").outcomes == [DELETED]
    assert held("projects") == []


def test_c_mirror_deletes_who_left_once_and_is_content_the_second_time(workspace, send, delete, held):
    for name in ("ada", "joe"):
        send(People(workspace), {"email_addresses": f"{name}@acme.com"}, Mode.MIRROR)

    outcomes = [delete(People(workspace), "joe@acme.com").outcomes for _ in range(2)]

    assert outcomes == [[DELETED], [DELETED]]
    assert held("people") == [{"email_addresses": ["ada@acme.com"]}]


def test_b5_a_moved_person_who_has_both_addresses_survives_the_delete_of_the_old_one(
    workspace, send, delete, held, attio
):
    emails = ["old@acme.com", "new@acme.com"]
    attio("/v2/objects/people/records", {"values": {"email_addresses": emails}})
    moved = {"email_addresses": "new@acme.com", PREVIOUS: "old@acme.com", "job_title": "Director"}

    send(People(workspace), moved, Mode.MIRROR)
    delete(People(workspace), "old@acme.com")

    assert held("people") == [{"email_addresses": ["new@acme.com"], "job_title": "Director"}]


def test_an_object_that_does_not_exist_is_told_with_those_that_do(workspace, client):
    planets = Objects(workspace, ObjectsOptions("planet_id", object="planets"))

    raised = carry(planets.account_fields(), workspace, client).raised

    assert isinstance(raised, NotFound)
    assert "There is: people, companies, deals, users, workspaces." in raised.remedy


@pytest.mark.parametrize("kind", ["html_200", "broken_json"])
def test_a_page_instead_of_an_answer_is_no_answer(kind, sandbox, workspace, client, send):
    with sandbox.control() as control:
        control.add_fault({"kind": kind, "path": "/attio/*"})

    assert isinstance(send(Users(workspace), ADA).raised, UnreadableAnswer)
    assert isinstance(carry(Users(workspace).account_fields(), workspace, client).raised, UnreadableAnswer)


def test_an_answer_may_hold_half_a_character(sandbox, workspace, send):
    sandbox.world.add_fault(Rule(Kind.STATUS, status=400, reason="half \ud800"))

    (outcome,) = send(Users(workspace), ADA).outcomes

    assert workspace.redactor()(outcome.reason) == "validation_type: half ?"
