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
from activation_platform.destinations.attio.value_types import LINE, Domain
from activation_platform_tests.destinations.attio.speaking import attribute, listed
from activation_platform_tests.destinations.conversation import talk

EMAIL = attribute("email_addresses", "email-address", is_unique=True, is_multiselect=True)


def ask(*pages, matching="email_addresses"):
    service = People(Attio(access_token="token"), PeopleOptions(matching))
    return talk(service.account_fields(), *(listed(*page) for page in pages))


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
        ("domain", Domain()),
        ("email-address", Email()),
        ("phone-number", Phone()),
        ("personal-name", LINE),
        ("location", LINE),
        ("record-reference", LINE),
        ("actor-reference", Email()),
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
        (pl.Series([["A", "A", "B"]]), [["A", "B"]], [None]),
        (pl.Series([1]), [["1"]], [None]),
        (pl.Series([[1]]), [None], ["is not a list of texts"]),
        (pl.Series([["A", None], ["A", ""], ["A"]]), [None, None, ["A"]], ["holds a null", "is empty", None]),
        (pl.Series([None, []], dtype=pl.List(pl.String)), [None, []], [None, None]),
        (pl.Series([], dtype=pl.List(pl.String)), [], []),
    ],
)
def test_a_select_of_several_takes_lists_and_single_options(raw, values, reasons):
    cleaned = field_of(attribute("tags", "select", is_multiselect=True)).type.clean(raw)

    assert cleaned.values.to_list() == values
    assert cleaned.reasons.to_list() == reasons


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("email-address", ["A@B.co", "a@b.co"], ["a@b.co"]),
        ("domain", ["https://www.Acme.com/about", "acme.co.uk"], ["acme.com", "acme.co.uk"]),
        ("phone-number", ["+33 6 39 98 13 37"], ["+33639981337"]),
    ],
)
def test_an_attribute_of_several_values_takes_each_by_the_rule_of_its_type(kind, raw, value):
    type_ = field_of(attribute("a", kind, is_multiselect=True)).type

    assert type_.clean(pl.Series([raw])).values.to_list() == [value]
    assert type_.clean(pl.Series([[*raw, "no such thing"]])).reasons[0].startswith("is not a")
    assert type_.clean(pl.Series([raw[0]])).values.to_list() == [value[:1]]


@pytest.mark.parametrize(
    ("raw", "domain"),
    [
        (" Acme.COM ", "acme.com"),
        ("http://www.acme.com:8080/x?y#z", "acme.com"),
        ("shop.acme.com", "shop.acme.com"),
        ("münchen.de", "münchen.de"),
        ("acme", None),
        ("somebody@acme.com", None),
        ("https://", None),
    ],
)
def test_a_domain_is_what_attio_keeps_of_an_address(raw, domain):
    assert Domain().clean(pl.Series([raw])).values.to_list() == [domain]


def test_the_matching_attribute_takes_one_value():
    (field,) = ask([EMAIL], []).outcomes

    assert field.type == Email()


def test_the_accounts_attributes_become_fields():
    said = ask([EMAIL, attribute("tier", "select", is_required=True), attribute("met", "interaction")], [])

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
        attribute("poor", "interaction", is_unique=True),
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
        (httpx.Response(200, json={"data": ["email_addresses"]}), UnreadableAnswer),
        (httpx.Response(200, json={"data": [{"title": "E-mail"}]}), UnreadableAnswer),
        (httpx.Response(400, json={"code": "x", "message": "y"}), BatchRefused),
    ],
)
def test_attributes_that_cannot_be_read_are_not_guessed(response, raised):
    service = People(Attio(access_token="token"))

    assert isinstance(talk(service.account_fields(), response).raised, raised)
