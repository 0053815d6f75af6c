"""Snapshots between runs: what a run reads, and what many runs share."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import polars as pl
import pytest

from activation_platform.components.frames import Frames
from activation_platform.sync.folder import Folder
from activation_platform_tests.components import warehouses
from activation_platform_tests.components.project import (
    FIRST,
    LETTERS,
    Runner,
    fill,
    person,
    succeeded,
    told,
)

TICK = datetime(2024, 1, 1, 6, tzinfo=UTC)
OP = "activations__mail__letters"


@pytest.fixture
def people(storage):
    return Frames(Folder(storage), "models", "people")


@pytest.fixture
def loyal(storage):
    return Frames(Folder(storage), "segments", "loyal")


@pytest.fixture
def many(project, monkeypatch, loaded):
    """A workspace of ten activations of one model and its segment, over a source that counts its reads."""
    frame = pl.DataFrame([person(1), person(2)], schema=["id", "email", "first_name", "orders"], orient="row")
    memory = warehouses.install(monkeypatch, lambda: iter([frame]))
    project.replaced("  kind: duckdb\n  settings:\n    path: env:SHOP_FILE\n", "  kind: memory\n")
    project.also(warehouses.COPIES)
    for number in range(10):
        project.also(warehouses.copy(number))
    return loaded(project), memory


def test_e5_ten_activations_at_one_tick_read_the_source_once(many, people, loyal):
    runner, memory = many
    for number in range(10):
        upstream = "segments/loyal" if number % 2 else "models/people"
        succeeded(runner.run(upstream, tick=TICK))
    assert memory.reads == 1
    assert len(people.numbers()) == 1
    assert len(loyal.numbers()) == 1
    assert told(succeeded(runner.run("models/people", tick=TICK)), "models/people")["reused"] is True


def test_e5_a_snapshot_that_is_young_enough_at_a_later_tick_is_used_again(many):
    runner, memory = many
    succeeded(runner.run("models/people", tick=TICK))
    succeeded(runner.run("models/people", tick=TICK + timedelta(minutes=30), max_age=3600))
    assert memory.reads == 1


def test_e5_the_tick_before_is_too_old_however_late_its_run_began(many):
    runner, memory = many
    succeeded(runner.run("models/people", tick=TICK, max_age=900))
    succeeded(runner.run("models/people", tick=TICK + timedelta(minutes=15), max_age=900))
    assert memory.reads == 2


def test_e5_a_run_that_a_person_starts_reads_anew(many):
    runner, memory = many
    succeeded(runner.run("models/people", tick=TICK))
    succeeded(runner.run("models/people"))
    assert memory.reads == 2


def test_e5_a_snapshot_of_another_declaration_is_not_used(project, loaded, warehouse, people):
    succeeded(loaded(project).run("models/people", tick=TICK))
    changed = loaded(project.replaced("  table: people\n", "  sql: select * from people where id < 3\n"))
    succeeded(changed.run("models/people", tick=TICK))
    assert people.newest().rows == 2


def test_e5_a_segment_of_another_condition_is_evaluated_anew(project, loaded, loyal):
    succeeded(loaded(project).run("segments/loyal", tick=TICK))
    succeeded(loaded(project.replaced("at_least: 3", "at_least: 1")).run("segments/loyal", tick=TICK))
    assert loyal.newest().rows == 5


def test_e4_a_segment_is_evaluated_at_its_instant(project, loaded, loyal, warehouse):
    days = "id: integer\n    email: text\n    first_name: text\n    orders: integer\n    seen: date"
    project.replaced("id: integer\n    email: text\n    first_name: text\n    orders: integer", days)
    project.replaced("  table: people\n", "  sql: select *, date '2024-01-01' as seen from people\n")
    runner = loaded(project.replaced("{field: orders, at_least: 3}", "{field: seen, in_last: 7 days}"))
    succeeded(runner.run("segments/loyal", tick=TICK + timedelta(days=3)))
    assert loyal.newest().rows == 5
    succeeded(runner.run("segments/loyal", tick=TICK + timedelta(days=30)))
    assert loyal.newest().rows == 0
    config = {"as_of": "2024-01-05T00:00:00+00:00"}
    succeeded(runner.run("segments/loyal", upstream=False, segments__loyal=config))
    assert loyal.newest().rows == 5


def test_e1_snapshots_are_numbered_in_one_sequence_and_never_overwritten(runner, people, loyal, warehouse):
    succeeded(runner.run("segments/loyal"))
    fill(warehouse, [person(9)])
    succeeded(runner.run("segments/loyal"))
    assert people.numbers() == [1, 3]
    assert loyal.numbers() == [2, 4]
    assert people.opened(1).rows == 5


def test_e1_a_run_reads_what_it_made_itself_though_another_has_made_a_newer_one(
    runner, people, loyal, instance
):
    succeeded(runner.run("models/people"))
    first = people.newest()
    people.point("the run", first)
    succeeded(runner.run("models/people"))
    assert people.newest().number > first.number
    assert people.for_run(["the run"]) == first
    assert people.for_run(["another"]) == people.newest()


def test_e1_a_run_that_is_started_again_from_its_failure_reads_what_its_parent_made(
    runner, instance, sandbox, people, warehouse, monkeypatch
):
    monkeypatch.setenv("BATCH_REST_API_KEY", "wrong")
    failed = runner.run(LETTERS)
    assert not failed.success
    fill(warehouse, [person(7)])
    succeeded(runner.run("segments/loyal"))  # somebody else's, newer
    monkeypatch.setenv("BATCH_REST_API_KEY", "sandbox-rest-key")
    job = runner.defs.resolve_implicit_global_asset_job_def().get_subset(
        asset_selection={dg.AssetKey(LETTERS.split("/"))}
    )
    again = instance.create_run_for_job(
        job,
        parent_run_id=failed.run_id,
        root_run_id=failed.run_id,
        tags={
            "dagster/partition": FIRST,
            "dagster/parent_run_id": failed.run_id,
            "dagster/root_run_id": failed.run_id,
        },
        asset_selection=frozenset({dg.AssetKey(LETTERS.split("/"))}),
    )
    from dagster._core.definitions.job_base import InMemoryJob
    from dagster._core.execution.api import execute_run

    assert execute_run(InMemoryJob(job), again, instance).success
    assert sorted(sandbox.world.part("batch", "profiles")) == ["1", "2", "3", "4"]


def test_e1_old_snapshots_are_pruned_but_for_the_newest_and_those_that_a_run_points_to(
    project, loaded, people, monkeypatch
):
    runner = loaded(
        project.also("type: activation_platform.RetentionComponent\nattributes: {snapshots: 0d}\n")
    )
    for _ in range(4):
        succeeded(runner.run("models/people"))
    monkeypatch.setattr("activation_platform.components.frames._KEEP_NEWEST", 2)
    succeeded(runner.run("models/people"))
    assert people.numbers() == [4, 5]


def test_e1_what_a_run_of_this_week_points_to_is_not_pruned(runner, people, monkeypatch):
    succeeded(runner.run("models/people"))
    old = people.newest()
    monkeypatch.setattr("activation_platform.components.frames._KEEP_NEWEST", 1)
    monkeypatch.setattr("time.time", lambda: old.read_at + 9 * 86_400)
    people.point("a run that reads it now", old)
    now = old.read_at + 9 * 86_400
    import os

    os.utime(people.folder.path / "runs" / "a run that reads it now.json", (now, now))
    succeeded(runner.run("models/people"))
    assert people.numbers() == [old.number, old.number + 1]


def test_another_asset_reads_the_newest_snapshot_as_a_lazy_frame(runner, instance):
    @dg.asset(ins={"people": dg.AssetIn(key=["models", "people"], input_manager_key="frames")})
    def counted(people: pl.LazyFrame) -> dg.MaterializeResult[None]:
        return dg.MaterializeResult(metadata={"rows": people.collect().height})

    succeeded(runner.run("models/people"))
    more = Runner(dg.Definitions.merge(runner.defs, dg.Definitions(assets=[counted])), instance)
    assert told(succeeded(more.run("counted", upstream=False, partition=None)), "counted")["rows"] == 5
