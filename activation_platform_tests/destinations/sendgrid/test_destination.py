"""Conversations about a SendGrid account itself: its key, its limits, its refusals."""

import httpx
import pytest

from activation_platform.contracts.pace import Left
from activation_platform.contracts.service import BatchRefused, UnreadableAnswer
from activation_platform_tests.destinations.conversation import talk
from activation_platform_tests.destinations.sendgrid.speaking import account, refused


def test_an_account_is_proven_by_a_look_at_its_lists_and_has_no_name():
    said = talk(account().account(), httpx.Response(200, json={"result": []}))

    assert said.lines == ["GET /v3/marketing/lists?page_size=1"]
    assert said.outcomes == ""


@pytest.mark.parametrize(
    ("response", "raised"),
    [
        (httpx.Response(200, text="<html>"), UnreadableAnswer),
        (httpx.Response(200, json=[]), UnreadableAnswer),
        (refused({"message": "no"}), BatchRefused),
    ],
)
def test_an_account_that_does_not_answer_is_not_proven(response, raised):
    assert isinstance(talk(account().account(), response).raised, raised)


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (refused({"field": None, "message": "access forbidden"}, status=403), "access forbidden"),
        (
            refused({"field": "name", "message": "too long"}, {"message": "x"}, status=400),
            "name: too long; x",
        ),
        (httpx.Response(404, json={"message": "no contacts were found"}), "no contacts were found"),
        (httpx.Response(502, text="<html>"), "502 Bad Gateway"),
        (httpx.Response(400, json={"errors": [{}, "x"]}), "400 Bad Request"),
        (httpx.Response(400, json=[]), "400 Bad Request"),
    ],
)
def test_a_refusal_is_told_in_the_vendors_words(response, words):
    assert account().refusal(response) == words


def test_the_headers_of_an_answer_say_what_is_left_of_its_limit():
    headers = {"X-RateLimit-Limit": "150", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1392815263"}

    assert account().left(httpx.Response(429, headers=headers), now=1392815203) == Left(0, 60)
    assert account().left(httpx.Response(200), now=1392815203) is None


def test_d9_the_key_goes_to_the_accounts_host_alone():
    at_a_proxy = account(base_url="http://127.0.0.1:8080/sendgrid").auth()

    def header(url):
        request = next(at_a_proxy.auth_flow(httpx.Request("GET", url)))
        return request.headers.get("Authorization")

    assert header("http://127.0.0.1:8080/sendgrid/v3/marketing/lists") == "Bearer SG.secret"
    assert header("http://127.0.0.1:9090/errors") is None
    assert header("https://api.sendgrid.com/v3/marketing/lists") is None
