"""What a Firestore database tells of itself, and how it words what it refuses."""

import httpx
import pytest

from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.service import UnreadableAnswer
from activation_platform.destinations.firestore.destination import Firestore
from activation_platform_tests.destinations.conversation import talk
from activation_platform_tests.destinations.firestore.speaking import NAME, account, documents, done, refused


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


@pytest.mark.parametrize(
    ("response", "later"),
    [
        (refused(409, "ABORTED"), True),
        (refused(409, "ALREADY_EXISTS"), False),
        (refused(400, "ABORTED"), False),
        (done(8, 8), True),
        (done(8, 0), False),
        (done(0, 0), False),
        (done(5, message='"code": 8'), False),
        (httpx.Response(200, text='<p>"code": 8'), False),
        (httpx.Response(200, text='[{"code": 8}]'), False),
        (httpx.Response(200, text='{"status": 1, "code": 8}'), False),
    ],
)
def test_a_call_that_was_aborted_or_all_too_much_is_said_later(response, later):
    assert account().should_retry(response) is later


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
    budget = account(writes_per_second=200).writes

    assert (budget.per_second, budget.burst) == (200, 200)
    assert account().write(documents(), ["{}", "{}"]).extensions["cost"] == 2


def test_the_pace_grows_by_half_every_five_minutes_up_to_the_setting(monkeypatch):
    clock = {"now": 7.0}
    monkeypatch.setattr(
        "activation_platform.destinations.firestore.destination.monotonic", lambda: clock["now"]
    )
    database, usual = account(writes_per_second=1_000), account()
    paces = []
    for minutes in (0, 4.9, 5, 10, 60 * 24 * 30):
        clock["now"] = 7.0 + minutes * 60
        paces.append((database.writes.per_second, usual.writes.per_second))

    assert paces == [(500, 500), (500, 500), (750, 500), (1_000, 500), (1_000, 500)]


def test_a_key_that_is_none_is_told_without_it():
    with pytest.raises(DeclarationError, match="The destination's credentials") as told:
        account(credentials="a-secret-0123").auth()

    assert "a-secret-0123" not in str(told.value)
