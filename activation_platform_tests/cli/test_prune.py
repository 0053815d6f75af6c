"""`activation prune`: first what would go, then it goes; and whoever asks within what is kept is told the same as before."""

import json
import os
import time
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
import time_machine

from activation_platform.cli.project import Project
from activation_platform.cli.running import run_activation
from activation_platform.components.frames import Frames
from activation_platform.components.storage import storage_root
from activation_platform.sync import retention
from activation_platform.sync.ledgers import ledgers, reset
from activation_platform_tests.cli.conftest import DECLARED

DAY = 86_400.0
KEPT = "  retention: {runs: 60d, changes: 30d, issues: 30d}\n"
RETENTION = """---
type: activation_platform.RetentionComponent
attributes: {runs: 100d, changes: 50d, issues: 50d, set_aside: 10d, snapshots: 3d}
"""


def everything(folder):
    return {
        path: path.read_bytes()
        for path in (folder / ".activation").rglob("*")
        if path.is_file() and path.suffix != ".lock"
    }


def later(days):
    return time_machine.travel(datetime.now(UTC) + timedelta(days=days))


@pytest.fixture
def ran(project, activation, monkeypatch):
    """Three runs of an activation, the first two of 40 days ago, and a ledger of one that is no longer declared."""
    monkeypatch.setattr(retention, "_STAY", {"runs": 1, "changes": 1, "issues": 1})
    project.declare(DECLARED + KEPT + RETENTION)
    for name in ("Ada", "Ada L.", "Ada Lovelace"):
        project.warehouse_holds(f"update people set first_name = '{name}' where id = 'p1'")
        project.warehouse_holds(f"update people set email = 'no address {name}' where id = 'person-number-5'")
        activation("run", "newsletter")
    kept = project.folder / ".activation" / "ledgers" / "newsletter"
    for figures in (kept / "runs" / "1.json", kept / "runs" / "2.json"):
        run = json.loads(figures.read_text())
        figures.write_text(json.dumps({**run, "started": run["started"] - 40 * DAY}))
    for path in [*kept.glob("*/1.*"), *kept.glob("*/2.*")]:
        os.utime(path, times=(time.time() - 40 * DAY,) * 2)
    gone = project.folder / ".activation" / "ledgers" / "old_news" / "changes"
    gone.mkdir(parents=True)
    for number in (1, 2):
        (gone / f"{number}.parquet").write_bytes((kept / "changes" / "1.parquet").read_bytes())
        os.utime(gone / f"{number}.parquet", times=(time.time() - 51 * DAY,) * 2)
    return project


def told(activation, *words, **more):
    return json.loads(activation("prune", *words, "--json", **more).stdout)


def counts(found):
    return {(one["kind"], one["of"]): one["count"] for one in found["outlived"]}


def test_what_would_go_is_shown_and_goes_only_when_somebody_says_so(ran, activation):
    before = everything(ran.folder)

    plan = told(activation)
    words = activation("prune").stdout
    assert everything(ran.folder) == before
    assert counts(plan) == {
        ("changes", "newsletter"): 2,
        ("issues", "newsletter"): 2,
        ("changes", "old_news"): 1,
    }
    assert "Nothing is removed yet" in words
    assert f"{datetime.now(UTC) - timedelta(days=40):%Y-%m-%d}" in words

    assert told(activation, "--apply")["outlived"] == plan["outlived"]
    gone = [path for path in before if path not in everything(ran.folder)]
    assert sorted(f"{path.parent.parent.name}/{path.parent.name}/{path.name}" for path in gone) == [
        *(f"newsletter/{kind}/{number}.parquet" for kind in ("changes", "issues") for number in (1, 2)),
        "old_news/changes/1.parquet",
    ]
    assert sum(len(before[path]) for path in gone) == sum(one["bytes"] for one in plan["outlived"])
    assert "Nothing was kept for longer" in activation("prune", "--apply").stdout


def test_one_activation_alone_is_pruned_by_its_name(ran, activation):
    told(activation, "old_news", "--apply")
    assert counts(told(activation)) == {("changes", "newsletter"): 2, ("issues", "newsletter"): 2}
    said = activation("prune", "newletter", fails=2)
    assert 'there is no activation "newletter". Did you mean "newsletter"?' in said.stderr


def test_what_is_asked_within_what_is_kept_is_answered_as_before(ran, activation):
    asked = (
        ["status"],
        ["issues", "newsletter"],
        ["issues", "newsletter", "--run", "3"],
        ["history"],
        ["ledger", "newsletter"],
        ["ledger", "newsletter", "--at", "2", "--key", "p2"],
        ["ledger", "newsletter", "--verify"],
    )
    before = [activation(*words, "--json").stdout for words in asked]
    record = json.loads(activation("record", "newsletter", "p1", "--json").stdout)

    activation("prune", "newsletter", "--apply")

    assert [activation(*words, "--json").stdout for words in asked[:5]] == before[:5]
    assert [json.loads(activation(*words, "--json").stdout)["entry"] for words in asked[5:6]] == [
        json.loads(before[5])["entry"]
    ]
    assert activation(*asked[6], "--json").stdout == before[6]
    (ledger,) = record["ledgers"]
    happened = ledger["history"]
    assert [one["run"] for one in happened] == [1, 2, 3]
    ledger["history"] = happened[2:]
    (newest,) = (one for one in ledger["runs"] if one["run"] == 3)
    ledger["runs"] = [{**newest, "changed": None}]  # since the run before, of which nobody knows any more
    assert json.loads(activation("record", "newsletter", "p1", "--json").stdout) == record
    assert "nothing to do" in activation("run", "newsletter").stdout


def test_what_went_wrong_and_is_kept_no_longer_is_not_said_to_have_been_nothing(ran, activation):
    asked = ["issues", "newsletter", "--run", "1"]
    assert activation(*asked).stderr == ""
    activation("prune", "newsletter", "--apply")

    said = activation(*asked)
    assert said.stdout == ""
    assert "what went wrong in run 1 of newsletter is kept no longer" in said.stderr
    assert json.loads(activation(*asked, "--json").stdout)[0]["records"] == 0
    assert activation("issues", "newsletter", "--run", "3").stderr == ""
    assert "what went wrong in 2 runs" in activation("issues", "newsletter", "--since", "90d").stderr


def test_a_key_of_which_nothing_is_known_was_perhaps_known_once(ran, activation):
    asked = ["record", "newsletter", "nobody"]
    assert "newsletter never had anything to do with this key" in activation(*asked, fails=2).stderr
    activation("prune", "newsletter", "--apply")

    said = activation(*asked, fails=2).stderr
    assert "never" not in said
    assert f"until {datetime.now(UTC) - timedelta(days=40):%Y-%m-%d}" in said


def test_figures_outlive_the_log_and_what_is_set_aside_goes_by_the_workspace(ran, activation):
    reset(storage_root(), "newsletter")
    with later(11):
        assert {kind for kind, _ in counts(told(activation, "newsletter"))} == {"set_aside"}
        words = activation("prune", "newsletter", "--apply").stdout
    assert "set_aside" in words
    assert storage_root().names().count("ledgers-set-aside") == 1
    assert (storage_root() / "ledgers-set-aside").names() == []
    assert "newsletter" in ledgers(storage_root())


def test_what_a_run_holds_is_left_alone_and_said_and_the_rest_goes(ran, activation):
    with storage_root().lock("locks/newsletter", wait=0):
        said = activation("prune", "--apply", "--json", fails=1)
    found = json.loads(said.stdout)
    assert found["in_use"] == ["newsletter"]
    assert counts(found) == {("changes", "old_news"): 1}
    assert "Timeout: newsletter: a run is under way" in said.stderr
    assert counts(told(activation)) == {("changes", "newsletter"): 2, ("issues", "newsletter"): 2}


@pytest.fixture
def instance(tmp_path, monkeypatch):
    """A Dagster of the test on disk."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    with dg.DagsterInstance.get() as made:
        yield made


def test_e1_snapshots_go_where_dagster_tells_which_are_read_and_only_there(
    project, activation, instance, monkeypatch
):
    project.declare(DECLARED + RETENTION)
    monkeypatch.setattr("activation_platform.components.frames._KEEP_NEWEST", 1)
    definitions = Project.here(project.folder).definitions
    for _ in range(3):
        run_activation(definitions, "newsletter")
    people = Frames(storage_root(), "models", "people")
    first, second, third = people.numbers()
    job = definitions.resolve_implicit_global_asset_job_def()
    unfinished = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    people.point(unfinished.run_id, people.opened(first))

    with later(4):
        monkeypatch.delenv("DAGSTER_HOME")
        assert "which snapshots a run still reads cannot be seen" in activation("prune", "--apply").stdout
        assert people.numbers() == [first, second, third]
        monkeypatch.setenv("DAGSTER_HOME", str(project.folder / "home"))
        assert counts(told(activation)) == {("snapshots", "models/people"): 1}
        told(activation, "--apply")
    assert people.numbers() == [first, third]
