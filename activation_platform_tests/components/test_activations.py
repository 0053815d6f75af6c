"""Activations through Dagster, against the sandbox: what each run sends, and how it is told."""

import json
import threading
from datetime import UTC, datetime

import dagster as dg
import polars as pl
import pytest
import yaml

from activation_platform.components.activation_config import ActivationConfig, require_possible
from activation_platform.components.activation_spec import ActivationSpec
from activation_platform.components.shown import escaped, issues_table
from activation_platform.contracts.errors import DeclarationError
from activation_platform.sandbox.faults import Extent, Kind, Rule
from activation_platform.sync.folder import Folder
from activation_platform.sync.history import read_runs
from activation_platform_tests.components.project import (
    FIRST,
    LEADS,
    LETTERS,
    SECOND,
    THIRD,
    Runner,
    evaluations,
    fill,
    materialised,
    person,
    refusal,
    succeeded,
    told,
)

OP = "activations__mail__letters"


def profiles(sandbox):
    return sandbox.world.part("batch", "profiles")


def test_the_first_run_sends_everybody_who_belongs(runner, sandbox):
    result = succeeded(runner.run(LETTERS))
    assert materialised(result) == ["models/people", "segments/loyal", LETTERS]
    assert sorted(profiles(sandbox)) == ["1", "2", "3", "4"]
    figures = told(result, LETTERS)
    assert (figures["extracted"], figures["inserted"], figures["loaded"]) == (4, 4, 4)
    assert figures["status"] == "succeeded"


def test_the_next_run_sends_what_is_new_changed_and_gone(runner, sandbox, warehouse):
    succeeded(runner.run(LETTERS))
    fill(warehouse, [person(1), person(2, first_name="New name"), person(4), person(5, orders=3)])
    figures = told(succeeded(runner.run(LETTERS, partition=SECOND)), LETTERS)
    assert (figures["inserted"], figures["updated"], figures["deleted"], figures["deletes_requested"]) == (
        1,
        1,
        1,
        1,
    )
    assert profiles(sandbox)["2"]["first_name"] == "New name"
    assert "5" in profiles(sandbox)


def test_a_run_without_anything_new_asks_the_destination_to_write_nothing(runner, sandbox):
    succeeded(runner.run(LETTERS))
    before = profiles(sandbox), sandbox.world.part("batch", "received")
    figures = told(succeeded(runner.run(LETTERS, partition=SECOND)), LETTERS)
    assert (figures["extracted"], figures["status"]) == (0, "nothing to do")
    assert (profiles(sandbox), sandbox.world.part("batch", "received")) == before


def test_every_figure_is_a_number_that_the_ui_can_plot(runner):
    result = succeeded(runner.run(LETTERS))
    event = next(e for e in result.get_asset_materialization_events() if e.asset_key.path[0] == "activations")
    plotted = {
        name
        for name, value in event.materialization.metadata.items()
        if isinstance(value, dg.IntMetadataValue | dg.FloatMetadataValue)
    }
    assert plotted >= {
        "extracted", "loaded", "inserted", "updated", "deleted", "source_issues", "destination_issues", "seconds",
    }  # fmt: skip
    assert event.partition == FIRST


def test_a_full_run_sends_everything_again(runner, sandbox):
    succeeded(runner.run(LETTERS))
    figures = told(succeeded(runner.run(LETTERS, partition=SECOND, **{OP: {"full": True}})), LETTERS)
    assert (figures["extracted"], figures["full"]) == (4, True)
    assert set(sandbox.world.part("batch", "received").values()) == {2}


def test_records_that_cannot_be_sent_warn_and_are_listed_without_their_values(runner, warehouse):
    fill(warehouse, [person(1), person(1002, email="not an address at all")])
    result = succeeded(runner.run(LETTERS))
    found = evaluations(result)
    assert (found["source_issues"].passed, found["source_issues"].severity) == (
        False,
        dg.AssetCheckSeverity.WARN,
    )
    assert found["destination_issues"].passed
    figures = told(result, LETTERS)
    assert (figures["inserted"], figures["source_issues"], figures["status"]) == (
        1,
        1,
        "succeeded with issues",
    )
    assert "email" in figures["issues"]
    assert "1002" not in figures["issues"]
    assert "not an address" not in figures["issues"]


def test_records_that_the_destination_rejects_warn_with_its_reason(runner, sandbox):
    sandbox.world.add_fault(
        Rule(
            Kind.POISON,
            path="/batch/*/profiles/*",
            identifier="3",
            extent=Extent.RECORD,
            reason="bad | <b>name</b>",
        )
    )
    result = succeeded(runner.run(LETTERS))
    found = evaluations(result)["destination_issues"]
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert told(result, LETTERS)["destination_issues"] == 1
    assert r"\<b\>" in told(result, LETTERS)["issues"]  # shown, not rendered


def test_issues_are_shown_by_reason_with_their_number_and_some_masked_keys(runner, warehouse):
    fill(warehouse, [person(number, email="nobody") for number in range(10001, 10031)])
    *_, row = told(succeeded(runner.run(LETTERS)), LETTERS)["issues"].splitlines()
    assert row == "| set aside | $email\\_address is not an e\\-mail address | 30 | 1•••1, 1•••2, 1•••3 |"


def test_d9_fields_that_are_declared_to_be_shown_stand_beside_the_masked_keys(project, loaded, warehouse):
    project.replaced("  mode: mirror\n", "  mode: mirror\n  show: [first_name]\n")
    fill(warehouse, [person(10001, email="nobody", first_name="<b>|x@y.org"), person(10002, email="nobody")])
    result = succeeded(loaded(project).run(LETTERS))
    *_, row = told(result, LETTERS)["issues"].splitlines()
    shown = r"1•••1 (first_name: <b>|•••@y•••), 1•••2 (first_name: Name 10002)"
    assert row.endswith(f"| 2 | {escaped(shown)} |")


def test_many_reasons_are_shown_as_a_short_table():
    reasons = [f"no room in {number}" for number in range(30)]
    table = issues_table(pl.DataFrame({"event": "rejected", "reason": [*reasons, reasons[7]], "key": "k"}))
    assert table.splitlines()[2].startswith("| rejected | no room in 7 | 2 |")
    assert table.count("\n| ") == 10
    assert "20 more reasons" in table


def test_e2_a_scheduled_partition_that_was_overtaken_sends_nothing_and_succeeds(runner, sandbox, warehouse):
    succeeded(runner.run(LETTERS, partition=SECOND))
    fill(warehouse, [person(9)])
    result = succeeded(runner.run(LETTERS, partition=FIRST, tick=datetime(2024, 1, 1, 6, tzinfo=UTC)))
    assert told(result, LETTERS)["status"] == "superseded"
    assert "9" not in profiles(sandbox)


def test_e2_an_older_partition_that_a_person_asks_for_is_refused(runner, sandbox, warehouse):
    succeeded(runner.run(LETTERS, partition=SECOND))
    fill(warehouse, [person(9)])
    words = refusal(runner.run(LETTERS, partition=FIRST))
    assert FIRST in words
    assert SECOND in words
    assert "9" not in profiles(sandbox)


def test_a_partition_that_lies_in_the_future_is_refused(runner, sandbox):
    with pytest.raises(DeclarationError, match=r"2999-01-01-06:00 lies in the future"):
        require_possible("2999-01-01-06:00", datetime(2999, 1, 1, 6, tzinfo=UTC), ActivationConfig())
    with pytest.raises(dg.DagsterError):
        runner.run(LETTERS, partition="2999-01-01-06:00")
    assert profiles(sandbox) == {}


def test_e2_a_backfill_of_a_range_is_one_run_at_its_newest_partition(runner, sandbox, instance):
    tags = {"dagster/asset_partition_range_start": FIRST, "dagster/asset_partition_range_end": THIRD}
    result = succeeded(runner.run(LETTERS, partition=None, tags=tags))
    told_by_partition = {
        event.partition: {name: value.value for name, value in event.materialization.metadata.items()}
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(LETTERS.split("/"))
    }
    assert sorted(told_by_partition) == [FIRST, SECOND, THIRD]
    assert told_by_partition[THIRD]["inserted"] == 4
    assert {told_by_partition[key]["status"] for key in (FIRST, SECOND)} == {"superseded"}
    assert "inserted" not in told_by_partition[FIRST]
    assert set(sandbox.world.part("batch", "received").values()) == {1}
    assert refusal(runner.run(LETTERS, partition=SECOND))


GUARDED = "allow_irreversible_deletes: true\n  guards: {deletes: {percent: 20, records: 1}}"


@pytest.fixture
def guarded(project):
    return project.replaced("allow_irreversible_deletes: true", GUARDED)


def test_a_guard_withholds_deletes_until_a_run_allows_them(guarded, loaded, sandbox, warehouse):
    runner = loaded(guarded)
    succeeded(runner.run(LETTERS))
    fill(warehouse, [person(1)])
    figures = told(succeeded(runner.run(LETTERS, partition=SECOND)), LETTERS)
    assert (figures["deleted"], figures["withheld"], figures["status"]) == (0, 3, "succeeded with issues")
    assert "allow" in figures["notes"]
    figures = told(
        succeeded(runner.run(LETTERS, partition=SECOND, **{OP: {"allow": {"deletes": 2}}})), LETTERS
    )
    assert figures["deleted"] == 0
    figures = told(
        succeeded(runner.run(LETTERS, partition=SECOND, **{OP: {"allow": {"deletes": 3}}})), LETTERS
    )
    assert figures["deleted"] == 3


def test_a_guard_that_does_not_exist_cannot_be_allowed(runner):
    words = refusal(runner.run(LETTERS, **{OP: {"allow": {"delete": 3}}}))
    assert 'no guard "delete"' in words
    assert 'Did you mean "deletes"?' in words


def test_a_guard_that_stops_the_run_fails_it_before_it_sends_anything(
    guarded, project, loaded, sandbox, warehouse
):
    runner = loaded(project.replaced("records: 1}", "records: 1, stop: run}"))
    succeeded(runner.run(LETTERS))
    fill(warehouse, [person(1), person(6)])
    words = refusal(runner.run(LETTERS, partition=SECOND))
    assert words.startswith("Stopped")
    assert "allow: {deletes: 3}" in words
    assert "6" not in profiles(sandbox)


@pytest.mark.parametrize("off", ["off", '"off"'])
def test_the_deletes_guard_can_be_switched_off(off):
    spec = {
        "name": "a",
        "destination": "b",
        "service": "c",
        "mapping": {},
        "guards": yaml.safe_load(f"deletes: {off}"),
    }
    assert ActivationSpec.model_validate(spec).guards_in_force().deletes is None
    assert ActivationSpec.model_validate({**spec, "guards": {}}).guards_in_force().deletes is not None


def test_an_empty_segment_is_a_valid_answer(runner, warehouse):
    succeeded(runner.run(LETTERS))
    fill(warehouse, [person(1, orders=0)])
    figures = told(succeeded(runner.run(LETTERS, partition=SECOND)), LETTERS)
    assert (figures["extracted"], figures["deleted"]) == (4, 4)


def test_an_empty_model_that_may_be_empty_empties_the_destination(project, loaded, warehouse):
    runner = loaded(project.replaced("kind: users", "kind: users\n  may_be_empty: true"))
    succeeded(runner.run(LETTERS))
    fill(warehouse, [])
    assert told(succeeded(runner.run(LETTERS, partition=SECOND)), LETTERS)["deleted"] == 4


def test_two_runs_at_once_wait_for_each_other_and_send_each_record_once(runner, sandbox, storage):
    succeeded(runner.run("segments/loyal"))
    sandbox.world.add_fault(Rule(Kind.SLOW, path="/batch/*/profiles/*", delay_ms=300))
    outcomes = []

    def run():
        with dg.DagsterInstance.ephemeral() as own:
            outcomes.append(Runner(runner.defs, own).run(LETTERS, upstream=False, partition=SECOND).success)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [True, True]
    assert sorted(run.status for run in read_runs(Folder(storage), "letters")) == [
        "nothing to do",
        "succeeded",
    ]
    assert set(sandbox.world.part("batch", "received").values()) == {1}


def test_activations_of_two_platforms_stand_side_by_side(runner, sandbox):
    result = succeeded(runner.run(LETTERS, LEADS))
    assert {told(result, LETTERS)["inserted"], told(result, LEADS)["inserted"]} == {4}
    people = json.dumps(sandbox.world.state()["attio"])
    assert "person4@example.com" in people


def test_an_activation_is_told_as_what_it_is(runner):
    node = runner.defs.resolve_asset_graph().get(dg.AssetKey(LETTERS.split("/")))
    assert node.group_name == "activations"
    assert node.kinds == {"batch"}
    assert node.parent_keys == {dg.AssetKey(["segments", "loyal"]), dg.AssetKey(["destinations", "mail"])}
    assert "in step with segment loyal" in node.description
