"""A real process that sends over a real socket is killed with SIGKILL, again and again, and then allowed to end."""

import json
import random
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from activation_platform.sandbox.faults import Kind, Rule
from activation_platform.sandbox.server import RunningSandbox, running
from activation_platform_tests.sync.homes import LEASE, new_bucket
from activation_platform_tests.sync.one_run import BATCH_SIZE, CONCURRENCY, rows_of, run

IN_FLIGHT = BATCH_SIZE * CONCURRENCY
REPOSITORY = Path(__file__).parents[2]
PROGRAM = "import json, sys; from activation_platform_tests.sync import one_run; one_run.run(json.loads(sys.argv[1]))"


@dataclass
class Runs:
    """Runs of one activation against one sandbox: in processes that are killed, and in this one to the end."""

    root: str
    sandbox: RunningSandbox
    dice: random.Random = field(default_factory=lambda: random.Random(7))
    day: int = 0

    def order(self, rows: int, changed: int) -> dict[str, Any]:
        self.day += 1
        url = self.sandbox.base_url("batch")
        return {
            "root": self.root,
            "lease": LEASE,
            "base_url": url,
            "rows": rows,
            "changed": changed,
            "day": self.day,
        }

    def killed(self, rows: int, *, changed: int = 0, path: str = "update") -> None:
        """Run in a process and kill it after a few more requests to this path, at no particular moment."""
        order = json.dumps(self.order(rows, changed))
        until = self.asked(path) + self.dice.randint(1, 8)
        command = [sys.executable, "-c", PROGRAM, order]
        with subprocess.Popen(
            command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as process:
            while self.asked(path) < until and process.poll() is None:
                time.sleep(0.002)
            time.sleep(self.dice.uniform(0, 0.03))
            process.kill()
            assert process.stderr is not None
            words = process.stderr.read().decode()
        assert process.returncode == -9, words

    def ended(self, rows: int, *, changed: int = 0) -> dict[str, Any]:
        return run(self.order(rows, changed))

    def asked(self, path: str) -> int:
        return sum(each["count"] for each in self.sandbox.world.requests() if each["path"].endswith(path))

    @property
    def received(self) -> int:
        return sum(self.sandbox.world.part("batch", "received").values())

    @property
    def values(self) -> dict[str, str]:
        profiles = self.sandbox.world.part("batch", "profiles")
        return {key: attributes["value"] for key, attributes in profiles.items()}


@pytest.fixture(params=["folder", "bucket"])
def runs(request, front, tmp_path, monkeypatch):
    folder = request.param == "folder"
    root = str(tmp_path) if folder else new_bucket(front, tmp_path / "cache", monkeypatch)
    with running(limits=False) as sandbox:
        sandbox.world.add_fault(Rule(kind=Kind.SLOW, path="*", method="POST", delay_ms=15))
        yield Runs(root, sandbox)


def test_kill_9_forgets_nothing_and_sends_again_only_what_was_in_flight(runs):
    rows = 600
    for _ in range(2):
        runs.killed(rows)
    runs.ended(rows)
    assert runs.values == rows_of({"rows": rows, "changed": 0})
    assert runs.received <= rows + 2 * IN_FLIGHT

    before = runs.received
    runs.killed(rows, changed=300)
    runs.ended(rows, changed=300)
    assert runs.values == rows_of({"rows": rows, "changed": 300})
    assert runs.received <= before + 300 + IN_FLIGHT

    before = runs.received
    assert runs.ended(rows, changed=300) == {"inserted": 0, "updated": 0, "deleted": 0}
    assert runs.received == before


def test_kill_9_still_deletes_who_left_between_the_crash_and_the_next_run(runs):
    runs.killed(400)
    there = set(runs.values)
    runs.killed(60, path="request")
    runs.ended(60)
    runs.sandbox.world.finish_erasures()
    runs.ended(60)
    assert there - set(rows_of({"rows": 60, "changed": 0})), "nobody left: the test shows nothing"
    assert runs.values == rows_of({"rows": 60, "changed": 0})
    asked = [each["id"]["value"] for each in runs.sandbox.world.part("batch", "erasures")]
    assert len(asked) - len(set(asked)) <= CONCURRENCY
    before = runs.asked("request")
    runs.ended(60)
    assert runs.asked("request") == before
