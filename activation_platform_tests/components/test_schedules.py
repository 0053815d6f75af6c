"""Schedules: each tick asks for the run of its own partition, with everything upstream and nothing else."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
import time_machine

from activation_platform.components.instants import INSTANT, MAX_AGE
from activation_platform_tests.components.project import FIRST, LETTERS, succeeded, told

WEEKLY = '    first_name: first_name\n  schedule: {cron: "0 6 * * 1", start: 2024-01-01}\n'


def scheduled(project, said):
    return project.replaced(WEEKLY, WEEKLY.replace('{cron: "0 6 * * 1", start: 2024-01-01}', said)).load()


@pytest.fixture
def tick(tmp_path):
    """What the schedule of the letters says at an instant; nothing is known to be broken."""
    with dg.DagsterInstance.local_temp(str(tmp_path)) as kept:

        def said(defs, at):
            repository = defs.get_repository_def()
            context = dg.build_schedule_context(
                instance=kept, scheduled_execution_time=at, repository_def=repository
            )
            with time_machine.travel(at + timedelta(seconds=3), tick=False):
                return repository.get_schedule_def("letters_schedule").evaluate_tick(context)

        yield said


@pytest.mark.parametrize(
    ("said", "at", "key", "age"),
    [
        (
            '{cron: "0 6 * * 1", start: 2024-01-01}',
            datetime(2024, 1, 8, 6, tzinfo=UTC),
            "2024-01-08-06:00",
            3600,
        ),
        ("{every: 15m, start: 2026-01-01}", datetime(2026, 1, 8, 6, 45, tzinfo=UTC), "2026-01-08-06:45", 900),
        (
            "{at: '07:00', timezone: Europe/Paris}",
            datetime(2024, 7, 8, 7, tzinfo=ZoneInfo("Europe/Paris")),
            "2024-07-08-07:00+0200",
            3600,
        ),
        (
            "{every: 1h, timezone: Europe/Paris, start: 2024-01-01}",
            datetime(2024, 10, 27, 1, tzinfo=UTC),  # 2 o'clock for the second time
            "2024-10-27-02:00+0100",
            3600,
        ),
    ],
)
def test_a_tick_asks_for_the_partition_of_its_instant(said, at, key, age, project, tick):
    defs = scheduled(project, said)
    (request,) = tick(defs, at).run_requests
    assert request.partition_key == key
    assert request.run_key == key
    assert datetime.fromisoformat(request.tags[INSTANT]) == at
    assert float(request.tags[MAX_AGE]) == age
    assert request.tags["activation"] == "letters"
    partitions = defs.resolve_asset_graph().get(dg.AssetKey(LETTERS.split("/"))).partitions_def
    with time_machine.travel(at + timedelta(seconds=3), tick=False):
        assert partitions.has_partition_key(key)
        assert partitions.get_last_partition_key() == key


def test_a_tick_before_the_start_is_skipped(project, tick):
    defs = scheduled(project, "{at: '07:00', start: 2024-02-01}")
    result = tick(defs, datetime(2024, 1, 31, 7, tzinfo=UTC))
    assert not result.run_requests
    assert "starts on 2024-02-01" in result.skip_message


@pytest.mark.parametrize(("paused", "status"), [("true", "STOPPED"), ("false", "RUNNING")])
def test_a_schedule_may_start_switched_off(paused, status, project):
    defs = scheduled(project, f"{{at: '07:00', paused: {paused}}}")
    schedule = defs.get_repository_def().get_schedule_def("letters_schedule")
    assert schedule.default_status == dg.DefaultScheduleStatus[status]


def test_a_manual_activation_has_daily_partitions_and_no_schedule(project):
    defs = project.replaced(WEEKLY, "    first_name: first_name\n").load()
    names = [schedule.name for schedule in defs.get_repository_def().schedule_defs]
    assert [name for name in names if not name.startswith("validate_")] == ["leads_schedule"]
    partitions = defs.resolve_asset_graph().get(dg.AssetKey(LETTERS.split("/"))).partitions_def
    with time_machine.travel(datetime(2024, 3, 2, 15, tzinfo=UTC), tick=False):
        assert partitions.get_last_partition_key() == "2024-03-02-00:00"


def test_the_scheduled_job_is_the_activation_and_everything_upstream_and_nothing_else(runner, instance):
    job = runner.defs.resolve_job_def("activate_letters")
    assert {key.to_user_string() for key in job.asset_layer.executable_asset_keys} == {
        "models/people",
        "segments/loyal",
        LETTERS,
    }
    checks = {key.to_user_string() for key in job.asset_layer.asset_graph.asset_check_keys}
    assert not [key for key in checks if key.startswith(("sources", "destinations"))]


def test_what_a_tick_asks_for_runs(runner, instance, sandbox, tick):
    (request,) = tick(runner.defs, datetime(2024, 1, 1, 6, tzinfo=UTC)).run_requests
    result = runner.defs.resolve_job_def("activate_letters").execute_in_process(
        instance=instance, partition_key=request.partition_key, tags=request.tags, raise_on_error=False
    )
    assert told(succeeded(result), LETTERS)["inserted"] == 4
    (record,) = instance.get_run_records(dg.RunsFilter(tags={"activation": "letters"}))
    assert record.dagster_run.tags["dagster/partition"] == FIRST
