"""How a sandbox is started, read and steered."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from activation_platform.contracts.authorities import trusted
from activation_platform.sandbox import Control, running, serve
from activation_platform.sandbox.app import PLATFORMS
from activation_platform.sandbox.batch import Batch
from activation_platform.sandbox.control import ControlError


def test_a_sandbox_takes_a_free_port_on_loopback_and_gives_it_back():
    before = threading.active_count()
    with running() as sandbox, sandbox.control() as control:
        assert sandbox.url.startswith("http://127.0.0.1:")
        assert set(control.state()) == {platform().name for platform in PLATFORMS}
        address = sandbox.url

    assert threading.active_count() == before
    with pytest.raises(httpx.ConnectError), Control(address) as gone:
        gone.state()


def test_every_answer_tells_the_time_of_day_that_the_sandbox_goes_by():
    with running(wall=lambda: 0.0) as sandbox:
        answer = httpx.get(f"{sandbox.url}/klaviyo/api/accounts")

    assert answer.headers.get_list("Date") == ["Thu, 01 Jan 1970 00:00:00 GMT"]


def test_two_sandboxes_know_nothing_of_each_other():
    with running() as one, running() as two:
        body = [{"identifiers": {"custom_id": "a"}}]
        keys = {"Authorization": "Bearer sandbox-rest-key", "X-Batch-Project": "sandbox-project"}
        httpx.post(f"{one.url}/batch/2.11/profiles/update", json=body, headers=keys)

        assert (one.world.part("batch", "profiles"), two.world.part("batch", "profiles")) == ({"a": {}}, {})


def test_a_port_that_is_taken_is_an_error():
    with running() as sandbox:
        port = int(sandbox.url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"), running(port=port):
            raise AssertionError("started twice on one port")


def test_a_sandbox_stops_at_once_although_calls_hang_and_crawl():
    with ThreadPoolExecutor() as pool:
        with running(limits=False) as sandbox, sandbox.control() as control:
            control.add_fault({"kind": "timeout", "path": "/attio/*"})
            control.add_fault({"kind": "slow", "path": "/batch/*", "delay_ms": 60_000})
            calls = [
                pool.submit(httpx.get, f"{sandbox.url}/{path}", timeout=30) for path in ("attio/x", "batch/x")
            ]
            while sum(rule["struck"] for rule in control.faults()) < 2:
                pass
            began = time.perf_counter()
        assert time.perf_counter() - began < 1.0
        for call in calls:
            assert call.exception() is not None or call.result().status_code == 500


def test_serve_says_where_it_answers_and_ends_quietly_when_interrupted():
    answers = []

    def ready(url):
        def visit():
            answers.append(httpx.get(f"{url}/_sandbox/limits").json())
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=visit).start()

    serve(ready=ready, limits=False, platforms=[Batch()])

    assert [(set(answer), answer["batch"]["enabled"]) for answer in answers] == [({"batch"}, False)]


def test_reset_forgets_records_faults_and_counts(stage):
    stage.profile("a", x=1)
    stage.person("a@b.co")
    stage.control.add_fault({"kind": "slow"})

    stage.control.reset()

    state = stage.control.state()
    assert (state["batch"]["profiles"], state["batch"]["received"], state["attio"]["people"]) == ({}, {}, {})
    assert (stage.control.faults(), stage.control.requests()) == ([], [])


def test_ids_are_the_same_after_every_reset(stage):
    ids = []
    for _ in range(2):
        stage.control.reset()
        ids.append(stage.person("a@b.co").json()["data"]["id"])

    assert ids[0] == ids[1]


def test_requests_are_counted_by_template_and_status_without_any_key(stage):
    stage.profile("a", x=1)
    stage.profile("b", x=1)
    stage.anonymous.get("/batch/1.0/secret-key/gdpr/requests")
    stage.anonymous.get("/batch/secret-key")
    stage.control.add_fault({"kind": "drop"})
    with pytest.raises(httpx.TransportError):
        stage.person("a@b.co")

    def line(platform, method, path, status, count):
        return {"platform": platform, "method": method, "path": path, "status": status, "count": count}

    assert stage.control.requests() == [
        line("batch", "POST", "/{version}/profiles/update", 202, 2),
        line("batch", "GET", "/1.0/{app_key}/gdpr/requests", 401, 1),
        line("batch", "GET", "(unknown)", 404, 1),
        line("attio", "PUT", "/v2/objects/{object}/records", "dropped", 1),
    ]


def test_state_can_be_read_whole_by_platform_and_by_part(stage):
    stage.profile("a", x=1)

    whole = stage.control.state()

    assert stage.control.state("batch") == whole["batch"]
    assert stage.control.state("batch", "profiles") == whole["batch"]["profiles"] == {"a": {"x": 1}}
    for unknown in (("mars",), ("batch", "planets"), ("mars", "planets")):
        with pytest.raises(ControlError, match=r"mars|planets"):
            stage.control.state(*unknown)


def test_the_state_that_is_handed_out_is_a_copy(stage):
    stage.profile("a", tags=["x"])

    stage.sandbox.world.part("batch", "profiles")["a"]["tags"].append("y")

    assert stage.sandbox.world.part("batch", "profiles") == {"a": {"tags": ["x"]}}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"enabled":1}', b'{"speed":1}'])
def test_a_limits_command_of_the_wrong_form_is_refused(stage, body):
    answer = stage.anonymous.post("/_sandbox/limits", content=body)

    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_web_page_cannot_steer_the_sandbox(stage):
    stage.profile("a", x=1)

    answer = stage.anonymous.post("/_sandbox/reset", headers={"Origin": "https://elsewhere.example"})

    assert answer.status_code == 403
    assert stage.control.state("batch", "profiles") == {"a": {"x": 1}}


def test_many_clients_at_once_lose_nothing(stage):
    def send(worker):
        with httpx.Client(
            verify=trusted(), base_url=stage.sandbox.base_url("batch"), headers=stage.batch.headers
        ) as client:
            for number in range(10):
                entry = {"identifiers": {"custom_id": f"{worker}-{number}"}}
                client.post("/2.11/profiles/update", json=[entry])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(8)))

    assert len(stage.control.state("batch", "profiles")) == 80
    assert stage.control.requests()[0]["count"] == 80
