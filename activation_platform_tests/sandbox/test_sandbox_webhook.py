"""The stand-in for a receiver of webhooks: what it takes, checks and keeps."""

import gzip
import hashlib
import hmac

import httpx
import pytest

from activation_platform.contracts.authorities import trusted
from activation_platform.sandbox import running
from activation_platform.sandbox.webhook import SIGNING_KEY, Webhook

NOW = 1_750_000_000


@pytest.fixture(scope="module")
def opened():
    with running(platforms=[Webhook()], wall=lambda: NOW, limits=False) as sandbox:
        yield sandbox


@pytest.fixture
def receiver(opened):
    opened.world.reset()
    with httpx.Client(verify=trusted(), base_url=opened.base_url("webhook"), timeout=5) as client:

        def call(method, path, *, at=NOW, key=SIGNING_KEY, headers=None, **body):
            request = client.build_request(method, path, headers=headers, **body)
            signed = hmac.new(key.encode(), f"{at}.".encode() + request.content, hashlib.sha256).hexdigest()
            request.headers["X-Signature"] = f"t={at},v1={signed}"
            return client.send(request)

        yield call


@pytest.fixture
def part(opened):
    return lambda name: opened.world.part("webhook", name)


def test_a_post_keeps_a_thing_and_says_whether_it_is_new(receiver, part):
    statuses = [receiver("POST", "/shop", json={"id": "1", "name": name}).status_code for name in "ab"]

    assert statuses == [201, 200]
    assert part("things") == {"1": {"id": "1", "name": "b"}}


def test_a_put_replaces_a_patch_changes_a_delete_removes(receiver, part):
    receiver("POST", "/", json={"id": "1", "name": "a", "age": 2})

    receiver("PATCH", "/1", json={"age": 3})
    assert part("things") == {"1": {"id": "1", "name": "a", "age": 3}}
    receiver("PUT", "/1", json={"id": "1"})
    assert part("things") == {"1": {"id": "1"}}
    assert receiver("DELETE", "/1").status_code == 200
    assert part("things") == {}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_what_is_not_there_is_404(receiver, method):
    assert receiver(method, "/1").status_code == 404


def test_a_path_may_hold_any_identifier(receiver, part):
    receiver("POST", "/", json={"id": "a b ☃"})

    assert receiver("DELETE", "/shop/a%20b%20%E2%98%83").status_code == 200


def test_things_come_in_arrays_and_in_queries(receiver, part):
    receiver("POST", "/", json=[{"id": "1"}, {"id": "2"}])
    receiver("POST", "/", params={"id": "3", "name": "c"})
    receiver("DELETE", "/", json=[{"id": "1"}, {"id": "9"}])

    assert part("things") == {"2": {"id": "2"}, "3": {"id": "3", "name": "c"}}


def test_a_body_may_be_compressed(receiver, part):
    packed = gzip.compress(b'{"id": "1"}')
    headers = {"Content-Encoding": "gzip"}
    assert receiver("POST", "/things", content=packed, headers=headers).status_code == 201
    assert receiver("POST", "/things", content=packed[:-9], headers=headers).status_code == 400
    assert receiver("POST", "/things", content=b"{}", headers=headers).status_code == 400
    assert part("things") == {"1": {"id": "1"}}


def test_every_call_is_kept_as_it_came(receiver, part):
    receiver("POST", "/a", json={"id": "1"}, params={"x": "y"}, headers={"X-Operation": "insert"})

    (call,) = part("calls")
    assert (call["method"], call["path"], call["query"], call["body"]) == (
        "POST",
        "/a",
        {"x": "y"},
        {"id": "1"},
    )
    assert call["headers"]["x-operation"] == "insert"


def test_a_key_that_was_seen_before_does_nothing_again(receiver, part):
    twice = [
        receiver("POST", "/", json={"id": "1"}, headers={"Idempotency-Key": "k"}).status_code
        for _ in range(2)
    ]

    assert twice == [201, 201]
    assert (len(part("calls")), part("repeated")) == (1, 1)


@pytest.mark.parametrize("wrong", [{"key": "another"}, {"at": NOW - 301}, {"at": NOW + 301}])
def test_a_signature_that_is_wrong_or_old_is_401(receiver, part, wrong):
    assert receiver("POST", "/", json={"id": "1"}, **wrong).status_code == 401
    assert part("calls") == []


@pytest.mark.parametrize("signature", ["", "t=,v1=", "t=x,v1=y", f"t={NOW}", "nonsense"])
def test_what_is_no_signature_is_401(opened, signature):
    url = f"{opened.base_url('webhook')}/x"

    assert httpx.post(url, json={}, headers={"X-Signature": signature}, timeout=5).status_code == 401


@pytest.mark.parametrize("content", [b"{", b"3", b'["x"]'])
def test_a_body_that_is_no_thing_is_400(receiver, content):
    assert receiver("POST", "/", content=content).status_code == 400


def test_other_methods_are_not_taken(receiver):
    assert receiver("GET", "/1").status_code == 404


def test_it_can_be_told_to_refuse_one_thing(receiver, opened, part):
    with opened.control() as control:
        control.add_fault({"kind": "poison", "extent": "record", "identifier": "2", "reason": "no"})

    assert receiver("POST", "/", json={"id": "1"}).status_code == 201
    refused = receiver("POST", "/", json={"id": "2"})
    assert (refused.status_code, refused.json()) == (422, {"error": "no"})
    assert list(part("things")) == ["1"]


def test_too_many_calls_are_told_when_to_come_back(receiver, opened):
    with opened.control() as control:
        control.change_limit("webhook", "calls", rate=0.001, burst=1)
        control.enable_limits(True)
        answers = [receiver("POST", "/", json={"id": "1"}) for _ in range(2)]
        control.enable_limits(False)

    assert [answer.status_code for answer in answers] == [201, 429]
    assert int(answers[1].headers["Retry-After"]) > 0
