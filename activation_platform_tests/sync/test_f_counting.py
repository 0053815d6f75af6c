"""SEMANTICS, part F: counting. That the counts add up is asserted by the workshop after every run of every test."""

from datetime import UTC, datetime

import httpx
import polars as pl
import pytest

from activation_platform.contracts.errors import CredentialsRefused
from activation_platform.contracts.modes import Mode
from activation_platform.sync.activate import RunFailed
from activation_platform.sync.history import Figures, Status, changes, read_runs, standing
from activation_platform_tests.sync.shop import ErasedThings, Things
from activation_platform_tests.sync.world import thing


def test_f1_every_kind_of_record_is_counted_once(workshop):
    workshop.vendor.refuse["refused"] = "no"
    workshop.run(thing("same"), thing("changed"), thing("gone"), thing("moved"), thing("fails", id="refused"))
    workshop.vendor.partly["part"] = "e-mail refused"
    run = workshop.run(
        thing("same"),
        thing("changed", name="y"),
        thing("moved", id="moved-2"),
        thing("fails", id="refused"),
        thing("new"),
        thing("part"),
        thing("bad", email="no"),
    )
    expected = Figures(
        extracted=7,
        inserted=1,
        updated=2,
        deleted=1,
        source_issues=1,
        destination_issues=2,
        left_behind=1,
        requests=run.figures.requests,
    )
    assert run.figures == expected


def test_f1_a_full_run_extracts_all(workshop):
    workshop.run(thing("a"), thing("b"), thing("c"))
    figures = workshop.run(thing("a"), thing("b", name="y"), full=True).figures
    assert (figures.extracted, figures.updated, figures.deleted) == (3, 2, 1)


def test_f1_requested_deletes_count_as_deleted_and_are_shown_apart(workshop):
    workshop.service, workshop.vendor.asynchronous = ErasedThings, True
    workshop.run(thing("a"))
    figures = workshop.run().figures
    assert (figures.deleted, figures.deletes_requested, figures.loaded) == (1, 1, 1)


def test_f1_an_asynchronous_delete_without_an_answer_is_an_issue(workshop):
    workshop.service, workshop.vendor.asynchronous = ErasedThings, True
    workshop.run(thing("a"))
    workshop.vendor.answers = ["answer lost"] * 5
    figures = workshop.run().figures
    assert (figures.deleted, figures.destination_issues) == (0, 1)


def test_f1_what_a_stopped_run_did_not_reach_is_unsent(workshop):
    asked = []

    def cancelled():
        asked.append(1)
        return len(workshop.vendor.writes) >= 1

    workshop.cancelled = cancelled
    figures = workshop.fails(*(thing(f"k{n}") for n in range(9))).run.figures
    assert (figures.extracted, figures.inserted, figures.unsent) == (9, 3, 6)


def test_f1_an_old_identifier_that_must_wait_is_no_operation(workshop):
    workshop.run(thing("a", id="A"))
    workshop.vendor.refuse["A"] = "not yet"
    assert workshop.run(thing("a", id="B")).status is Status.WITH_ISSUES
    workshop.vendor.refuse["C"] = "no"
    figures = workshop.run(thing("a", id="C")).figures
    assert (figures.destination_issues, figures.no_operation, figures.unsent) == (1, 1, 0)


def test_f2_the_status_says_how_the_run_ended(workshop):
    assert workshop.run(thing("a")).status is Status.SUCCEEDED
    assert workshop.run(thing("a"), thing("b", email="no")).status is Status.WITH_ISSUES
    assert workshop.run(thing("a"), thing("b", email="no")).status is Status.NOTHING_TO_DO
    run = workshop.run(thing("a", name="y"), snapshot=1, explicit=False)
    assert (run.status, workshop.vendor.writes) == (Status.SUPERSEDED, [])


def test_f2_an_older_partition_is_superseded_by_schedule_and_refused_by_hand(workshop):
    workshop.run(thing("a"))
    instant = workshop.ledger().manifest.instant
    workshop.run(thing("a"))
    older = {"instant": datetime.fromtimestamp(instant, UTC), "partition": "day-1"}
    assert workshop.run(explicit=False, **older).status is Status.SUPERSEDED
    failed = workshop.fails(explicit=True, **older)
    assert "day-1 is older than day-2" in str(failed.error)
    assert workshop.vendor.writes == []


def test_f2_a_failed_run_keeps_its_figures_in_the_history(workshop):
    workshop.vendor.answers = ["", httpx.Response(401)]
    with pytest.raises(RunFailed) as caught:
        workshop.run(*(thing(f"k{n}") for n in range(6)))
    assert isinstance(caught.value.error, CredentialsRefused)
    (run,) = read_runs(workshop.store)
    assert (run.status, run.figures.inserted, run.figures.unsent) == (Status.FAILED, 3, 3)
    assert run.error.startswith("Bad credentials")


def test_f2_every_run_has_its_own_number_whatever_its_end(workshop):
    workshop.run(thing("a"))
    workshop.vendor.account = "other"
    workshop.fails(thing("a"))
    workshop.vendor.account = "acme"
    workshop.vendor.answers = ["dies"]
    workshop.dies(thing("a", name="y"))
    workshop.run(thing("a", name="y"))
    assert [run.number for run in read_runs(workshop.store, "things")] == [1, 2, 4]
    assert workshop.ledger().manifest.sequence == 4


def test_f3_the_vendors_own_word_splits_inserted_from_updated(workshop):
    workshop.mode = Mode.UPSERT
    workshop.vendor.things["a"] = {}
    figures = workshop.run(thing("a"), thing("b")).figures
    assert (figures.inserted, figures.updated) == (1, 1)


def test_f3_without_a_word_of_the_vendor_the_plan_decides(workshop, monkeypatch):
    monkeypatch.setattr(Things, "outcomes", lambda self, response, batch: batch.accepted())
    workshop.vendor.things["a"] = {}
    figures = workshop.run(thing("a"), thing("b")).figures
    assert (figures.inserted, figures.updated) == (2, 0)
    figures = workshop.run(thing("a", name="y"), thing("b", name="y")).figures
    assert (figures.inserted, figures.updated) == (0, 2)


def test_f_changes_and_standing_issues_can_be_read_by_other_tools(workshop):
    workshop.run(thing("a"), thing("b", email="no"))
    workshop.vendor.refuse["a"] = "too short"
    workshop.run(thing("a", name="y"), thing("b", email="no"))
    told = changes(workshop.store, "things").select("run", "key", "event", "operation", "did")
    assert told.sort("run", "key").rows() == [
        (1, "a", "accepted", "insert", "created"),
        (1, "b", "set_aside", None, None),
        (2, "a", "rejected", "update", None),
    ]
    now = standing(workshop.store, "things").sort("key")
    assert now.select("key", "kind", "reason", "attempts").rows() == [
        ("a", "destination issue", "too short", 1),
        ("b", "source issue", "email is not an e-mail address", 1),
    ]
    assert standing(workshop.store, "unknown").is_empty()
    assert changes(workshop.store, "unknown").schema["at"] == pl.Datetime("us", "UTC")
