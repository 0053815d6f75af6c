"""Conversations about the contacts of an Emarsys account."""

from datetime import date

import httpx
import polars as pl
import pytest

from activation_platform.contracts.errors import DeclarationError, NotFound
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import (
    ACCEPTED,
    CREATED,
    DELETED,
    UPDATED,
    ignored,
    rejected,
    retry,
)
from activation_platform.contracts.service import BatchRefused, UnreadableAnswer
from activation_platform.destinations.emarsys.lists import ContactsOptions
from activation_platform_tests.destinations.conversation import talk
from activation_platform_tests.destinations.emarsys.speaking import (
    CREATE,
    DELETE,
    FIELDS,
    UPDATE,
    UPSERT,
    contacts,
    fields,
    refused,
    replied,
    say,
    written,
)

JANE, JOHN = {"email": "jane@acme.com"}, {"email": "john@acme.com"}
NOBODY = (2008, "No contact found with the external id: 3")
THERE = (2009, "Contact with the external id already exists: 3")
SEVERAL = (2010, "More contacts found with the external id: 3")


def test_contacts_are_said_in_one_call_by_the_numbers_of_their_fields():
    people = [{**JANE, "first_name": "Jane", "optin": "1"}, {**JOHN, "first_name": None, "optin": None}]

    said = say(people, written(1, 2), schema={"optin": pl.String})

    assert said.lines == [UPSERT]
    assert said.bodies == [
        {
            "key_id": "3",
            "contacts": [
                {"3": "jane@acme.com", "1": "Jane", "31": "1"},
                {"3": "john@acme.com", "1": None, "31": None},
            ],
        }
    ]
    assert said.requests[0].headers["Content-Type"] == "application/json"
    assert said.requests[0].headers["Accept"] == "application/json"


def test_fields_of_the_account_are_looked_up_once_by_their_string_ids():
    service = contacts()
    own = (("1001", "score", "numeric"), ("1002", "born", "date"), ("1003", "likes", "multichoice"))
    person = {**JANE, "score": 4.5, "born": date(1989, 7, 2), "likes": ["6789", "6792"]}

    first = say([person], fields(*own), written(1), service=service)
    second = say([person], written("1"), service=service)

    assert first.lines == [FIELDS, UPSERT]
    assert second.lines == [UPSERT]
    assert first.bodies[1]["contacts"] == [
        {"3": "jane@acme.com", "1001": 4.5, "1002": "1989-07-02", "1003": ["6789", "6792"]}
    ]


@pytest.mark.parametrize(
    ("ids", "outcome"), [((1, 2), CREATED), (("1", "2"), UPDATED), ((1, "2"), ACCEPTED), ((), ACCEPTED)]
)
def test_f3_who_is_new_has_an_id_that_is_a_number(ids, outcome):
    assert say([JANE, JOHN], written(*ids)).outcomes == [outcome] * 2


def test_an_error_is_about_the_contact_whose_key_it_names_and_about_no_other():
    told = written("1", **{"JOHN@acme.com": SEVERAL})

    assert say([JANE, JOHN], told).outcomes == [UPDATED, rejected(f"{SEVERAL[1]} (2010)")]


def test_two_contacts_that_the_vendor_does_not_tell_apart_share_an_error():
    people = [{"code": "a"}, {"code": "A"}, {"code": "b"}]
    own = ("1001", "code", "shorttext")

    said = say(people, fields(own), written("1", Á=SEVERAL), service=contacts("code"))
    folded = say(people, fields(own), written("1", B=SEVERAL), service=contacts("code"))

    assert isinstance(said.raised, BatchRefused)  # about somebody else
    assert [one == UPDATED for one in folded.outcomes] == [True, True, False]


def test_an_error_that_names_nobody_is_about_the_only_contact_or_refuses_the_batch():
    told = written(**{"<NO_KEY_ID>": (2004, "Invalid key field id: 100")})

    assert say([JANE], told).outcomes == [rejected("Invalid key field id: 100 (2004)")]
    assert isinstance(say([JANE, JOHN], told).raised, BatchRefused)


def test_two_calls_that_make_somebody_at_a_time_are_said_once_more():
    assert say([JANE], written(**{"jane@acme.com": THERE})).outcomes == [
        retry("another call made the contact meanwhile")
    ]


def test_update_only_makes_nobody():
    said = say([JANE, JOHN], written("1", **{"john@acme.com": NOBODY}), mode=Mode.UPDATE_ONLY)

    assert said.lines == [UPDATE]
    assert said.outcomes == [UPDATED, ignored("unknown at the destination")]


def test_insert_only_overwrites_nobody():
    said = say([JANE, JOHN], written(1, **{"john@acme.com": THERE}), mode=Mode.INSERT_ONLY)

    assert said.lines == [CREATE]
    assert said.outcomes == [CREATED, ignored("already there")]


def test_who_left_is_deleted_by_the_key_and_who_is_not_there_needs_not_be():
    told = replied({"errors": {"john@acme.com": {"2008": NOBODY[1]}, "eva@acme.com": {"2010": SEVERAL[1]}}})

    said = say([JANE, JOHN, {"email": "eva@acme.com"}], told, mode=Mode.MIRROR, operation=Operation.DELETE)

    assert said.lines == [DELETE]
    assert said.bodies == [{"key_id": "3", "3": ["jane@acme.com", "john@acme.com", "eva@acme.com"]}]
    assert said.outcomes == [DELETED, DELETED, rejected(f"{SEVERAL[1]} (2010)")]


@pytest.mark.parametrize(
    ("mode", "operation", "fault", "outcome"),
    [
        (Mode.UPDATE_ONLY, Operation.UPDATE, NOBODY, ignored("unknown at the destination")),
        (Mode.INSERT_ONLY, Operation.INSERT, THERE, ignored("already there")),
        (Mode.MIRROR, Operation.DELETE, NOBODY, DELETED),
    ],
)
def test_a_call_that_is_refused_for_its_only_contact_is_no_refusal(mode, operation, fault, outcome):
    assert say([JANE], refused(*fault), mode=mode, operation=operation).outcomes == [outcome]
    assert isinstance(say([JANE, JOHN], refused(*fault), mode=mode, operation=operation).raised, BatchRefused)


def test_a_reply_code_refuses_whatever_the_status():
    said = say([JANE, JOHN], refused(2004, "Invalid key field id: 100", status=200))

    assert isinstance(said.raised, BatchRefused)
    assert said.raised.reason == "Invalid key field id: 100 (2004)"


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={"data": {"ids": []}}),
        replied([]),
        replied({"ids": [], "errors": {"jane@acme.com": "no"}}),
    ],
)
def test_what_is_not_the_vendors_answer_is_no_answer(response):
    assert isinstance(say([JANE, JOHN], response).raised, UnreadableAnswer)


def test_a_field_that_is_gone_blames_no_record_and_names_the_nearest():
    said = say([{**JANE, "shoo": "42"}], fields(("1001", "shoe", "shorttext")))

    assert isinstance(said.raised, NotFound)
    assert 'no field "shoo"' in str(said.raised)
    assert 'Did you mean "shoe"' in str(said.raised)


def test_a_batch_of_more_bytes_than_a_call_may_have_is_said_in_halves():
    people = [{**JANE, "first_name": "x" * 4_000_000}, {**JOHN, "first_name": "x" * 4_000_000}]

    said = say(people)

    assert isinstance(said.raised, BatchRefused)
    assert said.requests == []


def test_the_accounts_fields_have_its_types_and_choices_and_what_cannot_be_written_is_left_out():
    own = (
        ("31", "optin", "special"),
        ("48", "registration_date", "special"),
        ("14", "country", "singlechoice"),
        ("1001", "code", "shorttext"),
        ("1002", "score", "numeric"),
        ("1003", "likes", "multichoice"),
        ("1004", "", "url"),
    )
    choices = replied(
        {
            "14": [{"id": 1, "choice": "Afghanistan"}, {"id": "2", "choice": "Albania"}],
            "1003": [{"id": "6789", "choice": "shoes"}, {"id": "6792", "choice": "hats"}],
        }
    )

    said = talk(contacts("code").account_fields(), fields(*own), choices)

    assert said.lines == [FIELDS, "GET /api/v2/field/choices?fields=14%2C1003&language=en"]
    assert [(one.name, one.type.rule, one.key) for one in said.outcomes] == [
        ("code", "text, 1 to 255 characters", True),
        ("email", "e-mail address", False),
        ("first_name", "text, 0 to 60 characters", False),
        ("last_name", "text, 0 to 60 characters", False),
        ("optin", "one of 1, 2", False),
        ("country", "one of 1, 2", False),
        ("score", "number", False),
        ("likes", "one of 6789, 6792, or a list of them", False),
        ("1004", "text", False),
    ]


def test_a_key_of_your_own_is_said_by_its_number():
    own = fields(("1001", "code", "shorttext"))

    said = say([{"code": "C1", "email": "jane@acme.com"}], own, written("1"), service=contacts("code"))
    gone = say(
        [{"code": "C1"}],
        own,
        replied({"errors": []}),
        service=contacts("code"),
        mode=Mode.MIRROR,
        operation=Operation.DELETE,
    )

    assert said.bodies[1] == {"key_id": "1001", "contacts": [{"1001": "C1", "3": "jane@acme.com"}]}
    assert gone.bodies[1] == {"key_id": "1001", "1001": ["C1"]}


@pytest.mark.parametrize("name", ["", "e mail", None, 3])
def test_nobody_is_known_by_what_is_no_field(name):
    with pytest.raises(DeclarationError, match="recognises nobody"):
        ContactsOptions(name)


def test_with_a_clients_token_the_third_version_is_spoken():
    service = contacts(username="", secret="", client_id="shop", client_secret="secret")

    said = say([JANE], written(1), service=service)

    assert said.lines == ["PUT /api/v3/contact?create_if_not_exists=1"]


CHECK = "POST /api/v2/contact/checkids"
MOVED = {"email": "joan@acme.com", "_previous_identifier": "jane@acme.com"}
STAYS = {**JOHN, "_previous_identifier": "john@acme.com"}


def checked(**ids):
    return replied({"ids": ids or [], "errors": []})


def test_b5_under_update_only_who_has_another_key_is_found_by_the_one_last_sent():
    said = say(
        [STAYS, MOVED],
        checked(**{"jane@acme.com": 7}),
        written("1"),
        written("7"),
        mode=Mode.UPDATE_ONLY,
        operation=Operation.UPDATE,
    )

    assert said.lines == [CHECK, UPDATE, UPDATE]
    assert said.bodies == [
        {"key_id": "3", "external_ids": ["jane@acme.com"]},
        {"key_id": "3", "contacts": [{"3": "john@acme.com"}]},
        {"key_id": "id", "contacts": [{"id": "7", "3": "joan@acme.com"}]},
    ]
    assert said.outcomes == [UPDATED, UPDATED]


@pytest.mark.parametrize("nobody", [checked(), refused(*NOBODY)])
def test_b5_who_is_not_there_by_the_old_key_may_be_by_the_new_one(nobody):
    said = say([MOVED], nobody, written("1"), mode=Mode.UPDATE_ONLY, operation=Operation.UPDATE)

    assert said.lines == [CHECK, UPDATE]
    assert said.bodies[1] == {"key_id": "3", "contacts": [{"3": "joan@acme.com"}]}


def test_b5_an_error_about_somebody_who_moved_names_the_vendors_own_id():
    told = written(**{"7": (2007, "Invalid value for field id: 3")})

    said = say(
        [STAYS, MOVED],
        checked(**{"jane@acme.com": "7"}),
        written("1"),
        told,
        mode=Mode.UPDATE_ONLY,
        operation=Operation.UPDATE,
    )

    assert said.outcomes == [UPDATED, rejected("Invalid value for field id: 3 (2007)")]


@pytest.mark.parametrize("mode", [Mode.UPSERT, Mode.MIRROR])
def test_b5_where_contacts_are_made_the_new_key_is_said(mode):
    assert say([MOVED], written(1), mode=mode, operation=Operation.UPDATE).lines == [UPSERT]


def test_an_answer_without_ids_is_no_answer():
    said = say([MOVED], replied(""), mode=Mode.UPDATE_ONLY, operation=Operation.UPDATE)

    assert isinstance(said.raised, UnreadableAnswer)
