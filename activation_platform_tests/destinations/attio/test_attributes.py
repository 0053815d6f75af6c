"""Conversations about the account's own attributes of people, and the fields they become."""

import httpx
import polars as pl
import pytest

from activation_platform.contracts.errors import DeclarationError, NotFound
from activation_platform.contracts.service import BatchRefused, UnreadableAnswer
from activation_platform.contracts.values import Boolean, Day, Email, Instant, Integer, Number, Phone, Text
from activation_platform.destinations.attio.attributes import field_of
from activation_platform.destinations.attio.destination import Attio
from activation_platform.destinations.attio.people import People, PeopleOptions
from activation_platform_tests.destinations.conversation import talk


def attribute(slug, kind="text", **more):
    return {
        "api_slug": slug,
        "title": slug.title(),
        "type": kind,
        "is_writable": True,
        "is_required": False,
        "is_unique": False,
        "is_multiselect": False,
        "is_archived": False,
        "is_default_value_enabled": False,
        **more,
    }


EMAIL = attribute("email_addresses", "email-address", is_unique=True, is_multiselect=True)


def ask(*pages, matching="email_addresses"):
    service = People(Attio(access_token="token"), PeopleOptions(matching))
    return talk(service.account_fields(), *(httpx.Response(200, json={"data": page}) for page in pages))


@pytest.mark.parametrize(
    ("kind", "type_"),
    [
        ("text", Text()),
        ("number", Number()),
        ("checkbox", Boolean()),
        ("currency", Number()),
        ("date", Day()),
        ("timestamp", Instant()),
        ("rating", Integer(min=0, max=5)),
        ("status", Text(min=1)),
        ("select", Text(min=1)),
        ("domain", Text(min=1, trim=True)),
        ("email-address", Email()),
        ("phone-number", Phone()),
        ("personal-name", Text(min=1, trim=True)),
        ("location", None),
        ("record-reference", None),
        ("actor-reference", None),
        ("interaction", None),
        ("something-new", None),
    ],
)
def test_every_type_of_attribute_is_a_field_or_left_out(kind, type_):
    found = field_of(attribute("a", kind))

    assert (found and found.type) == type_


@pytest.mark.parametrize("more", [{"is_writable": False}, {"is_archived": True}])
def test_what_cannot_be_written_is_left_out(more):
    assert field_of(attribute("a", **more)) is None


@pytest.mark.parametrize(
    ("required", "defaulted", "expected"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_what_attio_fills_in_itself_is_not_required(required, defaulted, expected):
    found = field_of(attribute("a", is_required=required, is_default_value_enabled=defaulted))

    assert found.required is expected


@pytest.mark.parametrize(
    ("raw", "values", "reasons"),
    [
        (pl.Series(["A", None]), [["A"], None], [None, None]),
        (pl.Series([["A", "B"], []]), [["A", "B"], []], [None, None]),
        (pl.Series([1]), [None], ["is not a list of texts"]),
    ],
)
def test_a_select_of_several_takes_lists_and_single_options(raw, values, reasons):
    cleaned = field_of(attribute("tags", "select", is_multiselect=True)).type.clean(raw)

    assert cleaned.values.to_list() == values
    assert cleaned.reasons.to_list() == reasons


def test_the_accounts_attributes_become_fields():
    said = ask([EMAIL, attribute("tier", "select", is_required=True), attribute("home", "location")], [])

    assert [(field.name, field.key, field.required) for field in said.outcomes] == [
        ("email_addresses", True, True),
        ("tier", False, True),
    ]
    assert said.requests[0].extensions["budget"] is Attio.reads


def test_a_name_can_also_be_written_in_parts():
    said = ask([EMAIL, attribute("name", "personal-name")], [])

    assert [field.name for field in said.outcomes][1:] == ["name", "name.first_name", "name.last_name"]


def test_attributes_are_read_page_by_page_until_nothing_is_new():
    said = ask([EMAIL], [attribute("a")], [attribute("b")], [attribute("b")])

    assert said.lines == [
        f"GET /v2/objects/people/attributes?limit=500&offset={offset}" for offset in (0, 1, 2, 3)
    ]
    assert [field.name for field in said.outcomes] == ["email_addresses", "a", "b"]


def test_a_matching_attribute_that_does_not_exist_is_answered_with_the_nearest():
    said = ask([EMAIL], [], matching="email_adress")

    assert isinstance(said.raised, NotFound)
    assert 'Did you mean "email_addresses"' in str(said.raised)


@pytest.mark.parametrize(
    "poor",
    [
        attribute("poor"),
        attribute("poor", is_unique=True, is_writable=False),
        attribute("poor", "location", is_unique=True),
    ],
)
def test_a_matching_attribute_must_be_unique_and_writable(poor):
    said = ask([EMAIL, poor], [], matching="poor")

    assert isinstance(said.raised, DeclarationError)
    assert "email_addresses" in said.raised.remedy


@pytest.mark.parametrize(
    ("response", "raised"),
    [
        (httpx.Response(200, text="<html>"), UnreadableAnswer),
        (httpx.Response(200, json=[]), UnreadableAnswer),
        (httpx.Response(404, json={"code": "not_found", "message": "no people"}), NotFound),
        (httpx.Response(400, json={"code": "x", "message": "y"}), BatchRefused),
    ],
)
def test_attributes_that_cannot_be_read_are_not_guessed(response, raised):
    service = People(Attio(access_token="token"))

    assert isinstance(talk(service.account_fields(), response).raised, raised)
