"""Conversations about the members of a Batch audience."""

import httpx
import pytest

from activation_platform.contracts.errors import DeclarationError, NotFound, TimedOut
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import ACCEPTED
from activation_platform.contracts.service import BatchRefused, UnreadableAnswer
from activation_platform.destinations.batch.contact_lists import ContactLists, ContactListsOptions
from activation_platform.destinations.batch.destination import Batch as Project
from activation_platform_tests.destinations.conversation import batch_of, converse

VIEW = "GET /2.11/audiences/view?name=vip"


def lists(audience="vip", **options):
    project = Project(rest_api_key="rest", project_key="project_1")
    return ContactLists(project, ContactListsOptions(audience, **options))


def say(operation, *responses, people=("jane", "john"), service=None):
    batch = batch_of(
        *({"custom_id": person} for person in people),
        identified_by="custom_id",
        mode=Mode.MIRROR,
        operation=operation,
    )
    return converse(service or lists(), batch, *responses)


def taken(token="t1"):
    return httpx.Response(202, json={"indexing_token": token})


def refused(reason="no such audience", status=400):
    return httpx.Response(status, json={"error_code": "MALFORMED_REQUEST", "error_message": reason})


def view(state="APPLIED", kind="CUSTOM_ID"):
    return httpx.Response(200, json={"name": "vip", "type": kind, "indexing_state": state})


UNKNOWN = httpx.codes.NOT_FOUND, {"error_message": "Not found"}


def unknown():
    return httpx.Response(UNKNOWN[0], json=UNKNOWN[1])


@pytest.mark.parametrize(
    ("operation", "action"), [(Operation.INSERT, "add"), (Operation.DELETE, "remove")], ids=str
)
def test_entering_and_leaving_are_said_as_the_vendor_shows_it(operation, action):
    said = say(operation, taken())

    assert said.lines == ["POST /2.11/audiences/update"]
    members = [{"action": action, "id": "jane"}, {"action": action, "id": "john"}]
    assert said.bodies == [{"name": "vip", "ids": members}]
    assert {request.extensions["budget"] for request in said.requests} == {Project.audiences}
    assert said.outcomes == [ACCEPTED] * 2


def test_c1_a_snapshot_begins_by_putting_its_members_in_the_place_of_all_and_waits_until_they_are():
    said = say(Operation.CLEAR, taken("t7"), view("IN_PROCESS"), view("IN_PROGRESS"), view())

    looks = [f"{VIEW}&indexing_token=t7"] * 3
    assert said.lines == ["POST /2.11/audiences/replace", *looks]
    assert said.bodies[0] == {"name": "vip", "ids": [{"id": "jane"}, {"id": "john"}]}
    assert said.waits == [5.0, 5.0]
    assert said.outcomes == [ACCEPTED] * 2


def test_c1_an_empty_snapshot_empties_the_audience():
    said = say(Operation.CLEAR, taken(), view(), people=())

    assert said.bodies[0] == {"name": "vip", "ids": []}
    assert said.outcomes == []


def test_an_audience_that_was_replaced_once_more_is_not_waited_for():
    assert say(Operation.CLEAR, taken(), view("REPLACED")).outcomes == [ACCEPTED] * 2


@pytest.mark.parametrize("refusal", [refused(), refused(status=404)], ids=["400", "404"])
def test_an_audience_that_does_not_exist_is_made_and_the_change_said_again(refusal):
    service = lists(display_name="Our best")

    said = say(Operation.INSERT, refusal, unknown(), taken("t0"), unknown(), view(), taken(), service=service)

    assert said.lines == [
        "POST /2.11/audiences/update",
        VIEW,
        "POST /2.11/audiences/create",
        f"{VIEW}&indexing_token=t0",
        f"{VIEW}&indexing_token=t0",
        "POST /2.11/audiences/update",
    ]
    assert said.bodies[2] == {"name": "vip", "type": "custom_ids", "display_name": "Our best"}
    assert said.outcomes == [ACCEPTED] * 2


def test_an_audience_that_another_batch_made_meanwhile_is_used():
    said = say(Operation.INSERT, refused(), unknown(), refused("name is taken"), view(), taken())

    assert said.outcomes == [ACCEPTED] * 2
    assert said.lines[-1] == "POST /2.11/audiences/update"


def test_a_change_that_was_refused_before_another_batch_had_made_the_audience_is_said_again():
    said = say(Operation.INSERT, refused(), view(), taken())

    assert said.outcomes == [ACCEPTED] * 2
    assert said.lines == ["POST /2.11/audiences/update", VIEW, "POST /2.11/audiences/update"]


def test_an_audience_that_cannot_be_made_blames_no_record_and_says_what_to_do():
    said = say(Operation.INSERT, refused(), unknown(), refused("no more audiences"), unknown())

    assert isinstance(said.raised, DeclarationError)
    assert "no more audiences" in str(said.raised)
    assert "option audience" in str(said.raised)


def test_leaving_an_audience_that_does_not_exist_makes_none():
    said = say(Operation.DELETE, refused(), unknown())

    assert said.outcomes == [ACCEPTED] * 2
    assert said.lines == ["POST /2.11/audiences/update", VIEW]


def test_an_audience_of_other_identifiers_blames_no_record():
    said = say(Operation.INSERT, refused(), view(kind="EMAIL"))

    assert isinstance(said.raised, DeclarationError)
    assert 'the audience "vip" holds identifiers of type EMAIL' in str(said.raised)


def test_a_change_that_is_refused_although_the_audience_exists_is_about_its_members():
    said = say(Operation.INSERT, refused("id too long"), view(), refused("id too long"))

    assert isinstance(said.raised, BatchRefused)
    assert said.raised.reason == "MALFORMED_REQUEST: id too long"


def test_a_replacement_that_is_never_applied_stops_after_ten_minutes():
    said = say(Operation.CLEAR, taken(), *(view("IN_PROCESS") for _ in range(120)))

    assert isinstance(said.raised, TimedOut)
    assert sum(said.waits) == 600
    assert '"vip"' in str(said.raised)


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(200, text="<html>One moment</html>"),
        httpx.Response(202, text='{"indexing_token": "'),
        httpx.Response(202, json={}),
        httpx.Response(202, json=["t1"]),
        httpx.Response(202, json={"indexing_token": 7}),
    ],
)
def test_what_is_not_the_vendors_answer_is_no_answer(response):
    assert isinstance(say(Operation.INSERT, response).raised, UnreadableAnswer)


@pytest.mark.parametrize(
    "response", [httpx.Response(200, text="<html>"), view("FAILED"), httpx.Response(200, json={})]
)
def test_a_state_that_batch_does_not_have_is_no_answer(response):
    assert isinstance(say(Operation.CLEAR, taken(), response).raised, UnreadableAnswer)


@pytest.mark.parametrize("name", ["", "vip customers", "vïp", "a" * 256, "../vip", "vip\n"])
def test_a_name_that_no_audience_can_have_is_refused_with_the_rule(name):
    with pytest.raises(DeclarationError, match="letters, digits, hyphens and underscores"):
        ContactListsOptions(name)


def test_the_target_is_the_audience_in_the_case_that_was_written():
    assert lists("VIP_customers-1").target == "VIP_customers-1"


def test_a_404_that_is_not_about_the_audience_blames_no_record():
    said = say(Operation.INSERT, refused("no such route", 404), view(), refused("no such route", 404))

    assert isinstance(said.raised, NotFound)
