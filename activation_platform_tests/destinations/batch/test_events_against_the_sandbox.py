"""Events said to the sandbox over a socket: what it then holds is what happened."""

from datetime import UTC, date, datetime, timedelta

import pytest

from activation_platform.contracts.modes import Mode
from activation_platform.contracts.outcomes import ACCEPTED, Verdict
from activation_platform.contracts.service import BatchRefused, UnreadableAnswer
from activation_platform.destinations.batch.events import Events
from activation_platform.sandbox.faults import Kind, Rule
from activation_platform_tests.destinations.conversation import batch_of, carry


@pytest.fixture
def tell(project, client):
    def deliver(*happened):
        batch = batch_of(*happened, identified_by="event_id", mode=Mode.INSERT_ONLY)
        return carry(Events(project).deliver(batch), project, client)

    return deliver


@pytest.fixture
def event():
    now = datetime.now(UTC)

    def made(number, person="jane", name="seen", ago=timedelta(hours=1), **attributes):
        own = {"custom_id": person, "event_name": name, "event_time": now - ago}
        return {"event_id": str(number), **own, **attributes}

    return made


def events(sandbox):
    return sandbox.world.part("batch", "events")


def test_what_was_told_is_what_is_there(sandbox, tell, event):
    bought = event(
        1,
        name="bought",
        price=3.99,
        day=date(2026, 1, 31),
        **{"$label": "hat ☃", "$tags": ["sale"], "url(page)": "https://example.org/hat"},
    )

    assert tell(bought, event(2), event(3, "john")).outcomes == [ACCEPTED] * 3

    held = events(sandbox)
    assert [one["name"] for one in held["jane"]] == ["bought", "seen"]
    assert held["jane"][0]["attributes"] == {
        "$label": "hat ☃",
        "$tags": ["sale"],
        "price": 3.99,
        "date(day)": "2026-01-31T00:00:00Z",
        "url(page)": "https://example.org/hat",
    }
    assert datetime.fromisoformat(held["john"][0]["time"]) == event(3)["event_time"].replace(microsecond=0)


def test_a_whole_batch_of_one_person_is_taken_on(sandbox, tell, event):
    assert tell(*(event(n) for n in range(Events.batch_size))).outcomes == [ACCEPTED] * Events.batch_size
    assert len(events(sandbox)["jane"]) == Events.batch_size


def test_what_grew_too_old_on_its_way_is_refused_alone(sandbox, tell, event):
    outcomes = tell(event(1), event(2, name="old", ago=timedelta(hours=25))).outcomes

    assert [one.verdict for one in outcomes] == [Verdict.ACCEPTED, Verdict.REJECTED]
    assert [one["name"] for one in events(sandbox)["jane"]] == ["seen"]


def test_an_attribute_the_vendor_refuses_leaves_the_event_told(sandbox, tell, event):
    (outcome,) = tell(event(1, words="x" * 301, kept=1)).outcomes

    assert outcome.verdict is Verdict.PARTIAL
    assert outcome.reason.startswith("words: seen: ")
    assert events(sandbox)["jane"][0]["attributes"] == {"kept": 1}


def test_a_person_the_vendor_refuses_takes_the_call_with_it_and_nothing_is_told(sandbox, tell, event):
    said = tell(event(1), event(2, "x" * 513))

    assert isinstance(said.raised, BatchRefused)
    assert events(sandbox) == {}


@pytest.mark.parametrize("kind", [Kind.HTML_200, Kind.BROKEN_JSON])
def test_what_is_no_answer_of_the_vendor_accepts_nothing(sandbox, tell, event, kind):
    sandbox.world.add_fault(Rule(kind))

    assert isinstance(tell(event(1)).raised, UnreadableAnswer)
