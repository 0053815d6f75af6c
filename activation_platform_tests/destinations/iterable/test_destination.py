"""Conversations about an Iterable project itself: its key, its data centre, its refusals."""

import httpx
import pytest

from activation_platform.contracts.service import BatchRefused, UnreadableAnswer
from activation_platform.destinations.iterable.destination import Iterable
from activation_platform_tests.destinations.conversation import talk
from activation_platform_tests.destinations.iterable.speaking import account, coded


def test_a_project_is_proven_by_a_look_at_its_channels_and_has_no_name():
    said = talk(account().account(), httpx.Response(200, json={"channels": []}))

    assert said.lines == ["GET /api/channels"]
    assert said.outcomes == ""


@pytest.mark.parametrize(
    ("response", "raised"),
    [
        (httpx.Response(200, text="<html>"), UnreadableAnswer),
        (httpx.Response(200, json=[]), UnreadableAnswer),
        (coded("BadParams"), BatchRefused),
    ],
)
def test_a_project_that_does_not_answer_is_not_proven(response, raised):
    assert isinstance(talk(account().account(), response).raised, raised)


def test_the_key_has_a_header_of_its_own():
    request = next(account().auth().auth_flow(httpx.Request("GET", "https://api.iterable.com")))

    assert request.headers["Api-Key"] == "secret-key"


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        ({}, "https://api.iterable.com"),
        ({"region": "eu"}, "https://api.eu.iterable.com"),
        ({"region": "eu", "base_url": "http://proxy/iterable/"}, "http://proxy/iterable"),
    ],
)
def test_the_data_centre_chooses_the_address_where_no_other_is_set(settings, address):
    assert account(**settings).root_url == address


def test_a_data_centre_that_there_is_not_is_refused_with_those_that_there_are():
    assert list(Iterable.objections({"region": "moon"})) == ["there is no region moon, but us, eu."]
    assert list(Iterable.objections({"region": "eu"})) == []


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (coded("InvalidEmailAddressError", "Invalid email: x"), "InvalidEmailAddressError: Invalid email: x"),
        (coded("GenericError", status=500), "GenericError"),
        (httpx.Response(502, text="<html>"), "502 Bad Gateway"),
        (httpx.Response(400, json=[]), "400 Bad Request"),
    ],
)
def test_a_refusal_is_told_in_the_vendors_words(response, words):
    assert account().refusal(response) == words
