"""Items of a catalog said to the sandbox over a socket: what was meant is what is there."""

from datetime import UTC, datetime

import pytest

from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import ACCEPTED
from activation_platform.contracts.service import BatchRefused
from activation_platform.destinations.batch.catalogs import Catalogs, CatalogsOptions
from activation_platform_tests.destinations.conversation import batch_of, carry


@pytest.fixture
def service(project):
    return Catalogs(project, CatalogsOptions("products"))


@pytest.fixture
def say(project, client, service):
    def deliver(operation, *items, by=service):
        batch = batch_of(*items, identified_by="id", mode=Mode.MIRROR, operation=operation)
        return carry(by.deliver(batch), project, client)

    return deliver


@pytest.fixture
def held(sandbox):
    return lambda name="products": sandbox.world.part("batch", "catalogs")[name]


def test_items_enter_change_and_leave_a_catalog_that_is_made_for_them(say, held):
    assert (
        say(Operation.INSERT, {"id": "shoe", "price": 1.5}, {"id": "hat", "price": 2.5}).outcomes
        == [ACCEPTED] * 2
    )
    assert say(Operation.UPDATE, {"id": "hat", "price": 3.0}).outcomes == [ACCEPTED]
    assert say(Operation.DELETE, {"id": "shoe"}, {"id": "nothing"}).outcomes == [ACCEPTED] * 2

    assert held() == {"hat": {"price": 3.0}}


def test_the_fields_that_it_was_made_of_are_those_that_can_be_mapped(say, held, service, project, client):
    item = {
        "id": "shoe",
        "title": "A shoe",
        "stock": 3,
        "price": 1.5,
        "available": True,
        "launched": datetime(2026, 8, 1, tzinfo=UTC),
        "tags": ["summer"],
        "url(website)": "https://example.com",
    }
    assert carry(service.account_fields(), project, client).outcomes is None

    assert say(Operation.INSERT, item).outcomes == [ACCEPTED]

    assert {one.name for one in carry(service.account_fields(), project, client).outcomes} == set(item)
    assert held()["shoe"] == {
        "title": "A shoe",
        "stock": 3,
        "price": 1.5,
        "available": True,
        "launched": "2026-08-01T00:00:00Z",
        "tags": ["summer"],
        "website": "https://example.com",
    }


def test_a_whole_batch_is_one_call_and_more_is_refused(say, held):
    items = [{"id": str(n), "price": 1.5} for n in range(Catalogs.batch_size + 1)]
    say(Operation.INSERT, items[0])

    assert isinstance(say(Operation.INSERT, *items).raised, BatchRefused)
    assert len(say(Operation.INSERT, *items[1:]).requests) == 1
    assert len(held()) == Catalogs.batch_size + 1


def test_a_sixth_catalog_and_one_of_no_field_blame_no_record(say, project):
    for name in "abcde":
        say(Operation.INSERT, {"id": "shoe", "price": 1.5}, by=Catalogs(project, CatalogsOptions(name)))

    sixth = say(Operation.INSERT, {"id": "shoe", "price": 1.5})
    empty = say(Operation.INSERT, {"id": "shoe"}, by=Catalogs(project, CatalogsOptions("empty")))

    assert isinstance(sixth.raised, DeclarationError)
    assert isinstance(empty.raised, DeclarationError)
