"""What the stand-in of Batch does with events."""

from datetime import UTC, datetime, timedelta

import pytest

from activation_platform.sandbox.faults import Extent, Kind, Rule
from activation_platform_tests.sandbox.conftest import NOON

DAY = timedelta(hours=24)
SECOND = timedelta(seconds=1)


@pytest.fixture
def tell(stage):
    def told(*events, custom_id="a"):
        return stage.update({"identifiers": {"custom_id": custom_id}, "events": list(events)})

    return told


@pytest.fixture
def now(stage):
    return datetime.fromtimestamp(NOON + stage.clock.now, UTC)


def faults(answer):
    return [(each["category"], each["bulk_index"], each["event"]) for each in answer.json().get("errors", ())]


def events(stage):
    return stage.control.state("batch", "events")


def test_an_event_is_kept_with_its_person_each_time_it_is_told(stage, tell):
    bought = {"name": "bought", "attributes": {"$label": "hat", "price": 3.99, "$tags": ["sale"]}}

    tell(bought)
    tell(bought)
    tell({"name": "left"}, custom_id="b")

    assert events(stage) == {"a": [bought, bought], "b": [{"name": "left"}]}
    assert stage.control.state("batch", "profiles") == {"a": {}, "b": {}}


@pytest.mark.parametrize(
    ("age", "kept"),
    [
        (timedelta(0), True),
        (DAY - SECOND, True),
        (DAY, False),
        (-SECOND, False),
        (timedelta(days=900), False),
    ],
)
def test_an_event_is_less_than_a_day_old_and_not_in_the_future(stage, tell, now, age, kept):
    answer = tell({"name": "seen", "time": (now - age).isoformat()})

    assert answer.status_code == 202
    assert faults(answer) == ([] if kept else [("event", 0, "seen")])
    assert ("a" in events(stage)) is kept


@pytest.mark.parametrize(
    "event",
    [
        {"name": "Bad Name"},
        {"name": "x" * 31},
        {"time": "2026-01-01T00:00:00Z"},
        {"name": "x", "time": "yesterday"},
        {"name": "x", "time": 1750000000},
        {"name": "x", "attributes": []},
        {"name": "x", "label": "y"},
        "x",
    ],
)
def test_an_event_that_is_not_acceptable_is_left_out_alone(stage, tell, event):
    answer = tell({"name": "fine"}, event)

    assert (answer.status_code, answer.json()["code"]) == (202, "SUCCESS_WITH_PARTIAL_ERRORS")
    assert len(faults(answer)) == 1
    assert events(stage) == {"a": [{"name": "fine"}]}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Upper", 1),
        ("empty", ""),
        ("nothing", None),
        ("$label", "x" * 201),
        ("$label", 7),
        ("$tags", "sale"),
        ("$tags", ["x"] * 11),
        ("$tags", ["x" * 65]),
        ("$unknown", "x"),
        ("date(at)", "2026-01-31"),
        ("url(at)", "nowhere"),
        ("thing", {"Upper": 1}),
        ("things", [{"fine": 1}, {"Upper": 1}]),
        ("numbers", [1, 2]),
    ],
)
def test_an_attribute_of_an_event_that_is_not_acceptable_is_left_out_alone(stage, tell, name, value):
    answer = tell({"name": "seen", "attributes": {name: value, "kept": 1}})

    assert faults(answer) == [("attribute", 0, "seen")]
    assert answer.json()["errors"][0]["attribute"] == name
    assert events(stage) == {"a": [{"name": "seen", "attributes": {"kept": 1}}]}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("$label", "x" * 200),
        ("$tags", ["x" * 64] * 10),
        ("date(at)", "2026-01-31T12:00:00Z"),
        ("url(at)", "https://b.co"),
        ("address", {"street": "Rue Beaubourg", "number": 43}),
        ("items", [{"name": "Tee", "url(page)": "https://b.co"}, {"name": "Socks"}]),
        ("words", ["a", "b"]),
    ],
)
def test_an_acceptable_attribute_of_an_event_is_kept_as_sent(stage, tell, name, value):
    assert tell({"name": "seen", "attributes": {name: value}}).json() == {"code": "SUCCESS"}
    assert events(stage)["a"][0]["attributes"] == {name: value}


def test_more_than_fifteen_events_of_one_profile_refuse_the_call(stage, tell):
    assert tell(*({"name": "seen"} for _ in range(16))).status_code == 400
    assert events(stage) == {}
    assert tell(*({"name": "seen"} for _ in range(15))).status_code == 202


def test_a_poisoned_person_has_every_event_refused(stage, tell):
    stage.control.add_fault(Rule(Kind.POISON, identifier="a", extent=Extent.RECORD, reason="No."))

    answer = tell({"name": "x"}, {"name": "y"})

    assert faults(answer) == [("event", 0, "x"), ("event", 0, "y")]
    assert events(stage) == {}
