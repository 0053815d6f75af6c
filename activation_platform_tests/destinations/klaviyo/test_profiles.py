"""Conversations about the profiles of a Klaviyo account."""

from datetime import UTC, datetime

import httpx
import polars as pl
import pytest

from activation_platform.contracts.batch import PREVIOUS
from activation_platform.contracts.errors import DeclarationError, NotFound, TimedOut
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import (
    ACCEPTED,
    CREATED,
    DELETED,
    UPDATED,
    ignored,
    rejected,
    requested,
    retry,
)
from activation_platform.contracts.service import BatchRefused, Pending, UnreadableAnswer
from activation_platform.destinations.klaviyo.destination import Klaviyo
from activation_platform.destinations.klaviyo.people import Identified
from activation_platform.destinations.klaviyo.profiles import Profiles
from activation_platform_tests.destinations.conversation import batch_of, converse, talk
from activation_platform_tests.destinations.klaviyo.speaking import fault, job, listed, refused

JOBS = "/api/profile-bulk-import-jobs"
JANE = {"email": "jane@acme.com", "first_name": "Jane"}
JOHN = {"email": "john@acme.com", "first_name": "John"}
ADA = {"email": "ada@acme.com", "first_name": "Ada"}


def say(people, *responses, identifier="email", schema=None, mode=Mode.UPSERT, operation=Operation.INSERT):
    batch = batch_of(*people, identified_by=identifier, schema=schema, mode=mode, operation=operation)
    return converse(Profiles(Klaviyo(private_key="key"), Identified(identifier)), batch, *responses)


def errors(*pointers, following=None):
    listed = [
        {"type": "import-error", "id": str(n), "attributes": fault(pointer)}
        for n, pointer in enumerate(pointers)
    ]
    links = {"self": "https://a.klaviyo.com"} | ({"next": following} if following else {})
    return httpx.Response(200, json={"data": listed, "links": links})


def at(position):
    return f"/data/attributes/profiles/data/{position}/attributes/email"


def taken():
    return job(code=202)


def test_profiles_are_said_as_the_vendor_shows_it():
    said = say(
        [{**JANE, "location.city": "Paris", "orders": 3, "likes": ["bikes"]}], taken(), job("complete")
    )

    assert said.lines == [f"POST {JOBS}", f"GET {JOBS}/J1"]
    attributes = {
        "email": "jane@acme.com",
        "first_name": "Jane",
        "location": {"city": "Paris"},
        "properties": {"orders": 3, "likes": ["bikes"]},
    }
    profiles = {"data": [{"type": "profile", "attributes": attributes}]}
    assert said.bodies[0] == {
        "data": {"type": "profile-bulk-import-job", "attributes": {"profiles": profiles}}
    }
    assert said.requests[0].headers["Content-Type"] == "application/vnd.api+json"
    assert {request.headers["revision"] for request in said.requests} == {"2026-07-15"}
    assert said.outcomes == [ACCEPTED]


def test_an_import_is_looked_at_ever_more_seldom_until_it_is_complete():
    said = say([JANE], taken(), job("queued"), job("processing"), job("processing"), job("complete"))

    assert said.waits == [1.0, 2.0, 4.0, 10.0]
    assert said.outcomes == [ACCEPTED]


def test_a_profile_that_the_import_refused_is_told_and_its_neighbours_are_accepted():
    said = say([JANE, JOHN, ADA], taken(), job("complete", failed=1), errors(at(1)))

    assert said.lines[-1] == f"GET {JOBS}/J1/import-errors?page%5Bsize%5D=100"
    assert said.outcomes == [ACCEPTED, rejected("invalid: No."), ACCEPTED]


def test_all_pages_of_errors_are_read():
    following = "https://a.klaviyo.com/api/x?page%5Bcursor%5D=c2"

    said = say(
        [JANE, JOHN], taken(), job("complete", failed=2), errors(at(0), following=following), errors(at(1))
    )

    assert said.lines[-1].endswith("import-errors?page%5Bsize%5D=100&page%5Bcursor%5D=c2")
    assert said.outcomes == [rejected("invalid: No.")] * 2


@pytest.mark.parametrize(
    "told", [errors(), errors(None), errors("/data"), errors(at(7)), errors(at(0), None)], ids=str
)
def test_errors_that_do_not_say_whose_they_are_part_the_batch(told):
    said = say([JANE, JOHN], taken(), job("complete", failed=1 if len(told.json()["data"]) < 2 else 2), told)

    assert isinstance(said.raised, BatchRefused)


def test_what_is_refused_before_an_import_is_made_is_told_and_the_others_are_said_again():
    said = say([JANE, JOHN, ADA], refused(at(0), at(2)), taken(), job("complete"))

    assert said.lines == [f"POST {JOBS}", f"POST {JOBS}", f"GET {JOBS}/J1"]
    (left,) = said.bodies[1]["data"]["attributes"]["profiles"]["data"]
    assert left["attributes"]["email"] == "john@acme.com"
    assert said.outcomes == [rejected("invalid: No."), ACCEPTED, rejected("invalid: No.")]


def test_a_call_of_which_all_profiles_are_refused_is_not_said_again():
    assert say([JANE], refused(at(0))).outcomes == [rejected("invalid: No.")]


@pytest.mark.parametrize("status", [400, 409, 413, 422])
def test_a_call_that_is_refused_as_a_whole_parts_the_batch(status):
    said = say([JANE, JOHN], refused("/data", status=status))

    assert isinstance(said.raised, BatchRefused)
    assert said.raised.reason == "invalid: No."


def test_a_404_blames_no_record():
    assert isinstance(say([JANE], refused("/data", status=404)).raised, NotFound)


def test_an_import_that_was_cancelled_is_tried_again():
    said = say([JANE], taken(), job("cancelled"))

    assert said.outcomes == [retry("Klaviyo cancelled the import")]


def test_an_import_that_never_ends_stops_after_half_an_hour():
    said = say([JANE], taken(), *(job("processing") for _ in range(183)))

    assert isinstance(said.raised, TimedOut)
    assert 1_800 <= sum(said.waits) < 1_810


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(202, html="<p>One moment"),
        httpx.Response(202, json=[]),
        httpx.Response(202, json={"data": {"type": "profile-bulk-import-job"}}),
        httpx.Response(202, json={"data": []}),
    ],
)
def test_what_is_not_the_vendors_answer_is_no_answer(answer):
    assert isinstance(say([JANE], answer).raised, UnreadableAnswer)


def test_a_state_that_no_import_has_is_no_answer():
    assert isinstance(say([JANE], taken(), job("exploded")).raised, UnreadableAnswer)


def test_b6_a_custom_property_that_is_null_is_unset_and_one_that_is_kept_is_not_said():
    people = [{**JANE, "vip": None, "orders": 1}, {**JOHN, "vip": True, "orders": None}]

    said = say(people, taken(), job("complete"), schema={"vip": pl.Boolean, "orders": pl.Int64})

    jane, john = said.bodies[0]["data"]["attributes"]["profiles"]["data"]
    assert jane["attributes"]["properties"] == {"orders": 1}
    assert jane["meta"] == {"patch_properties": {"unset": ["vip"]}}
    assert john["attributes"]["properties"] == {"vip": True}
    assert john["meta"] == {"patch_properties": {"unset": ["orders"]}}


def test_b6_who_loses_a_standard_attribute_is_written_alone_because_an_import_clears_none():
    people = [JANE, {**JOHN, "first_name": None}]

    said = say(people, taken(), job("complete"), single(201))

    assert said.lines == [f"POST {JOBS}", f"GET {JOBS}/J1", "POST /api/profile-import"]
    assert len(said.bodies[0]["data"]["attributes"]["profiles"]["data"]) == 1
    john = {"email": "john@acme.com", "first_name": None}
    assert said.bodies[2] == {"data": {"type": "profile", "attributes": john}}
    assert said.outcomes == [ACCEPTED, CREATED]


def single(status):
    return httpx.Response(status, json={"data": {"type": "profile", "id": "P1", "attributes": {}}})


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (single(200), UPDATED),
        (single(201), CREATED),
        (refused("/data/attributes/email"), rejected("invalid: No.")),
        (refused("/data/attributes/email", status=409), rejected("invalid: No.")),
    ],
    ids=["200", "201", "400", "409"],
)
def test_a_profile_alone_has_an_outcome_of_its_own(answer, outcome):
    lost = {**JANE, "title": None}

    assert say([lost], answer, schema={"title": pl.String}).outcomes == [outcome]


def test_what_is_larger_than_the_vendor_takes_is_not_said():
    one = say([{**JANE, "notes": "x" * 100_000}])
    many = say([{**JANE, "notes": "x" * 90_000}] * 60)

    assert isinstance(one.raised, BatchRefused)
    assert isinstance(many.raised, BatchRefused)
    assert one.requests == many.requests == []


@pytest.mark.parametrize("identifier", ["email", "phone_number", "external_id"])
def test_the_identifier_that_is_chosen_is_the_key(identifier):
    service = Profiles(Klaviyo(private_key="key"), Identified(identifier))

    assert [field.name for field in service.declared_fields() if field.key] == [identifier]


def test_an_identifier_that_klaviyo_does_not_have_is_refused():
    with pytest.raises(DeclarationError, match='recognises nobody by "customer_id"'):
        Identified("customer_id")


def test_insert_only_creates_one_by_one_and_never_overwrites():
    said = say(
        [JANE, JOHN, ADA], single(201), refused("/data", status=409), single(201), mode=Mode.INSERT_ONLY
    )

    assert said.lines == ["POST /api/profiles"] * 3
    assert said.outcomes == [CREATED, ignored("already there"), CREATED]


def test_update_only_writes_who_is_there_by_the_profiles_id():
    found = listed("profile", "P1", email=["jane@acme.com"])

    said = say([JANE, JOHN], found, job(code=202), job("complete"), mode=Mode.UPDATE_ONLY)

    assert said.lines[0].startswith("GET /api/profiles?filter=any%28email%2C%5B%22jane%40acme.com%22")
    (jane,) = said.bodies[1]["data"]["attributes"]["profiles"]["data"]
    assert jane == {"id": "P1", "type": "profile", "attributes": JANE}
    assert said.outcomes == [ACCEPTED, ignored("unknown at the destination")]


def test_update_only_moves_a_person_to_a_new_identifier():
    found = listed("profile", "P1", email=["old@acme.com"])

    said = say(
        [{**JANE, PREVIOUS: "old@acme.com"}], found, job(code=202), job("complete"), mode=Mode.UPDATE_ONLY
    )

    (jane,) = said.bodies[1]["data"]["attributes"]["profiles"]["data"]
    assert (jane["id"], jane["attributes"]["email"]) == ("P1", "jane@acme.com")


def test_update_only_of_nobody_imports_nothing():
    said = say([JANE], listed("profile"), mode=Mode.UPDATE_ONLY)

    assert said.outcomes == [ignored("unknown at the destination")]


def test_d7_a_deletion_is_asked_for_by_the_profiles_id_and_who_is_not_there_is_deleted():
    found = listed("profile", "P1", email=["jane@acme.com"])

    said = say([JANE, JOHN], found, httpx.Response(202), operation=Operation.DELETE, mode=Mode.MIRROR)

    assert said.lines[1] == "POST /api/data-privacy-deletion-jobs"
    profile = {"data": {"type": "profile", "id": "P1", "attributes": {}}}
    assert said.bodies[1]["data"]["attributes"] == {"profile": profile}
    assert said.outcomes == [requested("P1"), DELETED]


def test_d7_a_deletion_is_done_once_the_profile_is_not_there():
    pending = [Pending(str(n), f"p{n}@acme.com", f"P{n}", 0.0) for n in (1, 2)]

    said = talk(Profiles(Klaviyo(private_key="key")).settle(pending), listed("profile", "P2"))

    assert [(one.state, one.request) for one in said.outcomes] == [("done", ""), ("pending", "P2")]


def test_d7_a_deletion_in_doubt_is_waited_for_while_the_person_is_still_there():
    pending = [Pending(str(n), f"p{n}@acme.com", "", 0.0) for n in (1, 2)]

    said = talk(
        Profiles(Klaviyo(private_key="key")).settle(pending), listed("profile", "P2", email=["p2@acme.com"])
    )

    assert [(one.state, one.request) for one in said.outcomes] == [("done", ""), ("pending", "P2")]


@pytest.mark.parametrize(("days", "state"), [(29, "pending"), (31, "unheard")])
def test_d7_a_deletion_that_does_not_come_in_a_month_is_asked_for_again(days, state):
    told = listed("profile", "P1")
    told.headers["Date"] = "Sat, 31 Jan 2026 12:00:00 GMT"
    since = datetime(2026, 1, 31, 12, tzinfo=UTC).timestamp() - days * 86_400

    said = talk(Profiles(Klaviyo(private_key="key")).settle([Pending("1", "p1@acme.com", "P1", since)]), told)

    assert [one.state for one in said.outcomes] == [state]


def test_people_are_sought_by_addresses_that_every_proxy_takes():
    people = [{"external_id": f"{n:03}" + "x" * 200} for n in range(50)]

    said = say(people, *[listed("profile")] * 3, identifier="external_id", mode=Mode.UPDATE_ONLY)

    assert max(len(line) for line in said.lines) < 8_000
