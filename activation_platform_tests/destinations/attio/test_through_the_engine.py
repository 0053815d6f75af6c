"""Whole runs against Attio's stand-in: what it holds after them is what the mode promises."""

import pytest

from activation_platform.contracts.errors import NotFound
from activation_platform.contracts.modes import Mode
from activation_platform.destinations.attio.attributes import Matching
from activation_platform.destinations.attio.companies import Companies
from activation_platform.destinations.attio.deals import Deals
from activation_platform.destinations.attio.objects import Objects, ObjectsOptions
from activation_platform.destinations.attio.people import People, PeopleOptions
from activation_platform.destinations.attio.users import Users
from activation_platform.sync.activate import RunFailed
from activation_platform.sync.history import Status
from activation_platform_tests.destinations.running import Runs


def test_c_mirror_keeps_people_in_step(runs, workspace, held):
    run = runs(People(workspace))
    ada = {"key": 1, "email_addresses": "ada@acme.com", "job_title": "Engineer"}
    joe = {"key": 2, "email_addresses": "joe@acme.com", "job_title": "Cook"}

    run(ada, joe)
    second = run({**ada, "job_title": "Director"})
    third = run({**ada, "job_title": "Director"})

    assert held("people") == [{"email_addresses": ["ada@acme.com"], "job_title": "Director"}]
    assert (second.figures.updated, second.figures.deleted) == (1, 1)
    assert third.status is Status.NOTHING_TO_DO


def test_b5_under_mirror_a_moved_person_is_the_new_one_and_the_old_one_goes(runs, workspace, held):
    run = runs(People(workspace))
    ada = {"key": 1, "email_addresses": "old@acme.com", "job_title": "Engineer"}

    run(ada)
    run({**ada, "email_addresses": "new@acme.com"})

    assert held("people") == [{"email_addresses": ["new@acme.com"], "job_title": "Engineer"}]


def test_b5_a_moved_person_known_by_both_addresses_keeps_the_record(runs, workspace, held, attio):
    values = {"email_addresses": ["old@acme.com", "new@acme.com"], "description": "Old friend"}
    attio("/v2/objects/people/records", {"values": values})
    run = runs(People(workspace))
    ada = {"key": 1, "email_addresses": "old@acme.com", "job_title": "Engineer"}

    run(ada)
    run({**ada, "email_addresses": "new@acme.com"})

    (person,) = held("people")
    assert (person["email_addresses"], person["description"]) == (["new@acme.com"], "Old friend")


def test_lists_of_addresses_reach_a_person_known_by_an_id(runs, workspace, held, attribute):
    attribute("people", "customer_id")
    run = runs(People(workspace, PeopleOptions("customer_id")))

    figures = run(
        {"key": 1, "customer_id": "c-1", "email_addresses": ["ADA@acme.com", "ada@acme.com", "a@home.net"]},
        {"key": 2, "customer_id": "c-2", "email_addresses": ["no address"]},
    ).figures

    assert (figures.inserted, figures.source_issues) == (1, 1)
    assert held("people") == [{"customer_id": "c-1", "email_addresses": ["ada@acme.com", "a@home.net"]}]


def test_b4_two_spellings_of_a_domain_are_one_company(runs, workspace, held):
    run = runs(Companies(workspace))
    acme = {"key": 1, "domains": "https://www.acme.com/about", "name": "Acme"}

    figures = run(
        acme, {**acme, "key": 2, "domains": "ACME.com"}, {**acme, "key": 3, "domains": "acme"}
    ).figures

    assert figures.source_issues == 3
    assert run(acme).figures.inserted == 1
    assert held("companies") == [{"domains": ["acme.com"], "name": "Acme"}]


def test_c_a_company_that_left_is_found_by_the_domain_as_it_was_sent(runs, workspace, held):
    run = runs(Companies(workspace))
    acme, other = (
        {"key": n, "domains": f"https://www.{name}.com/x", "name": name}
        for n, name in enumerate(("acme", "other"))
    )

    run(acme, other)
    run(other)

    assert [company["domains"] for company in held("companies")] == [["other.com"]]


def test_users_need_both_of_their_identifiers(runs, workspace):
    with pytest.raises(RunFailed, match='the required field "primary_email_address" is not mapped'):
        runs(Users(workspace))({"key": 1, "user_id": "u-1"})


def test_a_deal_that_refers_to_nobody_is_rejected_and_tried_again(runs, workspace, held, attribute):
    attribute("deals", "deal_id")
    deal = {"key": 1, "deal_id": "d-1", "name": "Engine", "stage": "Lead", "owner": "owner@example.org"}
    run = runs(Deals(workspace, Matching("deal_id")))

    first = run({**deal, "associated_company": "acme.com"})
    Runs(run.root / "companies", Companies(workspace), Mode.UPSERT)({"key": 1, "domains": "acme.com"})
    second = run({**deal, "associated_company": "acme.com"})

    assert (first.figures.destination_issues, second.figures.inserted) == (1, 1)
    assert [deal["name"] for deal in held("deals")] == ["Engine"]


def test_numbers_that_tell_records_apart_are_found_again(runs, workspace, held, attribute):
    attribute("workspaces", "number", "number")
    run = runs(Objects(workspace, ObjectsOptions("number", object="workspaces")))
    one, two = ({"key": n, "number": n, "workspace_id": f"w-{n}"} for n in (1, 2))

    run(one, two)
    run(two)

    assert [each["workspace_id"] for each in held("workspaces")] == ["w-2"]


def test_an_object_that_does_not_exist_stops_the_run_before_anything_is_written(runs, workspace):
    with pytest.raises(RunFailed) as failed:
        runs(Objects(workspace, ObjectsOptions("id", object="planets")))({"key": 1, "id": "1"})

    assert isinstance(failed.value.error, NotFound)
    assert 'no object "planets"' in str(failed.value.error)
