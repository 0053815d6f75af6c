"""Conversations about the items of a Batch catalog."""

from datetime import UTC, date, datetime

import httpx
import polars as pl
import pytest

from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import ACCEPTED
from activation_platform.contracts.service import BatchRefused, UnreadableAnswer
from activation_platform.destinations.batch.catalogs import Catalogs, CatalogsOptions
from activation_platform.destinations.batch.destination import Batch as Project
from activation_platform.sync.mapping import FieldMapping, mapping_problems
from activation_platform_tests.destinations.conversation import batch_of, converse, talk

VIEW = "GET /2.11/catalogs/view?name=products"
EDIT = "POST /2.11/catalogs/items/edit"
SHOE = {"id": "shoe", "title": "A shoe", "price": 49.5}
HAT = {"id": "hat", "title": "A hat", "price": 20.0}


def catalogs(name="products"):
    return Catalogs(Project(rest_api_key="rest", project_key="project_1"), CatalogsOptions(name))


def say(operation, *responses, items=(SHOE, HAT), service=None, **more):
    batch = batch_of(*items, identified_by="id", mode=Mode.MIRROR, operation=operation, **more)
    return converse(service or catalogs(), batch, *responses)


def taken():
    return httpx.Response(202, json={"indexing_token": "t1"})


def made():
    return httpx.Response(201, json={})


def refused(reason="no such catalog", status=400):
    return httpx.Response(status, json={"error_code": "MALFORMED_REQUEST", "error_message": reason})


def view(*fields):
    listed = [{"name": name, "type": kind} for name, kind in fields]
    return httpx.Response(200, json={"name": "products", "fields": listed, "items": 0})


def attributes(**item):
    (told,) = say(Operation.INSERT, taken(), items=[{"id": "shoe", **item}]).bodies[0]["items"]
    return told["attributes"]


def test_items_are_added_as_the_vendor_shows_it():
    said = say(Operation.INSERT, taken())

    assert said.lines == [EDIT]
    assert said.bodies == [
        {
            "name": "products",
            "items": [
                {"id": "shoe", "action": "add", "attributes": {"title": "A shoe", "price": 49.5}},
                {"id": "hat", "action": "add", "attributes": {"title": "A hat", "price": 20.0}},
            ],
        }
    ]
    assert said.outcomes == [ACCEPTED] * 2
    assert {one.extensions["budget"] for one in said.requests} == {Project.catalogs}


def test_items_that_left_are_removed_by_their_ids():
    said = say(Operation.DELETE, taken())

    assert said.bodies[0]["items"] == [
        {"id": "shoe", "action": "remove"},
        {"id": "hat", "action": "remove"},
    ]
    assert said.outcomes == [ACCEPTED] * 2


def test_every_type_is_written_as_the_rules_of_attributes_say():
    moment = datetime(2026, 8, 1, 12, 0, 5, 999_999, UTC)

    assert attributes(
        tags=["summer", "sale"],
        available=True,
        launched=moment,
        season=date(2026, 8, 1),
        price=19.99,
        stock=3,
        **{"url(website)": "https://example.com"},
    ) == {
        "tags": ["summer", "sale"],
        "available": True,
        "date(launched)": "2026-08-01T12:00:05Z",
        "date(season)": "2026-08-01T00:00:00Z",
        "price": 19.99,
        "stock": 3,
        "url(website)": "https://example.com",
    }


def test_b6_what_is_null_is_left_out_and_an_empty_list_is_a_value():
    items = [{"id": "shoe", "at": date(2026, 8, 1), "tags": []}, {"id": "hat", "at": None, "tags": None}]

    said = say(Operation.INSERT, taken(), items=items, schema={"tags": pl.List(pl.String)})

    shoe, hat = said.bodies[0]["items"]
    assert shoe["attributes"] == {"date(at)": "2026-08-01T00:00:00Z", "tags": []}
    assert hat["attributes"] == {}


def test_b6_no_field_of_a_catalog_can_be_mapped_to_be_cleared():
    lines = [FieldMapping("id", "sku"), FieldMapping("price", "price")]
    asked = talk(catalogs().account_fields(), view(("price", "float"))).outcomes

    for account in (None, asked):
        (problem,) = mapping_problems(lines, catalogs(), None, account)
        assert '"price" cannot be cleared there: map it with on_null: keep' in problem.message
    kept = [lines[0], FieldMapping("price", "price", on_null="keep")]
    assert not list(mapping_problems(kept, catalogs(), None, asked))


@pytest.mark.parametrize("refusal", [refused(), refused(status=404)], ids=["400", "404"])
def test_a_catalog_that_does_not_exist_is_made_of_what_is_mapped_and_the_items_said_again(refusal):
    item = {
        "id": "shoe",
        "tags": ["new"],
        "available": True,
        "launched": datetime(2026, 8, 1, tzinfo=UTC),
        "season": date(2026, 8, 1),
        "price": 1.5,
        "stock": 3,
        "title": "A shoe",
        "url(website)": "https://example.com",
    }

    said = say(Operation.INSERT, refusal, httpx.Response(404), made(), taken(), items=[item])

    assert said.lines == [EDIT, VIEW, "POST /2.11/catalogs/create", EDIT]
    assert said.bodies[2] == {
        "name": "products",
        "fields": [
            {"name": "tags", "type": "array"},
            {"name": "available", "type": "bool"},
            {"name": "launched", "type": "date"},
            {"name": "season", "type": "date"},
            {"name": "price", "type": "float"},
            {"name": "stock", "type": "integer"},
            {"name": "title", "type": "string"},
            {"name": "website", "type": "url"},
        ],
    }
    assert said.outcomes == [ACCEPTED]


def test_a_catalog_that_cannot_be_made_blames_no_record_and_says_what_to_do():
    said = say(Operation.INSERT, refused(), httpx.Response(404), refused("too many"), httpx.Response(404))

    assert isinstance(said.raised, DeclarationError)
    assert 'Batch refuses to make the catalog "products" (MALFORMED_REQUEST: too many)' in str(said.raised)
    assert "at most 5 catalogs" in str(said.raised)


def test_leaving_a_catalog_that_does_not_exist_makes_none():
    said = say(Operation.DELETE, refused(), httpx.Response(404))

    assert said.outcomes == [ACCEPTED] * 2
    assert said.lines == [EDIT, VIEW]


def test_a_refusal_of_items_although_the_catalog_exists_is_about_the_items():
    said = say(Operation.INSERT, refused("bad price"), view(), refused("bad price"))

    assert isinstance(said.raised, BatchRefused)
    assert said.raised.reason == "MALFORMED_REQUEST: bad price"


@pytest.mark.parametrize(
    "response", [httpx.Response(202, json={}), httpx.Response(200, text="<p>"), httpx.Response(202, json=[])]
)
def test_what_is_not_the_vendors_answer_is_no_answer(response):
    assert isinstance(say(Operation.INSERT, response).raised, UnreadableAnswer)


def test_the_fields_of_the_catalog_are_those_that_can_be_mapped_with_their_types():
    kinds = ("array", "bool", "date", "float", "integer", "string", "url", "polygon")
    told = view(("id", "string"), *((f"a_{kind}", kind) for kind in kinds))

    fields = talk(catalogs().account_fields(), told).outcomes

    assert {one.name: one.type.label for one in fields} == {
        "id": "text",
        "a_array": "list of texts",
        "a_bool": "true or false",
        "a_date": "timestamp",
        "a_float": "number",
        "a_integer": "whole number",
        "a_string": "text",
        "url(a_url)": "text",
    }
    assert [one.name for one in fields if one.key] == ["id"]


def test_of_a_catalog_that_is_still_to_be_made_no_fields_are_told():
    assert talk(catalogs().account_fields(), httpx.Response(404)).outcomes is None


@pytest.mark.parametrize("name", ["", " products", "products\n", None])
def test_a_name_that_no_catalog_can_have_is_refused(name):
    with pytest.raises(DeclarationError, match="option catalog"):
        CatalogsOptions(name)


def test_a4_the_target_is_the_catalog():
    assert catalogs("Produits d'été").target == "Produits d'été"
