"""The check of a source goes on, after connection, access and schemas, to what its models read."""

import dagster as dg
import pytest

from activation_platform.components.standing import evaluated, newest_finished
from activation_platform.components.validation import Validation
from activation_platform.sources.duckdb import DuckDB
from activation_platform.sources.postgres import Postgres
from activation_platform_tests.components.project import fill, person


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


def test_the_keys_of_models_are_counted_there_and_told_to_their_own_checks(runner, warehouse, storage):
    fill(warehouse, [person(1), person(1), person(2), person(None)])
    job = runner.defs.resolve_job_def("validate_source_shop")

    assert job.execute_in_process(instance=runner.instance).success

    key = dg.AssetCheckKey(dg.AssetKey(["models", "people"]), "key_unique")
    said = evaluated(newest_finished(runner.instance, [key])[key])
    assert (said.passed, said.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert said.description.startswith("33.33 % of the keys are duplicates and 1 rows have none")
    assert not (storage / "frames").exists()  # no row was read
