"""Conversations about the users of an Iterable project, and the same against the sandbox."""

from datetime import UTC, date, datetime

import httpx
import pytest

from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import (
    ACCEPTED,
    DELETED,
    ignored,
    partial,
    rejected,
    requested,
)
from activation_platform.contracts.service import BatchRefused, Pending, Settlement, UnreadableAnswer
from activation_platform.destinations.iterable.people import Identified
from activation_platform.destinations.iterable.users import Users
from activation_platform_tests.destinations.conversation import talk
from activation_platform_tests.destinations.iterable.speaking import (
    UPDATE,
    coded,
    counted,
    say,
    shown,
    users,
)

JANE, JOHN = {"email": "jane@acme.com", "plan": "gold"}, {"email": "john@acme.com", "plan": None}


def test_users_are_written_in_one_call_which_makes_no_fields():
    said = say([JANE, JOHN], counted(2))

    assert said.lines == [UPDATE]
    assert said.bodies == [
        {
            "createNewFields": False,
            "users": [
                {"email": "jane@acme.com", "dataFields": {"plan": "gold"}},
                {"email": "john@acme.com", "dataFields": {"plan": None}},
            ],
        }
    ]
    assert said.outcomes == [ACCEPTED] * 2


def test_who_is_known_by_an_id_is_made_with_it_and_the_address_is_a_field():
    said = say([{"userId": "C1", "email": "jane@acme.com"}], counted(1), identifier="userId")

    assert said.bodies[0]["users"] == [
        {"userId": "C1", "preferUserId": True, "dataFields": {"email": "jane@acme.com"}}
    ]


def test_who_has_nothing_but_an_identifier_has_no_fields():
    assert say([{"email": "jane@acme.com"}], counted(1)).bodies[0]["users"] == [{"email": "jane@acme.com"}]


def test_days_and_moments_are_written_as_iterable_shows_them():
    moment = datetime(2024, 2, 29, 13, 5, 7, 900_000, tzinfo=UTC)

    said = say([{"email": "jane@acme.com", "born": date(1999, 12, 31), "renewed": moment}], counted(1))

    assert said.bodies[0]["users"][0]["dataFields"] == {
        "born": "1999-12-31 00:00:00 +00:00",
        "renewed": "2024-02-29 13:05:07 +00:00",
    }


@pytest.mark.parametrize(
    ("lists", "words"),
    [
        ({"failedUpdates": {"invalidDataEmails": ["JOHN@acme.com"]}}, "has a value that Iterable refuses"),
        (
            {"failedUpdates": {"forgottenEmails": ["john@acme.com"]}},
            "is forgotten, and can never be written again",
        ),
        (
            {"invalidEmails": ["john@acme.com"], "failedUpdates": {"invalidEmails": ["john@acme.com"]}},
            "has an identifier that Iterable refuses",
        ),
        (
            {"invalidEmails": ["john@acme.com"], "failedUpdates": None},
            "has an identifier that Iterable refuses",
        ),
    ],
)
def test_who_is_left_out_is_rejected_alone(lists, words):
    assert say([JANE, JOHN], counted(1, 1, **lists)).outcomes == [ACCEPTED, rejected(words)]


def test_who_asks_for_the_address_of_somebody_else_is_found_by_it():
    people = [{"userId": "C1", "email": "jane@acme.com"}, {"userId": "c1", "email": "john@acme.com"}]
    left_out = {"conflictEmails": ["john@acme.com"], "invalidUserIds": []}

    said = say(people, counted(1, 1, failedUpdates=left_out), identifier="userId")

    assert said.outcomes == [ACCEPTED, rejected("has an identifier of somebody else")]


def test_a_user_id_is_another_one_in_capitals():
    people = [{"userId": "C@1"}, {"userId": "c@1"}]

    said = say(people, counted(1, 1, failedUpdates={"notFoundUserIds": ["c@1"]}), identifier="userId")

    assert said.outcomes == [ACCEPTED, ignored("unknown at the destination")]


def test_where_it_is_not_told_who_was_left_out_the_batch_is_parted():
    two_ask = [{"userId": "C1", "email": "jane@acme.com"}, {"userId": "C2", "email": "jane@acme.com"}]
    conflict = {"failedUpdates": {"conflictEmails": ["jane@acme.com"]}}

    assert isinstance(say([JANE, JOHN], counted(1, 1)).raised, BatchRefused)
    assert isinstance(say(two_ask, counted(1, 1, **conflict), identifier="userId").raised, BatchRefused)
    assert isinstance(say([JANE], coded("RequestFieldsTypesMismatched")).raised, BatchRefused)


def test_a_field_that_is_gone_is_told_as_a_part():
    said = say([JANE, JOHN], counted(2, filteredOutFields=["plan"]))

    assert said.outcomes == [partial("the project has no field plan")] * 2


@pytest.mark.parametrize(
    "response", [httpx.Response(200, text="<html>"), httpx.Response(200, json={"code": "Success"})]
)
def test_what_is_not_the_vendors_answer_is_no_answer(response):
    assert isinstance(say([JANE], response).raised, UnreadableAnswer)


def test_under_update_only_who_is_unknown_is_ignored_and_not_said():
    unknown = coded("UnknownEmailError")

    said = say([JANE, JOHN], shown(email="jane@acme.com"), unknown, counted(1), mode=Mode.UPDATE_ONLY)
    nobody = say([JANE], shown(), mode=Mode.UPDATE_ONLY)

    assert said.lines == [
        "GET /api/users/getByEmail?email=jane%40acme.com",
        "GET /api/users/getByEmail?email=john%40acme.com",
        UPDATE,
    ]
    assert [one["email"] for one in said.bodies[2]["users"]] == ["jane@acme.com"]
    assert said.outcomes == [ACCEPTED, ignored("unknown at the destination")]
    assert nobody.outcomes == [ignored("unknown at the destination")]


def test_under_update_only_an_id_makes_nobody():
    answers = (shown(email="", userId="C1"), counted(1))

    said = say([{"userId": "C1"}], *answers, mode=Mode.UPDATE_ONLY, identifier="userId")

    assert said.lines == ["GET /api/users/byUserId?userId=C1", UPDATE]
    assert said.bodies[1]["users"] == [{"userId": "C1"}]


def test_d7_a_deletion_is_asked_for_and_not_yet_done():
    people = [{"email": f"{name}@acme.com"} for name in ("a/b+c", "john", "joe", "jim")]
    absent = (coded("BadParams", "not here"), shown())
    there = (coded("GenericError", "no"), shown(email="jim@acme.com"))
    answers = (coded("Success", status=200), coded("UnknownEmailError"), *absent, *there)

    said = say(people, *answers, operation=Operation.DELETE, mode=Mode.MIRROR)

    assert said.lines[0] == "DELETE /api/users/a%2Fb%2Bc%40acme.com"
    assert said.lines[3] == "GET /api/users/getByEmail?email=joe%40acme.com"
    assert said.outcomes == [requested("asked"), DELETED, DELETED, rejected("GenericError: no")]
    by_id = say(
        [{"userId": "C 1"}], coded("Success", status=200), operation=Operation.DELETE, identifier="userId"
    )
    assert by_id.lines == ["DELETE /api/users/byUserId/C%201"]


def test_d7_who_is_still_there_is_waited_for_a_day_and_then_asked_for_again():
    day = {"Date": "Tue, 02 Jan 2024 00:00:01 GMT"}
    there = httpx.Response(200, json={"user": {"email": "x"}}, headers=day)
    since = [datetime(2024, 1, day, tzinfo=UTC).timestamp() for day in (1, 2)]
    pending = [
        Pending(str(n), f"p{n}@acme.com", "asked", moment) for n, moment in enumerate([*since, *since])
    ]

    said = talk(users().settle(pending), there, there, shown(), coded("UnknownEmailError"))

    assert said.outcomes == [
        Settlement("unheard"),
        Settlement("pending", "asked"),
        Settlement("done"),
        Settlement("done"),
    ]


def test_the_fields_of_the_project_are_told_with_their_types_but_for_what_iterable_keeps_itself():
    told = {
        "email": "string",
        "signupDate": "date",
        "phoneNumber": "string",
        "Lifetime Value": "double",
        "visits": "long",
        "trial": "boolean",
        "renewed": "date",
        "devices": "object",
        "devices.token": "string",
        "home": "geo_location",
    }

    said = talk(users().account_fields(), httpx.Response(200, json={"fields": told}))

    assert said.lines == ["GET /api/users/getFields"]
    assert [(one.name, one.type.label) for one in said.outcomes] == [
        ("email", "e-mail address"),
        ("userId", "text"),
        ("phoneNumber", "phone number (E.164)"),
        ("Lifetime Value", "number"),
        ("visits", "whole number"),
        ("trial", "true or false"),
        ("renewed", "timestamp"),
    ]


def test_people_are_recognised_by_an_address_or_an_id_and_nothing_else():
    with pytest.raises(DeclarationError, match='Iterable recognises nobody by "phone"'):
        Identified("phone")


def test_what_is_written_is_there_and_null_takes_it_away(fields, account, deliver, held):
    service, jane = Users(account), {"email": "jane@acme.com", "plan": "gold", "visits": 3}

    assert deliver(service, jane) == [ACCEPTED]
    assert deliver(service, {**jane, "plan": None}) == [ACCEPTED]

    assert held() == [{"email": "jane@acme.com", "visits": 3}]


def test_who_is_forgotten_or_has_a_value_of_another_type_is_rejected_alone(
    fields, account, ask, deliver, held
):
    ask("POST", "/api/users/forget", email="joe@acme.com")
    people = [
        {"email": f"{name}@acme.com", "visits": visits} for name, visits in (("joe", "1"), ("ada", "2"))
    ]

    outcomes = deliver(Users(account), *people, {"email": "eve@acme.com", "visits": None})

    assert [one.reason for one in outcomes] == [
        "is forgotten, and can never be written again",
        "has a value that Iterable refuses",
        "",
    ]
    assert [one["email"] for one in held()] == ["eve@acme.com"]


def test_an_address_that_somebody_else_has_is_not_given_to_two(account, deliver, held):
    service = Users(account, Identified("userId"))

    deliver(service, {"userId": "C1", "email": "jane@acme.com"})
    outcomes = deliver(
        service, {"userId": "C2", "email": "jane@acme.com"}, {"userId": "C3", "email": "joe@acme.com"}
    )

    assert outcomes == [rejected("has an identifier of somebody else"), ACCEPTED]
    assert [one["userId"] for one in held()] == ["C1", "C3"]
