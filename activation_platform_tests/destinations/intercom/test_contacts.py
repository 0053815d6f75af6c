"""Conversations about contacts of an Intercom workspace."""

from datetime import UTC, date, datetime

import httpx
import pytest

from activation_platform.contracts.batch import PREVIOUS
from activation_platform.contracts.errors import DeclarationError, NotFound
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import CREATED, DELETED, UPDATED, ignored, rejected
from activation_platform.contracts.service import BatchRefused, UnreadableAnswer
from activation_platform.destinations.intercom.contacts import Contacts
from activation_platform.destinations.intercom.destination import Intercom
from activation_platform.destinations.intercom.people import Identified
from activation_platform_tests.destinations.conversation import batch_of, converse, talk

ADA = {"external_id": "7", "name": "Ada"}
SHOWN = {"type": "contact", "id": "c1", "external_id": "7", "email": "ada@acme.com"}
UPDATE, DELETE = Operation.UPDATE, Operation.DELETE


def contacts(identifier="external_id"):
    return Contacts(Intercom(access_token="token"), Identified(identifier))


def say(person, *answers, identifier="external_id", **more):
    return converse(contacts(identifier), batch_of(person, identified_by=identifier, **more), *answers)


def answer(document=SHOWN, status=200):
    return httpx.Response(status, json=document)


def refused(message, code="parameter_invalid", status=400):
    return answer(
        {"type": "error.list", "request_id": "r", "errors": [{"code": code, "message": message}]}, status
    )


def taken(contact="c1", who="A contact"):
    return refused(f"{who} matching those details already exists with id={contact}", "conflict", 409)


def listed(*data, after=None):
    following = {"next": {"per_page": 150, "starting_after": after}} if after else {}
    return answer({"type": "list", "data": list(data), "pages": {"type": "pages", **following}})


def missing():
    return refused("User Not Found", "not_found", 404)


def test_a_new_contact_is_created_as_a_user_with_custom_attributes_apart():
    said = say({**ADA, "plan": "gold", "score": 4.5}, answer())

    assert said.lines == ["POST /contacts"]
    assert said.bodies == [{"role": "user", **ADA, "custom_attributes": {"plan": "gold", "score": 4.5}}]
    assert said.requests[0].headers["Intercom-Version"] == "2.15"
    assert said.outcomes == [CREATED]


def test_moments_are_whole_seconds_and_days_begin_in_utc():
    when = datetime(2026, 1, 1, 12, 0, 0, 999_999, tzinfo=UTC)

    (body,) = say({**ADA, "signed_up_at": when, "born": date(1970, 1, 2)}, answer()).bodies

    assert (body["signed_up_at"], body["custom_attributes"]["born"]) == (1_767_268_800, 86_400)


def test_b6_null_takes_values_away_but_no_identifier():
    (body,) = say({**ADA, "name": None, "email": None, "plan": None}, answer()).bodies

    assert body == {"role": "user", "external_id": "7", "name": None, "custom_attributes": {"plan": None}}


def test_who_is_there_already_is_looked_at_and_written():
    said = say(ADA, taken(), answer(), answer())

    assert said.lines == ["POST /contacts", "GET /contacts/c1", "PUT /contacts/c1"]
    assert said.bodies[2] == ADA
    assert said.outcomes == [UPDATED]


def test_a_contact_with_the_same_address_and_no_id_is_given_one():
    said = say({**ADA, "email": "ada@acme.com"}, taken(), answer({**SHOWN, "external_id": None}), answer())

    assert said.outcomes == [UPDATED]


@pytest.mark.parametrize("mode", [Mode.UPSERT, Mode.INSERT_ONLY])
def test_somebody_else_with_the_same_details_is_left_alone(mode):
    (outcome,) = say(ADA, taken(), answer({**SHOWN, "external_id": "8"}), mode=mode).outcomes

    assert outcome.verdict == "rejected"
    assert outcome.reason.endswith("already exists with id=c1, whose external_id is another")


def test_who_is_in_the_archive_is_taken_out_and_written():
    said = say(ADA, taken(who="An archived contact"), answer(), answer(), answer())

    assert said.lines[1:] == ["POST /contacts/c1/unarchive", "GET /contacts/c1", "PUT /contacts/c1"]
    assert said.outcomes == [UPDATED]


def test_somebody_else_goes_back_into_the_archive():
    said = say(
        ADA, taken(who="An archived contact"), answer(), answer({**SHOWN, "external_id": "8"}), answer()
    )

    assert said.lines[-1] == "POST /contacts/c1/archive"
    assert said.outcomes[0].verdict == "rejected"


def test_who_cannot_leave_the_archive_is_rejected():
    said = say(ADA, taken(who="An archived contact"), missing())

    assert said.outcomes == [rejected("not_found: User Not Found")]


@pytest.mark.parametrize("who", ["A contact", "An archived contact"])
def test_insert_only_overwrites_nobody(who):
    looks = [answer()] if who == "A contact" else []

    said = say(ADA, taken(who=who), *looks, mode=Mode.INSERT_ONLY)

    assert {request.method for request in said.requests[1:]} <= {"GET"}
    assert said.outcomes[0].verdict == "ignored"


def test_an_update_finds_the_contact_by_its_id_and_writes():
    said = say(
        {**ADA, "external_id": "a/b c"}, answer({**SHOWN, "external_id": "a/b c"}), answer(), operation=UPDATE
    )

    assert said.lines == ["GET /contacts/find_by_external_id/a%2Fb%20c", "PUT /contacts/c1"]
    assert said.outcomes == [UPDATED]


def test_an_update_of_whom_intercom_does_not_know_creates():
    assert say(ADA, missing(), answer(), operation=UPDATE).outcomes == [CREATED]
    assert say(ADA, answer(), missing(), answer(), operation=UPDATE).outcomes == [CREATED]


def test_update_only_creates_nobody():
    unknown = [ignored("unknown at the destination")]

    assert say(ADA, missing(), mode=Mode.UPDATE_ONLY).outcomes == unknown
    assert say(ADA, answer(), missing(), mode=Mode.UPDATE_ONLY).outcomes == unknown


def test_b5_an_update_finds_the_contact_by_the_identifier_before():
    said = say(
        {**ADA, PREVIOUS: "6"},
        answer({**SHOWN, "external_id": "6"}),
        answer(),
        mode=Mode.UPDATE_ONLY,
        operation=UPDATE,
    )

    assert said.lines[0] == "GET /contacts/find_by_external_id/6"
    assert said.bodies[1]["external_id"] == "7"


def test_b5_an_update_that_was_carried_out_is_found_by_todays_identifier():
    said = say({**ADA, PREVIOUS: "6"}, missing(), answer(), answer(), mode=Mode.UPDATE_ONLY, operation=UPDATE)

    assert [line.rpartition("/")[2] for line in said.lines] == ["6", "7", "c1"]


def test_users_are_searched_by_address_on_all_pages():
    jane = {"email": "ada@acme.com", "name": "Ada"}

    said = say(jane, listed(after="x"), listed(SHOWN), answer(), identifier="email", operation=UPDATE)

    assert said.lines == ["POST /contacts/search", "POST /contacts/search", "PUT /contacts/c1"]
    assert said.bodies[0]["query"]["value"] == [
        {"field": "email", "operator": "IN", "value": ["ada@acme.com"]},
        {"field": "role", "operator": "=", "value": "user"},
    ]
    assert said.bodies[1]["pagination"]["starting_after"] == "x"
    assert said.outcomes == [UPDATED]


def test_an_update_never_chooses_between_two_people():
    (outcome,) = say(
        {"email": "ada@acme.com"},
        listed(SHOWN, {**SHOWN, "id": "c2"}),
        identifier="email",
        mode=Mode.UPDATE_ONLY,
    ).outcomes

    assert outcome == rejected("several contacts at Intercom have this email")


def test_a_delete_finds_the_contact_first():
    said = say(ADA, answer(), answer({"id": "c1", "deleted": True}), operation=DELETE, mode=Mode.MIRROR)

    assert said.lines == ["GET /contacts/find_by_external_id/7", "DELETE /contacts/c1"]
    assert said.outcomes == [DELETED]


def test_a_page_in_the_place_of_an_answer_deletes_nobody():
    page = httpx.Response(200, html="<p>hello")

    said = say(ADA, answer(), page, operation=DELETE, mode=Mode.MIRROR)

    assert isinstance(said.raised, UnreadableAnswer)


@pytest.mark.parametrize("answers", [[missing], [answer, missing]])
def test_d2_who_is_not_there_is_deleted(answers):
    said = say(ADA, *(one() for one in answers), operation=DELETE, mode=Mode.MIRROR)

    assert said.outcomes == [DELETED]


def test_a_refusal_is_told_in_the_vendors_words():
    said = say({**ADA, "plan": "x"}, refused("Custom attribute 'plan' does not exist"))

    assert said.outcomes == [rejected("parameter_invalid: Custom attribute 'plan' does not exist")]


def test_a_refused_look_is_refused_as_a_whole():
    assert isinstance(say(ADA, refused("no"), operation=UPDATE).raised, BatchRefused)


def test_a_404_of_somebody_else_blames_no_record():
    page = httpx.Response(404, html="<p>nothing here")

    assert isinstance(say(ADA, page, operation=UPDATE).raised, NotFound)
    assert isinstance(say(ADA, page).raised, NotFound)


@pytest.mark.parametrize("text", ["<html>Sign in</html>", '{"data": ', "[]"])
def test_what_is_not_the_vendors_answer_is_no_answer(text):
    assert isinstance(say(ADA, httpx.Response(200, text=text), operation=UPDATE).raised, UnreadableAnswer)


def test_mirror_wants_an_identifier_by_which_everybody_is_found():
    (objection,) = contacts("email").objections(Mode.MIRROR)

    assert "external_id" in objection
    assert not list(contacts("email").objections(Mode.UPSERT))
    assert not list(contacts().objections(Mode.MIRROR))


def test_nobody_is_known_by_anything_else():
    with pytest.raises(DeclarationError, match='Intercom recognises nobody by "phone"'):
        Identified("phone")


def test_the_workspaces_attributes_are_fields_where_they_can_be_written():
    def attribute(name, kind="string", **more):
        return {
            "name": name,
            "data_type": kind,
            "custom": True,
            "api_writable": True,
            "archived": False,
            **more,
        }

    said = talk(
        contacts().account_fields(),
        listed(
            attribute("plan", options=["gold", "basic"]),
            attribute("score", "float"),
            attribute("gone", archived=True),
            attribute("computed", api_writable=False),
            attribute("things", "relationship"),
            attribute("name"),
            attribute("last_contacted_at", "date", custom=False),
        ),
    )

    known = {field.name: field.type for field in said.result}
    assert said.lines == ["GET /data_attributes?model=contact"]
    assert set(known) - {field.name for field in contacts().declared_fields()} == {"plan", "score"}
    assert known["plan"].values == ("gold", "basic")
