"""`activation status`: what pauses an activation, how its newest run ended, and when it runs next."""

import json
from datetime import datetime

import dagster as dg
import pytest

from activation_platform.cli.project import Project
from activation_platform.cli.running import run_activation

WRONG = "Bad credentials or insufficient permissions: the key is <wrong>"


@pytest.fixture
def instance(tmp_path, monkeypatch):
    """A Dagster of the test on disk."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    with dg.DagsterInstance.get() as made:
        yield made


def refuse(instance, **more):
    check = {"asset_key": dg.AssetKey(["destinations", "messages"]), "check_name": "ready"}
    instance.report_runless_asset_event(dg.AssetCheckEvaluation(**check, **more))


def test_what_is_broken_is_told_with_its_kind_its_check_and_since_when(project, activation, instance):
    run_activation(Project.here(project.folder).definitions, "newsletter")
    assert json.loads(activation("status", "--json").stdout)[0]["paused_by"] == []

    refuse(instance, passed=False, description=WRONG)
    refuse(instance, passed=False, description=WRONG)
    (told,) = json.loads(activation("status", "newsletter", "--json", fails=1).stdout)
    (culprit,) = told["paused_by"]
    first = instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(dg.AssetKey(["destinations", "messages"]), "ready"), limit=9
    )[-1]
    assert told["state"] == "paused"
    assert (culprit["word"], culprit["name"], culprit["check"]) == ("destination", "messages", "ready")
    assert datetime.fromisoformat(culprit["since"]).timestamp() == pytest.approx(first.event.timestamp)
    said = activation("status", fails=1).stdout
    assert "the destination messages is broken since" in said
    assert "<wrong>" in said

    refuse(instance, passed=True, description="fine")
    assert json.loads(activation("status", "--json").stdout)[0]["state"] != "paused"


def test_a_check_that_warns_and_a_run_that_died_before_its_check_pause_nothing(project, activation, instance):
    run_activation(Project.here(project.folder).definitions, "newsletter")
    refuse(instance, passed=False, severity=dg.AssetCheckSeverity.WARN, description="careful")
    assert json.loads(activation("status", "--json").stdout)[0]["paused_by"] == []


def test_without_dagster_it_says_what_it_cannot_see(project, activation, monkeypatch):
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    said = activation("status").stdout
    assert "by hand" in said
    assert "DAGSTER_HOME is not set" in said


def test_an_unknown_activation_is_a_wrong_call(project, activation):
    assert "newsletter" in activation("status", "newsleter", fails=2).stderr
