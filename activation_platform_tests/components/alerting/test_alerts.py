"""Alerts through a real Dagster instance with its daemon: one when it breaks, one when it recovers, none in between."""

from datetime import UTC, datetime, timedelta
from functools import cache

import dagster as dg
import pytest

from activation_platform.sandbox.faults import Extent, Kind, Rule
from activation_platform_tests.components.alerting.conftest import OPS
from activation_platform_tests.components.daemon import daemon

HOUR = timedelta(hours=1)


@pytest.fixture
def dev(tmp_path, project, storage, warehouse, sandbox, people, monkeypatch):
    """Starts the daemon of a workspace with alerts; again and again, with what it left."""
    home = tmp_path / "home"
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    folder = cache(project.also(OPS).write)
    return lambda: daemon(home, folder())


def monday():
    day = datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0)
    return day + timedelta(days=8 - datetime.now(UTC).isoweekday())


def asked(sandbox):
    return sum(one["count"] for one in sandbox.world.requests() if one["platform"] == "batch")


def test_a_revoked_credential_is_one_alert_and_its_return_another_whatever_is_restarted(
    dev, people, sandbox, monkeypatch
):
    monkeypatch.setenv("BATCH_REST_API_KEY", "revoked")
    with dev() as made:
        made.turn()
        made.at(monday())
        (failed,) = [run for run in made.settle() if run.status is dg.DagsterRunStatus.FAILURE]
        broke = datetime.now(UTC)
    refused = asked(sandbox)
    (text,) = people.texts()
    assert "Broken: letters (Bad credentials or insufficient permissions)" in text
    assert "What: batch answered 401" in text
    assert "What to do: Check the environment variables" in text
    assert "Records: 0 extracted" in text
    assert f"<https://dagster.example.org/runs/{failed.run_id}|" in text

    with dev() as made:
        made.at(broke + HOUR)
        made.settle()
        assert asked(sandbox) == refused + 1  # the check's own
        assert len(people.posts) == 1

        monkeypatch.setenv("BATCH_REST_API_KEY", "sandbox-rest-key")
        made.at(datetime.now(UTC) + HOUR)
        made.settle()
    _, text = people.texts()
    assert "Recovered: letters (Bad credentials or insufficient permissions)" in text
    assert "Records: 4 extracted, 4 inserted" in text
    assert f"Since: {broke:%Y-%m-%d %H:}" in text


def test_a_warning_is_told_when_it_begins_and_when_it_is_over_and_the_digest_every_day(
    dev, project, people, sandbox
):
    poison = Rule(Kind.POISON, path="/batch/*", identifier="2", extent=Extent.RECORD, reason="no room")
    sandbox.world.add_fault(poison)
    project.replaced("  kind: slack\n", '  kind: slack\n  digest: "07:00"\n')
    six = monday()
    with dev() as made:
        made.turn()
        made.at(six - 4 * HOUR)
        made.settle()
        people.posts.clear()  # the digest of the day before
        made.at(six)
        assert {run.status for run in made.settle()} == {dg.DagsterRunStatus.SUCCESS}
        (begun,) = people.texts()
        assert (
            "*Warning: letters (destination_issues)*\nWhat: 1 of 4 records of this run were refused" in begun
        )

        made.at(six + HOUR)
        made.settle()
        _, digest = people.texts()
        assert "Daily digest: 1 of 2 activations are well" in digest
        assert "Runs: 2 succeeded, 0 failed" in digest

        sandbox.world.faults.clear()
        made.at(six + 7 * 24 * HOUR)
        made.settle()
        over = [text for text in people.texts()[2:] if "Daily digest" not in text]
        assert ["*Over: letters (destination_issues)*" in text for text in over] == [True]
