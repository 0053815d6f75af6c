"""A run of an activation in this process, and what the history and the issues then tell of it."""

import json
from datetime import UTC, datetime

import dagster as dg
import pytest

from activation_platform.cli.project import Project
from activation_platform.cli.running import run_activation
from activation_platform.components.workspace import Workspace
from activation_platform.contracts.errors import DeclarationError, NotFound
from activation_platform.sync.history import Status

NOW = datetime.now(UTC)


@pytest.fixture
def definitions(project):
    return Project.here(project.folder).definitions


def test_the_workspace_is_checked_once_for_all_of_its_components(project, monkeypatch):
    checked, check = [], Workspace.check
    monkeypatch.setattr(Workspace, "check", lambda workspace: (checked.append(workspace), check(workspace)))

    assert Project.here(project.folder).definitions

    assert len(checked) == 1


def test_a_run_sends_what_is_due_and_returns_what_the_history_keeps(definitions, sandbox):
    heard = []

    run = run_activation(definitions, "newsletter", progress=heard.append)

    assert (run.status, run.figures.inserted, run.figures.source_issues) == (Status.WITH_ISSUES, 3, 2)
    assert set(sandbox.world.part("batch", "profiles")) == {"p1", "p2", "p3"}
    assert (heard[-1].done, heard[-1].total) == (3, 3)


def test_a_second_run_has_nothing_to_do_and_a_full_one_sends_all_again(definitions):
    run_activation(definitions, "newsletter")

    second = run_activation(definitions, "newsletter")
    full = run_activation(definitions, "newsletter", full=True)

    assert (second.figures.loaded, full.figures.loaded, full.full) == (0, 3, True)


def test_the_newest_partition_is_run_unless_another_is_named(definitions):
    newest = run_activation(definitions, "newsletter")

    assert newest.partition == f"{NOW:%Y-%m-%d}-00:00"
    older = run_activation(definitions, "newsletter", "2025-01-31-00:00")
    assert (older.partition, older.status) == ("2025-01-31-00:00", Status.FAILED)
    assert "older than" in older.error


def test_with_an_instant_a_run_is_the_schedules(definitions):
    run_activation(definitions, "newsletter")
    instant = datetime(2025, 1, 31, tzinfo=UTC)

    run = run_activation(definitions, "newsletter", "2025-01-31-00:00", instant=instant)

    assert run.status is Status.SUPERSEDED


def test_a_real_instance_keeps_the_run(definitions):
    with dg.DagsterInstance.ephemeral() as instance:
        run = run_activation(definitions, "newsletter", instance=instance)

        kept = instance.get_run_by_id(run.run_id)
        assert kept.status is dg.DagsterRunStatus.SUCCESS
        assert kept.tags["activation"] == "newsletter"


def test_a_refused_account_is_a_failed_run_with_its_class_and_remedy(definitions, monkeypatch):
    monkeypatch.setenv("BATCH_REST_API_KEY", "not-the-key-of-this-project")

    run = run_activation(definitions, "newsletter")

    assert run.status is Status.FAILED
    assert run.error.startswith("Bad credentials")
    assert "not-the-key" not in run.error


@pytest.mark.parametrize("name", ["BATCH_REST_API_KEY", "SHOP_WAREHOUSE"])
def test_an_unset_variable_is_named_before_anything_runs(definitions, monkeypatch, name):
    monkeypatch.delenv(name)
    with pytest.raises(DeclarationError, match=f"the environment variable {name} is not set"):
        run_activation(definitions, "newsletter")


def test_what_fails_upstream_is_told_in_its_own_class(definitions, project):
    project.warehouse.unlink()
    with pytest.raises(NotFound, match="no file"):
        run_activation(definitions, "newsletter")


def test_a_model_that_fails_a_check_is_told_and_nothing_is_sent(definitions, project, sandbox):
    project.warehouse_holds("delete from people")
    with pytest.raises(DeclarationError, match="not_empty"):
        run_activation(definitions, "newsletter")
    assert not sandbox.world.part("batch", "profiles")


def test_the_command_prints_the_row_and_the_history_keeps_it(project, activation):
    row = activation("run", "newsletter").stdout
    assert "succeeded with issues" in row

    history = json.loads(activation("history", "newsletter", "--json").stdout)
    assert [run["figures"]["loaded"] for run in history] == [3]
    assert activation("history").stdout == row


def test_the_command_says_the_run_as_json(project, activation):
    told = json.loads(activation("run", "newsletter", "--json").stdout)
    assert (told["status"], told["figures"]["inserted"]) == ("succeeded with issues", 3)


def test_a_failed_run_ends_with_one_and_says_why(project, activation, monkeypatch):
    monkeypatch.setenv("BATCH_REST_API_KEY", "not-the-key-of-this-project")

    result = activation("run", "newsletter", fails=1)

    assert "failed" in result.stdout
    assert "Bad credentials" in result.stderr
    assert "More in docs/troubleshooting/credentials.md." in result.stderr
    assert "Traceback" not in result.stderr


def test_an_unknown_activation_names_the_nearest_and_ends_with_two(project, activation):
    assert 'Did you mean "newsletter"?' in activation("run", "newsleter", fails=2).stderr
    assert (
        'has no partition "yesterday"'
        in activation("run", "newsletter", "--partition", "yesterday", fails=1).stderr
    )


@pytest.mark.parametrize("ceiling", ["deletes", "deletes=", "deletes=many", "clears=3", "deletes=-1"])
def test_a_ceiling_that_makes_no_sense_ends_with_two(project, activation, ceiling):
    assert "write deletes=1200" in activation("run", "newsletter", "--allow", ceiling, fails=2).stderr


def test_the_run_is_kept_where_dagster_home_is_set(project, activation, monkeypatch):
    home = project.folder / "home"
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    assert "DAGSTER_HOME cannot be used" in activation("run", "newsletter", fails=1).stderr
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")

    run = json.loads(activation("run", "newsletter", "--json").stdout)

    with dg.DagsterInstance.get() as instance:
        assert [one.run_id for one in instance.get_runs()] == [run["run_id"]]


def test_the_last_runs_are_the_newest(project, activation):
    activation("run", "newsletter")
    activation("run", "newsletter")

    last = json.loads(activation("history", "--last", 1, "--json").stdout)

    assert [run["number"] for run in last] == [2]
    assert 'Did you mean "newsletter"?' in activation("history", "newslettr", fails=2).stderr
    assert 'Did you mean "newsletter"?' in activation("issues", "newslettr", fails=2).stderr
