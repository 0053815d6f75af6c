"""Following the data: who waits for whom, what a schedule leaves to other tools, and clocks that cannot be trusted."""

from datetime import UTC, datetime

import dagster as dg
import pytest
import time_machine

from activation_platform_tests.components.eventful import eventful
from activation_platform_tests.components.project import (
    FIRST,
    LETTERS,
    SECOND,
    THIRD,
    fill,
    person,
    refusal,
    succeeded,
    told,
)

WEEKLY = '    first_name: first_name\n  schedule: {cron: "0 6 * * 1", start: 2024-01-01}\n'
MODEL, SEGMENT, DBT = (
    dg.AssetKey(key.split("/")) for key in ("models/people", "segments/loyal", "dbt/people")
)
BY_DATA = {"dagster/from_automation_condition": "true"}


@pytest.fixture
def following(project):
    project.replaced("  table: people\n", "  table: people\n  after: [dbt/people]\n")
    return project.replaced(
        WEEKLY, WEEKLY.replace('{cron: "0 6 * * 1", start: 2024-01-01}', "{follow: upstream}")
    )


def sensors(defs):
    every = {sensor.name: sensor.default_status for sensor in defs.get_repository_def().sensor_defs}
    assert every.pop("watch") is dg.DefaultSensorStatus.RUNNING
    return every


def test_each_follower_has_a_sensor_that_is_on_and_what_nobody_follows_has_none(following, project):
    running = dg.DefaultSensorStatus.RUNNING
    assert sensors(following.load()) == {
        "letters_follows": running,
        "models__people_follows": running,
        "segments__loyal_follows": running,
    }
    project.replaced("{follow: upstream}", "{at: '07:00'}")
    assert sensors(project.load()) == {}


def test_a_follower_may_start_switched_off(following):
    defs = following.replaced("{follow: upstream}", "{follow: upstream, paused: true}").load()
    assert sensors(defs)["letters_follows"] is dg.DefaultSensorStatus.STOPPED


def test_a_follower_may_have_times_too(following):
    defs = following.replaced("{follow: upstream}", "{follow: upstream, at: '07:00'}").load()
    assert "letters_follows" in sensors(defs)
    assert "letters_schedule" in [schedule.name for schedule in defs.get_repository_def().schedule_defs]


def test_a_model_without_assets_of_other_tools_is_read_when_somebody_reads_it(following):
    defs = following.replaced("  after: [dbt/people]\n", "").load()
    assert set(sensors(defs)) == {"letters_follows", "segments__loyal_follows"}


def test_what_other_tools_make_is_upstream_but_never_run_by_a_schedule(following, instance):
    @dg.asset(key=["dbt", "people"])
    def people() -> None:
        raise AssertionError("a schedule ran it")

    defs = dg.Definitions.merge(following.load(), dg.Definitions(assets=[people]))
    assert defs.resolve_asset_graph().get(MODEL).parent_keys >= {DBT}
    job = defs.resolve_job_def("activate_letters")
    assert job.asset_layer.executable_asset_keys == {MODEL, SEGMENT, dg.AssetKey(LETTERS.split("/"))}


def test_e2_a_run_that_new_data_started_is_superseded_where_a_persons_is_refused(runner, sandbox, warehouse):
    succeeded(runner.run(LETTERS, partition=SECOND))
    fill(warehouse, [person(9)])
    overtaken = succeeded(runner.run(LETTERS, partition=FIRST, tags=BY_DATA))
    assert told(overtaken, LETTERS)["status"] == "superseded"
    assert "older than" in refusal(runner.run(LETTERS, partition=FIRST))
    assert "9" not in sandbox.world.part("batch", "profiles")


def test_e1_a_follower_stops_while_a_blocking_check_upstream_stands_failed(runner, warehouse, sandbox):
    succeeded(runner.run(LETTERS))
    fill(warehouse, [])
    assert not runner.run("models/people").success
    words = refusal(runner.run(LETTERS, upstream=False, partition=SECOND, tags=BY_DATA))
    assert "failed a blocking check (not_empty: no rows" in words


def test_e2_a_clock_that_jumps_back_sends_nothing_twice_and_takes_nothing_back(runner, sandbox, warehouse):
    with time_machine.travel(datetime(2024, 1, 16, tzinfo=UTC)):
        succeeded(runner.run(LETTERS, partition=THIRD, tick=datetime(2024, 1, 15, 6, tzinfo=UTC)))
    fill(warehouse, [person(9)])
    with time_machine.travel(datetime(2024, 1, 9, tzinfo=UTC)):
        result = succeeded(runner.run(LETTERS, partition=SECOND, tick=datetime(2024, 1, 8, 6, tzinfo=UTC)))
        assert told(result, LETTERS)["status"] == "superseded"
        with pytest.raises(dg.DagsterError):
            runner.run(LETTERS, partition=THIRD)
    with time_machine.travel(datetime(2024, 1, 17, tzinfo=UTC)):
        figures = told(succeeded(runner.run(LETTERS, partition=THIRD)), LETTERS)
    assert (figures["inserted"], figures["deleted"]) == (1, 4)


@pytest.mark.parametrize("key", ["dbt people", "/people", "dbt//people", ""])
def test_a_key_of_another_tools_asset_is_its_parts_joined_by_slashes(key, following):
    text = following.replaced("[dbt/people]", f"['{key}']").refusal()
    assert f"shop/defs.yaml:{following.line('after:')}" in text


def test_a1_in_doubt_is_refused_where_saying_it_twice_does_no_harm(project):
    text = project.replaced("service: profiles", "service: profiles\n  in_doubt: skip").refusal()
    assert "what got no answer is simply sent again here" in text


def test_a1_in_doubt_cannot_be_verified_where_nothing_can_be_looked_up(tmp_path):
    shop = eventful(tmp_path).replaced("platform: database", "platform: batch")
    shop.replaced("{url: env:ARCHIVE_URL}", "{rest_api_key: env:KEY, project_key: p}")
    shop.replaced("  options: {table: told, key: id}\n", "  in_doubt: verify\n")
    mapping = "{event_id: what, custom_id: what, event_name: {constant: ordered}, event_time: ts}"
    text = shop.replaced("{id: id, what: what}", mapping).refusal()
    assert "events cannot look up what became of a record; write resend or skip" in text
    assert text.startswith("1 error")
