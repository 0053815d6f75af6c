"""A disk without room at any write of a run: it says so, its figures are true, the next one completes it (SEMANTICS D4)."""

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from activation_platform.contracts.errors import StorageFailed
from activation_platform.sync.activate import RunFailed
from activation_platform.sync.history import Status, read_runs
from activation_platform_tests.sync.shop import ExportedThings, LookedUpThings, Things
from activation_platform_tests.sync.world import Workshop, thing

BEFORE = [*(thing(f"old{n}") for n in range(6)), thing("gone1"), thing("gone2")]
AFTER = [
    *(thing(f"old{n}", name="y" if n < 4 else "x") for n in range(6)),
    *(thing(f"new{n}") for n in range(7)),
]
THERE = {row["key"]: row["name"] for row in AFTER}
BATCH = Things.batch_size


@pytest.fixture(autouse=True)
def _no_power_cuts(monkeypatch):
    for name in ("fsync", "fdatasync"):
        monkeypatch.setattr(os, name, lambda descriptor: None)


@contextmanager
def room_for_syncs(number: int) -> Iterator[None]:
    """A disk that takes so many writes, and no more."""
    real = {name: getattr(os, name) for name in ("fsync", "fdatasync")}
    left = number

    def take(_descriptor: int) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(errno.ENOSPC, "No space left on device")

    for name in real:
        setattr(os, name, take)
    try:
        yield
    finally:
        for name, function in real.items():
            setattr(os, name, function)


@contextmanager
def room_for_bytes(size: int) -> Iterator[None]:
    """A system that lets no file grow beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def fails_and_is_completed(workshop, room, record_property) -> bool:
    """Run with little room, then with plenty; says whether the first run failed."""
    workshop.run(*BEFORE)
    failed = False
    try:
        with room:
            workshop.run(*AFTER)
    except RunFailed as error:
        failed = True
        told_truly(error, workshop)
        acknowledged, in_flight = error.run.figures.loaded, error.run.figures.destination_issues
        heard = set(workshop.vendor.sent)
        workshop.run(*AFTER)
        again = len(heard & set(workshop.vendor.sent))
        forgotten = max(0, again - in_flight)
        record_property("full disks", 1)
        record_property("acknowledged on full disks", acknowledged)
        record_property("in flight on full disks", in_flight)
        record_property("forgotten on full disks", forgotten)
        assert not forgotten
    assert workshop.vendor.names == THERE
    workshop.run(*AFTER)
    assert (workshop.vendor.writes, workshop.debts()) == ([], [])
    return failed


def told_truly(failed: RunFailed, workshop: Workshop) -> None:
    """The error names the storage root and what to do; what was heard is counted, and no more."""
    assert isinstance(failed.error, StorageFailed), failed.error
    assert f"{workshop.root}/ledgers/things cannot be written (" in str(failed)
    assert "Make room there" in failed.error.remedy
    assert failed.run.status is Status.FAILED
    figures = failed.run.figures
    assert figures.loaded + figures.destination_issues == len(workshop.vendor.sent)
    assert figures.destination_issues <= BATCH


@pytest.mark.parametrize(("service", "first"), [(Things, 0), (LookedUpThings, 2)])
def test_d4_a_disk_that_is_full_from_any_write_on_loses_nothing(tmp_path, service, first, record_property):
    for writes in range(first, 100, 4):
        workshop = Workshop(tmp_path / str(writes), service=service)
        if not fails_and_is_completed(workshop, room_for_syncs(writes), record_property):
            break
    assert 20 < writes < 99


def test_d4_a_limit_on_the_size_of_files_loses_nothing(tmp_path, record_property):
    sizes = [0, 300, 700, *range(1000, 12_000, 1000), 1 << 20]
    failed = [
        size
        for size in sizes
        if fails_and_is_completed(Workshop(tmp_path / str(size)), room_for_bytes(size), record_property)
    ]
    assert 5 < len(failed) < len(sizes)
    assert failed == sizes[: len(failed)]


def test_d4_what_could_not_be_kept_is_told_once_where_telling_it_twice_does_harm(tmp_path):
    for writes in range(3, 15, 2):
        workshop = Workshop(tmp_path / str(writes), service=LookedUpThings)
        try:
            with room_for_syncs(writes):
                workshop.run(*AFTER)
        except RunFailed:
            workshop.run(*AFTER)
        assert set(workshop.vendor.told.values()) == {1}


def test_d4_a_run_in_one_piece_that_found_no_room_is_made_again(tmp_path):
    for writes in range(3, 30, 2):
        workshop = Workshop(tmp_path / str(writes), service=ExportedThings)
        try:
            with room_for_syncs(writes):
                workshop.run(*AFTER)
        except RunFailed as failed:
            counted = failed.run.figures.loaded + failed.run.figures.destination_issues
            assert counted == len(workshop.vendor.things)
            workshop.run(*AFTER)
        assert workshop.vendor.names == THERE


def test_d4_a_run_that_found_no_room_stays_in_the_history_as_far_as_there_is_room(workshop):
    with room_for_syncs(12):
        failed = workshop.fails(*AFTER)
    workshop.run(*AFTER)
    numbers = [run.number for run in read_runs(workshop.store, "things")]
    assert numbers in ([1, 2], [2])
    assert failed.run.number == 1
