"""What a Firestore database tells of itself, and how it words what it refuses."""

import httpx
import pytest

from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.service import UnreadableAnswer
from activation_platform.destinations.firestore.destination import Firestore
from activation_platform_tests.destinations.conversation import talk
from activation_platform_tests.destinations.firestore.speaking import NAME, account, documents, refused


def test_the_account_is_the_database_and_nothing_is_written():
    said = talk(
        account().account(), httpx.Response(200, json={"name": NAME, "uid": "1", "type": "FIRESTORE_NATIVE"})
    )

    assert said.lines == [f"GET /v1/{NAME}"]
    assert said.outcomes == NAME


def test_a_database_in_datastore_mode_is_refused_with_the_way_out():
    said = talk(account().account(), httpx.Response(200, json={"name": NAME, "type": "DATASTORE_MODE"}))

    assert isinstance(said.raised, DeclarationError)
    assert "native mode" in str(said.raised)


@pytest.mark.parametrize("told", [{}, {"name": None}, {"name": 1}])
def test_an_answer_without_a_database_is_none(told):
    assert isinstance(talk(account().account(), httpx.Response(200, json=told)).raised, UnreadableAnswer)


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (
            refused(403, "PERMISSION_DENIED", "Missing permissions."),
            "PERMISSION_DENIED: Missing permissions.",
        ),
        (httpx.Response(400, json={"error": "invalid_grant"}), "400 Bad Request"),
        (httpx.Response(502, text="<html>"), "502 Bad Gateway"),
        (httpx.Response(400, json=[]), "400 Bad Request"),
    ],
)
def test_a_refusal_is_told_in_googles_words(response, words):
    assert account().refusal(response) == words


def test_only_a_call_that_was_aborted_is_tried_again():
    assert account().should_retry(refused(409, "ABORTED"))
    assert not account().should_retry(refused(409, "ALREADY_EXISTS"))
    assert not account().should_retry(refused(400, "ABORTED"))


@pytest.mark.parametrize(
    ("settings", "objections"),
    [
        ({"project": "shop-123"}, []),
        ({"project": "env:PROJECT", "database": "eu"}, []),
        ({"project": "Shop"}, ["project is not an ID: small letters, digits and hyphens"]),
        (
            {"project": "shop", "database": "a/b"},
            ["database is not an ID: small letters, digits and hyphens"],
        ),
        ({"project": "shop", "writes_per_second": 0}, ["writes_per_second is not above 0"]),
    ],
)
def test_names_and_a_pace_that_cannot_be_are_told(settings, objections):
    assert list(Firestore.objections(settings)) == objections


def test_the_pace_counts_documents():
    budget = account(writes_per_second=2_000).writes

    assert (budget.per_second, budget.burst) == (2_000, 2_000)
    assert account().write(documents(), ["{}", "{}"]).extensions["cost"] == 2


def test_a_key_that_is_none_is_told_without_it():
    with pytest.raises(DeclarationError, match="The destination's credentials") as told:
        account(credentials="a-secret-0123").auth()

    assert "a-secret-0123" not in str(told.value)
