"""Conversations about the contacts of a Batch project's apps."""

import hashlib
import json
from datetime import UTC, date, datetime

import httpx
import polars as pl
import pytest

from activation_platform.contracts.batch import REQUEST, Batch, MappedField
from activation_platform.contracts.errors import CredentialsRefused, NotFound
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import ACCEPTED, Verdict, rejected
from activation_platform.contracts.service import UnreadableAnswer
from activation_platform.destinations.batch.contacts import Contacts
from activation_platform.destinations.batch.destination import Batch as Project
from activation_platform_tests.destinations.conversation import batch_of, converse

ONE, TWO = "live/key one", "live-key-two"
FIRST, SECOND = "POST /1.0/live%2Fkey%20one/data/users", "POST /1.0/live-key-two/data/users"


def say(people, *responses, keys=(ONE, TWO), **details):
    service = Contacts(Project(rest_api_key="rest", project_key="project_1", live_api_keys=list(keys)))
    batch = batch_of(
        *people,
        identified_by="custom_id",
        mode=Mode.UPDATE_ONLY,
        operation=Operation.UPDATE,
        **details,
    )
    return converse(service, batch, *responses)


def taken():
    return httpx.Response(202, json={})


def refused(reason="no", status=400):
    return httpx.Response(status, json={"error_code": "MALFORMED_REQUEST", "error_message": reason})


def people(*names):
    return [{"custom_id": name, "level": n} for n, name in enumerate(names)]


def told(said):
    return [[user["id"] for user in body] for body in said.bodies]


def test_every_app_is_told_as_the_vendor_shows_it():
    said = say([{"custom_id": "jane", "firstname": "Jane"}], taken(), taken())

    update = {"overwrite": False, "values": {"u.firstname": "Jane"}}
    assert said.lines == [FIRST, SECOND]
    assert said.bodies == [[{"id": "jane", "update": update}]] * 2
    assert {request.extensions["budget"] for request in said.requests} == {Project.custom_data}
    assert said.outcomes == [ACCEPTED]


@pytest.mark.parametrize(
    ("value", "dtype", "written"),
    [
        ("Jane", pl.String, {"u.field": "Jane"}),
        (42, pl.Int64, {"u.field": 42}),
        (4.5, pl.Float64, {"u.field": 4.5}),
        (False, pl.Boolean, {"u.field": False}),
        (["bikes"], pl.List(pl.String), {"ut.field": ["bikes"]}),
        (date(1989, 7, 20), pl.Date, {"date(u.field)": "1989-07-20T00:00:00"}),
        (
            datetime(2024, 1, 31, 12, 0, 0, 999, tzinfo=UTC),
            pl.Datetime("us", "UTC"),
            {"date(u.field)": "2024-01-31T12:00:00"},
        ),
        (None, pl.String, {"u.field": None}),
        (None, pl.Date, {"date(u.field)": None}),
        (None, pl.List(pl.String), {"ut.field": None}),
        ([], pl.List(pl.String), {"ut.field": None}),
    ],
)
def test_every_type_of_value_is_written_under_the_prefix_it_has_there(value, dtype, written):
    said = say([{"custom_id": "a", "field": value}], taken(), keys=[ONE], schema={"field": dtype})

    assert said.bodies[0][0]["update"]["values"] == written


def test_a_field_that_keeps_its_null_is_not_written():
    whole = batch_of({"custom_id": "a", "kept": None}, identified_by="custom_id", mode=Mode.UPDATE_ONLY)
    fields = (MappedField("custom_id"), MappedField("kept", keeps_null=True))
    service = Contacts(Project(rest_api_key="rest", project_key="p", live_api_keys=[ONE]))

    said = converse(service, Batch(whole.operation, whole.mode, whole.rows, fields), taken())

    assert said.bodies[0][0]["update"]["values"] == {}


def test_d7_a_record_counts_only_when_every_app_took_it_on():
    said = say(people("jane"), taken(), refused("too long"))
    (outcome,) = said.outcomes

    assert (outcome.verdict, outcome.reason) == (Verdict.RETRY, "app 2: MALFORMED_REQUEST: too long")
    assert list(json.loads(outcome.request)) == [hashlib.sha256(ONE.encode()).hexdigest()[:12]]


def test_d7_the_missing_apps_alone_are_told_again():
    (first,) = say(people("jane"), taken(), refused()).outcomes

    again = say([{**people("jane")[0], REQUEST: first.request}], taken())

    assert again.lines == [SECOND]
    assert again.outcomes == [ACCEPTED]


def test_d7_an_app_that_took_on_other_values_is_told_the_new_ones():
    (first,) = say(people("jane"), taken(), refused()).outcomes

    again = say([{"custom_id": "jane", "level": 99, REQUEST: first.request}], taken(), taken())

    assert again.lines == [FIRST, SECOND]
    assert again.outcomes == [ACCEPTED]


def test_what_no_app_takes_on_is_rejected_with_every_reason():
    said = say(people("jane"), refused("no"), refused("never"))

    assert said.outcomes == [rejected("app 1: MALFORMED_REQUEST: no; app 2: MALFORMED_REQUEST: never")]


def test_one_that_an_app_refuses_does_not_drag_its_neighbours_down_nor_the_other_apps_back():
    said = say(people("a", "b", "c", "d"), taken(), refused(), refused(), taken(), refused("bad"), taken())

    assert said.lines == [FIRST] + [SECOND] * 5
    assert told(said) == [list("abcd"), list("abcd"), list("ab"), ["a"], ["b"], list("cd")]
    assert [one.verdict for one in said.outcomes] == [
        Verdict.ACCEPTED,
        Verdict.RETRY,
        Verdict.ACCEPTED,
        Verdict.ACCEPTED,
    ]


def test_an_app_that_stands_there_twice_is_told_once():
    assert say(people("jane"), taken(), keys=[ONE, ONE, ""]).lines == [FIRST]


def test_an_app_that_batch_does_not_know_is_named_by_its_place_and_never_by_its_key():
    said = say(people("jane"), taken(), refused("no such app", status=404))

    assert isinstance(said.raised, NotFound)
    assert "key 2 in live_api_keys" in str(said.raised)
    assert TWO not in str(said.raised)


def test_nothing_that_is_remembered_or_said_holds_the_key_of_an_app():
    for outcome in say(
        people("a", "b"), refused(), refused(), taken(), refused(), refused(), refused()
    ).outcomes:
        assert not any(key in outcome.reason + outcome.request for key in (ONE, TWO))


def test_without_an_app_nobody_can_be_told():
    said = say(people("jane"), keys=[])

    assert isinstance(said.raised, CredentialsRefused)
    assert "live_api_keys" in str(said.raised)


@pytest.mark.parametrize("text", ["<html>One moment</html>", '{"token": '])
def test_what_is_not_the_vendors_answer_is_no_answer(text):
    assert isinstance(say(people("a"), httpx.Response(200, text=text)).raised, UnreadableAnswer)


def test_an_answer_without_words_is_an_answer():
    assert say(people("a"), httpx.Response(200), keys=[ONE]).outcomes == [ACCEPTED]


def test_it_offers_nothing_but_to_update():
    assert Contacts.modes == {Mode.UPDATE_ONLY}
    assert Contacts.requirements(Mode.UPDATE_ONLY) == ("live_api_keys",)
    assert not Contacts.custom_fields.accepts("u.level")
