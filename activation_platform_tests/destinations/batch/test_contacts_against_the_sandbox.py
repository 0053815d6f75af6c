"""Contacts said to the sandbox over a socket: every app then holds what was meant."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import ACCEPTED, Verdict
from activation_platform.destinations.batch.contacts import Contacts
from activation_platform_tests.destinations.batch.conftest import APPS
from activation_platform_tests.destinations.conversation import batch_of, carry


@pytest.fixture
def tell(project, client):
    def deliver(*people, **details):
        batch = batch_of(
            *people,
            identified_by="custom_id",
            mode=Mode.UPDATE_ONLY,
            operation=Operation.UPDATE,
            **details,
        )
        return carry(Contacts(project).deliver(batch), project, client)

    return deliver


@pytest.fixture
def held(sandbox):
    return lambda: sandbox.world.part("batch", "custom_data")


def test_what_was_said_is_what_every_app_holds(tell, held):
    jane = {
        "custom_id": "jane",
        "firstname": "Jané ☃",
        "orders": 42,
        "vip": True,
        "born": date(1989, 7, 20),
        "seen": datetime(2024, 1, 31, 12, tzinfo=UTC),
        "likes": ["bikes", "cinema"],
    }

    assert tell(jane).outcomes == [ACCEPTED]

    data = {
        "u.firstname": "Jané ☃",
        "u.orders": 42,
        "u.vip": True,
        "date(u.born)": "1989-07-20T00:00:00",
        "date(u.seen)": "2024-01-31T12:00:00",
        "ut.likes": ["bikes", "cinema"],
    }
    assert held() == {str(n): {"jane": data} for n in range(len(APPS))}


def test_a_null_and_an_empty_list_take_the_value_away_whatever_its_type(tell, held):
    tell({"custom_id": "jane", "name": "Jane", "born": date(1989, 7, 20), "likes": ["bikes"], "kept": 1})

    cleared = {"custom_id": "jane", "name": None, "born": None, "likes": []}
    tell(cleared, schema={"name": pl.String, "born": pl.Date, "likes": pl.List(pl.String)})

    assert held()["1"] == {"jane": {"u.kept": 1}}


def test_one_that_the_vendor_refuses_does_not_drag_its_neighbours_down(tell, held):
    people = [{"custom_id": str(n), "name": "x"} for n in range(5)]
    people[3]["name"] = "x" * 301

    outcomes = tell(*people).outcomes

    assert [one.verdict for one in outcomes].count(Verdict.ACCEPTED) == 4
    assert outcomes[3].verdict is Verdict.REJECTED
    assert list(held()["0"]) == list(held()["1"]) == ["0", "1", "2", "4"]
