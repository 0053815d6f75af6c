"""How faults on order strike, on a real socket and in process."""

import asyncio
import json
import time
from email.utils import parsedate_to_datetime

import httpx
import pytest

from activation_platform.sandbox import create_app
from activation_platform.sandbox.control import ControlError
from activation_platform.sandbox.faults import Extent, Faults, Kind, RetryAfter, Rule, When


def test_a_burst_of_429_ends_by_itself(stage):
    stage.control.add_fault(Rule(Kind.STATUS, path="/batch/*", status=429, retry_after=2, times=2, after=1))

    answers = [stage.profile("a", x=1) for _ in range(4)]

    assert [each.status_code for each in answers] == [202, 429, 429, 202]
    assert answers[1].json()["error_code"] == "TOO_MANY_REQUESTS"
    assert answers[1].headers["Retry-After"] == "2"
    assert stage.control.faults()[0]["struck"] == 2


def test_retry_after_can_be_an_http_date(stage):
    rule = Rule(Kind.STATUS, status=503, retry_after=30, retry_after_format=RetryAfter.HTTP_DATE)
    stage.control.add_fault(rule)

    answer = stage.person("a@b.co")

    when = parsedate_to_datetime(answer.headers["Retry-After"]).timestamp()
    assert 30 <= when - stage.sandbox.world.wall() <= 31


@pytest.mark.parametrize("status", [401, 403, 404, 413, 429, 500, 503])
def test_each_vendor_words_an_error_in_its_own_way(stage, status):
    stage.control.add_fault({"kind": "status", "status": status})

    batch, attio = stage.profile("a", x=1), stage.person("a@b.co")

    assert (batch.status_code, set(batch.json())) == (status, {"error_code", "error_message"})
    assert (attio.status_code, attio.json()["status_code"]) == (status, status)
    assert stage.control.state("batch", "profiles") == stage.control.state("attio", "people") == {}


def test_an_error_can_come_after_the_work_was_done(stage):
    stage.control.add_fault(Rule(Kind.STATUS, status=500, when=When.AFTER))

    assert stage.profile("a", x=1).status_code == 500
    assert stage.control.state("batch", "profiles") == {"a": {"x": 1}}


def test_a_rule_strikes_only_its_path_and_method(stage):
    stage.control.add_fault(
        Rule(Kind.STATUS, path="/attio/v2/objects/*/records/*", method="DELETE", status=500)
    )
    record = stage.person("a@b.co").json()["data"]["id"]["record_id"]

    assert stage.attio.get(f"/v2/objects/people/records/{record}").status_code == 200
    assert stage.attio.delete(f"/v2/objects/people/records/{record}").status_code == 500


def test_a_rule_can_aim_at_one_record(stage):
    stage.control.add_fault(Rule(Kind.STATUS, identifier="b", status=500))
    stage.control.add_fault(Rule(Kind.STATUS, identifier="b@b.co", status=500))

    assert [stage.profile(name, x=1).status_code for name in "abc"] == [202, 500, 202]
    assert [stage.person(f"{name}@b.co").status_code for name in "abc"] == [200, 500, 200]


def test_a_page_with_status_200_is_no_json(stage):
    stage.control.add_fault(Rule(Kind.HTML_200))

    answer = stage.profile("a", x=1)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert stage.control.state("batch", "profiles") == {}


def test_broken_json_comes_with_the_true_status(stage):
    stage.control.add_fault(Rule(Kind.BROKEN_JSON))

    answer = stage.profile("a", x=1)

    assert answer.status_code == 202
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert stage.control.state("batch", "profiles") == {"a": {"x": 1}}


@pytest.mark.parametrize(("when", "left"), [(When.BEFORE, {}), (When.AFTER, {"a": {"x": 1}})])
def test_a_dropped_connection_gives_no_answer_before_or_after_the_work(stage, when, left):
    stage.control.add_fault(Rule(Kind.DROP, path="/batch/*", when=when, times=1))

    with pytest.raises(httpx.TransportError) as broken:
        stage.profile("a", x=1)

    assert not isinstance(broken.value, httpx.TimeoutException)
    assert stage.control.state("batch", "profiles") == left
    assert stage.profile("b", x=1).status_code == 202


def test_half_an_answer_is_cut_off_in_its_body(stage):
    stage.control.add_fault(Rule(Kind.HALF, path="/attio/*", times=1))

    with stage.attio.stream("POST", "/v2/objects/people/records", json={"data": {"values": {}}}) as answer:
        assert answer.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
            answer.read()

    assert len(stage.control.state("attio", "people")) == 1


@pytest.mark.parametrize(("when", "left"), [(When.BEFORE, {}), (When.AFTER, {"a": {"x": 1}})])
def test_a_call_that_hangs_lasts_until_the_client_gives_up(stage, when, left):
    stage.control.add_fault(Rule(Kind.TIMEOUT, path="/batch/*", when=when, times=1))
    body = [{"identifiers": {"custom_id": "a"}, "attributes": {"x": 1}}]

    with pytest.raises(httpx.ReadTimeout):
        stage.batch.post("/2.11/profiles/update", json=body, timeout=0.1)

    assert stage.control.state("batch", "profiles") == left


def test_a_call_hangs_no_longer_than_its_cap(stage):
    stage.control.add_fault(Rule(Kind.TIMEOUT, cap=0.05, times=1))

    with pytest.raises(httpx.RemoteProtocolError):
        stage.profile("a", x=1)


def test_a_slow_answer_is_late_and_right(stage):
    stage.control.add_fault(Rule(Kind.SLOW, delay_ms=60))

    began = time.perf_counter()
    answer = stage.profile("a", x=1)

    assert answer.json() == {"code": "SUCCESS"}
    assert time.perf_counter() - began >= 0.06


def test_a_slow_call_does_not_hold_up_the_others(stage):
    stage.control.add_fault(Rule(Kind.SLOW, identifier="slow", delay_ms=600))
    body = [{"identifiers": {"custom_id": "slow"}}]

    with pytest.raises(httpx.ReadTimeout):
        stage.batch.post("/2.11/profiles/update", json=body, timeout=0.05)
    began = time.perf_counter()

    assert stage.profile("quick", x=1).status_code == 202
    assert time.perf_counter() - began < 0.5


def test_a_poisoned_record_takes_its_batch_with_it(stage):
    stage.control.add_fault(Rule(Kind.POISON, identifier="bad", reason="No."))
    good, bad = ({"identifiers": {"custom_id": each}, "attributes": {"x": 1}} for each in ("good", "bad"))

    answer = stage.update(good, bad)

    assert (answer.status_code, answer.json()["error_message"]) == (400, "No.")
    assert stage.update(good).status_code == 202
    assert stage.update(bad).status_code == 400
    assert stage.control.state("batch", "profiles") == {"good": {"x": 1}}


def test_a_poisoned_record_can_be_refused_alone(stage):
    stage.control.add_fault(Rule(Kind.POISON, identifier="bad", extent=Extent.RECORD, reason="No."))
    stage.control.add_fault(Rule(Kind.POISON, identifier="bad@b.co", extent=Extent.RECORD, reason="No."))
    good, bad = ({"identifiers": {"custom_id": each}, "attributes": {"x": 1}} for each in ("good", "bad"))

    answer = stage.update(good, bad)

    fault = {"category": "attribute", "bulk_index": 1, "attribute": "x", "reason": "No."}
    assert answer.json() == {"code": "SUCCESS_WITH_PARTIAL_ERRORS", "errors": [fault]}
    assert stage.control.state("batch", "profiles") == {"good": {"x": 1}, "bad": {}}
    assert stage.person("bad@b.co").json()["message"] == "No."
    assert stage.person("good@b.co").status_code == 200


def test_chance_is_the_same_for_the_same_seed_and_different_for_another():
    def struck(seed):
        faults = Faults(seed)
        faults.add(Rule(Kind.STATUS, probability=0.5))
        return [faults.draw("GET", "/x", list).rule is not None for _ in range(64)]

    assert struck(1) == struck(1)
    assert struck(1) != struck(2)
    assert 16 < sum(struck(1)) < 48


def test_a_rules_chance_does_not_depend_on_other_rules():
    def struck(*others):
        faults = Faults(3)
        faults.add(Rule(Kind.STATUS, path="/x", probability=0.5))
        for other in others:
            faults.add(other)
        return [faults.draw("GET", "/x", list).rule is not None for _ in range(32)]

    assert struck() == struck(Rule(Kind.SLOW, probability=0.5), Rule(Kind.STATUS, path="/y"))


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ({}, "needs a kind"),
        ({"kind": "explode"}, "explode"),
        ({"kind": "drop", "pathh": "/x"}, "pathh"),
        ({"kind": "status", "status": 42}, "status lies"),
        ({"kind": "status", "status": "500"}, "wrong type"),
        ({"kind": "status", "probability": 2}, "probability lies"),
        ({"kind": "slow", "delay_ms": 10**9}, "delay_ms lies"),
        ({"kind": "timeout", "cap": 0}, "cap lies"),
        ({"kind": "poison"}, "names the identifier"),
        ({"kind": "drop", "when": "later"}, "later"),
        ([7], "JSON object"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_the_reason(stage, document, complaint):
    answer = stage.anonymous.post("/_sandbox/faults", json=document)

    assert answer.status_code == 400
    assert complaint in answer.json()["error"]
    assert stage.control.faults() == []


def test_a_list_of_rules_is_taken_whole_or_not_at_all(stage):
    bad = stage.anonymous.post("/_sandbox/faults", json=[{"kind": "drop"}, {"kind": "explode"}])
    assert (bad.status_code, stage.control.faults()) == (400, [])

    good = stage.anonymous.post("/_sandbox/faults", json=[{"kind": "slow"}, {"kind": "html_200"}])
    assert good.json() == {"numbers": [1, 2]}


def test_a_rule_survives_the_journey_through_json():
    rule = Rule(Kind.POISON, path="/x/*", identifier="a", extent=Extent.RECORD, times=3, retry_after=1.5)

    assert Rule.from_document(json.loads(json.dumps(rule.document()))) == rule


def test_cleared_faults_strike_no_more(stage):
    stage.control.add_fault(Rule(Kind.STATUS, status=500))
    stage.control.clear_faults()

    assert stage.profile("a", x=1).status_code == 202
    with pytest.raises(ControlError, match="kind"):
        stage.control.add_fault({})


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (Kind.DROP, httpx.RemoteProtocolError),
        (Kind.HALF, httpx.RemoteProtocolError),
        (Kind.TIMEOUT, httpx.ReadTimeout),
    ],
)
def test_in_process_a_broken_connection_raises_what_a_socket_would(kind, error):
    app = create_app(limits=False)

    async def ask():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox") as client:
            keys = {"Authorization": "Bearer sandbox-rest-key", "X-Batch-Project": "sandbox-project"}
            calm = await client.get("/batch/2.11/audiences/list", headers=keys)
            app.state.world.add_fault(Rule(kind))
            with pytest.raises(error):
                await client.get("/batch/2.11/audiences/list", headers=keys)
            return calm.status_code

    assert asyncio.run(ask()) == 200
