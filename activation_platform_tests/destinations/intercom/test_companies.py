"""Conversations about companies of an Intercom workspace."""

import httpx
import pytest

from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import ACCEPTED, DELETED, UPDATED, ignored, rejected
from activation_platform.contracts.service import UnreadableAnswer
from activation_platform.destinations.intercom.companies import Companies
from activation_platform.destinations.intercom.destination import Intercom
from activation_platform_tests.destinations.conversation import batch_of, converse

ACME = {"company_id": "acme", "name": "Acme"}
SHOWN = {"type": "company", "id": "i1", "company_id": "acme"}
UNKNOWN = ignored("unknown at the destination")


def say(company, *answers, **more):
    service = Companies(Intercom(access_token="token"))
    return converse(service, batch_of(company, identified_by="company_id", **more), *answers)


def answer(document=SHOWN, status=200):
    return httpx.Response(status, json=document)


def refused(code="company_not_found", status=404):
    errors = [{"code": code, "message": "Company Not Found"}]
    return answer({"type": "error.list", "errors": errors}, status)


def listed(*companies):
    return answer({"type": "list", "data": list(companies)})


@pytest.mark.parametrize("operation", [Operation.INSERT, Operation.UPDATE])
def test_an_upsert_is_one_request(operation):
    said = say({**ACME, "tier": "a", "size": 5}, answer(), operation=operation)

    assert said.lines == ["POST /companies"]
    assert said.bodies == [{**ACME, "size": 5, "custom_attributes": {"tier": "a"}}]
    assert said.outcomes == [ACCEPTED]


def test_b6_null_empties_a_text_and_a_custom_attribute_and_leaves_a_number():
    (body,) = say({"company_id": "acme", "name": None, "size": None, "tier": None}, answer()).bodies

    assert body == {"company_id": "acme", "name": "", "custom_attributes": {"tier": None}}


@pytest.mark.parametrize("found", [listed(SHOWN), answer(SHOWN)])
def test_update_only_writes_the_company_that_is_found(found):
    said = say({**ACME, "remote_created_at": None}, found, answer(), mode=Mode.UPDATE_ONLY)

    assert said.lines == ["GET /companies?company_id=acme", "PUT /companies/i1"]
    assert said.bodies[1] == {"name": "Acme"}
    assert said.outcomes == [UPDATED]


@pytest.mark.parametrize(
    "answers",
    [
        lambda: [refused()],
        lambda: [listed()],
        lambda: [listed({**SHOWN, "company_id": "other"})],
        lambda: [listed(SHOWN), refused()],
    ],
)
def test_update_only_makes_no_company(answers):
    assert say(ACME, *answers(), mode=Mode.UPDATE_ONLY).outcomes == [UNKNOWN]


@pytest.mark.parametrize(
    "answers",
    [
        lambda: [refused()],
        lambda: [listed(SHOWN), refused()],
        lambda: [listed(SHOWN), answer({"id": "i1", "object": "company", "deleted": True})],
    ],
)
def test_who_left_is_deleted(answers):
    said = say(ACME, *answers(), mode=Mode.MIRROR, operation=Operation.DELETE)

    assert said.outcomes == [DELETED]
    assert said.lines[1:] in ([], ["DELETE /companies/i1"])


def test_a_refusal_is_told_in_the_vendors_words():
    assert say(ACME, refused("bad_request", 400)).outcomes == [rejected("bad_request: Company Not Found")]


def test_a_company_without_its_id_is_no_answer():
    said = say(ACME, listed({"company_id": "acme"}), mode=Mode.UPDATE_ONLY)

    assert isinstance(said.raised, UnreadableAnswer)
