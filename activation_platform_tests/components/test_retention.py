"""Retention through Dagster: what runs prune by themselves, what no age takes away, and what a workspace may not say."""

import os
import time
from datetime import UTC, datetime, timedelta

import dagster as dg
import polars as pl
import pytest
import time_machine

from activation_platform.components import activation_run, segment
from activation_platform.components.frames import Frames
from activation_platform.components.retention import in_use
from activation_platform.contracts.errors import StorageFailed
from activation_platform.sync import history, retention
from activation_platform.sync.folder import Folder
from activation_platform.sync.history import newest_of_each, numbered
from activation_platform.sync.reader import read_ledger
from activation_platform_tests.components.daemon import daemon
from activation_platform_tests.components.project import (
    FIRST,
    LETTERS,
    SECOND,
    THIRD,
    fill,
    person,
    succeeded,
    told,
)
from activation_platform_tests.sync.homes import home

DAY = 86_400.0
FOURTH = "2024-01-22-06:00"
KINDS = ("runs", "changes", "issues")


def retained(attributes):
    return f"type: activation_platform.RetentionComponent\nattributes: {attributes}\n"


def of_letters(project, attributes):
    """The project with a retention of the activation letters."""
    return project.replaced("  mode: mirror\n", f"  mode: mirror\n  retention: {attributes}\n")


def age(folder, days):
    """Make every file below a folder so much older than it is."""
    for path in folder.rglob("*"):
        if path.is_file():
            then = path.stat().st_mtime - days * DAY
            os.utime(path, times=(then, then))


def later(days):
    """So many days from now."""
    return time_machine.travel(datetime.now(UTC) + timedelta(days=days))


def kept(storage, ledger="letters"):
    return {kind: [*numbered(Folder(storage / "ledgers" / ledger / kind).names())] for kind in KINDS}


@pytest.fixture
def ran(project, loaded, warehouse, storage, monkeypatch):
    """Two runs with something to send and something wrong; and who carries out the next."""
    monkeypatch.setattr(retention, "_STAY", {"runs": 2, "changes": 1, "issues": 1})
    runner = loaded(of_letters(project, "{runs: 60d, changes: 30d, issues: 45d}"))
    for number, partition in enumerate((FIRST, SECOND)):
        fill(
            warehouse,
            [person(1, first_name=f"Name {number}"), person(2), person(3, email=f"nowhere {number}")],
        )
        succeeded(runner.run(LETTERS, partition=partition))
    return runner


@pytest.fixture
def people(storage):
    return Frames(Folder(storage), "models", "people")


def test_a_run_prunes_what_its_activation_kept_long_enough_and_the_ledger_is_as_before(
    ran, warehouse, storage, sandbox
):
    root = Folder(storage)
    entries, standing = read_ledger(root / "ledgers" / "letters").head, history.standing(root, "letters")
    assert kept(storage) == {"runs": [1, 2], "changes": [1, 2], "issues": [1, 2]}

    fill(warehouse, [person(1, first_name="Another"), person(2), person(3, email="nowhere 1")])
    with later(61):
        third = told(succeeded(ran.run(LETTERS, partition=THIRD)), LETTERS)

    assert (third["updated"], third["standing_issues"]) == (1, 1)
    assert kept(storage) == {"runs": [2, 3], "changes": [3], "issues": [2]}
    assert newest_of_each(root, ["letters"])["letters"].number == 3
    assert len(read_ledger(root / "ledgers" / "letters").head) == len(entries)
    assert history.standing(root, "letters").equals(standing), (
        "what stands is told without the log of its run"
    )
    fourth = told(succeeded(ran.run(LETTERS, partition=FOURTH)), LETTERS)
    assert (fourth["status"], fourth["standing_issues"]) == ("nothing to do", 1)


def test_what_is_younger_than_its_span_stays(ran, warehouse, storage):
    fill(warehouse, [person(1), person(2)])
    with later(40):
        succeeded(ran.run(LETTERS, partition=THIRD))
    assert kept(storage) == {"runs": [1, 2, 3], "changes": [3], "issues": [1, 2]}


@pytest.mark.parametrize(
    "error", [OSError("the disk is away"), StorageFailed("refused", remedy="Ask."), KeyError("a mistake")]
)
def test_a_run_that_cannot_prune_says_so_and_does_not_fail(ran, warehouse, storage, monkeypatch, error):
    def fails(_):
        raise error

    monkeypatch.setattr(retention, "remove", fails)
    with later(61):
        run = succeeded(ran.run(LETTERS, partition=THIRD))
    said = [event.message for event in ran.instance.all_logs(run.run_id)]
    assert kept(storage)["runs"] == [1, 2, 3]
    assert any("what was kept long enough could not be removed" in (message or "") for message in said)


def test_a_run_that_fails_prunes_nothing(ran, storage, monkeypatch):
    monkeypatch.setenv("BATCH_REST_API_KEY", "wrong")
    with later(61):
        assert not ran.run(LETTERS, partition=THIRD).success
    assert kept(storage)["changes"] == [1, 2]


def test_time_passes_at_the_daemon_and_each_run_leaves_what_is_kept(
    tmp_path, project, storage, people, warehouse, sandbox, monkeypatch
):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("activation_platform.components.frames._KEEP_NEWEST", 2)
    folder = of_letters(project, "{runs: forever, changes: 20d}").also(retained("{snapshots: 15d}")).write()
    with daemon(tmp_path / "home", folder) as stage:
        stage.turn()
        stage.pause("leads_schedule")
        monday = datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0)
        monday += timedelta(days=7 - monday.weekday())
        for number, weeks in enumerate((0, 1, 2, 5), 1):
            fill(warehouse, [person(1, first_name=f"Name {number}"), person(2)])
            stage.at(monday + timedelta(weeks=weeks))
            assert {run.status for run in stage.settle()} == {dg.DagsterRunStatus.SUCCESS}
            there = kept(storage)
            found = len(there["runs"]), len(there["changes"]), len(people.numbers())
            assert found == ((1, 1, 1), (2, 2, 2), (3, 3, 3), (4, 1, 2))[number - 1]


def published(frames, run_id, read_at, number=0):
    """A snapshot of one row that a run made."""
    draft = frames.draft()
    draft.write([pl.DataFrame({"id": [number]})])
    return frames.publish(draft, run_id=run_id, as_of=0, read_at=read_at, recipe="")


def begun(runner, status=dg.DagsterRunStatus.STARTED, **more):
    """A run of the activation alone that Dagster knows and nobody carries out."""
    job = runner.defs.resolve_implicit_global_asset_job_def()
    return runner.instance.create_run_for_job(job, status=status, **more)


@pytest.mark.parametrize("again", [False, True], ids=["the_run_itself", "a_run_that_does_it_again"])
def test_e1_what_an_unfinished_run_points_to_stays_however_long_it_takes(runner, people, monkeypatch, again):
    succeeded(runner.run("models/people"))
    old, run = (
        people.newest(),
        begun(runner, dg.DagsterRunStatus.FAILURE if again else dg.DagsterRunStatus.STARTED),
    )
    people.point(run.run_id, old)
    age(people.folder.path / "runs", 30)
    unfinished = begun(runner, parent_run_id=run.run_id, root_run_id=run.run_id) if again else run
    monkeypatch.setattr("activation_platform.components.frames._KEEP_NEWEST", 1)
    monkeypatch.setattr("time.time", lambda: old.read_at + 30 * DAY)

    succeeded(runner.run("models/people"))
    assert people.numbers() == [old.number, old.number + 1]
    assert people.for_run([unfinished.run_id, run.run_id]) == old

    runner.instance.report_run_failed(runner.instance.get_run_by_id(unfinished.run_id))
    succeeded(runner.run("models/people"))
    assert old.number not in people.numbers()
    assert people.for_run([run.run_id]).number > old.number


@pytest.mark.parametrize("asset", [LETTERS, "segments/loyal"])
def test_e1_what_a_run_reads_that_it_did_not_make_stays_until_it_has_read_it(
    runner, storage, monkeypatch, asset
):
    succeeded(runner.run("segments/loyal"))
    kind, name = ("segments", "loyal") if asset is LETTERS else ("models", "people")
    frames = Frames(Folder(storage), kind, name)
    newest = frames.newest()
    monkeypatch.setattr("activation_platform.components.frames._KEEP_NEWEST", 1)

    def pruned_before(then):
        def call(*arguments, **more):
            published(frames, "another run", time.time())
            assert frames.prune(timedelta(days=-1), lambda: in_use(runner.instance)) == []
            assert newest.number in frames.numbers()
            return then(*arguments, **more)

        return call

    module, reader, config = (
        (activation_run, "activate", {})
        if asset is LETTERS
        else (segment, "evaluate", {"segments__loyal": {"as_of": "2024-01-05T00:00:00+00:00"}})
    )
    monkeypatch.setattr(module, reader, pruned_before(getattr(module, reader)))
    succeeded(runner.run(asset, upstream=False, **config))
    assert newest.number in [int(one.name) for one in frames.prune(timedelta(days=-1), set)]
    assert (frames.folder / "runs").names() == []


@pytest.mark.parametrize("kind", ["folder", "bucket"])
def test_snapshots_are_pruned_in_either_home(kind, front, tmp_path, monkeypatch):
    frames = Frames(home(kind, front, tmp_path, monkeypatch), "models", "people")
    for number in range(8):
        published(frames, f"run-{number}", time.time() - (9 - number) * DAY, number)
    frames.folder.write("00000001/part-00001.parquet", b"what is left of a publication that broke off")

    looked = frames.outlived(timedelta(days=-1), lambda: {"run-1"})
    assert frames.numbers() == [*range(1, 9)]
    found = frames.prune(timedelta(days=-1), lambda: {"run-1"})

    assert found == looked
    assert [(one.kind, one.of, one.name) for one in found] == [
        ("snapshots", "models/people", f"{number:08}") for number in (1, 3)
    ]
    assert all(one.size > 0 for one in found)
    assert frames.numbers() == [2, 4, 5, 6, 7, 8]
    assert frames.of_run(["run-1"]).scan().collect()["id"].to_list() == [1]
    assert frames.of_run(["run-7"]) is None, "pointers go with the same span"


@pytest.mark.parametrize("kind", ["folder", "bucket"])
def test_rows_that_failed_a_check_go_with_the_same_span_but_not_while_they_block(
    kind, front, tmp_path, monkeypatch
):
    frames = Frames(home(kind, front, tmp_path, monkeypatch), "models", "people")
    for _ in range(2):
        draft = frames.draft()
        draft.write([pl.DataFrame({"id": [1, 1]})])
        frames.reject(draft, "key_unique: twice")
    with later(8):
        assert [one.name for one in frames.prune(timedelta(days=9), set)] == []
        assert [one.name for one in frames.prune(timedelta(days=7), set)] == ["00000001"]
        assert (frames.folder / "rejected").names() == ["00000002"]
        published(frames, "mended", time.time())
        (gone,) = frames.prune(timedelta(days=7), set)
    assert (gone.kind, gone.name) == ("rejected", "00000002")
    assert (frames.folder / "rejected").names() == []
    assert frames.numbers() == [3]


@pytest.mark.parametrize(
    ("attributes", "where", "words"),
    [
        ("{changes: 500d}", "changes:", "what happened in them is kept for 500d, but the runs for 400d"),
        ("{runs: 30d}", "runs:", "kept for 90d, but the runs for 30d; keep runs for 90d, too"),
        ("{issues: forever}", "issues:", "what went wrong in them is kept for forever"),
        ("{snapshots: 7 days}", "snapshots:", "should match pattern"),
        ("{snapshots: 99999999999d}", "snapshots:", "should match pattern"),
        ("{keep: 7d}", "keep:", "Extra inputs are not permitted"),
    ],
)
def test_a_retention_that_cannot_be_is_refused_with_file_and_line(project, attributes, where, words):
    said = project.also(retained(attributes)).refusal()
    assert words in said
    assert f"defs.yaml:{project.line(where)}" in said


@pytest.mark.parametrize(
    ("attributes", "where", "words"),
    [
        ("{issues: 401d}", "issues:", "what went wrong in them is kept for 401d, but the runs for 400d"),
        ("{runs: 89d}", "runs:", "what happened in them is kept for 90d, but the runs for 89d"),
        (
            "{runs: 20d, changes: 20d, issues: 20d}",
            "runs:",
            "the ledger can be seen as it was after them for 30d",
        ),
        ("{snapshots: 20d}", "snapshots:", "Extra inputs are not permitted"),
    ],
)
def test_a_retention_of_an_activation_that_cannot_be_is_refused_with_file_and_line(
    project, attributes, where, words
):
    said = of_letters(project, attributes).refusal()
    assert words in said
    assert f"defs.yaml:{project.line(where)}" in said


def test_a_past_that_is_kept_longer_than_the_runs_that_lead_to_it_is_refused(project):
    said = project.replaced("  mode: mirror\n", "  mode: mirror\n  keep_past: 500d\n").refusal()
    assert "the ledger can be seen as it was after them for 500d, but the runs for 400d" in said
    assert f"defs.yaml:{project.line('keep_past:')}" in said


def test_there_is_one_retention(project):
    said = project.also(retained("{runs: 400d}")).also(retained("{runs: 500d}")).refusal()
    assert "there are two retentions" in said
    assert f"defs.yaml:{project.line('500d')}" in said
