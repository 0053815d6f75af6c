"""What the daemon ran is told afterwards, by the history, the issues and the story of a record, on the command line."""

import json
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from typer.testing import CliRunner

from activation_platform.cli.app import app
from activation_platform.sandbox.faults import Kind, Rule
from activation_platform_tests.components.daemon import daemon
from activation_platform_tests.components.project import fill, person


@pytest.fixture
def dev(tmp_path, monkeypatch, storage, warehouse, sandbox, project):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    with daemon(tmp_path / "home", project.write()) as made:
        made.turn()
        made.pause("leads_schedule")
        yield made


def said(*words):
    result = CliRunner().invoke(app, [*words, "--json"], prog_name="activation")
    assert result.exit_code == 0, (result.stdout, result.stderr, result.exception)
    return json.loads(result.stdout)


def test_what_the_daemon_ran_is_told_by_history_issues_and_record(dev, sandbox, warehouse):
    monday = datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0)
    monday += timedelta(days=7 - monday.weekday())
    sandbox.world.add_fault(Rule(Kind.POISON, identifier="3", reason="no room"))
    fill(warehouse, [person(1), person(2, email="nobody"), person(3)])
    dev.at(monday)
    (first,) = dev.settle()
    fill(warehouse, [person(1, first_name="Ada"), person(2, email="nobody"), person(3)])
    dev.at(monday + timedelta(days=7))
    (second,) = dev.settle()

    assert [run.status for run in (first, second)] == [dg.DagsterRunStatus.SUCCESS] * 2
    partitions = [f"{monday + timedelta(days=days):%Y-%m-%d-%H:%M}" for days in (0, 7)]
    history = said("history", "letters", "--since", "30d")
    assert [(run["partition"], run["run_id"]) for run in history] == [
        (partitions[0], first.run_id),
        (partitions[1], second.run_id),
    ]
    assert [run["figures"]["inserted"] + run["figures"]["updated"] for run in history] == [1, 1]
    assert said("history", "letters", "--since", "3d") == history[1:]

    (now,) = said("issues", "letters")
    assert {(one["kind"], one["count"]) for one in now["reasons"]} == {
        ("source issue", 1),
        ("destination issue", 1),
    }
    (then,) = said("issues", "letters", "--until", "3d", "--kind", "destination")
    assert [(one["count"], one["standing"], one["samples"][0]["run"]) for one in then["reasons"]] == [
        (1, 1, 1)
    ]

    (ledger,) = said("record", "letters", "1")["ledgers"]
    assert [(run["run_id"], run["operations"], run["changed"]) for run in ledger["runs"]] == [
        (first.run_id, ["insert"], None),
        (second.run_id, ["update"], ["first_name"]),
    ]
    assert {one["name"] for one in ledger["runs"][1]["fields"]} == {
        "custom_id",
        "$email_address",
        "first_name",
    }
    (refused,) = said("record", "letters", "3")["ledgers"]
    assert [(one["event"], one["partition"]) for one in refused["history"]] == [
        ("rejected", partitions[0]),
        ("rejected", partitions[1]),
    ]
