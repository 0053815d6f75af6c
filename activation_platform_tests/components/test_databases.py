"""Databases through Dagster: a segment kept in a table, on both engines, and what is refused before anything runs."""

import duckdb
import pytest

from activation_platform_tests.components.pages import example_of
from activation_platform_tests.components.project import (
    SECOND,
    THIRD,
    Project,
    Runner,
    fill,
    person,
    refusal,
    succeeded,
    told,
)

PEOPLE, COPY = "activations/crm_database/people", "activations/crm_database/copy"
ALL = {"allow": {"deletes": 1000}}
TABLES = (
    "create table loyal (id bigint primary key, email varchar unique, orders smallint)",
    "create table everybody (id bigint primary key, name varchar)",
)

DATABASE = """\
type: activation_platform.DestinationComponent
attributes:
  name: crm_database
  platform: database
  settings:
    url: env:CRM_URL
    password: env:CRM_PASSWORD
---
type: activation_platform.ActivationComponent
attributes:
  name: people
  segment: loyal
  destination: crm_database
  service: table
  mode: mirror
  options: {table: loyal, key: id}
  mapping: {id: id, email: email, orders: orders}
  schedule: {cron: "0 6 * * 1", start: 2024-01-01}
---
type: activation_platform.ActivationComponent
attributes:
  name: copy
  model: people
  destination: crm_database
  service: table
  mode: snapshot
  options: {table: everybody, key: id}
  mapping: {id: id, name: first_name}
  schedule: {cron: "0 6 * * 1", start: 2024-01-01}
"""


@pytest.fixture(params=["postgres", "duckdb"])
def rows(request, tmp_path, monkeypatch):
    """The rows that a query finds in the destination's database."""
    if request.param == "duckdb":
        file = tmp_path / "crm.duckdb"
        with duckdb.connect(file) as made:
            for statement in TABLES:
                made.execute(statement)
        monkeypatch.setenv("CRM_URL", f"duckdb://{file}")
        monkeypatch.setenv("CRM_PASSWORD", "")

        def in_file(query):
            with duckdb.connect(file, read_only=True) as opened:
                return opened.execute(query).fetchall()

        return in_file
    server, name = request.getfixturevalue("postgres_server"), request.getfixturevalue("postgres_database")
    server.run(*TABLES, database=name)
    monkeypatch.setenv("CRM_URL", f"postgresql://{server.user}@{server.host}:{server.port}/{name}")
    monkeypatch.setenv("CRM_PASSWORD", server.password)
    return lambda query: server.rows(query, database=name)


@pytest.fixture
def database(project: Project, rows, warehouse, storage, sandbox, instance) -> Runner:
    return Runner(project.also(DATABASE).load(), instance)


def test_a_segment_is_kept_in_a_table(database, rows, warehouse):
    first = told(succeeded(database.run(PEOPLE)), PEOPLE)
    assert (first["inserted"], first["status"]) == (4, "succeeded")
    assert rows("select id, orders from loyal order by id") == [(n, 5) for n in range(1, 5)]

    fill(warehouse, [person(1), person(2, orders=7), person(3, email="new@example.com"), person(6)])
    second = told(succeeded(database.run(PEOPLE, partition=SECOND)), PEOPLE)
    assert [second[name] for name in ("inserted", "updated", "deleted")] == [1, 2, 1]
    assert rows("select id, email, orders from loyal order by id") == [
        (1, "person1@example.com", 5),
        (2, "person2@example.com", 7),
        (3, "new@example.com", 5),
        (6, "person6@example.com", 5),
    ]

    assert told(succeeded(database.run(PEOPLE, partition=THIRD)), PEOPLE)["status"] == "nothing to do"


def test_a_model_is_copied_whole_every_run(database, rows, warehouse):
    succeeded(database.run(COPY))
    fill(warehouse, [person(2), person(9)])
    again = told(succeeded(database.run(COPY, partition=SECOND, activations__crm_database__copy=ALL)), COPY)

    assert again["status"] == "succeeded"
    assert rows("select id, name from everybody order by id") == [(2, "Name 2"), (9, "Name 9")]


def test_values_that_no_column_takes_are_issues_and_the_others_go_on(database, rows, warehouse):
    fill(warehouse, [person(1), person(2, orders=40_000), person(3, email="person1@example.com")])

    run = told(succeeded(database.run(PEOPLE)), PEOPLE)

    assert [run[name] for name in ("inserted", "source_issues", "destination_issues")] == [1, 1, 1]
    assert len(rows("select id from loyal")) == 1
    assert "person1@example.com" not in str(run)


def test_a_table_that_is_not_there_stops_the_run_and_says_so(
    project, rows, warehouse, storage, sandbox, instance
):
    project.also(DATABASE).replaced("{table: loyal, key: id}", "{table: loyals, key: id}")

    said = refusal(Runner(project.load(), instance).run(PEOPLE))

    assert 'there is no table "loyals"' in said
    assert "Correct the options" in said


def test_what_no_database_can_be_is_refused_when_definitions_load(project, warehouse, storage):
    project.also(
        DATABASE.replace("env:CRM_URL", "postgresql://x:secret@host/crm").replace(
            "{table: loyal, key: id}", "{table: loyal}"
        )
    )

    said = project.refusal()

    assert "url holds a password" in said
    assert "'key'" in said
    assert "secret" not in said.replace("is a secret", "")


def test_the_example_of_the_page_keeps_a_table_in_step(
    project, loaded, warehouse, postgres_server, postgres_database, monkeypatch
):
    server, name = postgres_server, postgres_database
    server.run(
        "create table customers (customer_id bigint primary key, email text, orders int)", database=name
    )
    monkeypatch.setenv("CRM_PASSWORD", server.password)
    there = f"{server.user}@{server.host}:{server.port}/{name}"
    example = example_of("database")
    url = "activation@db.example.com:5432/crm?sslmode=verify-full"
    assert example.count(url) == 1
    runner = loaded(project.also(example.replace(url, there)))

    succeeded(runner.run("activations/crm_database/crm_customers"))
    fill(warehouse, [person(1, first_name="Ada"), person(2), person(3, orders=9), person(6)])
    succeeded(runner.run("activations/crm_database/crm_customers", partition=SECOND))

    found = server.rows(
        "select customer_id, email, orders from customers order by customer_id", database=name
    )
    assert found == [(n, f"person{n}@example.com", 9 if n == 3 else 5) for n in (1, 2, 3, 6)]
