"""Alerts through a real Dagster instance with its daemon: one when it breaks, one when it recovers, none in between."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from activation_platform_tests.components.alerting.conftest import OPS
from activation_platform_tests.components.daemon import daemon

HOUR = timedelta(hours=1)


@pytest.fixture
def dev(tmp_path, project, storage, warehouse, sandbox, people, monkeypatch):
    """Starts the daemon of a workspace with alerts; again and again, with what it left."""
    home = tmp_path / "home"
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    folder = project.also(OPS).write()
    return lambda: daemon(home, folder)


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
