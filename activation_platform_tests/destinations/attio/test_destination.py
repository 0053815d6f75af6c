"""Conversations about an Attio workspace itself: credentials, account, refusals."""

import httpx
import pytest

from activation_platform.contracts.errors import CredentialsRefused
from activation_platform.contracts.service import BatchRefused, UnreadableAnswer
from activation_platform.destinations.attio.destination import Attio
from activation_platform_tests.destinations.conversation import talk

SCOPES = "record_permission:read-write object_configuration:read user_management:read"


def workspace():
    return Attio(access_token="secret-token")


def ask(**told):
    return talk(workspace().account(), httpx.Response(200, json=told))


def test_requests_carry_the_token():
    request = next(workspace().auth().auth_flow(httpx.Request("GET", "https://api.attio.com/v2/self")))

    assert request.headers["Authorization"] == "Bearer secret-token"


def test_the_account_is_the_workspace_by_its_lasting_id():
    said = ask(active=True, scope=SCOPES, workspace_id="14beef7a", workspace_slug="acme")

    assert said.lines == ["GET /v2/self"]
    assert said.outcomes == "14beef7a"


def test_an_inactive_token_is_refused_with_the_way_out():
    said = ask(active=False)

    assert isinstance(said.raised, CredentialsRefused)
    assert "access_token" in said.raised.remedy


@pytest.mark.parametrize(
    ("scope", "missing"),
    [
        ("record_permission:read object_configuration:read", "record_permission:read-write"),
        ("record_permission:read-write", "object_configuration:read"),
    ],
)
def test_a_token_without_the_scopes_is_refused_by_name(scope, missing):
    said = ask(active=True, scope=scope, workspace_id="14beef7a")

    assert isinstance(said.raised, CredentialsRefused)
    assert missing in str(said.raised)


@pytest.mark.parametrize("scope", ["record_permission:read-write object_configuration:read-write", ""])
def test_a_wider_scope_or_none_named_is_taken(scope):
    assert ask(active=True, scope=scope, workspace_id="14beef7a").outcomes == "14beef7a"


@pytest.mark.parametrize(
    ("response", "raised"),
    [
        (httpx.Response(200, text="<html>"), UnreadableAnswer),
        (httpx.Response(200, json={"ok": True}), UnreadableAnswer),
        (httpx.Response(200, json=["active"]), UnreadableAnswer),
        (httpx.Response(200, json={"active": True}), UnreadableAnswer),
        (httpx.Response(400, json={"code": "x", "message": "y"}), BatchRefused),
    ],
)
def test_an_account_that_does_not_answer_is_not_proven(response, raised):
    assert isinstance(talk(workspace().account(), response).raised, raised)


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (
            httpx.Response(
                400,
                json={
                    "status_code": 400,
                    "type": "invalid_request_error",
                    "code": "value_not_found",
                    "message": "No such option.",
                },
            ),
            "value_not_found: No such option.",
        ),
        (httpx.Response(502, text="<html>"), "502 Bad Gateway"),
        (httpx.Response(400, json=[]), "400 Bad Request"),
    ],
)
def test_a_refusal_is_told_in_the_vendors_words(response, words):
    assert workspace().refusal(response) == words


def test_throttling_under_another_status_is_told_apart():
    throttled = {"type": "rate_limit_error", "code": "rate_limit_exceeded"}

    assert workspace().should_retry(httpx.Response(400, json=throttled))
    assert not workspace().should_retry(httpx.Response(400, json={"type": "invalid_request_error"}))


def test_writes_and_reads_have_a_pace_each():
    assert (Attio.writes.per_second, Attio.reads.per_second) == (25, 100)
    assert Attio.writes.name != Attio.reads.name
