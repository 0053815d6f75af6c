"""Conversations about erasing people at Batch: app by app, asynchronous, never twice without need."""

import hashlib
import json
from datetime import UTC, datetime
from email.utils import format_datetime

import httpx
import pytest

from activation_platform.contracts.batch import REQUEST
from activation_platform.contracts.errors import CredentialsRefused, NotFound
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import Verdict
from activation_platform.contracts.service import BatchRefused, Pending, Settlement, UnreadableAnswer
from activation_platform.destinations.batch.destination import Batch as Project
from activation_platform.destinations.batch.profiles import Profiles
from activation_platform_tests.destinations.conversation import batch_of, converse, talk

ONE, TWO = "live/key one", "live-key-two"
SINCE = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()
DAY = 86_400.0


def profiles(*keys):
    return Profiles(Project(rest_api_key="rest", project_key="project_1", live_api_keys=list(keys)))


def erase(service, *responses, request=None):
    gone = batch_of(
        {"custom_id": "jane", REQUEST: request},
        identified_by="custom_id",
        mode=Mode.MIRROR,
        operation=Operation.DELETE,
    )
    return converse(service, gone, *responses)


def taken(request_id):
    return httpx.Response(200, json={"request_id": request_id})


def refused(status=400):
    return httpx.Response(status, json={"error_code": "MALFORMED", "error_message": "no"})


def app(key):
    return hashlib.sha256(key.encode()).hexdigest()[:12]


def known(**requests):
    return json.dumps({app({"one": ONE, "two": TWO}[name]): id_ for name, id_ in requests.items()})


def entry(request_id, status="done", person="jane", at=SINCE, kind="remove", **more):
    return {
        "request_id": request_id,
        "request_date": datetime.fromtimestamp(at, UTC).isoformat(),
        "status": status,
        "request_type": kind,
        "id": {"type": "custom_id", "value": person},
        **more,
    }


def listing(*entries, now=None):
    headers = {} if now is None else {"Date": format_datetime(datetime.fromtimestamp(now, UTC), usegmt=True)}
    return httpx.Response(200, json=list(entries), headers=headers)


def pending(request, person="jane", since=SINCE):
    return Pending("1", person, request, since)


def test_an_erasure_is_asked_of_every_app_as_the_vendor_shows_it():
    said = erase(profiles(ONE, TWO), taken("r1"), taken("r2"))

    assert said.lines == ["POST /1.0/live%2Fkey%20one/gdpr/request", "POST /1.0/live-key-two/gdpr/request"]
    assert said.bodies == [{"request_type": "remove", "id": {"type": "custom_id", "value": "jane"}}] * 2
    assert {request.extensions["budget"] for request in said.requests} == {Project.erasures}


def test_an_erasure_counts_as_requested_once_every_app_took_it_on():
    (outcome,) = erase(profiles(ONE, TWO), taken("r1"), taken("r2")).outcomes

    assert outcome.verdict is Verdict.REQUESTED
    assert json.loads(outcome.request) == json.loads(known(one="r1", two="r2"))


def test_what_is_remembered_of_an_erasure_never_holds_the_key_of_an_app():
    (outcome,) = erase(profiles(ONE, TWO), taken("r1"), refused()).outcomes

    assert not any(key in outcome.request + outcome.reason for key in (ONE, TWO))


def test_the_apps_that_took_it_on_are_handed_on_where_another_refuses():
    (outcome,) = erase(profiles(ONE, TWO), taken("r1"), refused()).outcomes

    assert outcome.verdict is Verdict.REJECTED
    assert outcome.reason == "app 2: MALFORMED: no"
    assert json.loads(outcome.request) == json.loads(known(one="r1"))


def test_the_missing_apps_alone_are_asked_again():
    said = erase(profiles(ONE, TWO), taken("r2"), request=known(one="r1"))

    assert said.lines == ["POST /1.0/live-key-two/gdpr/request"]
    assert json.loads(said.outcomes[0].request) == json.loads(known(one="r1", two="r2"))


def test_nothing_is_remembered_where_no_app_took_it_on():
    (outcome,) = erase(profiles(ONE, TWO), refused()).outcomes

    assert (outcome.verdict, outcome.request) == (Verdict.REJECTED, "")


def test_an_answer_without_an_id_still_counts_and_is_found_by_the_person_later():
    (outcome,) = erase(profiles(ONE), httpx.Response(201, json={"code": "SUCCESS"})).outcomes

    assert json.loads(outcome.request) == json.loads(known(one=""))
    said = talk(profiles(ONE).settle([pending(outcome.request)]), listing(entry("r1", at=SINCE + 1)))
    assert said.outcomes == [Settlement("done", known(one="r1").replace(" ", ""))]


@pytest.mark.parametrize("act", ["erase", "settle"])
def test_an_unknown_app_is_named_by_its_place_and_never_by_its_key(act):
    if act == "erase":
        said = erase(profiles(ONE, TWO), taken("r1"), refused(404))
    else:
        said = talk(profiles(ONE, TWO).settle([pending("")]), listing(), refused(404))

    assert isinstance(said.raised, NotFound)
    assert "key 2 in live_api_keys" in str(said.raised)
    assert not any(key in str(said.raised) for key in (ONE, TWO, "live%2Fkey"))


@pytest.mark.parametrize("keys", [(), ("",)])
def test_without_the_key_of_an_app_nothing_counts_as_erased(keys):
    assert isinstance(erase(profiles(*keys)).raised, CredentialsRefused)
    assert isinstance(talk(profiles(*keys).settle([pending("")])).raised, CredentialsRefused)


def test_an_app_given_twice_is_asked_once():
    assert len(erase(profiles(ONE, ONE), taken("r1")).requests) == 1


def test_an_erasure_takes_one_request_an_app_of_the_pace_allowed():
    assert profiles(ONE).erasures_per_second == 10
    assert profiles(ONE, TWO).erasures_per_second == 5


def test_every_apps_list_is_read_once_however_many_are_pending():
    many = [pending(known(one=f"a{n}", two=f"b{n}")) for n in range(3)]
    first, second = [listing(*(entry(f"{app_}{n}") for n in range(3))) for app_ in "ab"]

    said = talk(profiles(ONE, TWO).settle(many), first, second)

    assert said.lines == ["GET /1.0/live%2Fkey%20one/gdpr/requests", "GET /1.0/live-key-two/gdpr/requests"]
    assert [one.state for one in said.outcomes] == ["done"] * 3


@pytest.mark.parametrize(
    ("first", "second", "state"),
    [
        (entry("r1"), entry("r2"), "done"),
        (entry("r1"), entry("r2", error="user not found"), "done"),
        (entry("r1"), entry("r2", status="pending"), "pending"),
        (entry("r1", status="pending"), entry("r2", status="pending"), "pending"),
        (entry("r1"), entry("r2", error="internal error"), "unheard"),
        (entry("r1"), entry("other"), "unheard"),
    ],
)
def test_an_erasure_is_done_when_every_app_is_done(first, second, state):
    said = talk(
        profiles(ONE, TWO).settle([pending(known(one="r1", two="r2"))]), listing(first), listing(second)
    )

    assert [one.state for one in said.outcomes] == [state]


def test_an_unheard_erasure_names_the_apps_that_need_not_be_asked_again():
    said = talk(profiles(ONE, TWO).settle([pending("")]), listing(entry("r1", status="pending")), listing())
    (settlement,) = said.outcomes

    assert settlement.state == "unheard"
    again = erase(profiles(ONE, TWO), taken("r2"), request=settlement.request)
    assert again.lines == ["POST /1.0/live-key-two/gdpr/request"]


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (entry("r", at=SINCE + 60), "done"),
        (entry("r", at=SINCE + 60, status="pending"), "pending"),
        (entry("r", at=SINCE - 120), "done"),
        (entry("r", at=SINCE - 600), "unheard"),
        (entry("r", at=SINCE - 400 * DAY, status="pending"), "pending"),
        (entry("r", at=SINCE + 60, person="john"), "unheard"),
        (entry("r", at=SINCE + 60, kind="review"), "unheard"),
        ({**entry("r"), "request_date": "yesterday"}, "unheard"),
        ({**entry("r"), "request_date": "2026-03-01T12:00:01"}, "done"),
        ({**entry("r"), "id": {"type": "advertising_id", "value": "jane"}}, "unheard"),
        ({**entry("r"), "id": None}, "unheard"),
    ],
)
def test_an_erasure_in_doubt_is_found_by_the_person_and_the_date(found, state):
    said = talk(profiles(ONE).settle([pending("")]), listing(found))

    assert [one.state for one in said.outcomes] == [state]


def test_whoever_is_being_erased_once_more_is_waited_for():
    done, more = entry("r1", at=SINCE + 60), entry("r2", at=SINCE + 90, status="pending")
    said = talk(profiles(ONE).settle([pending("")]), listing(done, more))

    assert [one.state for one in said.outcomes] == ["pending"]


def test_a_found_erasure_in_doubt_has_its_id_from_then_on():
    (settlement,) = talk(profiles(ONE).settle([pending("")]), listing(entry("r7", status="pending"))).outcomes

    assert json.loads(settlement.request) == json.loads(known(one="r7"))


@pytest.mark.parametrize(("age", "state"), [(21 * DAY, "done"), (19 * DAY, "unheard")])
def test_a_finished_erasure_that_the_vendor_no_longer_lists_is_not_asked_again(age, state):
    said = talk(profiles(ONE).settle([pending(known(one="r1"))]), listing(now=SINCE + age))

    assert [one.state for one in said.outcomes] == [state]


def test_without_the_vendors_time_nothing_is_taken_for_dropped():
    said = talk(profiles(ONE).settle([pending(known(one="r1"))]), listing())

    assert [one.state for one in said.outcomes] == ["unheard"]


@pytest.mark.parametrize(
    ("response", "raised"),
    [
        (httpx.Response(200, text="<html>"), UnreadableAnswer),
        (httpx.Response(200, json={"requests": []}), UnreadableAnswer),
        (refused(), BatchRefused),
    ],
)
def test_a_list_that_cannot_be_read_settles_nothing(response, raised):
    assert isinstance(talk(profiles(ONE).settle([pending("")]), response).raised, raised)


def test_nothing_pending_needs_no_list():
    assert talk(profiles(ONE).settle([])).outcomes == []
