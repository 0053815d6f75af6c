"""Partitions through a real Dagster instance with its daemon: backfills, ticks, followers, failures (SEMANTICS E1 to E6)."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import duckdb
import polars as pl
import pytest

from activation_platform.sync.folder import Folder
from activation_platform.sync.history import read_runs
from activation_platform_tests.components import warehouses
from activation_platform_tests.components.daemon import daemon
from activation_platform_tests.components.eventful import TOLD, eventful, open_shop
from activation_platform_tests.components.project import LEADS, LETTERS, fill, person

FIVE = ["2024-01-01-06:00", "2024-01-08-06:00", "2024-01-15-06:00", "2024-01-22-06:00", "2024-01-29-06:00"]
WEEKLY = '    first_name: first_name\n  schedule: {cron: "0 6 * * 1", start: 2024-01-01}\n'
SUCCESS, FAILURE = dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE


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
    """How often each profile was written."""
    return set(sandbox.world.part("batch", "received").values())


def next_monday():
    today = datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0)
    return today + timedelta(days=7 - today.weekday())


def made(dev, *assets, **more):
    dev.launch(*assets, **more)
    (run,) = dev.settle()
    assert run.status is SUCCESS
    return run


def test_e2_a_backfill_of_five_partitions_of_a_mirror_is_one_run_at_its_newest(dev, sandbox, warehouse):
    made(dev, "models/people", "segments/loyal")
    dev.backfill(LETTERS, FIVE)
    (run,) = dev.settle()
    assert run.status is SUCCESS
    told = dev.told(LETTERS)
    assert sorted(told) == FIVE
    assert told[FIVE[-1]]["inserted"] == 4
    assert {told[key]["status"] for key in FIVE[:-1]} == {"superseded"}
    assert received(sandbox) == {1}

    dev.launch(LETTERS, partition=FIVE[0])  # a person asks for an older one
    (refused,) = dev.settle()  # and nothing tries it again
    assert refused.status is FAILURE


def test_a_paused_schedule_starts_nothing_and_the_others_go_on(dev, sandbox):
    dev.turn()
    dev.pause("letters_schedule")
    monday = next_monday()
    dev.at(monday)
    (run,) = dev.settle()
    assert (run.status, run.tags["activation"]) == (SUCCESS, "leads")
    assert list(dev.told(LEADS)) == [monday.strftime("%Y-%m-%d-%H:%M")]
    assert dev.told(LETTERS) == {}


def test_e5_ten_activations_at_one_tick_read_their_source_once(home, project, monkeypatch, tmp_path, storage):
    frame = pl.DataFrame([person(1), person(2)], schema=["id", "email", "first_name", "orders"], orient="row")
    memory = warehouses.install(monkeypatch, lambda: iter([frame]))
    project.replaced("  kind: duckdb\n  settings:\n    path: env:SHOP_FILE\n", "  kind: memory\n")
    project.also(warehouses.COPIES)
    monkeypatch.setenv("COPIES_URL", f"duckdb:///{tmp_path / 'copies.duckdb'}")
    with duckdb.connect(str(tmp_path / "copies.duckdb")) as connection:
        for number in range(8):
            project.also(warehouses.copy(number))
            connection.execute(f"create table copy_{number} (id bigint)")
    with daemon(home, project.write()) as dev:
        dev.turn()
        dev.at(next_monday())
        runs = dev.settle()
    assert [run.status for run in runs] == [SUCCESS] * 10
    assert memory.reads == 1
    assert {run.figures.inserted for run in read_runs(Folder(storage))} == {2}


def test_e2_a_scheduled_partition_that_was_overtaken_in_the_queue_succeeds_without_a_request(dev, sandbox):
    dev.turn()
    dev.pause("leads_schedule")
    monday = next_monday()
    older, newest = (f"{monday + timedelta(days=days):%Y-%m-%d-%H:%M}" for days in (0, 7))
    dev.at(monday)
    dev.tick()  # its run waits
    dev.at(monday + timedelta(days=7))
    urgent = {"dagster/priority": "1"}
    dev.launch("models/people", "segments/loyal", LETTERS, partition=newest, tags=urgent)
    runs = dev.settle()
    assert [run.status for run in runs] == [SUCCESS] * 3
    told = dev.told(LETTERS)
    assert {key: one["status"] for key, one in told.items()} == {older: "superseded", newest: "nothing to do"}
    assert received(sandbox) == {1}


def test_e1_an_activation_follows_its_data_from_another_tools_asset_on(home, project, sandbox, warehouse):
    project.replaced("  table: people\n", "  table: people\n  after: [dbt/people]\n")
    project.replaced(WEEKLY, WEEKLY.replace('{cron: "0 6 * * 1", start: 2024-01-01}', "{follow: upstream}"))
    with daemon(home, project.write()) as dev:
        assert dev.settle() == []
        dev.instance.report_runless_asset_event(dg.AssetMaterialization(["dbt", "people"]))
        runs = dev.settle()
        assert [(run.status, [key.path[0] for key in run.asset_selection]) for run in runs] == [
            (SUCCESS, ["models"]),
            (SUCCESS, ["segments"]),
            (SUCCESS, ["activations"]),
        ]
        today = f"{datetime.now(UTC):%Y-%m-%d}-00:00"
        assert dev.told(LETTERS)[today]["inserted"] == 4
        assert runs[-1].tags["activation"] == "letters"
        fill(warehouse, [person(1), person(9)])
        dev.launch("models/people")  # by hand, and the rest follows
        assert len(dev.settle()) == 3
        assert dev.told(LETTERS)[today]["deleted"] == 3
        assert "9" in sandbox.world.part("batch", "profiles")


def test_e3_a_backfill_of_events_sends_each_once_whatever_the_order(home, tmp_path, monkeypatch):
    shop = open_shop(tmp_path, monkeypatch)
    midnight = datetime(2026, 1, 1, tzinfo=UTC)
    keys = [(midnight + timedelta(hours=hour)).strftime("%Y-%m-%d-%H:%M") for hour in range(12)]
    shop.happened((hour, midnight + timedelta(hours=hour, minutes=30)) for hour in range(12))
    with daemon(home, eventful(tmp_path).write()) as dev:
        dev.turn()
        dev.pause("told_schedule")
        made(dev, "models/orders")
        for wanted in (["10"], ["03", "05"], ["08", "05"]):
            dev.backfill(TOLD, [key for key in reversed(keys) if key[11:13] in wanted])
            assert [run.status for run in dev.settle()] == [SUCCESS] * len(wanted)
        told = dev.told(TOLD)
    assert shop.told() == [2, 3, 4, 6, 7, 9]  # what the hour before did not send looks late to the next
    assert "superseded" not in {one["status"] for one in told.values()}


def test_e6_keys_that_are_never_scheduled_are_refused_alone_and_passed_over_in_a_backfill(
    home, project, sandbox, storage
):
    both = '{cron: ["0 9 * * mon,wed", "0 20 * * sat,sun"], start: 2024-01-01}'
    project.replaced(WEEKLY, WEEKLY.replace('{cron: "0 6 * * 1", start: 2024-01-01}', both))
    never = "2024-01-03-20:00"
    with daemon(home, project.write()) as dev:
        made(dev, "models/people", "segments/loyal")
        dev.launch(LETTERS, partition=never)
        (refused,) = dev.settle()
        assert refused.status is FAILURE
        dev.backfill(LETTERS, [never])
        (passed,) = dev.settle()
        assert passed.status is SUCCESS
        assert dev.told(LETTERS) == {never: {"status": "superseded", "by": "2024-01-06-20:00"}}
        assert read_runs(Folder(storage)) == []  # and no history speaks of it
        dev.backfill(LETTERS, ["2024-01-03-09:00", never])
        assert [run.status for run in dev.settle()] == [SUCCESS]
        assert dev.told(LETTERS)["2024-01-03-09:00"]["inserted"] == 4
    assert [run.partition for run in read_runs(Folder(storage))] == ["2024-01-03-09:00"]


def test_e1_a_run_that_is_executed_again_from_its_failure_reads_what_its_parent_made(
    dev, sandbox, warehouse, monkeypatch
):
    monkeypatch.setenv("BATCH_REST_API_KEY", "wrong")
    dev.launch("models/people", "segments/loyal", LETTERS, partition=FIVE[0])
    (failed,) = dev.settle()  # a refused credential is not tried again by itself
    assert failed.status is FAILURE
    monkeypatch.setenv("BATCH_REST_API_KEY", "sandbox-rest-key")
    fill(warehouse, [person(7)])
    made(dev, "models/people", "segments/loyal")  # somebody else's, newer
    dev.rerun_from_failure(failed.run_id)
    (again,) = dev.settle()
    assert again.status is SUCCESS
    assert sorted(sandbox.world.part("batch", "profiles")) == ["1", "2", "3", "4"]
