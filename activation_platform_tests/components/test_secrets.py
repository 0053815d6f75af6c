"""Nothing secret and nothing personal, in clear, in anything that Dagster stores or shows (SEMANTICS D9)."""

import logging

import dagster as dg
import pytest
from dagster_shared.serdes import serialize_value

from activation_platform.sandbox.faults import Extent, Kind, Rule
from activation_platform_tests.components.project import LEADS, LETTERS, SECOND, fill, person, succeeded

SECRETS = ("sandbox-rest-key", "sandbox-live-key", "sandbox-attio-token")
PERSONAL = ("zebedee.quux", "Zebedee-The-First", "770417283", "+33612345678")


def stored(instance: dg.DagsterInstance, run_id: str) -> str:
    """Everything that Dagster stored of a run: its events, tags and snapshots."""
    run = instance.get_run_by_id(run_id)
    assert run is not None
    pieces = [serialize_value(entry) for entry in instance.all_logs(run_id)]
    pieces.append(serialize_value(run))
    pieces.append(serialize_value(instance.get_job_snapshot(run.job_snapshot_id)))
    pieces.append(serialize_value(instance.get_execution_plan_snapshot(run.execution_plan_snapshot_id)))
    return "\n".join(pieces)


@pytest.fixture
def delicate(warehouse):
    """A warehouse of somebody whom we would recognise anywhere."""
    who = {"email": "zebedee.quux@example.com", "first_name": "Zebedee-The-First"}
    fill(warehouse, [person(770417283, **who), person(2), person(770417284, email="zebedee.quux at example")])


def test_a_run_stores_no_secret_and_no_personal_value(delicate, runner, instance, sandbox, caplog):
    caplog.set_level(logging.DEBUG)
    poison = {"extent": Extent.RECORD, "reason": "no room for zebedee.quux@example.com, +33612345678"}
    sandbox.world.add_fault(Rule(Kind.POISON, path="/batch/*", identifier="770417283", **poison))
    sandbox.world.add_fault(
        Rule(Kind.POISON, path="/attio/*", identifier="zebedee.quux@example.com", **poison)
    )
    for partition in ("2024-01-01-06:00", SECOND):
        result = succeeded(runner.run(LETTERS, LEADS, partition=partition))
        found = stored(instance, result.run_id)
        assert "destination_issues" in found
        assert [word for word in (*SECRETS, *PERSONAL) if word in found] == []
    assert [word for word in (*SECRETS, *PERSONAL) if word in caplog.text] == []


@pytest.mark.parametrize(
    "rule",
    [
        Rule(
            Kind.STATUS,
            path="/batch/*/profiles/*",
            status=401,
            reason="zebedee.quux@example.com with sandbox-rest-key",
        ),
        Rule(Kind.STATUS, path="/batch/*/profiles/*", status=500, reason="+33612345678 sandbox-rest-key"),
        Rule(Kind.HTML_200, path="/batch/*/profiles/*"),
        Rule(Kind.DROP, path="/batch/*/profiles/*"),
    ],
    ids=["refused", "broken", "no API", "dropped"],
)
def test_a_failed_run_stores_none_either(rule, delicate, runner, instance, sandbox):
    sandbox.world.add_fault(rule)
    result = runner.run(LETTERS)
    found = stored(instance, result.run_id)
    assert [word for word in (*SECRETS, *PERSONAL) if word in found] == []


def test_an_error_that_nobody_foresaw_says_where_but_no_value(delicate, runner, instance, monkeypatch):
    def broken(*_args, **_kwargs):
        raise ValueError("could not convert zebedee.quux@example.com, phone +33612345678")

    monkeypatch.setattr("activation_platform.components.segment.evaluate", broken)
    result = runner.run("segments/loyal")
    found = stored(instance, result.run_id)
    assert "ValueError" in found
    assert "segment.py" in found
    assert [word for word in PERSONAL if word in found] == []


def test_what_the_ui_is_served_names_the_variables_and_no_values(runner):
    from dagster._core.remote_representation.external_data import RepositorySnap

    snapshot = serialize_value(RepositorySnap.from_def(runner.defs.get_repository_def()))
    assert [secret for secret in SECRETS if secret in snapshot] == []
    assert "BATCH_REST_API_KEY" in snapshot
