"""The check of a source goes on, after connection, access and schemas, to what its models read."""

import re
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from activation_platform.components.activation import ActivationComponent
from activation_platform.components.destination import DestinationComponent
from activation_platform.components.model import ModelComponent
from activation_platform.components.shown import tamed
from activation_platform.components.source import SourceComponent
from activation_platform.components.standing import evaluated, newest_finished
from activation_platform.components.validation import Validation
from activation_platform.sources.duckdb import DuckDB
from activation_platform.sources.postgres import Postgres
from activation_platform_tests.components.daemon import daemon
from activation_platform_tests.components.project import (
    LETTERS,
    SECOND,
    Runner,
    evaluations,
    fill,
    person,
    succeeded,
)


def told(source, models):
    return [(step.name, step.passed, step.words) for step in Validation(source, models).steps()]


def test_a_source_that_can_be_read_tells_what_each_model_reads(warehouse):
    models = {"people": "select * from people", "pairs": "select a.id from people a, main.people b"}

    found = told(DuckDB(path=str(warehouse)), models)

    assert [name for name, passed, _ in found if passed] == [
        "connection",
        "access",
        "schemas",
        "grants",
        "lineage",
    ]
    assert found[-1][2] == "people reads people; pairs reads people, main.people"


def test_a_source_without_models_is_checked_to_the_end(warehouse):
    assert told(DuckDB(path=str(warehouse)), {})[-1] == ("lineage", True, "No model reads it")


def test_models_whose_table_is_missing_fail_the_lineage_by_their_names_and_their_page_is_named_once(
    warehouse,
):
    missing = {"x": "select * from nope", "y": "select * from nowhere"}

    name, passed, words = told(DuckDB(path=str(warehouse)), missing)[-1]

    assert (name, passed) == ("lineage", False)
    assert words.startswith("x: Resource not found")
    assert "; y: Resource not found" in words
    assert words.count("not-found.md") == 1


def test_a_broken_connection_asks_for_no_model(tmp_path):
    found = told(DuckDB(path=str(tmp_path / "nope.duckdb")), {"x": "select 1"})

    assert [(name, passed) for name, passed, _ in found] == [("connection", False)]


@pytest.fixture
def reader(postgres_server, postgres_database):
    """A role that may read nothing."""
    role = f"reader_{postgres_database}"
    postgres_server.run(
        f"create role {role} login password 'reader-password'",
        "create table salaries as select 1 as id",
        database=postgres_database,
    )
    yield Postgres(
        host=postgres_server.host,
        port=postgres_server.port,
        database=postgres_database,
        user=role,
        password="reader-password",
    )
    postgres_server.run(f"drop role {role}", database=postgres_database)


def test_a_table_that_is_closed_to_us_fails_the_grants_by_the_models_name(reader):
    name, passed, words = told(reader, {"pay": "select * from salaries"})[-1]

    assert (name, passed) == ("grants", False)
    assert "pay: Bad credentials" in words
    assert "GRANT" in words


PAYROLL = """\
type: activation_platform.SourceComponent
attributes:
  name: payroll
  kind: postgres
  settings: {host: env:PAY_HOST, port: env:PAY_PORT, database: env:PAY_DATABASE, user: env:PAY_USER, password: env:PAY_PASSWORD}
---
type: activation_platform.ModelComponent
attributes: {name: salaries, source: payroll, table: salaries, primary_key: id, columns: {id: integer}}
"""


def test_the_day_that_a_warehouse_tells_of_its_login_warns_in_every_activation_that_needs_it(
    project, instance, reader, postgres_server, warehouse, storage, sandbox, monkeypatch
):
    until = datetime.now(UTC).date() + timedelta(days=10)
    postgres_server.run(
        f"grant select on salaries to {reader.user}",
        f"alter role {reader.user} valid until '{until}'",
        database=reader.database,
    )
    for name in ("host", "port", "database", "user", "password"):
        monkeypatch.setenv(f"PAY_{name.upper()}", str(getattr(reader, name)))
    project.replaced("      - {field: orders, at_least: 3}\n", "      - {has: pay, at_most: 9}\n").also(
        PAYROLL
    )
    project.replaced("kind: users", "kind: users\n  relations: {pay: {model: salaries, match: {id: id}}}")
    runner = Runner(project.load(), instance)

    untold = evaluations(succeeded(runner.run(LETTERS)))["credentials"]
    runner.defs.resolve_job_def("validate_source_payroll").execute_in_process(instance=instance)
    told = evaluations(succeeded(runner.run(LETTERS, partition=SECOND)))["credentials"]
    postgres_server.run(f"drop owned by {reader.user}", database=reader.database)

    assert untold.passed  # nobody has asked yet
    assert not told.passed
    assert told.description.startswith(f"the source payroll: the credential expires on {until}, in 10 days")


def test_the_keys_of_models_are_counted_there_and_told_to_their_own_checks(runner, warehouse, storage):
    fill(warehouse, [person(1), person(1), person(2), person(None)])
    job = runner.defs.resolve_job_def("validate_source_shop")

    assert job.execute_in_process(instance=runner.instance).success

    key = dg.AssetCheckKey(dg.AssetKey(["models", "people"]), "key_unique")
    said = evaluated(newest_finished(runner.instance, [key])[key])
    assert (said.passed, said.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert said.description.startswith("33.33 % of the keys are duplicates and 1 rows have none")
    assert not (storage / "frames").exists()  # no row was read


def test_what_a_warehouse_says_is_no_markup_on_the_pages_of_source_and_model(
    project, warehouse, storage, sandbox, instance
):
    name = "![x](http://example.com/x.png)<b>"
    project.replaced("  table: people\n", f"  sql: 'select * from \"{name}\"'\n")
    runner = Runner(project.load(), instance)

    assert runner.defs.resolve_job_def("validate_source_shop").execute_in_process(instance=instance).success

    for asset, check in (("sources/shop", "connection"), ("models/people", "schema_unchanged")):
        key = dg.AssetCheckKey(dg.AssetKey(asset.split("/")), check)
        said = evaluated(newest_finished(instance, [key])[key]).description
        assert "![x]\\(http" in said
        assert "x.png)\\<b>" in said
        assert tamed(said) == said


ARCHIVE = """\
type: activation_platform.SourceComponent
attributes:
  name: archive
  kind: duckdb
  settings: {path: env:SHOP_FILE}
"""


def test_every_source_is_validated_each_day_step_by_step_before_two_or_at_the_time_that_it_declares(
    tmp_path, project, storage, warehouse, sandbox, monkeypatch
):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    project.replaced("  name: shop\n", '  name: shop\n  validate_at: "04:30"\n').also(ARCHIVE)
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    with daemon(tmp_path / "home", project.write(), validations=True) as dev:

        def validated(hours, minutes=0):
            dev.at(midnight + timedelta(hours=hours, minutes=minutes))
            return sorted(run.job_name for run in dev.settle() if run.job_name.startswith("validate_source"))

        assert validated(-1) == []
        for day in (0, 24):
            assert validated(day + 2) == ["validate_source_archive"]
            assert validated(day + 4, 20) == []
            assert validated(day + 4, 30) == ["validate_source_shop"]
        key = dg.AssetCheckKey(dg.AssetKey(["sources", "shop"]), "connection")
        said = evaluated(newest_finished(dev.instance, [key])[key])
    steps = re.findall(r"^\| (\w+) \| passed \|", said.metadata["steps"].value, re.MULTILINE)
    assert steps == ["connection", "access", "schemas", "grants", "lineage"]


BY_HAND = {
    "sources/shop": SourceComponent.blocking,
    "models/people": [check for check in ModelComponent.blocking if check != "made"],
    "destinations/mail": DestinationComponent.blocking,
    "activations/mail/letters": ActivationComponent.blocking,
}


@pytest.mark.parametrize(
    ("asset", "check", "told"),
    [
        ("sources/shop", "connection", ["sources/shop", "models/people"]),
        ("destinations/mail", "ready", ["destinations/mail", "activations/mail/letters"]),
    ],
)
def test_every_check_that_pauses_can_be_carried_out_from_the_ui_without_making_anything(
    tmp_path, project, storage, warehouse, sandbox, monkeypatch, asset, check, told
):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    with daemon(tmp_path / "home", project.write()) as dev:
        run_id = dev.check(asset, check)
        (run,) = dev.settle()
        assert (run.run_id, run.status) == (run_id, dg.DagsterRunStatus.SUCCESS)
        keys = [
            dg.AssetCheckKey(dg.AssetKey(owner.split("/")), name)
            for owner in BY_HAND
            for name in BY_HAND[owner]
        ]
        found = newest_finished(dev.instance, keys)
        assert found.keys() == {key for key in keys if key.asset_key.to_user_string() in told}
        assert all(evaluated(record).passed for record in found.values())
        assert dev.instance.get_latest_materialization_events([key.asset_key for key in keys]) == {}
