"""Erasures for their own sake: the conversation, and what becomes of people in the sandbox."""

import httpx
import pytest

from activation_platform.contracts.batch import REQUEST
from activation_platform.contracts.errors import CredentialsRefused, NotFound
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import Verdict
from activation_platform.contracts.service import Pending
from activation_platform.destinations.batch.destination import Batch
from activation_platform.destinations.batch.erasures import Erasures
from activation_platform.destinations.batch.profiles import Profiles
from activation_platform_tests.destinations.batch.conftest import APPS
from activation_platform_tests.destinations.conversation import batch_of, carry, converse


def gone(custom_id, request=None):
    return batch_of(
        {"custom_id": custom_id, REQUEST: request},
        identified_by="custom_id",
        mode=Mode.ERASE,
        operation=Operation.DELETE,
    )


@pytest.fixture
def erase(project, client):
    def ask(custom_id):
        (outcome,) = carry(Erasures(project).deliver(gone(custom_id)), project, client).outcomes
        return outcome

    return ask


@pytest.fixture
def known(sandbox, project, client):
    people = batch_of({"custom_id": "jane"}, {"custom_id": "john"}, identified_by="custom_id")
    carry(Profiles(project).deliver(people), project, client)
    return lambda: list(sandbox.world.part("batch", "profiles"))


def test_it_offers_nothing_but_to_erase():
    assert Erasures.modes == {Mode.ERASE}
    assert Erasures.deletes_are_requests
    assert Erasures.requirements(Mode.ERASE) == ("live_api_keys",)


def test_d7_a_person_is_erased_once_every_app_has_done_it(sandbox, project, client, erase, known):
    outcome = erase("jane")
    pending = [Pending("1", "jane", outcome.request, sandbox.world.wall())]

    assert outcome.verdict is Verdict.REQUESTED
    assert [one.state for one in carry(Erasures(project).settle(pending), project, client).outcomes] == [
        "pending"
    ]
    assert known() == ["jane", "john"]
    with sandbox.control() as control:
        control.finish_erasures()
    assert [one.state for one in carry(Erasures(project).settle(pending), project, client).outcomes] == [
        "done"
    ]
    assert known() == ["john"]


def test_d7_the_apps_that_took_it_on_are_not_asked_again():
    project = Batch(rest_api_key="rest", project_key="p", live_api_keys=["one-key", "two-key"])
    first = converse(
        Erasures(project),
        gone("jane"),
        httpx.Response(200, json={"request_id": "r1"}),
        httpx.Response(400, json={"error_code": "MALFORMED_REQUEST", "error_message": "no"}),
    )
    (outcome,) = first.outcomes

    again = converse(
        Erasures(project), gone("jane", outcome.request), httpx.Response(200, json={"request_id": "r2"})
    )

    assert outcome.verdict is Verdict.REJECTED
    assert again.lines == ["POST /1.0/two-key/gdpr/request"]
    assert again.outcomes[0].verdict is Verdict.REQUESTED


def test_an_app_that_batch_does_not_know_is_named_by_its_place_and_never_by_its_key():
    project = Batch(rest_api_key="rest", project_key="p", live_api_keys=["one-key"])

    said = converse(Erasures(project), gone("jane"), httpx.Response(404, json={}))

    assert isinstance(said.raised, NotFound)
    assert "key 1" in str(said.raised)
    assert "one-key" not in str(said.raised)


def test_without_an_app_nothing_can_be_erased():
    project = Batch(rest_api_key="rest", project_key="p")

    assert isinstance(converse(Erasures(project), gone("jane")).raised, CredentialsRefused)


def test_the_plan_can_say_how_long_it_takes(project):
    assert Erasures(project).erasures_per_second == Batch.erasures.per_second / len(APPS)
