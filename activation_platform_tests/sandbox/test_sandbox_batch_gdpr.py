"""How the stand-in of Batch erases a person."""

import httpx
import pytest

from activation_platform.contracts.authorities import trusted
from activation_platform.sandbox import running
from activation_platform.sandbox.attio import Attio
from activation_platform.sandbox.batch import Batch


def erasure(value, kind="custom_id"):
    return {"request_type": "remove", "id": {"type": kind, "value": value}}


def listed(stage):
    return [
        (each["id"]["value"], each["status"], each.get("error"))
        for each in stage.gdpr.get("/requests").json()
    ]


def test_an_erasure_stays_pending_and_the_profile_stays_until_it_is_finished(stage):
    stage.profile("a", x=1)

    assert stage.gdpr.post("/request", json=erasure("a")).is_success
    assert listed(stage) == [("a", "pending", None)]
    assert stage.control.state("batch", "profiles") == {"a": {"x": 1}}

    assert stage.control.finish_erasures() == 1
    assert listed(stage) == [("a", "done", None)]
    assert stage.control.state("batch", "profiles") == {}


def test_erasing_an_unknown_person_is_done_with_an_error(stage):
    stage.gdpr.post("/request", json=erasure("nobody"))
    stage.control.finish_erasures()

    assert listed(stage) == [("nobody", "done", "user not found")]


def test_a_second_erasure_of_the_same_person_finds_nobody(stage):
    stage.profile("a", x=1)
    for _ in range(2):
        stage.gdpr.post("/request", json=erasure("a"))
    stage.control.finish_erasures()

    assert listed(stage) == [("a", "done", None), ("a", "done", "user not found")]


def test_a_review_erases_nobody(stage):
    stage.profile("a", x=1)
    stage.gdpr.post("/request", json={**erasure("a"), "request_type": "review"})
    stage.control.finish_erasures()

    assert stage.control.state("batch", "profiles") == {"a": {"x": 1}}


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"request_type": "erase", "id": {"type": "custom_id", "value": "a"}},
        {"request_type": "remove", "id": {"type": "email", "value": "a"}},
        {"request_type": "remove", "id": {"type": "custom_id", "value": ""}},
        {"request_type": "remove", "id": [{"type": "custom_id", "value": "a"}]},
    ],
)
def test_an_erasure_of_the_wrong_form_is_400(stage, body):
    answer = stage.gdpr.post("/request", json=body)

    assert (answer.status_code, set(answer.json())) == (400, {"error_code", "error_message"})
    assert stage.gdpr.get("/requests").json() == []


@pytest.mark.parametrize(("key", "app"), [("wrong", "sandbox-live-key"), ("sandbox-rest-key", "unknown")])
def test_an_erasure_needs_the_rest_key_and_a_known_app(stage, key, app):
    answer = stage.anonymous.post(
        f"/batch/1.0/{app}/gdpr/request", json=erasure("a"), headers={"X-Authorization": key}
    )

    assert (answer.status_code, answer.json()["error_code"]) == (401, "AUTHENTICATION_INVALID")


def test_an_app_key_is_in_no_state_and_no_count(stage):
    stage.gdpr.post("/request", json=erasure("a"))
    stage.anonymous.post("/batch/1.0/sandbox-live-key/nothing")

    shown = f"{stage.control.state()} {stage.control.requests()} {stage.sandbox.world.platforms['batch']}"
    assert "sandbox-live-key" not in shown
    assert "sandbox-rest-key" not in shown


def test_a_person_is_gone_once_every_app_has_erased_them():
    with (
        running(limits=False, platforms=[Batch(app_keys=("ios", "web")), Attio()]) as sandbox,
        httpx.Client(verify=trusted(), base_url=sandbox.base_url("batch")) as client,
    ):
        keys = {"Authorization": "Bearer sandbox-rest-key", "X-Batch-Project": "sandbox-project"}
        client.post("/2.11/profiles/update", json=[{"identifiers": {"custom_id": "a"}}], headers=keys)

        for app, left in (("ios", {"a": {}}), ("web", {})):
            answer = client.post(
                f"/1.0/{app}/gdpr/request", json=erasure("a"), headers={"X-Authorization": "sandbox-rest-key"}
            )
            assert answer.is_success
            sandbox.world.finish_erasures()
            assert sandbox.world.part("batch", "profiles") == left


def test_a_person_written_between_two_erasures_lives_in_all_apps_again():
    with (
        running(limits=False, platforms=[Batch(app_keys=("ios", "web"))]) as sandbox,
        httpx.Client(
            verify=trusted(),
            base_url=sandbox.base_url("batch"),
            headers={
                "Authorization": "Bearer sandbox-rest-key",
                "X-Batch-Project": "sandbox-project",
                "X-Authorization": "sandbox-rest-key",
            },
        ) as client,
    ):
        for app in ("ios", "web"):
            client.post("/2.11/profiles/update", json=[{"identifiers": {"custom_id": "a"}}])
            client.post(f"/1.0/{app}/gdpr/request", json=erasure("a"))
            sandbox.world.finish_erasures()

        assert sandbox.world.part("batch", "profiles") == {"a": {}}


class Moment:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_an_erasure_ends_by_itself_after_its_delay():
    moment = Moment()
    platforms = [Batch(erasure_delay=60)]
    with (
        running(limits=False, clock=moment, platforms=platforms) as sandbox,
        httpx.Client(
            verify=trusted(),
            base_url=f"{sandbox.url}/batch/1.0/sandbox-live-key/gdpr",
            headers={"X-Authorization": "sandbox-rest-key"},
        ) as client,
    ):
        client.post("/request", json=erasure("a"))

        moment.now = 59.0
        assert client.get("/requests").json()[0]["status"] == "pending"
        moment.now = 60.0
        assert client.get("/requests").json()[0]["status"] == "done"


def test_an_erasure_ends_after_so_many_looks():
    with (
        running(limits=False, platforms=[Batch(erasure_polls=2)]) as sandbox,
        httpx.Client(
            verify=trusted(),
            base_url=f"{sandbox.url}/batch/1.0/sandbox-live-key/gdpr",
            headers={"X-Authorization": "sandbox-rest-key"},
        ) as client,
    ):
        client.post("/request", json=erasure("a"))

        looks = [client.get("/requests").json()[0]["status"] for _ in range(3)]

        assert looks == ["pending", "pending", "done"]
