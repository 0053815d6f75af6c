"""Conversations about the members of a Klaviyo list."""

import httpx
import pytest

from activation_platform.contracts.errors import DeclarationError, NotFound
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import ACCEPTED, DELETED, rejected
from activation_platform.destinations.klaviyo.destination import Klaviyo
from activation_platform.destinations.klaviyo.lists import Lists, ListsOptions
from activation_platform_tests.destinations.conversation import batch_of, converse, talk
from activation_platform_tests.destinations.klaviyo.speaking import LISTS, job, listed, refused

JOBS = "/api/profile-bulk-import-jobs"
JANE, JOHN = {"email": "jane@acme.com"}, {"email": "john@acme.com"}


def lists(**options):
    return Lists(Klaviyo(private_key="key"), ListsOptions(**{"list": "Best", **options}))


def say(operation, *responses, people=(JANE, JOHN), service=None):
    batch = batch_of(*people, identified_by="email", mode=Mode.MIRROR, operation=operation)
    return converse(service or lists(), batch, *responses)


def made():
    return httpx.Response(201, json={"data": {"type": "list", "id": "L1", "attributes": {"name": "Best"}}})


def test_who_enters_is_imported_into_the_list():
    said = say(Operation.INSERT, listed("list", "L1"), job(code=202), job("complete"))

    assert said.lines == [LISTS, f"POST {JOBS}", f"GET {JOBS}/J1"]
    data = said.bodies[1]["data"]
    assert data["relationships"] == {"lists": {"data": [{"type": "list", "id": "L1"}]}}
    assert [one["attributes"] for one in data["attributes"]["profiles"]["data"]] == [JANE, JOHN]
    assert said.outcomes == [ACCEPTED] * 2


def test_a_list_that_does_not_exist_is_made_and_found_out_once_a_run():
    service = lists()

    first = say(
        Operation.INSERT,
        listed("list"),
        made(),
        listed("list", "L1"),
        job(code=202),
        job("complete"),
        service=service,
    )
    second = say(Operation.INSERT, job(code=202), job("complete"), service=service)

    assert first.lines[:2] == [LISTS, "POST /api/lists"]
    assert first.bodies[1] == {"data": {"type": "list", "attributes": {"name": "Best"}}}
    assert second.lines == [f"POST {JOBS}", f"GET {JOBS}/J1"]


def test_a_name_that_several_lists_have_means_the_oldest():
    lists = listed("list", "L1", "L2", created=["2026-02-01T00:00:00+00:00", "2026-01-01T00:00:00+00:00"])

    said = say(Operation.INSERT, lists, job(code=202), job("complete"))

    assert said.bodies[1]["data"]["relationships"]["lists"]["data"][0]["id"] == "L2"


def test_a_list_that_was_made_twice_because_an_answer_was_lost_is_the_first():
    lists = listed("list", "L0", "L1", created=["2026-01-01T00:00:00+00:00"] * 2)

    said = say(Operation.INSERT, listed("list"), made(), lists, job(code=202), job("complete"))

    assert said.bodies[3]["data"]["relationships"]["lists"]["data"][0]["id"] == "L0"


def test_who_is_refused_is_told_and_the_other_enters():
    said = say(
        Operation.INSERT,
        listed("list", "L1"),
        refused("/data/attributes/profiles/data/0/attributes/email"),
        job(code=202),
        job("complete"),
    )

    assert said.outcomes == [rejected("invalid: No."), ACCEPTED]


def test_who_leaves_is_removed_by_the_id_of_the_profile():
    found = listed("profile", "P2", email=["JOHN@acme.com"])

    said = say(Operation.DELETE, listed("list", "L1"), found, httpx.Response(204))

    assert said.lines[1].startswith("GET /api/profiles?filter=any%28email%2C%5B%22jane%40acme.com%22")
    assert said.lines[2] == "DELETE /api/lists/L1/relationships/profiles"
    assert said.bodies[2] == {"data": [{"type": "profile", "id": "P2"}]}
    assert said.outcomes == [DELETED] * 2


def test_leaving_a_list_that_does_not_exist_makes_none():
    said = say(Operation.DELETE, listed("list"))

    assert said.lines == [LISTS]
    assert said.outcomes == [DELETED] * 2


def test_a_removal_that_is_refused_accepts_nobody():
    found = listed("profile", "P2", email=["john@acme.com"])

    said = say(Operation.DELETE, listed("list", "L1"), found, refused("/data", status=404))

    assert isinstance(said.raised, NotFound)


def test_a_look_at_the_account_writes_nothing():
    said = talk(lists().account_fields(), listed("list"))

    assert said.lines == [LISTS]
    assert [(field.name, field.key) for field in said.outcomes] == [("email", True)]


@pytest.mark.parametrize("name", ["", " Best", "Best\n"])
def test_a_name_that_no_list_has_is_refused(name):
    with pytest.raises(DeclarationError, match="name of a list"):
        ListsOptions(list=name)
