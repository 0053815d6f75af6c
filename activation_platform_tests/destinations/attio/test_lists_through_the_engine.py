"""Whole runs of a list's entries against Attio's stand-in: who is on the list after them is what the mode promises."""

import pytest

from activation_platform.contracts.errors import CredentialsRefused, DeclarationError
from activation_platform.contracts.modes import Mode, RunType
from activation_platform.destinations.attio.destination import Attio
from activation_platform.destinations.attio.list_entries import ListEntries
from activation_platform.destinations.attio.lists import OfAList
from activation_platform.destinations.attio.people import People
from activation_platform.sandbox import running
from activation_platform.sandbox.attio import Attio as AttioSandbox
from activation_platform.sync.activate import RunFailed
from activation_platform.sync.history import Status
from activation_platform_tests.destinations.running import Runs

ADA, JOE, EVE = (
    {"key": n, "parent_record": f"{name}@acme.com"} for n, name in enumerate(("ada", "joe", "eve"))
)


@pytest.fixture
def known(attio):
    """Makes people in Attio, each known by one address or several; returns their IDs."""

    def make(*addresses):
        people = [[one] if isinstance(one, str) else list(one) for one in addresses]
        path = "/v2/objects/people/records"
        return [attio(path, {"values": {"email_addresses": one}})["id"]["record_id"] for one in people]

    return make


@pytest.fixture
def entries(workspace):
    def service(**options):
        return ListEntries(workspace, OfAList(**{"list": "Our best customers", **options}))

    return service


@pytest.fixture
def listed(sandbox):
    """Who is on the list: the entry's own values by the first address of its person."""

    def found(slug="our_best_customers"):
        people = sandbox.world.part("attio", "people")
        on = sandbox.world.part("attio", "lists")[slug].values()
        return {people[one.pop("parent_record")]["email_addresses"][0]: one for one in map(dict, on)}

    return found


@pytest.fixture
def list_(attio, attribute):
    """Makes the list beforehand, with an attribute of its own."""
    access = {"workspace_access": "full-access", "workspace_member_access": []}
    names = {"name": "Our best customers", "api_slug": "our_best_customers", "parent_object": "people"}
    attio("/v2/lists", {**names, **access})
    attribute("our_best_customers", "note", unique=False, of="lists")


def test_c_mirror_makes_the_list_and_keeps_its_members_in_step(runs, entries, known, listed, sandbox):
    known("ada@acme.com", "joe@acme.com", "eve@acme.com")
    run = runs(entries())

    first = run(ADA, JOE)
    second = run(ADA, EVE)
    third = run(ADA, EVE)

    assert listed() == {"ada@acme.com": {}, "eve@acme.com": {}}
    assert (first.figures.inserted, second.figures.inserted, second.figures.deleted) == (2, 1, 1)
    assert third.status is Status.NOTHING_TO_DO
    assert len(sandbox.world.part("attio", "people")) == 3


def test_c_a_change_is_written_into_the_entry_that_is_there(runs, entries, known, listed, list_):
    known("ada@acme.com", "joe@acme.com")
    run = runs(entries())

    run({**ADA, "note": "a"}, {**JOE, "note": "j"})
    figures = run({**ADA, "note": None}, {**JOE, "note": "k"}).figures

    assert listed() == {"ada@acme.com": {}, "joe@acme.com": {"note": "k"}}
    assert (figures.inserted, figures.updated) == (0, 2)


def test_c_under_upsert_who_left_stays_on_the_list(runs, entries, known, listed):
    known("ada@acme.com", "joe@acme.com")
    run = runs(entries(), Mode.UPSERT)

    run(ADA, JOE)
    run(ADA)

    assert set(listed()) == {"ada@acme.com", "joe@acme.com"}


def test_c_update_only_writes_to_members_and_makes_none(runs, entries, known, listed, list_, attio):
    ada, _ = known("ada@acme.com", "joe@acme.com")
    entry = {"parent_record_id": ada, "parent_object": "people", "entry_values": {}}
    attio("/v2/lists/our_best_customers/entries", entry)

    figures = runs(entries(), Mode.UPDATE_ONLY)({**ADA, "note": "a"}, {**JOE, "note": "j"}).figures

    assert listed() == {"ada@acme.com": {"note": "a"}}
    assert (figures.updated, figures.ignored) == (1, 1)


def test_c_who_is_not_known_is_ignored_and_asked_about_again(tmp_path, entries, known, listed):
    known("ada@acme.com")
    run = Runs(tmp_path, entries(), Mode.MIRROR, run_type=RunType.FULL_ONLY)

    first = run(ADA, JOE).figures
    known("joe@acme.com")
    second = run(ADA, JOE).figures

    assert (first.inserted, first.ignored, second.ignored) == (1, 1, 0)
    assert set(listed()) == {"ada@acme.com", "joe@acme.com"}


def test_b5_whose_address_moved_to_another_person_leaves_and_that_person_enters(runs, entries, known, listed):
    known("ada@acme.com", "eve@acme.com")
    run = runs(entries())

    run(ADA)
    run({**ADA, "parent_record": "eve@acme.com"})

    assert set(listed()) == {"eve@acme.com"}


def test_b5_a_moved_person_known_by_both_addresses_keeps_the_entry(runs, entries, known, listed, list_):
    known(("ada@acme.com", "ada@home.net"))
    run = runs(entries())

    run({**ADA, "note": "a"})
    figures = run({**ADA, "parent_record": "ada@home.net", "note": "a"}).figures
    last = run({**ADA, "parent_record": "ada@home.net", "note": "a"})

    assert listed() == {"ada@acme.com": {"note": "a"}}
    assert figures.destination_issues == 0
    assert last.status is Status.NOTHING_TO_DO


def test_who_has_one_value_of_the_matching_attribute_leaves_with_any_number_of_addresses(
    runs, entries, attio, attribute, listed
):
    attribute("people", "customer_id")
    values = {"email_addresses": ["ada@acme.com", "ada@home.net"], "customer_id": "c-1"}
    attio("/v2/objects/people/records", {"values": values})
    run = runs(entries(matching_attribute="customer_id"))

    run({"key": 1, "parent_record": "c-1"}, {"key": 2, "parent_record": "c-2"})
    there = listed()
    run({"key": 2, "parent_record": "c-2"})

    assert (set(there), listed()) == ({"ada@acme.com"}, {})


def test_companies_are_put_on_a_list_by_any_spelling_of_their_domain(runs, entries, attio, sandbox):
    attio("/v2/objects/companies/records", {"values": {"domains": ["acme.com"]}})
    run = runs(entries(list="accounts", object="companies", matching_attribute="domains"))

    figures = run({"key": 1, "parent_record": "https://www.ACME.com/about"}).figures

    assert figures.inserted == 1
    assert len(sandbox.world.part("attio", "lists")["accounts"]) == 1


def test_d2_an_entry_that_is_refused_is_tried_again_and_its_neighbours_stand(
    runs, entries, known, listed, list_, attio, attribute
):
    attribute("our_best_customers", "stage", "status", unique=False, of="lists")
    known("ada@acme.com", "joe@acme.com")
    run = runs(entries())
    statuses = "/v2/lists/our_best_customers/attributes/stage/statuses"
    attio(statuses, {"title": "Lead"})

    first = run({**ADA, "stage": "Lead"}, {**JOE, "stage": "Won"}).figures
    attio(statuses, {"title": "Won"})
    second = run({**ADA, "stage": "Lead"}, {**JOE, "stage": "Won"}).figures

    assert (first.inserted, first.destination_issues) == (1, 1)
    assert (second.inserted, second.extracted) == (1, 1)
    assert listed() == {"ada@acme.com": {"stage": "Lead"}, "joe@acme.com": {"stage": "Won"}}


@pytest.mark.parametrize(
    ("options", "field", "words"),
    [
        (
            {"object": "companies", "matching_attribute": "domains"},
            "note",
            "is of people, and not of companies",
        ),
        ({}, "nothing", "nothing"),
        ({"matching_attribute": "job_title"}, "note", "not a unique attribute"),
    ],
)
def test_what_does_not_fit_stops_the_run_before_anything_is_written(
    runs, entries, list_, listed, options, field, words
):
    with pytest.raises(RunFailed, match=words) as failed:
        runs(entries(**options))({**ADA, "parent_record": "acme.com", field: "a"})

    assert isinstance(failed.value.error, DeclarationError)
    assert listed() == {}


def test_d3_a_token_that_may_not_make_the_list_stops_the_run_and_blames_nobody(tmp_path):
    scopes = ("record_permission:read-write", "object_configuration:read", "list_entry:read-write")
    stand_in = AttioSandbox(tokens={"t": (*scopes, "list_configuration:read")})
    with running(limits=False, platforms=[stand_in]) as opened:
        workspace = Attio(access_token="t", base_url=opened.base_url("attio"))
        Runs(tmp_path / "people", People(workspace), Mode.UPSERT)(
            {"key": 1, "email_addresses": "ada@acme.com"}
        )

        with pytest.raises(RunFailed) as failed:
            Runs(tmp_path, ListEntries(workspace, OfAList(list="vip")), Mode.MIRROR)(ADA)

    assert isinstance(failed.value.error, CredentialsRefused)
    assert failed.value.run.figures.unsent == 1
