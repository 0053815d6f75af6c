"""What an Intercom workspace tells of itself, and where it is reached."""

import httpx
import pytest

from activation_platform.contracts.pace import Left
from activation_platform.contracts.service import UnreadableAnswer
from activation_platform.destinations.intercom.destination import Intercom
from activation_platform_tests.destinations.conversation import talk


@pytest.fixture
def workspace():
    return Intercom(access_token="token")


def test_the_account_is_the_workspace(workspace):
    said = talk(
        workspace.account(), httpx.Response(200, json={"type": "admin", "app": {"id_code": "xyz789"}})
    )

    assert said.lines == ["GET /me"]
    assert said.outcomes == "xyz789"


@pytest.mark.parametrize("told", [{}, {"app": None}, {"app": {}}])
def test_an_account_without_a_workspace_is_no_answer(workspace, told):
    assert isinstance(talk(workspace.account(), httpx.Response(200, json=told)).raised, UnreadableAnswer)


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        ({}, "https://api.intercom.io"),
        ({"region": "eu"}, "https://api.eu.intercom.io"),
        ({"region": "au"}, "https://api.au.intercom.io"),
        ({"region": "eu", "base_url": "http://proxy/"}, "http://proxy"),
    ],
)
def test_the_region_chooses_the_address(settings, address):
    assert Intercom(access_token="token", **settings).root_url == address


def test_a_region_that_is_none_is_told_with_those_that_are():
    (objection,) = Intercom.objections({"region": "uk"})

    assert objection.startswith("there is no region uk, but us, eu, au.")
    assert not list(Intercom.objections({}))


def test_what_is_left_is_read_from_the_headers(workspace):
    headers = {"X-RateLimit-Limit": "167", "X-RateLimit-Remaining": "20", "X-RateLimit-Reset": "1487332510"}

    assert workspace.left(httpx.Response(200, headers=headers), 1_487_332_505.0) == Left(20, 5)
    assert workspace.left(httpx.Response(401), 1_487_332_505.0) is None


def test_a_refusal_is_told_by_its_errors_and_else_by_its_status(workspace):
    errors = [{"code": "a", "message": "One."}, {"code": "b"}]

    assert (
        workspace.refusal(httpx.Response(400, json={"type": "error.list", "errors": errors})) == "a: One.; b"
    )
    assert workspace.refusal(httpx.Response(400, text="<p>")) == "400 Bad Request"
