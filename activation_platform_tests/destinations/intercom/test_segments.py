"""Conversations about segments of an Intercom workspace, which are tags."""

import httpx
import pytest

from activation_platform.contracts.errors import DeclarationError, NotFound
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import ACCEPTED, DELETED, ignored, rejected
from activation_platform.contracts.service import BatchRefused
from activation_platform.destinations.intercom.destination import Intercom
from activation_platform.destinations.intercom.segments import Segments, SegmentsOptions
from activation_platform_tests.destinations.conversation import batch_of, converse

UNKNOWN = ignored("unknown at the destination")
DELETE = Operation.DELETE


def say(*identifiers, answers, identifier="email", tag="VIP", operation=Operation.INSERT):
    service = Segments(Intercom(access_token="token"), SegmentsOptions(identifier, tag=tag))
    members = [{identifier: one} for one in identifiers]
    batch = batch_of(*members, identified_by=identifier, mode=Mode.MIRROR, operation=operation)
    return converse(service, batch, *answers)


def answer(document, status=200):
    return httpx.Response(status, json=document)


def found(**contacts):
    shown = [{"id": id_, "email": f"{name}@b.co", "external_id": name} for id_, name in contacts.items()]
    return answer({"type": "list", "data": shown, "pages": {"type": "pages"}})


def refused(message="User Not Found", code="not_found", status=404):
    return answer({"type": "error.list", "errors": [{"code": code, "message": message}]}, status)


def tags(*names):
    data = [{"type": "tag", "id": str(n), "name": name} for n, name in enumerate(names)]
    return answer({"type": "list", "data": data})


TAG = {"type": "tag", "id": "1", "name": "VIP"}


def test_contacts_are_searched_and_tagged_together():
    said = say("A@b.co", "x@b.co", "b@b.co", answers=[found(c1="a", c2="b"), answer(TAG)])

    assert said.lines == ["POST /contacts/search", "POST /tags"]
    assert said.bodies[0]["query"]["value"][0]["value"] == ["A@b.co", "x@b.co", "b@b.co"]
    assert said.bodies[1] == {"name": "VIP", "users": [{"id": "c1"}, {"id": "c2"}]}
    assert said.outcomes == [ACCEPTED, UNKNOWN, ACCEPTED]


def test_all_who_have_an_address_are_tagged_and_untagged():
    tagged = say("a@b.co", answers=[found(c1="a", c2="a"), answer(TAG)])
    untagged = say(
        "a@b.co",
        answers=[found(c1="a", c2="a"), tags("other", "VIP"), answer(TAG), answer(TAG)],
        operation=DELETE,
    )

    assert tagged.bodies[1]["users"] == [{"id": "c1"}, {"id": "c2"}]
    assert untagged.lines[2:] == ["DELETE /contacts/c1/tags/1", "DELETE /contacts/c2/tags/1"]


def test_whom_the_search_does_not_know_yet_is_looked_up_by_the_id():
    said = say(
        "a",
        "new",
        "x",
        identifier="external_id",
        answers=[found(c1="a"), answer({"id": "c2", "external_id": "new"}), refused(), answer(TAG)],
    )

    assert said.lines[1:3] == ["GET /contacts/find_by_external_id/new", "GET /contacts/find_by_external_id/x"]
    assert said.bodies[-1]["users"] == [{"id": "c1"}, {"id": "c2"}]
    assert said.outcomes == [ACCEPTED, ACCEPTED, UNKNOWN]


def test_nobody_is_tagged_where_nobody_is_known():
    assert say("x@b.co", answers=[found()]).outcomes == [UNKNOWN]


def test_a_refusal_of_one_is_one_of_all_so_that_the_batch_is_parted():
    said = say("a@b.co", "b@b.co", answers=[found(c1="a", c2="b"), refused()])

    assert isinstance(said.raised, BatchRefused)


@pytest.mark.parametrize("name", ["VIP", "vip"])
def test_who_left_loses_the_tag(name):
    said = say(
        "a@b.co", "x@b.co", answers=[found(c1="a"), tags("other", name), answer(TAG)], operation=DELETE
    )

    assert said.lines[1:] == ["GET /tags", "DELETE /contacts/c1/tags/1"]
    assert said.outcomes == [DELETED, DELETED]


def test_d2_who_has_no_tag_has_left():
    gone = say("a@b.co", answers=[found(c1="a"), tags("VIP"), refused()], operation=DELETE)
    without = say("a@b.co", answers=[found(c1="a"), tags("other")], operation=DELETE)

    assert gone.outcomes == without.outcomes == [DELETED]


@pytest.mark.parametrize("operation", [Operation.INSERT, DELETE])
def test_a_404_that_is_not_intercoms_says_nothing_about_anybody(operation):
    proxy = httpx.Response(404, html="<p>no such page")
    answers = [found(c1="a"), tags("VIP"), proxy] if operation is DELETE else [found(c1="a"), proxy]

    assert isinstance(say("a@b.co", answers=answers, operation=operation).raised, NotFound)


def test_who_may_not_be_untagged_is_rejected_alone():
    said = say(
        "a@b.co",
        "b@b.co",
        answers=[found(c1="a", c2="b"), tags("VIP"), refused("No.", "parameter_invalid", 400), answer(TAG)],
        operation=DELETE,
    )

    assert said.outcomes == [rejected("parameter_invalid: No."), DELETED]


@pytest.mark.parametrize("name", ["", " VIP", 7])
def test_a_tag_has_a_name(name):
    with pytest.raises(DeclarationError, match="option tag"):
        SegmentsOptions(tag=name)
