"""Partitions through a real Dagster instance with its daemon: backfills, ticks, followers, failures (SEMANTICS E1 to E6)."""

import dagster as dg
import pytest

from activation_platform_tests.components.daemon import daemon
from activation_platform_tests.components.project import LETTERS

FIVE = ["2024-01-01-06:00", "2024-01-08-06:00", "2024-01-15-06:00", "2024-01-22-06:00", "2024-01-29-06:00"]


@pytest.fixture
def home(tmp_path, monkeypatch, storage, warehouse, sandbox):
    home = tmp_path / "home"
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    return home


@pytest.fixture
def dev(home, project):
    with daemon(home, project.write()) as made:
        yield made


def received(sandbox):
    return set(sandbox.world.part("batch", "received").values())


def test_e2_a_backfill_of_five_partitions_of_a_mirror_is_one_run_at_its_newest(dev, sandbox):
    dev.launch("models/people", "segments/loyal")
    dev.settle()
    dev.backfill(LETTERS, FIVE)
    (run,) = dev.settle()
    assert run.status is dg.DagsterRunStatus.SUCCESS
    told = dev.told(LETTERS)
    assert sorted(told) == FIVE
    assert told[FIVE[-1]]["inserted"] == 4
    assert {told[key]["status"] for key in FIVE[:-1]} == {"superseded"}
    assert received(sandbox) == {1}
