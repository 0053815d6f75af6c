"""Two real processes and one ledger on object storage: one writes at a time, and who lost it says so and sends nothing."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from activation_platform.sandbox.faults import Kind, Rule
from activation_platform.sandbox.server import RunningSandbox, running
from activation_platform_tests.sync.homes import LEASE, new_bucket
from activation_platform_tests.sync.one_run import CONCURRENCY, rows_of, run

REPOSITORY = Path(__file__).parents[2]
PROGRAM = """
import json, sys
from activation_platform_tests.sync import one_run
print(json.dumps(one_run.run(json.loads(sys.argv[1]))))
"""
ROWS = 400
EVERY_ROW = rows_of({"rows": ROWS, "changed": 0})


@pytest.fixture
def root(front, tmp_path, monkeypatch) -> str:
    return new_bucket(front, tmp_path / "cache", monkeypatch)


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with running(limits=False) as started:
        yield started


def slow(sandbox: RunningSandbox, milliseconds: int) -> None:
    sandbox.world.add_fault(Rule(kind=Kind.SLOW, path="*", method="POST", delay_ms=milliseconds))


def order(root: str, sandbox: RunningSandbox, day: int, **more: Any) -> dict[str, Any]:
    url = sandbox.base_url("batch")
    return {"root": root, "base_url": url, "lease": LEASE, "rows": ROWS, "changed": 0, "day": day, **more}


def begun(given: dict[str, Any]) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, json.dumps(given)]
    return subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def asked(sandbox: RunningSandbox) -> int:
    return sum(each["count"] for each in sandbox.world.requests() if each["path"].endswith("update"))


def wait_for(sandbox: RunningSandbox, requests: int, process: subprocess.Popen[str]) -> None:
    while asked(sandbox) < requests:
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.002)


def values(sandbox: RunningSandbox) -> dict[str, str]:
    profiles = sandbox.world.part("batch", "profiles")
    return {key: attributes["value"] for key, attributes in profiles.items()}


def test_d6_of_two_processes_that_want_a_ledger_one_waits_and_then_has_nothing_to_do(root, sandbox):
    slow(sandbox, 15)
    both = [begun(order(root, sandbox, 1)) for _ in range(2)]
    figures = []
    for process in both:
        said, complaint = process.communicate(timeout=60)
        assert process.returncode == 0, complaint
        figures.append(json.loads(said)["inserted"])
    assert sorted(figures) == [0, ROWS]
    assert values(sandbox) == EVERY_ROW
    assert sum(sandbox.world.part("batch", "received").values()) == ROWS


def test_d6_a_process_that_was_asleep_while_its_ledger_was_taken_over_sends_nothing_more(root, sandbox):
    slow(sandbox, 400)
    sleeper = begun(order(root, sandbox, 1))
    try:
        wait_for(sandbox, 2 * CONCURRENCY, sleeper)  # all its requests are on their way, and answered later
        os.kill(sleeper.pid, signal.SIGSTOP)
        sandbox.world.clear_faults()
        assert run(order(root, sandbox, 2))["inserted"] <= ROWS
        assert values(sandbox) == EVERY_ROW
        before = asked(sandbox)
    finally:
        os.kill(sleeper.pid, signal.SIGCONT)
    said, complaint = sleeper.communicate(timeout=30)
    assert sleeper.returncode == 1, said
    last = complaint.strip().splitlines()[-1]
    assert re.search(r"LeaseLost: Stopped: .*(to itself|has ended|taken over).*acknowledged", last), complaint
    assert asked(sandbox) == before
    assert run(order(root, sandbox, 3)) == {"inserted": 0, "updated": 0, "deleted": 0}
    assert asked(sandbox) == before
