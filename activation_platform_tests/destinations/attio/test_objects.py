"""Conversations about the other objects of an Attio workspace: which, how they are known, and what each declares."""

import httpx
import pytest

from activation_platform.contracts.errors import DeclarationError, NotFound
from activation_platform.contracts.modes import Mode, ModelKind
from activation_platform.contracts.outcomes import rejected
from activation_platform.destinations.attio.attributes import Matching
from activation_platform.destinations.attio.companies import Companies
from activation_platform.destinations.attio.deals import Deals
from activation_platform.destinations.attio.destination import Attio
from activation_platform.destinations.attio.objects import Objects, ObjectsOptions
from activation_platform.destinations.attio.people import People
from activation_platform.destinations.attio.users import Users
from activation_platform_tests.destinations.attio.speaking import attribute, done, listed, refused
from activation_platform_tests.destinations.conversation import batch_of, converse, talk

WORKSPACE = Attio(access_token="token")
PROJECTS = Objects(WORKSPACE, ObjectsOptions("project_id", object="projects"))
SERVICES = [
    (People(WORKSPACE), "people", "email_addresses"),
    (Companies(WORKSPACE), "companies", "domains"),
    (Users(WORKSPACE), "users", "user_id"),
    (Deals(WORKSPACE, Matching("deal_id")), "deals", "deal_id"),
    (PROJECTS, "projects", "project_id"),
]


@pytest.mark.parametrize(("service", "slug", "matching"), SERVICES, ids=[slug for _, slug, _ in SERVICES])
def test_every_object_is_asserted_by_its_own_matching_attribute(service, slug, matching):
    said = converse(service, batch_of({matching: "x", "name": "X"}, identified_by=matching), done())

    assert said.lines == [f"PUT /v2/objects/{slug}/records?matching_attribute={matching}"]
    assert said.bodies == [{"data": {"values": {matching: ["x"], "name": ["X"]}}}]


@pytest.mark.parametrize(("service", "slug", "matching"), SERVICES, ids=[slug for _, slug, _ in SERVICES])
def test_a2_the_ledger_pins_the_object(service, slug, matching):
    assert service.target == slug
    assert service.identifying_field == matching
    (key,) = [field for field in service.declared_fields() if field.key]
    assert (key.name, key.required) == (matching, True)


@pytest.mark.parametrize(
    ("service", "kinds"),
    [
        (People, {ModelKind.USERS}),
        (Users, {ModelKind.USERS}),
        (Companies, {ModelKind.USERS, ModelKind.CUSTOM}),
        (Deals, {ModelKind.CUSTOM}),
        (Objects, {ModelKind.USERS, ModelKind.CUSTOM}),
    ],
)
def test_g_a_service_says_which_models_it_takes(service, kinds):
    assert service.model_kinds == kinds


def test_several_values_replace_those_of_an_attribute_that_takes_several():
    company = {"company_id": "c-1", "domains": ["acme.com", "acme.fr"], "team": None}
    service = Companies(WORKSPACE, Matching("company_id"))

    said = converse(service, batch_of(company, identified_by="company_id"), done())

    assert said.bodies[0]["data"]["values"]["domains"] == ["acme.com", "acme.fr"]
    assert said.bodies[0]["data"]["values"]["team"] == []


def test_what_more_than_one_object_has_is_written_in_the_vendors_short_form():
    deal = {
        "deal_id": "d-1",
        "owner": "owner@example.org",
        "associated_people": ["jane@acme.com", "joe@acme.com"],
        "associated_company": "acme.com",
    }

    said = converse(Deals(WORKSPACE, Matching("deal_id")), batch_of(deal, identified_by="deal_id"), done())

    assert said.bodies[0]["data"]["values"] == {
        "deal_id": ["d-1"],
        "owner": ["owner@example.org"],
        "associated_people": ["jane@acme.com", "joe@acme.com"],
        "associated_company": ["acme.com"],
    }


def test_a_deal_cannot_be_known_without_a_unique_attribute_of_ones_own():
    with pytest.raises(TypeError, match="matching_attribute"):
        Deals.Options()
    said = talk(Deals(WORKSPACE, Matching("name")).account_fields(), listed(attribute("name")), listed())

    assert isinstance(said.raised, DeclarationError)
    assert "make one for it in Attio: a unique attribute of type text" in said.raised.remedy


@pytest.mark.parametrize("slug", ["people", "companies", "users", "deals"])
def test_a4_an_object_with_a_service_of_its_own_is_kept_by_that_one(slug):
    with pytest.raises(DeclarationError, match=f"Use the service {slug}"):
        ObjectsOptions("x", object=slug)


@pytest.mark.parametrize(
    "name", ["97052eb9-e65e-443f-a297-f2d9a4a7f795", "Our projects", "", "../self", "a/b"]
)
def test_an_object_is_named_by_its_slug(name):
    with pytest.raises(DeclarationError, match="not the slug of an object"):
        ObjectsOptions("x", object=name)


@pytest.mark.parametrize(
    "options", [lambda: Matching("record_id"), lambda: ObjectsOptions("record_id", object="a")]
)
def test_the_record_id_matches_no_object(options):
    with pytest.raises(DeclarationError, match="record_id"):
        options()


def test_an_object_that_does_not_exist_is_answered_with_those_that_do():
    said = talk(
        PROJECTS.account_fields(),
        refused("not_found", 'Object with slug/ID "projects" not found.', 404),
        listed({"api_slug": "people"}, {"api_slug": "project"}),
    )

    assert said.lines == ["GET /v2/objects/projects/attributes?limit=500&offset=0", "GET /v2/objects"]
    assert isinstance(said.raised, NotFound)
    assert 'There is: people, project. Did you mean "project"?' in said.raised.remedy
    assert "must first be enabled" in said.raised.remedy


def test_the_fields_of_an_object_are_those_of_the_account():
    attributes = [
        attribute("project_id", is_unique=True, is_required=True),
        attribute("customer", "record-reference"),
        attribute("tags", "select", is_multiselect=True),
    ]

    said = talk(PROJECTS.account_fields(), listed(*attributes), listed())

    assert [(field.name, field.key, field.type.rule) for field in said.outcomes] == [
        ("project_id", True, "text"),
        ("customer", False, "text"),
        ("tags", False, "text, or a list of them"),
    ]


@pytest.mark.parametrize("status", [400, 409])
def test_one_value_that_is_refused_rejects_its_record_in_the_vendors_words(status):
    refusal = httpx.Response(status, text='{"code": "value_not_found", "message": "half a \\ud800 pair"}')
    said = converse(PROJECTS, batch_of({"project_id": "p-1"}, identified_by="project_id"), refusal)

    assert said.outcomes == [rejected("value_not_found: half a \ud800 pair")]
    assert WORKSPACE.redactor()(said.outcomes[0].reason) == "value_not_found: half a ? pair"


def test_an_error_that_repeats_half_a_character_can_be_printed():
    refusal = httpx.Response(404, text='{"code": "not_found", "message": "no \\ud800"}')
    said = converse(PROJECTS, batch_of({"project_id": "p-1"}, identified_by="project_id"), refusal)

    assert "no ?" in str(said.raised)
    assert str(said.raised).encode()


def test_every_object_offers_the_same_modes():
    modes = {frozenset(type(service).modes) for service, _, _ in SERVICES}

    assert modes == {frozenset({Mode.UPSERT, Mode.UPDATE_ONLY, Mode.INSERT_ONLY, Mode.MIRROR})}
