"""Sixteen ways in which engines of this kind go wrong, each held against this one.

The defects were read from the sources of Multiwoven 0.124.0, Valmi (2024-07), Castled (2021-12), syncmaven (2026-02) and
drt-core 1.2.1, or told by their users; each docstring names the defect and where it was found.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import polars as pl
import pytest

from activation_platform.components import activation_run
from activation_platform.contracts.modes import Mode, RunType
from activation_platform.sources.postgres import Postgres
from activation_platform.sync.folder import Folder
from activation_platform.sync.history import Status
from activation_platform.sync.mapping import FieldMapping
from activation_platform.sync.order import Events, Window
from activation_platform_tests.components.project import LETTERS, SECOND, fill, refusal, succeeded
from activation_platform_tests.sync import one_run
from activation_platform_tests.sync.shop import Happenings, Things
from activation_platform_tests.sync.vendor import Vendor
from activation_platform_tests.sync.world import MAPPING, Workshop, thing

HUNDRED = [thing(f"k{number:02}") for number in range(100)]
START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


class Hundreds(Things):
    """Keep things by their id, a hundred a batch."""

    batch_size = 100


@pytest.fixture
def workshop(tmp_path):
    """Runs a mirror of things, three a batch, against a vendor that does as it is told."""
    return Workshop(tmp_path / "workshop")


@pytest.fixture
def told(workshop):
    """Tells events of a shop: who did what, when."""
    workshop.mode, workshop.service, workshop.run_type = Mode.INSERT_ONLY, Happenings, RunType.INCREMENTAL
    workshop.mapping = (FieldMapping("id", "key"), FieldMapping("who", "who"), FieldMapping("what", "what"))
    workshop.settings["events"] = Events("at", late=timedelta(hours=6), keep=timedelta(days=10))
    return workshop


def events(*rows):
    """Events: key, who, what, on which day (from 0)."""
    keys, who, what, days = zip(*rows, strict=True)
    at = [START + day * DAY for day in days]
    return pl.DataFrame({"key": keys, "who": who, "what": what, "at": at})


def window(day):
    """The window of a day, counted from 1."""
    return Window(START + (day - 1) * DAY, START + day * DAY)


def test_01_a_rejected_row_is_tried_again_although_its_data_did_not_change(workshop):
    """What was refused is taken for delivered (Multiwoven, https://github.com/Multiwoven/multiwoven/issues/923; Valmi)."""
    workshop.vendor.refuse = {"b": "not today"}
    workshop.run(thing("a"), thing("b"))
    workshop.vendor.refuse = {}
    run = workshop.run(thing("a"), thing("b"))
    assert (workshop.vendor.sent, run.figures.inserted) == (["b"], 1)


def test_02_of_a_batch_of_a_hundred_with_one_bad_row_99_are_sent_and_one_failed(workshop):
    """A batch with one success counts as sent as a whole (Multiwoven's batch mode)."""
    workshop.service, workshop.vendor.refuse = Hundreds, {"k42": "bad"}
    figures = workshop.run(*HUNDRED).figures
    assert (figures.inserted, figures.destination_issues, figures.requests) == (
        99,
        1,
        2,
    )  # one asks who we are
    assert "k42" not in workshop.states()


def test_03_a_row_that_leaves_the_model_is_removed_at_the_destination_once(workshop):
    """Deletes are never noticed (Multiwoven, Castled; drt where the destination is an API, https://github.com/drt-hub/drt/issues/472)."""
    workshop.run(thing("a"), thing("b"))
    workshop.run(thing("a"))
    assert (workshop.vendor.writes, workshop.vendor.names) == ([("delete", ["b"])], {"a": "x"})
    workshop.run(thing("a"))
    assert workshop.vendor.writes == []


def test_04_an_update_is_one_update_and_never_a_delete_and_an_insert(workshop):
    """A changed row is in both halves of a difference taken both ways (Valmi's mirror)."""
    workshop.run(thing("a"))
    workshop.run(thing("a", name="y"))
    assert workshop.vendor.writes == [("update", ["a"])]


def test_05_two_keys_with_the_same_payload_both_arrive(told):
    """Payloads are unique by their fingerprint, in which the key is not (Multiwoven)."""
    run = told.run(events(("k1", "ann", "paid", 0.5), ("k2", "ann", "paid", 0.5)), window=window(1))
    assert (told.vendor.told, run.figures.inserted) == ({"k1": 1, "k2": 1}, 2)


def test_06_a_crash_after_an_answer_repeats_at_most_the_batch_in_flight(workshop):
    """State is written once all is sent, so that a crash before repeats everything (Valmi)."""
    workshop.vendor.answers = ["", "", "", "dies after"]
    workshop.dies(*HUNDRED)
    batch_in_flight = set(workshop.vendor.writes[3][1])
    before = set(workshop.vendor.sent)
    workshop.run(*HUNDRED)
    assert set(workshop.vendor.sent) & before == batch_in_flight
    assert len(workshop.vendor.sent) == 100 - 9


def test_07_beside_a_failed_row_later_runs_send_only_what_changed(workshop):
    """One rejected row keeps the baseline where it was: every change since is sent again (drt's diff mode)."""
    workshop.vendor.refuse = {"b": "never"}
    workshop.run(thing("a"), thing("b"), thing("c"))
    workshop.run(thing("a", name="y"), thing("b"), thing("c"))
    assert workshop.vendor.sent == ["a", "b"]
    workshop.run(thing("a", name="y"), thing("b"), thing("c"))
    assert workshop.vendor.sent == ["b"]


def test_08_a_row_that_the_mapping_skips_is_not_taken_for_delivered(workshop):
    """A skipped row is not counted as failed, so that the watermark passes it (drt, by reading)."""
    rows = thing("a", email="a@example.com"), thing("b", email="no address")
    figures = workshop.run(*rows).figures
    assert (figures.inserted, figures.source_issues, list(workshop.states())) == (1, 1, ["a"])
    workshop.mapping = (MAPPING[0], FieldMapping("email", "email", on_invalid="omit_field"), MAPPING[2])
    workshop.run(*rows)
    assert workshop.vendor.sent == ["b"]


def test_09_a_table_that_changes_while_it_is_read_is_read_as_it_was(postgres_server, postgres_database):
    """Pages by OFFSET without an order lose rows and repeat others (Multiwoven)."""
    fill_up = "insert into people select i, repeat('x', 150) from generate_series({}, {}) i"
    postgres_server.run(
        "create table people (id int, name text)", fill_up.format(1, 200_000), database=postgres_database
    )
    source = Postgres(
        host=postgres_server.host,
        port=postgres_server.port,
        database=postgres_database,
        user=postgres_server.user,
        password=postgres_server.password,
    )
    frames = source.read("select id, name from people")
    ids = next(frames)["id"].to_list()
    postgres_server.run(
        "delete from people where id % 3 = 0", fill_up.format(300_000, 400_000), database=postgres_database
    )
    for frame in frames:
        ids.extend(frame["id"])
    assert sorted(ids) == list(range(1, 200_001))


def test_10_a_second_full_run_really_sends_everything_again(workshop):
    """What was sent once is never inserted into the queue again (Multiwoven, https://github.com/Multiwoven/multiwoven/issues/74)."""
    workshop.run(*HUNDRED)
    for _ in range(2):
        assert workshop.run(*HUNDRED, full=True).figures.loaded == 100
        assert len(workshop.vendor.sent) == 100


def test_11_ties_on_the_moment_where_one_run_ends_and_the_next_begins_are_delivered_once(told):
    """A cursor compared with >= reads its last value again (Multiwoven, syncmaven)."""
    frame = events(*((f"k{n}", "ann", "came", at) for n, at in enumerate([0.9, 1, 1, 1, 1.1])))
    for day in (1, 2, 2):
        told.run(frame, window=window(day))
    assert told.vendor.told == dict.fromkeys(["k0", "k1", "k2", "k3", "k4"], 1)


def test_12_retry_after_is_honoured_and_slows_the_whole_account(workshop):
    """A 429 is an error like any other: there is no second try and nobody slows down (Multiwoven)."""
    asked = []

    class Timed(Vendor):
        def __call__(self, request):
            asked.append(workshop.clock.time)
            return super().__call__(request)

    too_many = httpx.Response(429, headers={"Retry-After": "30"})
    workshop.vendor, workshop.concurrency = Timed(answers=["", too_many]), 3
    assert workshop.run(*HUNDRED).status is Status.SUCCEEDED
    begun = asked[0]
    assert len([at for at in asked if at < begun + 30]) <= 1 + 1 + workshop.concurrency
    assert len([at for at in asked if at >= begun + 30]) > 25


def test_13_null_the_empty_text_and_a_column_that_is_not_mapped_are_three_things(workshop):
    """They are written as one, or change places from run to run (no engine is named for it)."""
    rows = thing("null", name=None), thing("empty", name="")
    workshop.run(*rows)
    assert workshop.vendor.names == {"empty": "", "null": None}
    assert workshop.run(*rows).status is Status.NOTHING_TO_DO
    workshop.run(thing("null", name=""), thing("empty", name=None))
    assert workshop.vendor.names == {"empty": None, "null": ""}
    workshop.mapping = MAPPING[:2]
    workshop.run(*rows, thing("unmapped", name="z"))
    assert workshop.vendor.names == {"empty": None, "null": "", "unmapped": None}
    assert "name" not in workshop.vendor.things["unmapped"]


def test_14_an_empty_source_deletes_nothing_and_fails_loudly(runner, warehouse, sandbox):
    """An empty extract empties the destination (no engine is named for it; argued in https://github.com/bruin-data/ingestr/pull/1203)."""
    succeeded(runner.run(LETTERS))
    fill(warehouse, [])
    assert "no rows; if that is right, declare may_be_empty: true" in refusal(
        runner.run(LETTERS, partition=SECOND)
    )
    assert len(sandbox.world.part("batch", "profiles")) == 4
    assert sandbox.world.part("batch", "erasures") == []


def test_15_of_two_runs_of_one_activation_the_second_waits_or_refuses_before_it_sends(
    runner, storage, sandbox, monkeypatch
):
    """Two runs read the same state and both send (no engine is named for it)."""
    succeeded(runner.run("segments/loyal"))
    monkeypatch.setattr(activation_run, "_LOCK_WAIT", 0.0)
    with Folder(storage).lock("locks/letters", wait=0):
        words = refusal(runner.run(LETTERS, upstream=False))
    assert words.startswith("Timeout: another run of letters has not finished")
    assert "nothing was sent" in words
    assert sandbox.world.part("batch", "received") == {}
    succeeded(runner.run(LETTERS, upstream=False))


def test_16_a_run_opens_as_many_connections_as_it_works_at_once_not_as_it_has_batches(
    sandbox, tmp_path, monkeypatch
):
    """Every batch has a client, and so a TLS handshake, of its own (drt)."""
    connect, opened = asyncio.BaseEventLoop.create_connection, []

    async def counted(loop, *arguments, **more):
        opened.append(loop)
        return await connect(loop, *arguments, **more)

    monkeypatch.setattr(asyncio.BaseEventLoop, "create_connection", counted)
    batches = 30
    rows = batches * one_run.BATCH_SIZE
    url = sandbox.base_url("batch")
    done = one_run.run({"root": str(tmp_path), "base_url": url, "rows": rows, "changed": 0, "day": 1})
    assert done["inserted"] == rows
    assert 1 <= len(opened) <= one_run.CONCURRENCY
