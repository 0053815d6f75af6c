"""SEMANTICS, part A: what the ledger knows, and whose it is."""

from datetime import timedelta

import polars as pl
import pytest

from activation_platform.contracts.errors import LedgerMismatch
from activation_platform.contracts.modes import Mode
from activation_platform.sync.fingerprint import FINGERPRINT_VERSION
from activation_platform.sync.history import Status
from activation_platform.sync.manifest import Manifest
from activation_platform.sync.states import State
from activation_platform_tests.sync.shop import ErasedThings, Things
from activation_platform_tests.sync.world import thing, things


def test_a1_present_keeps_both_fingerprints_and_the_identifier_as_sent(workshop):
    workshop.run(thing("a", id="A"))
    entry = workshop.entries()["a"]
    assert (entry["state"], entry["identifier"]) == (State.PRESENT, "A")
    assert None not in (entry["raw"], entry["sent"])
    assert entry["raw"] != entry["sent"]
    workshop.run(thing("a", id="A"))
    assert workshop.vendor.writes == []


def test_a1_ignored_is_asked_again_when_it_changes_on_a_full_run_and_after_a_week(workshop):
    workshop.mode = Mode.UPDATE_ONLY
    assert workshop.run(thing("a")).figures.ignored == 1
    assert workshop.states() == {"a": State.IGNORED}
    workshop.run(thing("a"))
    assert workshop.vendor.sent == []
    workshop.run(thing("a", name="y"))
    assert workshop.vendor.sent == ["a"]
    workshop.run(thing("a", name="y"), full=True)
    assert workshop.vendor.sent == ["a"]
    workshop.settings["recheck_ignored"] = timedelta(0)
    workshop.run(thing("a", name="y"))
    assert workshop.vendor.sent == ["a"]


def test_a1_ignored_by_insert_only_is_not_asked_again_on_change(workshop):
    workshop.vendor.things["a"] = {"name": "theirs"}
    workshop.mode = Mode.INSERT_ONLY
    workshop.run(thing("a"))
    workshop.settings["recheck_ignored"] = timedelta(0)
    workshop.run(thing("a", name="y"))
    assert workshop.vendor.sent == []
    assert workshop.states() == {"a": State.IGNORED}


def test_a1_what_was_ignored_is_never_deleted_by_us(workshop):
    workshop.vendor.things["a"] = {"name": "theirs"}
    workshop.mode = Mode.INSERT_ONLY
    workshop.run(thing("a"), thing("b"))
    workshop.mode = Mode.MIRROR
    workshop.run(thing("b"))
    assert workshop.vendor.of("delete") == []
    assert "a" in workshop.vendor.things


def test_a1_unknown_is_sent_again_while_it_is_in_the_frame(workshop):
    workshop.vendor.answers = ["answer lost"] * 5
    assert workshop.run(thing("a")).figures.destination_issues == 1
    assert workshop.states() == {"a": State.UNKNOWN}
    workshop.run(thing("a"))
    assert workshop.vendor.of("insert") == ["a"]
    assert workshop.states() == {"a": State.PRESENT}


def test_a1_unknown_that_left_is_deleted_by_its_identifier_under_mirror(workshop):
    workshop.vendor.answers = ["answer lost"] * 5
    workshop.run(thing("a", id="A"))
    workshop.run()
    assert workshop.vendor.of("delete") == ["A"]
    assert workshop.vendor.things == {}
    assert workshop.states() == {}


def test_a1_unknown_that_left_under_upsert_is_sent_when_it_returns_unchanged(workshop):
    workshop.mode = Mode.UPSERT
    workshop.vendor.answers = ["lost"] * 5
    workshop.run(thing("a"))
    workshop.run()
    assert workshop.states() == {"a": State.DEPARTED}
    workshop.run(thing("a"))
    assert workshop.vendor.things.keys() == {"a"}


def test_a1_unknown_that_left_under_insert_only_is_inserted_when_it_returns(workshop):
    workshop.mode = Mode.INSERT_ONLY
    workshop.vendor.answers = ["lost"] * 5
    workshop.run(thing("a"))
    workshop.run()
    workshop.run(thing("a"))
    assert workshop.vendor.things.keys() == {"a"}


def test_a1_partial_is_retried_and_deleted_when_it_leaves(workshop):
    workshop.vendor.partly["a"] = "e-mail refused"
    assert workshop.run(thing("a")).status is Status.WITH_ISSUES
    assert workshop.states() == {"a": State.PARTIAL}
    workshop.run(thing("a"))
    assert workshop.vendor.of("update") == ["a"]
    workshop.run()
    assert workshop.vendor.of("delete") == ["a"]
    assert (workshop.states(), workshop.debts()) == ({}, [])


def test_a1_partial_is_retried_when_it_returns_although_it_left_meanwhile(workshop):
    workshop.mode = Mode.UPSERT
    workshop.vendor.partly["a"] = "e-mail refused"
    workshop.run(thing("a", email="a@example.org"))
    workshop.run()
    workshop.vendor.partly.clear()
    workshop.run(thing("a", email="a@example.org"))
    assert workshop.vendor.things["a"]["email"] == "a@example.org"


def test_a1_partial_under_insert_only_stands_and_is_never_overwritten(workshop):
    workshop.mode = Mode.INSERT_ONLY
    workshop.vendor.partly["a"] = "e-mail refused"
    workshop.run(thing("a"))
    for full in (False, True):
        run = workshop.run(thing("a", name="y"), full=full)
        assert (workshop.vendor.writes, run.figures.standing) == ([], 1)
    assert workshop.states() == {"a": State.PARTIAL}


def test_a1_departed_returns_unchanged_without_a_request_and_changed_with_one(workshop):
    workshop.mode = Mode.UPSERT
    workshop.run(thing("a"), thing("b"))
    assert workshop.run().figures.no_operation == 2
    assert workshop.states() == {"a": State.DEPARTED, "b": State.DEPARTED}
    assert workshop.run().figures.extracted == 0
    workshop.run(thing("a"), thing("b", name="y"))
    assert workshop.vendor.sent == ["b"]
    assert workshop.states() == {"a": State.PRESENT, "b": State.PRESENT}


def test_a1_while_a_delete_is_pending_nothing_is_sent_for_its_identifier(workshop):
    workshop.service, workshop.vendor.asynchronous = ErasedThings, True
    workshop.run(thing("a", id="A"))
    assert workshop.run().figures.deletes_requested == 1
    assert workshop.states() == {"a": State.DELETE_REQUESTED}
    run = workshop.run(thing("a", id="A"), thing("b", id="A", name="z"))
    assert (workshop.vendor.sent, run.figures.source_issues) == ([], 2)
    run = workshop.run(thing("a", id="A"))
    assert (workshop.vendor.sent, run.figures.standing) == ([], 1)
    workshop.vendor.finish_erasures()
    workshop.run(thing("a", id="A"))
    assert (workshop.vendor.names, workshop.states()) == ({"A": "x"}, {"a": State.PRESENT})
    assert workshop.debts() == []


def test_a1_while_a_delete_is_pending_nothing_is_sent_for_its_key_under_another_identifier_either(workshop):
    workshop.service, workshop.vendor.asynchronous = ErasedThings, True
    workshop.run(thing("a", id="A"))
    workshop.run()
    assert workshop.run(thing("a", id="B")).figures.source_issues == 1
    assert workshop.vendor.writes == []
    workshop.vendor.finish_erasures()
    workshop.run(thing("a", id="B"))
    assert workshop.vendor.names == {"B": "x"}


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"account": "other"}, "account"),
        ({"base_url": "https://elsewhere.example.com"}, "host"),
        ({"service": ErasedThings}, "service"),
        ({"key": ("id",)}, "primary key"),
    ],
)
def test_a2_a_run_with_another_target_or_key_stops_before_it_writes(workshop, change, word, monkeypatch):
    monkeypatch.setattr(type(workshop.shop), "service_name", staticmethod(lambda service: service.__name__))
    workshop.run(thing("a"))
    before = workshop.entries()
    workshop.vendor.account = change.get("account", "acme")
    workshop.service = change.get("service", Things)
    workshop.key = change.get("key", ("key",))
    workshop.shop = type(workshop.shop)(base_url=change.get("base_url", ""))
    failed = workshop.fails(thing("b"))
    assert isinstance(failed.error, LedgerMismatch)
    assert word in str(failed.error)
    assert "start over" in failed.error.remedy
    assert workshop.vendor.writes == []
    assert failed.run.status is Status.FAILED
    assert workshop.entries() == before


def with_whole_number_keys(*rows):
    return things(*rows).with_columns(pl.col("key").cast(pl.Int64))


def test_a2_a_key_that_turns_into_numbers_and_back_is_the_same_key_where_nothing_is_lost(workshop):
    workshop.run(thing("1", id="A"), thing("20", id="B"))
    as_numbers = workshop.run(with_whole_number_keys(thing("1", id="A"), thing("3", id="C")))
    assert (workshop.vendor.of("insert"), workshop.vendor.of("delete")) == (["C"], ["B"])
    assert as_numbers.figures.updated == 0
    as_text = workshop.run(thing("1", id="A"), thing("3", id="C", name="new"))
    assert (workshop.vendor.of("update"), as_text.figures.extracted) == (["C"], 1)


@pytest.mark.parametrize("before", ["007", "-0", "seven"])
def test_a2_a_key_of_another_type_that_would_lose_something_stops_the_run(workshop, before):
    workshop.run(thing(before, id="A"))
    failed = workshop.fails(with_whole_number_keys(thing("7", id="A")))
    assert "primary key key (text), now key (integer)" in str(failed.error)
    assert workshop.vendor.writes == []


def test_a2_numbers_that_become_texts_which_are_none_stop_the_run(workshop):
    workshop.run(with_whole_number_keys(thing("7", id="A")))
    failed = workshop.fails(thing("7", id="A"), thing("007", id="B"))
    assert "primary key key (integer), now key (text)" in str(failed.error)


@pytest.mark.parametrize(
    ("before", "to"),
    [
        ("2026-01-31", pl.col("key").str.to_date()),
        ("true", pl.col("key") == "true"),
        (
            "2026-01-31T08:00:00.000000Z",
            pl.col("key").str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_zone="UTC"),
        ),
    ],
    ids=["date", "boolean", "timestamp"],
)
def test_a2_a_text_key_that_turns_into_what_it_says_is_the_same_key(workshop, before, to):
    workshop.run(thing(before, id="A"))
    workshop.run(things(thing(before, id="A")).with_columns(to))
    assert workshop.vendor.writes == []
    workshop.run(thing(before, id="A", name="new"))
    assert workshop.vendor.of("update") == ["A"]


@pytest.mark.parametrize("before", ["2026-02-30", "31/01/2026", "2026-1-31"])
def test_a2_a_text_key_that_is_no_date_as_dates_are_written_stops_the_run(workshop, before):
    workshop.run(thing(before, id="A"))
    dates = things(thing("2026-01-31", id="A")).with_columns(pl.col("key").str.to_date())
    assert "primary key key (text), now key (date)" in str(workshop.fails(dates).error)
    assert workshop.vendor.writes == []


def with_whole_number_ranks(*rows):
    return things(*rows).with_columns(pl.col("rank").cast(pl.Int64))


def with_textual_ranks(*rows, zeros=0):
    return things(*rows).with_columns(pl.col("rank").cast(pl.String).str.zfill(zeros))


def test_a2_one_column_of_a_key_may_change_its_type_where_nothing_is_lost(workshop):
    workshop.key = ("name", "rank")
    awkward = [thing("a", name="a|1\\", rank=7), thing("b", name="7|", rank=20)]
    workshop.run(with_whole_number_ranks(*awkward))
    workshop.run(with_textual_ranks(*awkward))
    assert workshop.vendor.writes == []
    workshop.run(with_whole_number_ranks(awkward[0]))
    assert workshop.vendor.of("delete") == ["b"]


def test_a2_a_column_of_a_key_that_would_lose_something_stops_the_run(workshop):
    workshop.key = ("name", "rank")
    workshop.run(with_textual_ranks(thing("a", rank=7), zeros=3))
    failed = workshop.fails(with_whole_number_ranks(thing("a", rank=7)))
    assert "primary key name (text), rank (text), now name (text), rank (integer)" in str(failed.error)
    assert workshop.vendor.writes == []


def test_a2_the_manifest_pins_target_key_mapped_fields_fingerprint_and_engine(workshop):
    workshop.run(thing("a"))
    manifest = workshop.ledger().manifest
    assert (manifest.target.platform, manifest.target.account, manifest.target.host) == (
        "shop",
        "acme",
        "shop.example.com",
    )
    assert (manifest.key.columns, manifest.key.families) == (("key",), ("text",))
    assert manifest.mapping == {"email": "e-mail address", "id": "text", "name": "text"}
    assert (manifest.fingerprint, manifest.engine) == (FINGERPRINT_VERSION, "frames")


def test_a2_an_account_that_the_vendor_does_not_name_is_pinned_by_a_hash(workshop):
    workshop.vendor.account = ""
    workshop.run(thing("a"))
    assert workshop.ledger().manifest.target.account == "hashed"


def test_a2_fingerprints_of_another_version_stop_the_run(workshop):
    workshop.run(thing("a"))
    folder = workshop.ledger().folder
    manifest = Manifest.read(folder)
    manifest.fingerprint += 1
    manifest.write(folder)
    assert "fingerprints" in str(workshop.fails(thing("a")).error)
