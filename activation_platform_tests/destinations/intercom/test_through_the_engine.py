"""Whole runs against Intercom's stand-in: what it holds after them is what the mode promises."""

from datetime import UTC, datetime

import pytest

from activation_platform.contracts.errors import CredentialsRefused, DeclarationError
from activation_platform.contracts.modes import Mode
from activation_platform.destinations.intercom.companies import Companies
from activation_platform.destinations.intercom.contacts import Contacts
from activation_platform.destinations.intercom.destination import Intercom
from activation_platform.destinations.intercom.people import Identified
from activation_platform.destinations.intercom.segments import Segments, SegmentsOptions
from activation_platform.sandbox.faults import Extent, Kind, Rule
from activation_platform.sync.activate import RunFailed
from activation_platform.sync.history import Status
from activation_platform_tests.destinations.running import Runs


@pytest.fixture
def runs(tmp_path):
    return lambda service, mode=Mode.MIRROR, **settings: Runs(tmp_path, service, mode, settings)


def person(number, **more):
    return {"key": number, "external_id": f"p{number}", "name": f"Name {number}", **more}


def test_c_mirror_keeps_contacts_in_step(runs, account, held):
    run = runs(Contacts(account))
    run(*(person(n, plan="gold", renewed_at=datetime(2026, 1, 1, tzinfo=UTC)) for n in (1, 2, 3)))

    second = run(
        person(1, plan=None, renewed_at=None),
        person(2, plan="gold", renewed_at=datetime(2026, 1, 1, tzinfo=UTC)),
    )
    third = run(
        person(1, plan=None, renewed_at=None),
        person(2, plan="gold", renewed_at=datetime(2026, 1, 1, tzinfo=UTC)),
    )

    assert held() == [
        {"role": "user", "external_id": "p1", "name": "Name 1"},
        {"role": "user", "external_id": "p2", "name": "Name 2", "plan": "gold", "renewed_at": 1767225600},
    ]
    assert (second.figures.updated, second.figures.deleted) == (1, 1)
    assert third.status is Status.NOTHING_TO_DO


def test_c_who_comes_back_after_mirror_deleted_them_leaves_the_archive(runs, account, held):
    run = runs(Contacts(account))

    run(person(1), person(2))
    run(person(1))
    run(person(1), person(2, name="Back"))

    assert [one["name"] for one in held()] == ["Name 1", "Back"]


def test_b5_under_mirror_a_moved_contact_is_the_new_one_and_the_old_one_goes(runs, account, held):
    run = runs(Contacts(account))

    run(person(1))
    run(person(1, external_id="moved"))

    assert [one["external_id"] for one in held()] == ["moved"]


def test_b5_update_only_gives_the_contact_its_new_identifier(runs, account, held, ask):
    ask("POST", "/contacts", role="user", external_id="p1", phone="+33639981337")
    run = runs(Contacts(account), Mode.UPDATE_ONLY)

    run(person(1), person(2))
    run(person(1, external_id="moved"), person(2))

    assert held() == [{"role": "user", "external_id": "moved", "name": "Name 1", "phone": "+33639981337"}]


def test_c_insert_only_leaves_who_is_there_alone(runs, account, held, ask):
    ask("POST", "/contacts", role="user", external_id="p1", name="Theirs")

    figures = runs(Contacts(account), Mode.INSERT_ONLY)(person(1), person(2)).figures

    assert [one["name"] for one in held()] == ["Theirs", "Name 2"]
    assert (figures.inserted, figures.ignored) == (1, 1)


def test_contacts_may_be_known_by_their_address(runs, account, held, ask):
    ask("POST", "/contacts", role="user", email="p1@acme.com", phone="+33639981337")
    run = runs(Contacts(account, Identified("email")), Mode.UPSERT)

    run({"key": 1, "email": "P1@acme.com", "name": "One"}, {"key": 2, "email": "p2@acme.com", "name": "Two"})
    run(
        {"key": 1, "email": "P1@acme.com", "name": "First"}, {"key": 2, "email": "p2@acme.com", "name": "Two"}
    )

    assert [(one["email"], one["name"], one.get("phone")) for one in held()] == [
        ("p1@acme.com", "First", "+33639981337"),
        ("p2@acme.com", "Two", None),
    ]


def test_d2_a_contact_that_is_refused_is_tried_again_and_its_neighbours_are_not(runs, account, held, sandbox):
    sandbox.world.add_fault(Rule(Kind.POISON, identifier="p2", extent=Extent.RECORD, reason="No."))
    run = runs(Contacts(account))

    first = run(person(1), person(2), person(3))
    sandbox.world.clear_faults()
    second = run(person(1), person(2), person(3))

    assert (first.figures.inserted, first.figures.destination_issues) == (2, 1)
    assert (second.figures.extracted, second.figures.inserted) == (1, 1)
    assert len(held()) == 3


def test_an_attribute_that_nobody_made_stops_the_run_before_anything_is_said(runs, account, held):
    with pytest.raises(RunFailed, match=r'the account has no field "plam"\. Did you mean "plan"') as failed:
        runs(Contacts(account))(person(1, plam="gold"))

    assert isinstance(failed.value.error, DeclarationError)
    assert held() == []


@pytest.mark.parametrize("mode", [Mode.MIRROR, Mode.UPSERT])
def test_c_companies_are_kept_in_step(mode, runs, account, sandbox):
    run = runs(Companies(account), mode)
    acme, other = ({"key": n, "company_id": n, "name": n, "tier": "a"} for n in ("acme", "other"))

    run(acme, other)
    second = run({**acme, "name": "", "tier": "b"})

    companies = sandbox.world.part("intercom", "companies")
    assert companies["acme"] == {"tier": "b"}
    assert ("other" in companies) is (mode is Mode.UPSERT)
    assert second.figures.deleted == (1 if mode is Mode.MIRROR else 0)
    assert run({**acme, "name": "", "tier": "b"}).status is Status.NOTHING_TO_DO


def test_c_update_only_makes_no_company(runs, account, sandbox, ask):
    ask("POST", "/companies", company_id="acme", website="acme.com")

    figures = runs(Companies(account), Mode.UPDATE_ONLY)(
        {"key": 1, "company_id": "acme", "name": "Acme"}, {"key": 2, "company_id": "other", "name": "Other"}
    ).figures

    assert sandbox.world.part("intercom", "companies") == {"acme": {"name": "Acme", "website": "acme.com"}}
    assert (figures.updated + figures.inserted, figures.ignored) == (1, 1)


@pytest.mark.parametrize("mode", [Mode.MIRROR, Mode.UPSERT])
def test_c_a_tag_is_kept_in_step_with_the_segment(mode, runs, account, tagged, ask, held):
    for number in range(1, 5):
        ask("POST", "/contacts", role="user", external_id=f"p{number}")
    run = runs(Segments(account, SegmentsOptions(tag="VIP")), mode)
    members = [{"key": n, "external_id": f"p{n}"} for n in range(1, 7)]

    first = run(*members[:3], members[5])
    second = run(members[0], members[3], members[5])

    left = [] if mode is Mode.MIRROR else ["p2", "p3"]
    assert tagged() == sorted(["p1", "p4", *left])
    assert (first.figures.inserted, first.figures.ignored) == (3, 1)
    assert second.figures.deleted == (2 if mode is Mode.MIRROR else 0)
    assert run(members[0], members[3], members[5]).status is Status.NOTHING_TO_DO
    assert len(held()) == 4


def test_b5_a_tag_moves_with_a_changed_identifier(runs, account, tagged, ask):
    for number in (1, 2):
        ask("POST", "/contacts", role="user", external_id=f"p{number}")
    run = runs(Segments(account, SegmentsOptions(tag="VIP")), Mode.UPSERT)

    run({"key": 1, "external_id": "p1"})
    run({"key": 1, "external_id": "p2"})

    assert tagged() == ["p2"]


def test_d3_a_token_that_is_refused_stops_the_run_and_blames_nobody(runs, account):
    stranger = Intercom(access_token="wrong", base_url=account.base_url)

    with pytest.raises(RunFailed) as failed:
        runs(Contacts(stranger))(person(1))

    assert isinstance(failed.value.error, CredentialsRefused)
