"""Conversations about a table of an Emarsys account's relational data."""

from datetime import UTC, date, datetime

import httpx
import pytest

from activation_platform.contracts.errors import DeclarationError, NotFound
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import ACCEPTED
from activation_platform.contracts.service import BatchRefused, UnreadableAnswer
from activation_platform.destinations.emarsys.relational_data import RelationalData
from activation_platform.destinations.emarsys.tables import RelationalDataOptions
from activation_platform_tests.destinations.conversation import batch_of, converse, talk
from activation_platform_tests.destinations.emarsys.speaking import account, refused

ROWS = [{"order_id": "A1", "state": "paid"}, {"order_id": "A2", "state": None}]
TABLE = "/api/rds/connections/shop/tables/orders/records"
DONE = {"replyCode": 0, "replyText": "OK"}


def orders(settings=None, **options):
    named = {"connection": "shop", "table": "orders", "key": "order_id"} | options
    return RelationalData(account(**(settings or {})), RelationalDataOptions(**named))


def say(*responses, rows=ROWS, operation=Operation.INSERT, service=None):
    service = service or orders()
    batch = batch_of(*rows, identified_by="order_id", mode=Mode.MIRROR, operation=operation)
    return converse(service, batch, *(responses or [httpx.Response(200, json=DONE)]))


def test_rows_are_upserted_in_one_call_by_the_names_of_their_columns():
    said = say()

    assert said.lines == [f"POST {TABLE}/upsert"]
    assert said.bodies == [ROWS]
    assert said.requests[0].headers["Content-Type"] == "application/json"
    assert said.outcomes == [ACCEPTED] * 2


def test_moments_are_said_as_the_database_reads_them():
    moment = datetime(2024, 1, 31, 9, 30, tzinfo=UTC)
    row = {"order_id": "A1", "at": moment, "on": date(2024, 1, 31), "sum": 9.5, "open": True}

    said = say(rows=[row])

    assert said.bodies == [
        [{**row, "at": "2024-01-31 09:30:00.000000", "on": "2024-01-31"}],
    ]


def test_rows_that_left_are_removed_by_their_key():
    said = say(operation=Operation.DELETE)

    assert said.lines == [f"POST {TABLE}/remove"]
    assert said.bodies == [[{"order_id": "A1"}, {"order_id": "A2"}]]


def test_a_key_that_is_a_number_is_said_as_a_number():
    service = orders(key_is_number=True)

    said = say(rows=[{"order_id": 7}], operation=Operation.DELETE, service=service)

    assert said.bodies == [[{"order_id": 7}]]
    assert service.declared_fields()[0].type.label == "whole number"


def test_a_snapshot_puts_its_first_rows_in_the_place_of_all():
    said = say(operation=Operation.CLEAR)

    assert said.lines == [f"PUT {TABLE}"]
    assert said.bodies == [ROWS]


def test_a_refusal_names_no_row_and_refuses_all():
    said = say(refused(1, "Unknown column"))

    assert isinstance(said.raised, BatchRefused)
    assert said.raised.reason == "Unknown column (1)"


@pytest.mark.parametrize(
    "response", [httpx.Response(200, text="<html>"), httpx.Response(200, json={"replyText": "OK"})]
)
def test_what_is_not_the_vendors_answer_is_no_answer(response):
    assert isinstance(say(response).raised, UnreadableAnswer)


def test_a_table_is_looked_for_without_writing_and_one_that_is_missing_is_told():
    look = orders().require_rights(Mode.UPSERT, ["order_id"])
    gone = orders().require_rights(Mode.UPSERT, ["order_id"])

    there = talk(look, httpx.Response(200, json=[]))
    missing = talk(gone, refused(1, "There is no table orders", status=404))

    assert there.lines == [f"GET {TABLE}?order_id=0"]
    assert there.raised is None
    assert isinstance(missing.raised, NotFound)
    assert "There is no table orders" in str(missing.raised)


def test_names_stand_in_an_address_as_they_are_and_a_clients_tables_are_elsewhere():
    client = {"username": "", "secret": "", "client_id": "shop", "client_secret": "secret"}

    said = say(service=orders(client, connection="my shop", table="a/b"))

    assert said.lines == ["POST /api/rds/v1/connections/my%20shop/tables/a%2Fb/records/upsert"]


@pytest.mark.parametrize("name", ["connection", "table", "key"])
def test_a_table_without_a_name_is_none(name):
    with pytest.raises(DeclarationError, match="are names"):
        orders(**{name: ""})


def test_the_target_is_connection_and_table():
    assert orders().target == "shop.orders"
