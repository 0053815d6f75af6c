"""Members of an audience said to the sandbox over a socket: who was meant is who is there."""

import pytest

from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import ACCEPTED
from activation_platform.contracts.service import BatchRefused
from activation_platform.destinations.batch.contact_lists import ContactLists, ContactListsOptions
from activation_platform_tests.destinations.conversation import batch_of, carry


@pytest.fixture
def service(project):
    return ContactLists(project, ContactListsOptions("vip"))


@pytest.fixture
def say(project, client, service):
    def deliver(operation, *people):
        members = ({"custom_id": person} for person in people)
        batch = batch_of(*members, identified_by="custom_id", mode=Mode.MIRROR, operation=operation)
        return carry(service.deliver(batch), project, client)

    return deliver


@pytest.fixture
def members(sandbox):
    return lambda name="vip": list(sandbox.world.part("batch", "audiences")[name])


def test_people_enter_and_leave_an_audience_that_is_made_for_them(say, members):
    assert say(Operation.INSERT, "jane", "john").outcomes == [ACCEPTED] * 2
    assert say(Operation.INSERT, "jane", "jack").outcomes == [ACCEPTED] * 2
    assert say(Operation.DELETE, "john", "nobody").outcomes == [ACCEPTED] * 2

    assert members() == ["jane", "jack"]


def test_c1_a_snapshot_replaces_and_goes_on(say, members):
    say(Operation.INSERT, "old")

    said = say(Operation.CLEAR, "jane")
    say(Operation.INSERT, "john")

    assert said.waits == [5.0]
    assert members() == ["jane", "john"]


def test_c1_an_empty_snapshot_leaves_nobody(say, members):
    say(Operation.INSERT, "old")

    assert say(Operation.CLEAR).outcomes == []
    assert members() == []


def test_a_whole_batch_is_one_call_and_more_is_refused(say, members):
    people = [str(n) for n in range(ContactLists.batch_size + 1)]
    say(Operation.INSERT, "jane")

    assert isinstance(say(Operation.INSERT, *people).raised, BatchRefused)
    assert members() == ["jane"]
    assert len(say(Operation.INSERT, *people[:-1]).requests) == 1
    assert len(members()) == ContactLists.batch_size + 1


def test_an_audience_of_other_identifiers_is_found_out_before_anything_is_said(project, client, service):
    body = {"name": "vip", "type": "emails"}
    client.send(project.ask("POST", "/2.11/audiences/create", budget=None, json=body), auth=project.auth())

    said = carry(service.account_fields(), project, client)

    assert isinstance(said.raised, DeclarationError)
    assert "EMAIL" in str(said.raised)


def test_an_audience_that_does_not_exist_yet_is_no_fault(project, client, service, say):
    assert carry(service.account_fields(), project, client).outcomes == ContactLists.fields
    say(Operation.INSERT, "jane")
    assert carry(service.account_fields(), project, client).outcomes == ContactLists.fields
