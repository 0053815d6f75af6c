"""SEMANTICS, part D: sending and remembering."""

import logging
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import time_machine

from activation_platform.contracts.errors import CredentialsRefused, RateLimited, Stopped
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import rejected, requested
from activation_platform.sync import ledger as ledger_module
from activation_platform.sync.activate import RunFailed
from activation_platform.sync.history import Status, changes, read_runs, standing
from activation_platform.sync.journal import read_journal
from activation_platform.sync.states import Event, State
from activation_platform_tests.sync.shop import ErasedThings, OnceThings, Shop, Things
from activation_platform_tests.sync.world import Workshop, thing

MANY = [thing(f"k{n}") for n in range(7)]


def keep_journals(monkeypatch, workshop):
    """Every journal's events, read at the moment when it would be removed."""
    told = []
    fold = ledger_module.Ledger._fold

    def spy(self, run, *what):
        told.extend(
            event for frame in read_journal(self.folder, f"journal-{run}.log") for event in frame["event"]
        )
        return fold(self, run, *what)

    monkeypatch.setattr(ledger_module.Ledger, "_fold", spy)
    return told


@pytest.mark.parametrize(
    ("service", "mode", "intended"),
    [
        (Things, Mode.UPSERT, False),
        (Things, Mode.MIRROR, True),
        (OnceThings, Mode.UPSERT, True),
    ],
)
def test_d1_an_insert_is_journalled_before_it_leaves_where_that_matters(
    workshop, monkeypatch, service, mode, intended
):
    told = keep_journals(monkeypatch, workshop)
    workshop.service, workshop.mode = service, mode
    workshop.run(thing("a"))
    assert told == (["intent"] if intended else []) + ["accepted"]


def test_d1_an_update_is_always_journalled_before_it_leaves(workshop):
    workshop.mode = Mode.UPSERT
    workshop.run(thing("a", name="old"))
    workshop.vendor.answers = ["dies after"]
    workshop.dies(thing("a", name="new"))
    workshop.run(thing("a", name="old"))
    assert workshop.vendor.names == {"a": "old"}


def test_d2_a_rejected_record_does_not_drag_its_neighbours_down(workshop):
    workshop.vendor.refuse["b"] = "no"
    workshop.run(thing("a"), thing("b"), thing("c"))
    assert workshop.states() == {"a": State.PRESENT, "c": State.PRESENT}
    workshop.run(thing("a"), thing("b"), thing("c"))
    assert workshop.vendor.sent == ["b"]


def test_d2_a_rejected_record_is_retried_n_times_then_when_it_changes_or_on_a_full_run(workshop):
    workshop.settings["retries"] = 2
    workshop.vendor.refuse["a"] = "no"
    tries = [workshop.run(thing("a")).figures.destination_issues for _ in range(5)]
    assert tries == [1, 1, 1, 0, 0]
    assert workshop.run(thing("a")).figures.standing == 1
    tries = [workshop.run(thing("a", name="y")).figures.destination_issues for _ in range(4)]
    assert tries == [1, 1, 1, 0]
    assert workshop.run(thing("a", name="y"), full=True).figures.destination_issues == 1


def test_d2_a_rejected_change_leaves_what_was_acknowledged(workshop):
    workshop.run(thing("a"))
    before = workshop.entries()
    workshop.vendor.refuse["a"] = "no"
    workshop.run(thing("a", name="y"))
    assert workshop.entries() == before


def test_d2_a_batch_refused_as_a_whole_is_halved_until_the_culprit_stands_alone(workshop):
    workshop.vendor.poison = {"k3"}
    run = workshop.run(*MANY)
    assert (run.figures.inserted, run.figures.destination_issues) == (6, 1)
    assert set(workshop.vendor.things) == {"k0", "k1", "k2", "k4", "k5", "k6"}
    workshop.vendor.poison.clear()
    workshop.run(*MANY)
    assert workshop.vendor.sent == ["k3"]


def test_d2_an_owed_delete_is_never_given_up(workshop):
    workshop.settings["retries"] = 2
    workshop.run(thing("a", id="A"))
    workshop.vendor.refuse["A"] = "locked"
    tried = [workshop.run().figures.destination_issues for _ in range(5)]
    assert tried == [1, 1, 1, 0, 0]
    run = workshop.run()
    assert (run.figures.standing, workshop.debts()) == (1, [("a", "delete", "A", "locked")])
    assert any("1 deletes are owed, the oldest for 0 days" in note for note in run.notes)
    with time_machine.travel(datetime.now(UTC) + timedelta(days=2)):
        assert workshop.run().figures.destination_issues == 1
    workshop.vendor.refuse.clear()
    workshop.run(full=True)
    assert (workshop.vendor.things, workshop.states(), workshop.debts()) == ({}, {}, [])


def test_d2_an_owed_delete_carries_the_identifier_it_was_rejected_with(workshop):
    workshop.run(thing("a", id="A"))
    workshop.vendor.refuse["A"] = "locked"
    workshop.run(thing("a", id="B"))
    workshop.run(thing("a", id="C"))
    assert workshop.debts() == [("a", "delete", "A", "locked")]
    workshop.vendor.refuse.clear()
    workshop.run(thing("a", id="C"))
    assert workshop.vendor.writes == [("delete", ["A"])]
    assert workshop.vendor.names == {"C": "x"}


@pytest.mark.parametrize("back", [thing("a", id="A"), thing("b", id="A")], ids=["key", "identifier"])
def test_d2_an_owed_delete_is_cancelled_when_its_key_or_identifier_is_back(workshop, back):
    workshop.run(thing("a", id="A"))
    workshop.vendor.refuse["A"] = "locked"
    workshop.run()
    workshop.vendor.refuse.clear()
    for _ in range(2):
        workshop.run(back)
        assert workshop.vendor.of("delete") == []
    workshop.run(back)
    assert (workshop.vendor.writes, workshop.debts()) == ([], [])
    assert workshop.vendor.names == {"A": "x"}


def test_d2_a_full_runs_rejection_of_what_was_acknowledged_is_retried(workshop):
    workshop.run(thing("a"))
    workshop.vendor.refuse["a"] = "no"
    workshop.run(thing("a"), full=True)
    workshop.vendor.refuse.clear()
    workshop.run(thing("a"))
    assert (workshop.vendor.sent, workshop.debts()) == (["a"], [])


def test_d2_an_owed_delete_outlives_a_key_that_asked_for_its_identifier_in_vain(workshop):
    workshop.run(thing("a", id="A"))
    workshop.vendor.refuse["A"] = "locked"
    workshop.run(thing("a", id="B"))
    workshop.run(thing("a", id="B"), thing("c", id="A"))
    workshop.vendor.refuse.clear()
    workshop.run(thing("a", id="B"))
    assert workshop.vendor.writes == [("delete", ["A"])]


def test_d2_an_owed_delete_becomes_departed_under_a_mode_that_does_not_delete(workshop):
    workshop.run(thing("a", id="A"))
    workshop.vendor.refuse["A"] = "locked"
    workshop.run()
    workshop.mode = Mode.UPSERT
    workshop.run()
    assert (workshop.vendor.writes, workshop.debts()) == ([], [])
    assert workshop.states() == {"a": State.DEPARTED}


@pytest.mark.parametrize("status", [401, 403])
def test_d3_a_refused_account_stops_the_run_and_blames_no_record(workshop, status):
    workshop.vendor.answers = ["", httpx.Response(status, text="who are you")]
    failed = workshop.fails(*MANY)
    assert isinstance(failed.error, CredentialsRefused)
    assert (failed.run.status, failed.run.figures.inserted) == (Status.FAILED, 3)
    assert (workshop.issues(), workshop.debts()) == ([], [])
    assert set(workshop.states().values()) == {State.PRESENT}
    workshop.run(*MANY)
    assert len(workshop.vendor.sent) == 4


def test_d3_a_refused_account_keeps_what_was_owed(workshop):
    workshop.vendor.refuse["a"] = "no"
    workshop.run(thing("a"))
    debts = workshop.debts()
    workshop.vendor.answers = [httpx.Response(401)]
    workshop.fails(thing("a"))
    assert workshop.debts() == debts


def test_d3_a_used_up_quota_stops_the_run_keeps_what_went_through_and_goes_on_next_time(workshop):
    far = httpx.Response(429, headers={"Retry-After": "170000"})
    workshop.vendor.answers = ["", far]
    failed = workshop.fails(*MANY)
    assert isinstance(failed.error, RateLimited)
    assert (failed.run.status, failed.run.figures.inserted, workshop.issues()) == (Status.STOPPED, 3, [])
    asked = workshop.fails(*MANY)
    assert (asked.run.status, workshop.vendor.sent) == (Status.STOPPED, [])
    workshop.run(*MANY)
    assert len(workshop.vendor.sent) == 4


@pytest.mark.parametrize("mode", [Mode.UPSERT, Mode.MIRROR])
@pytest.mark.parametrize("fault", ["dies", "dies after"])
def test_d4_at_most_the_batches_in_flight_are_sent_again(workshop, mode, fault):
    workshop.mode = mode
    workshop.vendor.answers = ["", fault]
    workshop.dies(*MANY)
    first = set(workshop.vendor.writes[0][1])
    run = workshop.run(*MANY)
    assert sorted(workshop.vendor.sent) == sorted({row["key"] for row in MANY} - first)
    assert "had crashed" in run.notes[0]
    workshop.run(*MANY)
    assert workshop.vendor.writes == []


@pytest.mark.parametrize("fault", ["dies", "dies after"])
def test_d4_who_left_between_a_crash_and_the_next_run_is_deleted_under_mirror(workshop, fault):
    workshop.vendor.answers = [fault]
    workshop.dies(thing("a"), thing("b"))
    workshop.run(thing("b"))
    assert workshop.vendor.of("delete") == ["a"]
    assert workshop.vendor.names == {"b": "x"}


@pytest.mark.parametrize("fault", ["dies", "dies after"])
def test_d4_a_delete_in_doubt_is_asked_again(workshop, fault):
    workshop.run(thing("a"), thing("b"))
    workshop.vendor.answers = [fault]
    workshop.dies(thing("b"))
    workshop.run(thing("b"))
    assert workshop.vendor.sent == ["a"]
    assert (workshop.vendor.names, workshop.states()) == ({"b": "x"}, {"b": State.PRESENT})


@pytest.mark.parametrize("fault", ["dies", "dies after"])
def test_d4_a_delete_in_doubt_whose_key_is_back_is_written_again(workshop, fault):
    workshop.run(thing("a"))
    workshop.vendor.answers = [fault]
    workshop.dies()
    workshop.run(thing("a"))
    assert (workshop.vendor.names, workshop.vendor.of("delete")) == ({"a": "x"}, [])


def test_d5_a_cancelled_run_seals_what_is_acknowledged_and_the_next_sends_exactly_the_rest(workshop):
    workshop.cancelled = lambda: len(workshop.vendor.writes) >= 2
    failed = workshop.fails(*MANY)
    assert isinstance(failed.error, Stopped)
    assert (failed.run.status, failed.run.figures.inserted) == (Status.STOPPED, 6)
    assert not workshop.ledger().recovered
    workshop.cancelled = bool
    workshop.run(*MANY)
    assert len(workshop.vendor.sent) == 1


def test_d5_a_cancelled_run_does_not_sit_out_a_long_wait(workshop):
    workshop.vendor.answers = [httpx.Response(429, headers={"Retry-After": "500"})]
    start = workshop.clock.time
    workshop.cancelled = lambda: workshop.clock.time > start + 5
    failed = workshop.fails(thing("a"))
    assert failed.run.status is Status.STOPPED
    assert workshop.clock.time - start < 10
    assert (workshop.states(), workshop.issues()) == ({}, [])


def test_d7_an_asynchronous_delete_is_done_only_when_the_vendor_says_so(workshop):
    workshop.service, workshop.vendor.asynchronous = ErasedThings, True
    workshop.run(thing("a", id="A"))
    workshop.run()
    assert workshop.entries()["a"]["request"] == "erasure-1"
    run = workshop.run()
    assert (workshop.vendor.writes, run.status) == ([], Status.NOTHING_TO_DO)
    workshop.vendor.finish_erasures()
    workshop.run()
    assert (workshop.vendor.writes, workshop.states(), workshop.debts()) == ([], {}, [])


def test_d7_the_plan_says_how_long_erasures_take(workshop):
    workshop.service, workshop.vendor.asynchronous = ErasedThings, True
    workshop.run(thing("a"), thing("b"), thing("c"))
    run = workshop.run(thing("a"))
    assert run.notes == ["2 records are to be erased for good; at 0.5 a second that takes about 4 seconds"]


@pytest.mark.parametrize("fault", ["dies", "dies after"])
def test_d7_an_asynchronous_delete_in_doubt_is_settled_by_the_vendors_list(workshop, fault):
    workshop.service, workshop.vendor.asynchronous = ErasedThings, True
    workshop.run(thing("a", id="A"))
    workshop.vendor.answers = [fault]
    workshop.dies()
    assert workshop.states() == {"a": State.DELETE_REQUESTED}
    workshop.run()
    assert workshop.vendor.of("delete") == (["A"] if fault == "dies" else [])
    workshop.vendor.finish_erasures()
    workshop.run()
    assert (workshop.vendor.things, workshop.states()) == ({}, {})


@pytest.mark.parametrize("fault", ["lost", "answer lost"])
def test_d7_an_unanswered_asynchronous_delete_blocks_its_key_until_it_is_settled(workshop, fault):
    workshop.service, workshop.vendor.asynchronous = ErasedThings, True
    workshop.run(thing("a"))
    workshop.vendor.answers = [fault] * 5
    workshop.run()
    assert workshop.states() == {"a": State.DELETE_REQUESTED}
    workshop.run(thing("a"))
    assert workshop.vendor.of("delete") == []
    workshop.vendor.finish_erasures()
    workshop.run(thing("a"))
    assert (workshop.vendor.names, workshop.states()) == ({"a": "x"}, {"a": State.PRESENT})


def test_d7_an_identifier_left_behind_is_erased_asynchronously_too(workshop):
    workshop.service, workshop.vendor.asynchronous = ErasedThings, True
    workshop.run(thing("a", id="A"))
    workshop.run(thing("a", id="B"))
    assert standing(workshop.store, "things").is_empty()
    run = workshop.run(thing("a", id="A"))
    assert (workshop.vendor.writes, run.figures.source_issues) == ([], 1)
    workshop.vendor.finish_erasures()
    workshop.run(thing("a", id="A"))
    assert workshop.vendor.of("update") == ["A"]
    workshop.vendor.finish_erasures()
    workshop.run(thing("a", id="A"))
    assert (workshop.vendor.names, workshop.debts()) == ({"A": "x"}, [])


@pytest.mark.parametrize("next_rows", [[], [thing("a", id="B")]], ids=["gone", "left behind"])
def test_d7_what_a_part_of_the_apps_took_on_is_handed_back_so_that_only_the_rest_is_asked(
    workshop, monkeypatch, next_rows
):
    handed = []

    def outcomes(self, response, batch):
        if batch.operation is not Operation.DELETE:
            return batch.accepted()
        handed.extend(record.request for record in batch.records)
        return batch.all(rejected("app 2 is down", request="app-1") if len(handed) == 1 else requested("all"))

    monkeypatch.setattr(ErasedThings, "outcomes", outcomes)
    workshop.service = ErasedThings
    workshop.run(thing("a", id="A"))
    workshop.run(*next_rows)
    workshop.run(*next_rows)
    assert handed == ["", "app-1"]


def test_d8_what_one_run_was_asked_to_wait_the_next_run_on_the_account_waits(workshop):
    workshop.vendor.answers = [httpx.Response(429, headers={"Retry-After": "500"})]
    until = workshop.clock.time + 500
    workshop.cancelled = lambda: workshop.clock.time > until - 495
    workshop.fails(thing("a"))
    workshop.cancelled = bool
    workshop.run(thing("a"))
    assert (workshop.vendor.sent, workshop.clock.time >= until) == (["a"], True)


def every_text(workshop: Workshop) -> bytes:
    return b"".join(path.read_bytes() for path in workshop.root.rglob("*") if path.is_file())


def test_d9_no_secret_in_files_errors_or_logs(workshop, caplog):
    caplog.set_level(logging.DEBUG)
    secret = "s3cret/with+odd chars"
    workshop.shop = Shop(token=secret)
    quoted = "s3cret%2Fwith%2Bodd%20chars"
    echo = f"token {secret} and {quoted}"
    workshop.vendor.refuse["a"] = echo
    workshop.run(thing("a"))
    workshop.vendor.answers = [httpx.Response(400, json={"error": echo}), httpx.Response(400, text=echo)]
    workshop.run(thing("b"))
    errors = []
    for status in (401, 429, 500):
        headers = {"Retry-After": "9999"} if status == 429 else {}
        reply = httpx.Response(status, headers=headers, extensions={"reason_phrase": echo.encode()})
        workshop.vendor.answers = [reply] * 20
        try:
            workshop.run(*(thing(f"{status}-{n}") for n in range(20)))
        except RunFailed as error:
            errors += [str(error), repr(error), str(error.__cause__)]
    workshop.vendor.answers.clear()
    errors += [run.error for run in read_runs(workshop.store)]
    told = changes(workshop.store, "things").rows(), standing(workshop.store, "things").rows()
    seen = every_text(workshop).decode(errors="replace") + caplog.text + repr((told, errors, workshop.shop))
    assert len(errors) > 6
    assert "•••" in "".join(errors)
    assert secret not in seen
    assert quoted not in seen


def test_every_event_that_a_run_writes_is_a_known_word(workshop, monkeypatch):
    told = keep_journals(monkeypatch, workshop)
    workshop.run(thing("a", id="A"), thing("b"))
    workshop.run(thing("a", id="B"))
    assert set(told) <= {str(event) for event in Event}
    assert {"intent", "accepted", "owed"} <= set(told)


def test_d7_what_a_refused_write_achieved_is_handed_to_the_next_try_of_the_same_values(workshop):
    asked = []

    class InParts(Things):
        """Keep things in two parts, of which the second is refused at first."""

        def deliver(self, batch):
            asked.extend((record.identifier, record.request) for record in batch.records)
            outcomes = yield from super().deliver(batch)
            again = [record.request for record in batch.records]
            return [
                outcome if achieved else rejected("second part", request="first part")
                for achieved, outcome in zip(again, outcomes, strict=True)
            ]

    workshop.service = InParts
    workshop.run(thing("a"))
    assert workshop.run(thing("a")).figures.loaded == 1
    assert asked == [("a", ""), ("a", "first part")]
    asked.clear()
    workshop.run(thing("a", name="y"))
    workshop.run(thing("a", name="z"))
    assert asked == [("a", ""), ("a", "")]
