"""Conversations about records with a receiver of one's own."""

import json
from datetime import UTC, date, datetime

import httpx
import polars as pl
import pytest

from activation_platform.contracts.batch import IDENTIFIER, PREVIOUS
from activation_platform.contracts.errors import DeclarationError, NotFound
from activation_platform.contracts.modes import Mode, ModelKind, Operation
from activation_platform.contracts.outcomes import ACCEPTED, CREATED, DELETED, ignored, rejected
from activation_platform.contracts.service import BatchRefused
from activation_platform.destinations.webhook.destination import Webhook
from activation_platform.destinations.webhook.requests import Requests, RequestsOptions
from activation_platform_tests.destinations.conversation import batch_of, converse

JANE = {"id": "j/1", "name": "Jane"}
PER_BATCH = {"per": "batch", "batch_size": 50}
INSERT, UPDATE, DELETE = Operation.INSERT, Operation.UPDATE, Operation.DELETE


def requests(url="https://hooks.example.org/shop", **options):
    return Requests(Webhook(url=url), RequestsOptions(**options))


def say(record, *statuses, operation=INSERT, mode=Mode.UPSERT, schema=None, service=None, **options):
    service = service or requests(**options)
    batch = batch_of(
        record, identified_by=service.identifying_field, mode=mode, operation=operation, schema=schema
    )
    answers = [one if isinstance(one, httpx.Response) else httpx.Response(one) for one in statuses]
    return converse(service, batch, *answers)


def delete(left, /, *statuses, **options):
    return say({IDENTIFIER: left}, *statuses, operation=DELETE, mode=Mode.MIRROR, **options)


def test_an_insert_is_posted_to_the_address_itself():
    said = say(JANE, 201)

    (request,) = said.requests
    assert said.lines == ["POST /shop"]
    assert said.bodies == [JANE]
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["X-Operation"] == "insert"
    assert said.outcomes == [CREATED]


def test_an_update_is_put_below_it_under_the_identifier_percent_encoded():
    said = say(JANE, 200, operation=UPDATE)

    assert said.lines == ["PUT /shop/j%2F1"]
    assert said.requests[0].headers["X-Operation"] == "update"
    assert said.outcomes == [ACCEPTED]


def test_c_mirror_deletes_by_the_identifier_as_sent():
    said = delete("j/1", 204)

    assert said.lines == ["DELETE /shop/j%2F1"]
    assert said.bodies == [None]
    assert said.outcomes == [DELETED]


def test_an_identifier_that_is_not_in_the_path_stands_in_the_body():
    assert delete("j/1", 200, delete="POST /removed").bodies == [{"id": "j/1"}]


@pytest.mark.parametrize("status", [404, 410])
def test_c_what_is_not_there_is_deleted_already(status):
    assert delete("j/1", status).outcomes == [DELETED]


@pytest.mark.parametrize("mode", [Mode.UPSERT, Mode.MIRROR, Mode.UPDATE_ONLY])
@pytest.mark.parametrize("status", [404, 410])
def test_c_an_update_of_what_is_not_there_is_news_and_no_refusal(mode, status):
    assert say(JANE, status, operation=UPDATE, mode=mode).outcomes == [ignored("unknown at the destination")]


@pytest.mark.parametrize("mode", [Mode.UPSERT, Mode.MIRROR])
def test_c_an_insert_of_what_is_there_already_becomes_an_update(mode):
    said = say(JANE, 409, 200, mode=mode)

    assert said.lines == ["POST /shop", "PUT /shop/j%2F1"]
    assert [request.headers["X-Operation"] for request in said.requests] == ["insert", "update"]
    assert said.outcomes == [ACCEPTED]


def test_c_insert_only_never_overwrites():
    said = say(JANE, 409, mode=Mode.INSERT_ONLY)

    assert said.lines == ["POST /shop"]
    assert said.outcomes == [ignored("already there")]


@pytest.mark.parametrize(
    "body", [{"error": "no such plan"}, {"message": "no such plan"}, {"detail": "no such plan"}]
)
def test_a_record_that_is_refused_is_rejected_in_the_receivers_words(body):
    assert say(JANE, httpx.Response(422, json=body)).outcomes == [
        rejected("422 Unprocessable Entity: no such plan")
    ]


@pytest.mark.parametrize("text", ["", "<html>no</html>", "[]", '{"error": {"code": 1}}', '{"error": "'])
def test_a_refusal_without_words_is_its_status(text):
    assert say(JANE, httpx.Response(400, text=text)).outcomes == [rejected("400 Bad Request")]


@pytest.mark.parametrize("text", ["", "ok", "<html>Thank you</html>", '{"id": "\\ud800"}'])
def test_any_2xx_is_success_whatever_it_says(text):
    assert say(JANE, httpx.Response(200, text=text)).outcomes == [ACCEPTED]


def test_an_address_that_does_not_exist_blames_no_record():
    assert isinstance(say(JANE, 404).raised, NotFound)


def test_a_batch_is_an_array_in_one_request():
    service = requests(**PER_BATCH)
    batch = batch_of(JANE, {"id": "2", "name": None}, identified_by="id", mode=Mode.UPSERT)

    said = converse(service, batch, httpx.Response(200))

    assert service.batch_size == 50
    assert said.lines == ["POST /shop"]
    assert said.bodies == [[JANE, {"id": "2", "name": None}]]
    assert said.outcomes == [ACCEPTED, ACCEPTED]


def test_a_batch_of_deletes_says_who_left():
    gone = batch_of({IDENTIFIER: "1"}, {IDENTIFIER: "2"}, identified_by="-", operation=DELETE)

    said = converse(requests(**PER_BATCH), gone, httpx.Response(200))

    assert said.lines == ["DELETE /shop"]
    assert said.bodies == [[{"id": "1"}, {"id": "2"}]]
    assert said.outcomes == [DELETED, DELETED]


@pytest.mark.parametrize("status", [400, 409, 422])
def test_d2_a_batch_that_is_refused_is_refused_as_a_whole(status):
    said = say(JANE, status, **PER_BATCH)

    assert isinstance(said.raised, BatchRefused)


def test_calls_are_of_ones_own_design():
    options = {
        "insert": "PUT /v1/{country}/customers/{identifier}?source=shop",
        "update": "PATCH /v1/{country}/customers/{identifier}",
        "delete": "POST /v1/customers/{customer}/removal",
        "identifier": "customer",
        "headers": {"X-Team": "crm"},
    }
    record = {"customer": "a b", "country": "é", "name": "Jane"}

    assert say(record, 200, **options).lines == ["PUT /shop/v1/%C3%A9/customers/a%20b?source=shop"]
    assert say(record, 200, operation=UPDATE, **options).lines == ["PATCH /shop/v1/%C3%A9/customers/a%20b"]
    assert delete("a b", 200, **options).lines == ["POST /shop/v1/customers/a%20b/removal"]
    assert say(record, 200, **options).requests[0].headers["X-Team"] == "crm"


def test_parameters_that_are_always_the_same_may_repeat_their_name():
    said = say(JANE, 200, insert="POST /x?b=2&b=3&c=", url="https://hooks.example.org?a=1&a=2")

    assert said.lines == ["POST /x?a=1&a=2&b=2&b=3&c="]


def test_a_header_of_ones_own_replaces_ours_in_any_spelling():
    (request,) = say(JANE, 200, headers={"content-type": "application/vnd.shop+json"}).requests

    assert request.headers.get_list("Content-Type") == ["application/vnd.shop+json"]


def test_a_long_refusal_is_cut():
    (outcome,) = say(JANE, httpx.Response(400, json={"error": "x" * 1_000_000})).outcomes

    assert len(outcome.reason) < 400


def test_what_stands_in_a_path_must_be_mapped_and_there():
    service = requests(insert="POST /{country}", update="PUT /{country}/{identifier}")

    assert [(field.name, field.key, field.required) for field in service.declared_fields()] == [
        ("id", True, True),
        ("country", False, True),
    ]


@pytest.mark.parametrize("value", ["..", ".", "", None])
def test_a_value_that_would_lead_elsewhere_is_rejected_unsent(value):
    said = say({"id": "1", "country": value}, insert="POST /{country}", schema={"country": pl.String})

    assert said.requests == []
    assert said.outcomes == [rejected("country cannot stand in the path: it is empty or only dots")]


@pytest.mark.parametrize("value", ["a/../../b", "%2e%2e", "a?b=c", "a#b", "\u2603", "a\nb"])
def test_any_other_value_is_one_part_of_the_path(value):
    (request,) = say({"id": value}, 200, operation=UPDATE).requests

    assert request.url.raw_path.count(b"/") == 2
    assert request.url.query == b""
    assert request.url.path == f"/shop/{value}"


def test_values_stand_in_the_query_where_the_receiver_wants_them_there():
    record = {"id": "1", "tags": ["a", "b"], "vip": True, "name": None, "born": date(1990, 2, 3)}

    said = say(
        record, 200, values="query", url="https://hooks.example.org/x?token=t", schema={"name": pl.String}
    )

    assert said.lines == ["POST /x?token=t&id=1&tags=a&tags=b&vip=true&name=&born=1990-02-03"]
    assert said.bodies == [None]


@pytest.mark.parametrize(
    ("value", "dtype", "written"),
    [
        ("Zoë \u2603", pl.String, "Zoë \u2603"),
        ("", pl.String, ""),
        (None, pl.String, None),
        (2**53 + 1, pl.Int64, 2**53 + 1),
        (1.5, pl.Float64, 1.5),
        (False, pl.Boolean, False),
        (date(2024, 2, 29), pl.Date, "2024-02-29"),
        (
            datetime(2024, 1, 31, 23, 59, 59, 250_000, tzinfo=UTC),
            pl.Datetime("us", "UTC"),
            "2024-01-31T23:59:59.250000Z",
        ),
        (["a", "b"], pl.List(pl.String), ["a", "b"]),
        ([], pl.List(pl.String), []),
    ],
)
def test_every_type_of_value_is_written_as_json(value, dtype, written):
    said = say({"id": "1", "field": value}, 200, schema={"field": dtype})

    assert json.loads(said.requests[0].content) == {"id": "1", "field": written}


def key(record, batch="b-1", **options):
    service = requests(**options)
    made = batch_of(record, identified_by="id", operation=UPDATE)
    said = converse(
        service, type(made)(made.operation, made.mode, made.rows, made.fields, batch), httpx.Response(200)
    )
    return said.requests[0].headers["Idempotency-Key"]


def test_a_request_that_is_sent_again_has_the_same_idempotency_key():
    assert key(JANE) == key(JANE)


def test_another_record_address_or_batch_is_another_request():
    keys = {key(JANE), key({**JANE, "_key": "9"}), key(JANE, batch="b-2"), key(JANE, update="PUT /shop")}

    assert len(keys) == 4


def test_the_halves_of_a_batch_are_requests_of_their_own():
    service = requests(**PER_BATCH)
    batch = batch_of(JANE, {**JANE, "_key": "9"}, identified_by="id")

    keys = {service.request(one).headers["Idempotency-Key"] for one in (batch, *batch.halves())}

    assert len(keys) == 3


@pytest.mark.parametrize("idempotent", [True, False])
def test_a1_whether_a_request_may_be_said_twice_is_up_to_the_receiver(idempotent):
    assert requests(idempotent=idempotent).idempotent is idempotent
    assert requests().idempotent is False


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"per": "hour"}, "per is record or batch"),
        ({"per": "batch", "batch_size": 0}, "batch_size lies between"),
        ({"per": "batch", "batch_size": "many"}, "batch_size lies between"),
        ({"per": "batch", "values": "query"}, "no place in a query"),
        ({"per": "batch", "update": "PUT /{identifier}"}, "cannot name a record"),
        ({"insert": "GET /x"}, '"insert" is not a call'),
        ({"insert": "post"}, '"insert" is not a call'),
        ({"update": "PUT x"}, '"update" is not a call'),
        ({"update": "PUT /{identifier"}, '"update" is not a call'),
        ({"update": 3}, '"update" is not a call'),
        ({"delete": "DELETE /{country}"}, "only its identifier is known"),
        ({"identifier": ""}, "identifier names a field"),
        ({"values": "form"}, "values is body or query"),
        ({"headers": "X-A: b"}, "headers are names"),
        ({"headers": {"X A": "b"}}, "headers are names"),
        ({"headers": {"X-A": "b\nX-B: c"}}, "headers are names"),
        ({"idempotent": "yes"}, "idempotent is true or false"),
    ],
)
def test_options_that_make_no_request_are_refused_with_the_way_out(options, words):
    with pytest.raises(DeclarationError, match=words):
        RequestsOptions(**options)


def test_a2_the_ledger_pins_where_records_are_created():
    assert requests(insert="POST /customers?x=1").target == "/customers"
    assert requests().target == ""


def test_records_of_any_kind_are_kept():
    assert Requests.model_kinds == {ModelKind.USERS, ModelKind.CUSTOM}


def test_b5_a_moved_record_is_told_under_its_new_identifier():
    said = say({**JANE, PREVIOUS: "j/0"}, 200, operation=UPDATE)

    assert said.lines == ["PUT /shop/j%2F1"]
