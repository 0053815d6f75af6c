"""Runs in processes of their own, as the shipped settings have them: side by side, killed, terminated (D4, D5, E1, E2)."""

import os
import signal
import time

import dagster as dg
import pytest

from activation_platform.destinations.attio.destination import Attio
from activation_platform.sandbox.faults import Kind, Rule
from activation_platform.sync.folder import Folder
from activation_platform.sync.history import Status, read_runs
from activation_platform_tests.components.daemon import daemon
from activation_platform_tests.components.project import LEADS, fill, person

FIRST, SECOND = "2024-01-01-06:00", "2024-01-08-06:00"
PEOPLE = 96
WITHIN = 90.0


@pytest.fixture
def dev(tmp_path, monkeypatch, project, storage, warehouse, sandbox):
    fill(warehouse, [person(number) for number in range(1, PEOPLE + 1)])
    home = tmp_path / "home"
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    alone = {"runs": {"max_concurrent_runs": 10}}  # neither pools nor limits by tag: only our own lock
    with daemon(home, project.write(), workers=True, concurrency=alone) as made:
        yield made


def until(condition, dev):
    """Turn the daemon, now and then, until it is so."""
    deadline = time.monotonic() + WITHIN
    while time.monotonic() < deadline:
        dev.turn()
        for _ in range(10):
            if condition():
                return
            time.sleep(0.05)
    raise AssertionError([(run.run_id, run.status) for run in dev.instance.get_runs()])


def finished(dev, count):
    runs = dev.instance.get_runs()
    return len(runs) == count and all(run.is_finished for run in runs)


def people(sandbox):
    return sandbox.world.part("attio", "people")


def writes(sandbox):
    """Accepted writes, however often of the same person."""
    return sum(sandbox.world.part("attio", "received")["people"].values())


def test_a_worker_that_is_killed_is_replaced_by_one_that_sends_the_rest_of_the_same_frame(
    dev, sandbox, warehouse, storage
):
    sandbox.world.add_fault(Rule(Kind.SLOW, path="/attio/*", delay_ms=150))
    killed = dev.launch("models/people", "segments/loyal", LEADS, partition=FIRST)
    until(lambda: len(people(sandbox)) >= 3, dev)
    started = next(
        entry
        for entry in dev.instance.all_logs(killed)
        if entry.message.startswith("Executing steps in process")
    )
    os.kill(int(started.message.rpartition("pid: ")[2].rstrip(")")), signal.SIGKILL)
    fill(warehouse, [person(999)])  # the next worker must not read this
    sandbox.world.clear_faults()
    until(lambda: finished(dev, 2), dev)
    again, first = dev.instance.get_runs()
    assert (first.run_id, first.status) == (killed, dg.DagsterRunStatus.FAILURE)
    assert again.status is dg.DagsterRunStatus.SUCCESS
    assert again.parent_run_id == killed
    assert len(people(sandbox)) == PEOPLE
    assert not [one for one in people(sandbox).values() if "person999@example.com" in str(one)]
    (run,) = read_runs(Folder(storage), "leads")
    assert "had crashed: what was acknowledged to it is kept" in run.notes[0]
    assert writes(sandbox) <= PEOPLE + Attio.conversations  # at most what was in flight is sent again


def test_d5_a_run_that_is_terminated_is_sealed_and_the_next_one_sends_exactly_the_rest(
    dev, sandbox, warehouse, storage
):
    sandbox.world.add_fault(Rule(Kind.SLOW, path="/attio/*", delay_ms=150))
    terminated = dev.launch("models/people", "segments/loyal", LEADS, partition=FIRST)
    until(lambda: len(people(sandbox)) >= 3, dev)
    dev.terminate(terminated)
    until(lambda: finished(dev, 1), dev)
    assert dev.instance.get_run_by_id(terminated).status is dg.DagsterRunStatus.CANCELED
    done = len(people(sandbox))
    assert 3 <= done < PEOPLE
    sandbox.world.clear_faults()

    dev.launch(LEADS, partition=FIRST)
    until(lambda: finished(dev, 2), dev)
    stopped, rest = read_runs(Folder(storage), "leads")
    assert (stopped.status, stopped.figures.inserted, stopped.figures.unsent) == (
        Status.STOPPED,
        done,
        PEOPLE - done,
    )
    assert (rest.status, rest.figures.extracted, rest.figures.inserted) == (
        Status.SUCCEEDED,
        PEOPLE - done,
        PEOPLE - done,
    )
    assert rest.notes == []
    assert (len(people(sandbox)), writes(sandbox)) == (PEOPLE, PEOPLE)


def test_e2_two_neighbouring_partitions_at_once_send_every_record_once(dev, sandbox, storage):
    dev.launch("models/people", "segments/loyal")
    until(lambda: finished(dev, 1), dev)
    for partition in (SECOND, FIRST):
        dev.launch(
            LEADS, partition=partition, tags={"activation_platform/instant": "2024-01-08T06:00:00+00:00"}
        )
    until(lambda: finished(dev, 3), dev)
    assert {run.status for run in dev.instance.get_runs()} == {dg.DagsterRunStatus.SUCCESS}
    assert writes(sandbox) == PEOPLE
    assert sum(run.figures.inserted for run in read_runs(Folder(storage), "leads")) == PEOPLE
