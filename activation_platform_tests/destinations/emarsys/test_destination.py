"""Conversations about an Emarsys account itself: its credentials, its limits, its refusals."""

import httpx
import pytest

from activation_platform.contracts.auth import ClientCredentials, UsernameToken
from activation_platform.contracts.pace import Left
from activation_platform.contracts.service import BatchRefused, UnreadableAnswer
from activation_platform.destinations.emarsys.destination import Emarsys
from activation_platform_tests.destinations.conversation import talk
from activation_platform_tests.destinations.emarsys.speaking import FIELDS, account, fields, refused, replied


def test_an_account_is_proven_by_a_look_at_its_fields_and_has_no_name():
    said = talk(account().account(), fields())

    assert said.lines == [FIELDS]
    assert said.outcomes == ""


@pytest.mark.parametrize(
    ("response", "raised"),
    [
        (httpx.Response(200, text="<html>"), UnreadableAnswer),
        (replied({}), UnreadableAnswer),
        (refused(1, "no"), BatchRefused),
    ],
)
def test_an_account_that_does_not_answer_is_not_proven(response, raised):
    assert isinstance(talk(account().account(), response).raised, raised)


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (refused(2004, "Invalid key field id: 100"), "Invalid key field id: 100 (2004)"),
        (refused(1, "", status=403), "no reason (1)"),
        (httpx.Response(502, text="<html>"), "502 Bad Gateway"),
        (httpx.Response(400, json=["no"]), "400 Bad Request"),
    ],
)
def test_a_refusal_is_told_in_the_vendors_words(response, words):
    assert account().refusal(response) == words


def test_what_is_left_of_the_limit_is_told_until_a_moment():
    headers = {"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "12", "X-RateLimit-Reset": "1700000030"}

    assert account().left(httpx.Response(200, headers=headers), 1_700_000_000) == Left(12, 30)
    assert account().left(httpx.Response(200), 1_700_000_000) is None


@pytest.mark.parametrize(
    ("settings", "good"),
    [
        ({"username": "shop001", "secret": "env:SECRET"}, True),
        ({"client_id": "shop", "client_secret": "env:SECRET"}, True),
        ({"client_id": "shop", "client_secret": "env:SECRET", "username": ""}, True),
        ({}, False),
        ({"username": "shop001"}, False),
        ({"client_id": "shop", "secret": "env:SECRET"}, False),
        ({"username": "shop001", "secret": "env:A", "client_id": "shop", "client_secret": "env:B"}, False),
    ],
)
def test_credentials_are_of_one_of_two_kinds(settings, good):
    assert (list(Emarsys.objections(settings)) == []) == good


def test_each_kind_of_credentials_proves_itself_in_its_own_way():
    assert isinstance(account().auth(), UsernameToken)
    assert isinstance(Emarsys(client_id="shop", client_secret="secret").auth(), ClientCredentials)
