"""Terminate in the UI: what is in flight is finished, what was acknowledged is sealed, the next run sends exactly the rest."""

import os
import signal
import subprocess
import sys
import time

import dagster as dg
import pytest

from activation_platform.components.interrupts import interrupts
from activation_platform.sandbox.faults import Kind, Rule
from activation_platform.sync.folder import Folder
from activation_platform.sync.history import Status, read_runs
from activation_platform_tests.components.project import LEADS, SECOND, fill, person, succeeded, told

PEOPLE = 60


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A DAGSTER_HOME that other processes share."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(folder))
    return folder


def people(sandbox):
    return len(sandbox.world.part("attio", "people"))


def writes(sandbox):
    """Accepted writes, however often of the same person."""
    return sum(sandbox.world.part("attio", "received")["people"].values())


@pytest.mark.parametrize("word", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_becomes_a_question_and_the_handlers_come_back(word):
    before = signal.getsignal(word)
    with interrupts() as cancelled:
        assert not cancelled()
        signal.raise_signal(word)
        signal.raise_signal(word)  # an impatient second one changes nothing
        assert cancelled()
    assert signal.getsignal(word) is before


def test_a_terminated_run_is_cancelled_and_the_next_one_sends_exactly_the_rest(
    home, project, runner, sandbox, warehouse, storage
):
    fill(warehouse, [person(number) for number in range(1, PEOPLE + 1)])
    folder = project.write()
    with dg.DagsterInstance.from_config(str(home)) as instance:
        succeeded(runner.run("segments/loyal"))
        sandbox.world.add_fault(Rule(Kind.SLOW, path="/attio/*", delay_ms=200))
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "activation_platform_tests.components.run_alone",
                str(folder),
                LEADS,
                SECOND,
            ],
            stdout=subprocess.PIPE,
            text=True,
            env=dict(os.environ),
        )
        with process:
            run_id = process.stdout.readline().strip()
            deadline = time.monotonic() + 30
            while people(sandbox) < 3 and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.02)
            # What Dagster's launcher does when somebody presses Terminate.
            instance.report_run_canceling(instance.get_run_by_id(run_id))
            process.send_signal(signal.SIGINT)
            process.wait(30)
        run = instance.get_run_by_id(run_id)
        assert run.status is dg.DagsterRunStatus.CANCELED, [e.message for e in instance.all_logs(run_id)][-5:]
    (stopped,) = read_runs(Folder(storage), "leads")
    assert stopped.status is Status.STOPPED
    done = people(sandbox)
    assert 3 <= done < PEOPLE
    assert (stopped.figures.inserted, stopped.figures.unsent) == (done, PEOPLE - done)
    sandbox.world.clear_faults()
    before = writes(sandbox)
    figures = told(succeeded(runner.run(LEADS, upstream=False, partition=SECOND)), LEADS)
    assert (figures["extracted"], figures["inserted"]) == (PEOPLE - done, PEOPLE - done)
    assert writes(sandbox) - before == PEOPLE - done
    assert people(sandbox) == PEOPLE
