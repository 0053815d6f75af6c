"""Conversations about a Batch project itself: credentials, account, refusals."""

import httpx
import pytest

from activation_platform.contracts.service import BatchRefused, UnreadableAnswer
from activation_platform.destinations.batch.destination import Batch
from activation_platform_tests.destinations.conversation import talk


def project(**settings):
    return Batch(rest_api_key="rest", project_key="project_1", **settings)


def signed(destination, path):
    return next(destination.auth().auth_flow(httpx.Request("POST", destination.root_url + path)))


def test_the_project_is_named_beside_the_token():
    headers = signed(project(), "/2.11/profiles/update").headers

    assert headers["Authorization"] == "Bearer rest"
    assert headers["X-Batch-Project"] == "project_1"
    assert "X-Authorization" not in headers


@pytest.mark.parametrize("path", ["app/gdpr/request", "a%2Fkey/gdpr/requests", "app/data/users"])
def test_what_is_asked_of_an_app_is_signed_the_older_way(path):
    headers = signed(project(base_url="http://127.0.0.1:1/batch"), f"/1.0/{path}").headers

    assert headers["X-Authorization"] == "rest"
    assert "Authorization" not in headers
    assert "X-Batch-Project" not in headers


def test_the_account_is_proven_by_reading_and_named_by_its_project_key():
    said = talk(project().account(), httpx.Response(200, json={"audiences": [], "count": 0}))

    assert said.lines == ["GET /2.11/audiences/list?limit=1"]
    assert said.outcomes == "project_1"


@pytest.mark.parametrize(
    ("response", "raised"),
    [
        (httpx.Response(200, text="<html>proxy</html>"), UnreadableAnswer),
        (httpx.Response(400, json={"error_code": "X", "error_message": "y"}), BatchRefused),
    ],
)
def test_an_account_that_does_not_answer_is_not_proven(response, raised):
    assert isinstance(talk(project().account(), response).raised, raised)


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (
            httpx.Response(401, json={"error_code": "AUTHENTICATION_INVALID", "error_message": "No"}),
            "AUTHENTICATION_INVALID: No",
        ),
        (httpx.Response(400, json={"error_message": "Bad"}), "Bad"),
        (httpx.Response(503, text="<html>"), "503 Service Unavailable"),
        (httpx.Response(400, json=["?"]), "400 Bad Request"),
    ],
)
def test_a_refusal_is_told_in_the_vendors_words(response, words):
    assert project().refusal(response) == words


def test_throttling_under_another_status_is_told_apart():
    throttled = {"error_code": "TOO_MANY_REQUESTS", "error_message": "later"}

    assert project().should_retry(httpx.Response(400, json=throttled))
    assert not project().should_retry(httpx.Response(400, json={"error_code": "MALFORMED"}))
    assert not project().should_retry(httpx.Response(202, json={"code": "SUCCESS"}))


def test_the_pace_is_declared_per_api():
    budgets = [Batch.updates, Batch.audiences, Batch.erasures, Batch.custom_data]

    assert [(one.per_second, one.burst) for one in budgets] == [(300, 1_000), (1, 1), (10, 10), (10, 10)]
    assert len({one.name for one in budgets}) == 4
