"""A storage root on object storage: lost answers, a store that is away or refuses, objects that are missing or cut off."""

import subprocess
import sys
import threading
from http import HTTPStatus

import polars as pl
import pytest

from activation_platform.contracts.errors import DeclarationError, LeaseLost, LedgerMismatch, StorageFailed
from activation_platform.sync.bucket import Bucket
from activation_platform.sync.files import as_ipc
from activation_platform.sync.journal import Journal
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.store import HELD
from activation_platform_tests.destinations.files.stores import CLOSES, FORGETS
from activation_platform_tests.sync.test_journal import events
from activation_platform_tests.sync.world import Workshop, thing


@pytest.fixture
def workshop(bucket, tmp_path):
    return Workshop(tmp_path, elsewhere=bucket)


def test_a_store_that_ignores_conditions_holds_no_state(bucket, front):
    front.careless = True
    with pytest.raises(StorageFailed, match="If-None-Match"), bucket.lock("locks/letters", wait=0):
        raise AssertionError("two could be here")


# Answers that are lost


def test_a_create_whose_answer_was_lost_was_the_first_all_the_same(bucket, front):
    front.faults["PUT"] = [FORGETS]
    assert bucket.create("key", b"mine")
    assert [line for line in front.seen if line.startswith("PUT") and line.endswith("/key")][1:]
    assert not bucket.create("key", b"yours")


def test_a_change_whose_answer_was_lost_is_made_once_more_over_itself(bucket, front):
    bucket.write("set", b"a")
    front.faults["PUT"] = [FORGETS]
    bucket.change("set", lambda kept: bytes(sorted({*kept, *b"b"})))
    assert bucket.read("set") == b"ab"


def test_a_change_over_what_others_changed_meanwhile_starts_from_theirs(bucket):
    seen = []

    def change(kept):
        seen.append(kept)
        if len(seen) == 1:
            bucket.write("file", b"theirs")
        return kept + b" and mine"

    bucket.write("file", b"before")
    bucket.change("file", change)
    assert seen == [b"before", b"theirs"]
    assert bucket.read("file") == b"theirs and mine"


def test_an_append_whose_answer_was_lost_is_in_the_log_once(bucket, front):
    log = bucket.log("journal-1.log")
    front.faults["PUT"] = [FORGETS]
    log.append(b"a")
    log.append(b"b")
    assert bytes(bucket.read_log("journal-1.log") or b"") == b"ab"


def test_a_short_absence_of_the_store_is_waited_for(bucket, front):
    bucket.write("file", b"content")
    front.faults["GET"] = [HTTPStatus.SERVICE_UNAVAILABLE, CLOSES]
    assert bucket.read("file") == b"content"


# A store that cannot be used


@pytest.mark.parametrize("method", ["read", "write", "create", "names", "file", "delete"])
def test_a_store_that_refuses_us_says_what_must_be_allowed(bucket, front, method):
    for verb in ("GET", "PUT", "HEAD", "POST"):
        front.faults[verb] = [HTTPStatus.FORBIDDEN] * 9
    arguments = {"names": (), "write": ("a", b""), "create": ("a", b"")}.get(method, ("a",))
    with pytest.raises(StorageFailed, match=r"refuses us .*read, write, list and delete"):
        getattr(bucket, method)(*arguments)


@pytest.mark.parametrize("method", ["read", "write", "create", "names", "delete"])
def test_a_bucket_that_does_not_exist_is_not_an_empty_one(bucket, method):
    nobody = Bucket.at("s3://nobody/prefix", retry_within=1.0)
    arguments = {"names": (), "write": ("a", b""), "create": ("a", b"")}.get(method, ("a",))
    with pytest.raises(
        StorageFailed, match=r"bucket of s3://nobody/prefix does not exist.*ACTIVATION_STORAGE"
    ):
        getattr(nobody, method)(*arguments)


def test_a_store_that_is_not_there_is_not_an_empty_one(bucket, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    away = Bucket.at("s3://bucket/prefix", retry_within=0.2)
    with pytest.raises(StorageFailed, match=r"s3://bucket/prefix cannot be used .*network, the endpoint"):
        away.read("file")


@pytest.mark.parametrize("url", ["s3://", "nowhere://bucket", "http//"])
def test_a_root_that_is_no_store_is_a_fault_of_the_configuration(url):
    with pytest.raises(DeclarationError, match=r"s3://bucket/prefix or gs://bucket/prefix"):
        Bucket.at(url)


def test_google_cloud_storage_is_opened_by_the_same_code(tmp_path, monkeypatch):
    monkeypatch.setenv("ACTIVATION_CACHE", str(tmp_path))
    assert str(Bucket.at("gs://bucket/prefix/") / "ledgers") == "gs://bucket/prefix/ledgers"


def test_obstore_is_imported_only_where_a_bucket_is_used():
    look = (
        "import sys; from activation_platform.components.storage import storage_root; storage_root();"
        "print('obstore' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"


# What is remembered


def test_a_run_keeps_its_ledger_in_the_bucket_and_the_next_goes_on(workshop, bucket):
    workshop.run(thing("a"), thing("b"))
    run = workshop.run(thing("a", name="new"), thing("c"))
    assert (run.figures.updated, run.figures.inserted, run.figures.deleted) == (1, 1, 1)
    assert workshop.run(thing("a", name="new"), thing("c")).status == "nothing to do"
    assert bucket.names() == ["budgets", "ledgers"]
    manifest = workshop.ledger().manifest
    others = {"changes", "manifest.json", "past", "runs"}
    assert set((bucket / "ledgers" / "things").names()) == {*manifest.files, *others}


def test_a_run_that_died_is_completed_by_the_next(workshop):
    workshop.vendor.answers = ["dies after"]
    workshop.dies(thing("a"), thing("b"))
    workshop.run(thing("b"))
    assert workshop.vendor.names == {"b": "x"}


def test_a_store_that_is_away_while_a_run_remembers_stops_it_and_the_next_goes_on(workshop, front):
    workshop.run(thing("a"))
    vendor, asked = workshop.vendor, []

    def away(request):
        asked.append(request)
        front.faults["PUT"] = [HTTPStatus.SERVICE_UNAVAILABLE] * 99
        return vendor(request)

    workshop.vendor = Away(vendor, away)
    failed = workshop.fails(thing("a"), thing("b"))
    assert "cannot be used" in str(failed.error)
    front.faults.clear()
    workshop.vendor = vendor
    workshop.run(thing("a"), thing("b"))
    assert vendor.names == {"a": "x", "b": "x"}
    assert workshop.run(thing("a"), thing("b")).status == "nothing to do"


class Away:
    """A vendor during whose answers something happens."""

    def __init__(self, vendor, act):
        self.vendor, self.act = vendor, act

    def __call__(self, request):
        return self.act(request) if request.method != "GET" else self.vendor(request)

    def __getattr__(self, name):
        return getattr(self.vendor, name)


def test_events_that_are_ready_together_are_one_object_and_each_waits_for_it(bucket):
    import asyncio

    journal = Journal(bucket, "journal-1.log", HELD)
    slowly = threading.Event()
    append = journal._log.append

    def slow_append(content):
        slowly.wait(5)
        append(content)

    journal._log.append = slow_append

    async def batch(number):
        journal.note(events(f"k{number}"))
        if number == 5:
            slowly.set()
        await journal.durable()
        assert bytes(bucket.read_log("journal-1.log") or b"") != b""

    async def batches():
        await asyncio.gather(*(batch(number) for number in range(6)))

    asyncio.run(batches())
    assert (bucket / "journal-1.log").names() == ["00000001", "00000002"]


@pytest.mark.parametrize("harm", ["missing", "cut off"])
def test_a_ledger_file_that_is_missing_or_cut_off_stops_the_run(workshop, bucket, harm):
    workshop.run(thing("a"))
    folder = bucket / "ledgers" / "things"
    base = workshop.ledger().manifest.base
    if harm == "missing":
        folder.delete(base)
    else:
        content = folder.read(base)
        assert content is not None
        folder.write(base, content[: len(content) // 2])
    with pytest.raises(LedgerMismatch, match=rf"{base} is missing or cut off.*backup"):
        workshop.run(thing("a"))
    assert workshop.vendor.writes == []


@pytest.mark.parametrize("harm", ["missing", "torn"])
def test_an_object_of_a_journal_that_is_missing_or_torn_is_not_passed_over(bucket, harm):
    folder = bucket / "ledgers" / "things"
    ledger = Ledger(folder)
    ledger.begin()
    for key in "abc":
        ledger.record(events(key))
    journal = folder / "journal-1.log"
    if harm == "missing":
        journal.delete("00000002")
    else:
        content = journal.read("00000002")
        assert content is not None
        journal.write("00000002", content[:-10])
    with pytest.raises((StorageFailed, LedgerMismatch), match=r"is missing|is torn"):
        Ledger(folder)


def test_a_log_that_was_ended_takes_no_more(bucket):
    log = bucket.log("journal-1.log")
    log.append(b"a")
    bucket.end_log("journal-1.log")
    with pytest.raises(LeaseLost, match=r"has ended .*journal-1.log"):
        log.append(b"b")
    assert bytes(bucket.read_log("journal-1.log") or b"") == b"a"


def test_what_another_machine_replaced_is_fetched_again(bucket, tmp_path, monkeypatch):
    bucket.keep("base.arrow", as_ipc(pl.DataFrame({"a": [1]})))
    monkeypatch.setenv("ACTIVATION_CACHE", str(tmp_path / "another machine"))
    other = Bucket.at(str(bucket))
    assert pl.read_ipc(other.file("base.arrow"))["a"].to_list() == [1]
    other.keep("base.arrow", as_ipc(pl.DataFrame({"a": [2]})))
    assert pl.read_ipc(bucket.file("base.arrow"))["a"].to_list() == [2]
