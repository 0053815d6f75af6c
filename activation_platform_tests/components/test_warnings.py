"""The warnings of an activation through Dagster: what each says of a run, against the sandbox."""

import re
import time
import warnings
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest
import time_machine
import yaml
from pydantic import ValidationError

from activation_platform.components.expiry import expiring as expiring_of
from activation_platform.components.warnings_spec import WarningsSpec
from activation_platform.sandbox.faults import Extent, Kind, Rule
from activation_platform.sync.folder import Folder
from activation_platform.sync.history import Figures, Run, Status, write_run
from activation_platform.sync.manifest import Manifest
from activation_platform_tests.components.eventful import eventful
from activation_platform_tests.components.project import (
    FIRST,
    LETTERS,
    SECOND,
    SHOP,
    THIRD,
    Project,
    Runner,
    evaluations,
    fill,
    person,
    succeeded,
)

LEADS = "activations/crm/leads"
OP = "activations__mail__letters"
STRICT = """\
  warnings:
    source_issues: {percent: 0}
    destination_issues: {percent: 0}
    standing_issues: {percent: 0}
    empty_runs: 2
    nothing_sent: 0m
    audience_size: {records: 0}
    turnover: {records: 0}
    owed_deletes: 0m
    duration: {times: 1.1, seconds: 0}
"""
VISITS = """\
type: activation_platform.SourceComponent
attributes:
  name: web
  kind: duckdb
  settings: {path: env:SHOP_FILE}
  credential_expires: 2027-01-31
---
type: activation_platform.ModelComponent
attributes:
  name: visits
  source: web
  table: visits
  primary_key: id
  columns: {id: integer, who: integer}
"""
NAMES = {
    "source_issues", "destination_issues", "standing_issues", "empty_runs", "nothing_sent",
    "audience_size", "turnover", "full_sync", "owed_deletes", "duration",
}  # fmt: skip


@pytest.fixture(scope="module")
def _strict(tmp_path_factory):
    """A project whose activations warn of everything: loaded once, as it holds no state."""
    documents = {"defs.yaml": SHOP.replace("start: 2024-01-01}\n", "start: 2024-01-01}\n" + STRICT)}
    documents["defs.yaml"] = documents["defs.yaml"].replace("mode: upsert", "mode: mirror")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Project(tmp_path_factory.mktemp("strict"), documents).load()


@pytest.fixture
def strict(_strict, storage, warehouse, sandbox, instance):
    return Runner(_strict, instance)


def warned(result):
    """The descriptions of the warnings that a run gave, by name; each is told and blocks nothing."""
    found = [one for one in evaluations(succeeded(result)).values() if one.asset_key.path[0] == "activations"]
    assert {one.severity for one in found if one.check_name in NAMES} == {dg.AssetCheckSeverity.WARN}
    return {one.check_name: one.description for one in found if not one.passed}


def test_a_run_in_which_all_is_well_warns_of_nothing_and_says_every_number(runner):
    found = evaluations(succeeded(runner.run(LETTERS)))
    assert found.keys() > NAMES
    assert all(found[name].passed for name in NAMES)
    assert "0 of 4 records" in found["source_issues"].description
    assert "warns above 1 %" in found["source_issues"].description


def test_new_issues_warn_once_and_then_as_standing_ones(strict, warehouse, sandbox):
    reject = Rule(Kind.POISON, path="/batch/*/profiles/*", identifier="3", extent=Extent.RECORD, reason="no")
    sandbox.world.add_fault(reject)
    fill(warehouse, [person(1), person(2, email="nobody"), person(3)])
    first = warned(strict.run(LETTERS))
    assert first.keys() == {"source_issues", "destination_issues"}
    assert first["source_issues"].startswith(
        "1 of 3 records of this run could not be sent as they are (33.3 %)"
    )
    assert "activation issues letters --run" in first["destination_issues"]

    again = warned(strict.run(LETTERS, partition=SECOND))
    assert again["standing_issues"].startswith("1 of 3 rows still have an issue")
    assert "source_issues" not in again


def test_runs_that_find_nothing_warn_of_no_records_and_of_nothing_sent(strict):
    assert warned(strict.run(LETTERS)) == {}
    assert warned(strict.run(LETTERS, partition=SECOND)).keys() == {"nothing_sent"}
    found = warned(strict.run(LETTERS, partition=THIRD))
    assert found["empty_runs"].startswith("the last 2 runs found no record; warns at 2")
    assert "nothing was sent since" in found["nothing_sent"]


def test_an_audience_that_shrinks_warns_of_how_much(strict, warehouse):
    succeeded(strict.run(LETTERS))
    fill(warehouse, [person(1), person(2), person(3)])
    found = warned(strict.run(LETTERS, partition=SECOND))
    assert found["audience_size"].startswith("3 rows, 4 in the run before (-25.0 %); warns above 20 %")


def test_a_full_run_warns_that_everything_was_sent_again(strict):
    succeeded(strict.run(LETTERS))
    found = warned(strict.run(LETTERS, partition=SECOND, **{OP: {"full": True}}))
    assert found["full_sync"].startswith("this run sent everything again (4 records)")


def remembered(storage, activation, **changes):
    """A ledger whose twelve runs each found three records in no time."""
    folder = Folder(storage) / "ledgers" / activation
    Manifest(sequence=12, sealed=12, placed=True).place(folder)
    run = Run(1, activation, "", "", "", Status.SUCCEEDED, Figures(3, inserted=3), time.time() - 9e5, 1e-6)
    for number in range(1, 13):
        write_run(folder, replace(run, number=number, **changes))


def test_a_run_that_is_slower_and_moves_more_records_than_is_usual_warns_of_both(strict, storage):
    remembered(storage, "letters")
    found = warned(strict.run(LETTERS))
    assert found["turnover"].startswith(
        "4 records were new, changed, gone or owed, 3 is usual (+inf deviations)"
    )
    assert "0.0 s is usual; warns above 1.1 times that" in found["duration"]


def test_a_delete_that_is_refused_again_and_again_warns_with_its_age(strict, warehouse, sandbox):
    succeeded(strict.run(LEADS))
    sandbox.world.add_fault(Rule(Kind.STATUS, path="/attio/*", method="DELETE", status=400, reason="no"))
    fill(warehouse, [person(1), person(2), person(3)])
    succeeded(strict.run(LEADS, partition=SECOND))
    found = warned(strict.run(LEADS, partition=THIRD))
    assert found["owed_deletes"].startswith("1 of 1 owed deletes are older than 0m, the oldest since 2")


def test_e2_a_run_that_was_overtaken_says_what_was_said_before_it(strict, warehouse):
    fill(warehouse, [person(1), person(2, email="nobody")])
    before = warned(strict.run(LETTERS, partition=SECOND))
    assert "source_issues" in before
    after = strict.run(LETTERS, partition=FIRST, tick=datetime(2024, 1, 1, 6, tzinfo=UTC))
    assert warned(after) == before


def test_a_warning_that_is_switched_off_is_no_check(project, loaded):
    project.replaced("mode: upsert", "mode: upsert\n  warnings: {turnover: off, full_sync: off}")
    graph = loaded(project).defs.resolve_asset_graph()
    leads = {key.name for key in graph.asset_check_keys if key.asset_key.path[-1] == "leads"}
    assert NAMES - leads == {"turnover", "full_sync"}


@pytest.mark.parametrize(
    "written", ["turnover: on", "empty_runs: 0", "empty_runs: on", "nothing_sent: 7", "turnovr: off"]
)
def test_a_threshold_that_cannot_be_is_refused_by_its_name(written):
    with pytest.raises(ValidationError, match=written.partition(":")[0]):
        WarningsSpec.model_validate(yaml.safe_load(written))


def test_a_warning_without_a_meaning_is_refused_with_the_reason(project):
    project.replaced("mode: upsert", "run_type: full_only\n  warnings: {full_sync: on}")
    assert "every run sends everything here; leave it out" in project.refusal()


def test_events_know_neither_an_audience_nor_turnover(tmp_path):
    graph = eventful(tmp_path).load().resolve_asset_graph()
    found = {key.name for key in graph.asset_check_keys if key.asset_key.path[0] == "activations"}
    assert NAMES - found == {"audience_size", "turnover"}


@pytest.fixture
def expiring(project):
    """A project whose destination mail has a credential with a last day."""
    account = "  platform: batch\n"
    return project.replaced(account, account + "  credential_expires: 2027-01-31\n")


def validated(runner, name):
    (check,) = (
        runner.defs.resolve_job_def(f"validate_{name}")
        .execute_in_process(instance=runner.instance)
        .get_asset_check_evaluations()
    )
    return check


def test_a_credential_in_its_last_days_warns_and_lets_runs_go_on(expiring, loaded):
    runner = loaded(expiring)
    with time_machine.travel("2027-01-01 12:00Z"):
        check = validated(runner, "destination_mail")
        assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
        assert "the credential expires on 2027-01-31, in 30 days; warns 30d before" in check.description
        found = warned(runner.run(LETTERS))
    assert found["credentials"].startswith("the destination mail: the credential expires on 2027-01-31")
    with time_machine.travel("2027-02-01 12:00Z"):
        assert "was to expire on 2027-01-31" in warned(runner.run(LETTERS, partition=SECOND))["credentials"]


def test_a_credential_of_a_source_that_only_a_related_model_is_in_counts_too(project):
    project.replaced("      - {field: orders, at_least: 3}\n", "      - {has: visits}\n")
    project.replaced("kind: users", "kind: users\n  relations: {visits: {model: visits, match: {id: who}}}")
    project.also(VISITS)
    graph = project.load().resolve_asset_graph()
    of = {key.asset_key.path[-1] for key in graph.asset_check_keys if key.name == "credentials"}
    assert of == {"letters", "leads"}


def test_a_warning_of_credentials_that_nobody_gave_a_day_is_doubted(project, caplog):
    mapped = "    first_name: first_name\n  schedule"
    project.replaced(mapped, mapped.replace("  schedule", "  warnings: {credentials: true}\n  schedule"))
    project.load()
    assert "neither its sources nor its destination declare, or can tell, credential_expires" in caplog.text


def test_a_credential_long_before_its_last_day_warns_of_nothing():
    passed = dg.AssetCheckResult(passed=True, description="The account lets us in.")
    with time_machine.travel("2026-12-31 12:00Z"):
        told = expiring_of(passed, date(2027, 1, 31), "30d")
        assert (told.passed, told.description) == (True, passed.description)
        assert told.metadata["credential_expires"].value == "2027-01-31"
        assert not expiring_of(passed, date(2027, 1, 31), "31d").passed
        assert expiring_of(passed, None, "30d") is passed
        refused = dg.AssetCheckResult(passed=False, description="Bad credentials")
        assert expiring_of(refused, date(2027, 1, 1), "30d") is refused


def test_the_page_names_every_warning_with_its_default():
    page = (Path(__file__).parents[2] / "docs" / "warnings.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", page, re.MULTILINE)
    assert [name for name, _ in rows] == list(WarningsSpec.model_fields)
    assert (
        WarningsSpec.model_validate({name: yaml.safe_load(written) for name, written in rows}).in_force()
        == WarningsSpec().in_force()
    )
