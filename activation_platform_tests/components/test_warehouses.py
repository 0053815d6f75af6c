"""The same workspace on every warehouse: the destination ends in the same state, whoever holds the rows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import dagster as dg
import duckdb as duckdb_of_the_test
import pytest

from activation_platform.components.standing import evaluated, newest_finished
from activation_platform.sources import databricks_api
from activation_platform.sources.schemas import OURS
from activation_platform_tests.components.project import (
    FIRST,
    LETTERS,
    SECOND,
    fill,
    person,
    refusal,
    succeeded,
    told,
)
from activation_platform_tests.components.test_membership import SPLIT
from activation_platform_tests.components.test_related_segments import segment
from activation_platform_tests.destinations.files.stores import ObjectStore
from activation_platform_tests.sources import databricks_workspace, redshift_cluster

DUCKDB = "kind: duckdb\n  settings:\n    path: env:SHOP_FILE\n"
PEOPLE = [*(person(number) for number in range(1, 5)), person(5, orders=1)]
LATER = [person(2), person(3, first_name="Renée"), person(4, orders=1), person(5), person(6)]
"""One has left, one is changed, one no longer and one now belongs to the segment, one is new."""


@dataclass
class DuckDBFile:
    """People in a DuckDB file."""

    file: Any
    kind: str = "duckdb"

    @property
    def settings(self):
        return {"path": str(self.file)}

    def fill(self, people):
        with duckdb_of_the_test.connect(self.file) as connection:
            connection.execute("delete from people")
            connection.executemany("insert into people values (?, ?, ?, ?)", people)

    def rows(self, query):
        with duckdb_of_the_test.connect(self.file) as connection:
            return connection.execute(query).fetchall()


@dataclass
class Server:
    """People in a server's table, in a schema of its own."""

    kind: str
    settings: dict[str, Any]
    run: Any
    lose: Callable[[int], None] | None = None
    """Makes the next result say so many rows more than it holds."""
    rows: Callable[[str], list[tuple[Any, ...]]] | None = None

    def fill(self, people):
        values = ", ".join(
            f"({number}, '{email}', '{name}', {orders})" for number, email, name, orders in people
        )
        self.run('delete from "people"', f'insert into "people" values {values}')


TABLE = (
    'create table "people" ("id" bigint, "email" varchar(100), "first_name" varchar(100), "orders" bigint)'
)


@dataclass
class Dataset(Server):
    """People in a table of BigQuery, whose names have no case of their own."""

    def fill(self, people):
        rows = [
            f"select {number} as id, '{mail}' as email, '{name}' as first_name, {orders} as orders"
            for number, mail, name, orders in people
        ]
        self.run(f"create or replace table shop.people as {' union all '.join(rows)}")


@pytest.fixture
def duckdb(warehouse):
    return DuckDBFile(warehouse)


@pytest.fixture
def postgres(postgres_server, postgres_database):
    settings = {
        "host": postgres_server.host,
        "port": postgres_server.port,
        "database": postgres_database,
        "user": postgres_server.user,
        "password": postgres_server.password,
    }
    made = Server("postgres", settings, lambda *said: postgres_server.run(*said, database=postgres_database))
    made.rows = lambda query: postgres_server.rows(query, postgres_database)
    made.run(TABLE)
    return made


@pytest.fixture
def snowflake(snowflake_account):
    made = Server("snowflake", snowflake_account.settings, snowflake_account.run, snowflake_account.loses)
    made.account = snowflake_account
    made.rows = snowflake_account.rows
    made.run(*(f"drop schema if exists {schema} cascade" for schema in OURS))
    made.run('drop table if exists "people"', TABLE)
    yield made
    made.run('drop table "people"')


@pytest.fixture
def bigquery(bigquery_project, bigquery_key):
    key = bigquery_project.key(bigquery_key["pem"])
    settings = {"project": "example-shop", "location": "EU", "credentials": key}
    made = Dataset("bigquery", settings, bigquery_project.run, bigquery_project.lose)
    made.account = bigquery_project
    made.rows = lambda query: bigquery_project.database.execute(query).fetchall()
    made.run(*(f"drop schema if exists {schema} cascade" for schema in OURS))
    return made


@pytest.fixture
def databricks(monkeypatch):
    monkeypatch.setattr(databricks_api, "sleep", lambda seconds: None)
    with databricks_workspace.serving() as workspace:
        settings = {
            "host": workspace.address,
            "warehouse_id": databricks_workspace.WAREHOUSE,
            "token": databricks_workspace.TOKEN,
        }
        made = Server("databricks", settings, lambda *said: [*map(workspace.database.execute, said)])
        made.rows = lambda query: workspace.database.execute(query).fetchall()
        made.run(TABLE)
        made.workspace = workspace
        yield made


@pytest.fixture
def redshift(postgres, postgres_server, front, monkeypatch):
    store = ObjectStore(front)
    for name, value in store.environment.items():
        monkeypatch.setenv(name, value)
    with redshift_cluster.serving(postgres_server, store.client) as cluster:
        settings = postgres.settings | {"port": cluster.port, "sslmode": "disable"}
        made = Server("redshift", settings, postgres.run, rows=postgres.rows)
        made.run(*redshift_cluster.FUNCTIONS)
        made.unload = {"unload_to": f"s3://{store.bucket}/tmp", "unload_above_rows": 0}
        made.cluster = cluster
        yield made


@pytest.fixture
def redshift_unloading(redshift):
    redshift.settings |= redshift.unload
    yield redshift
    assert sum(sql.startswith("UNLOAD") for sql in redshift.cluster.seen) == 2


@pytest.fixture
def shop(request, project, monkeypatch):
    """The warehouse of the test's parameter, filled, and the project that reads it."""
    made = request.getfixturevalue(request.param)
    secrets = {"credentials", "password", "token"} & set(made.settings)
    for name in secrets:
        monkeypatch.setenv(f"SHOP_{name.upper()}", made.settings[name])
    lines = [
        f"    {name}: {f'env:SHOP_{name.upper()}' if name in secrets else value}\n"
        for name, value in made.settings.items()
    ]
    project.replaced(DUCKDB, f"kind: {made.kind}\n  settings:\n{''.join(lines)}")
    if made.kind == "bigquery":
        project.replaced("table: people", "table: shop.people")
    made.fill(PEOPLE)
    return made


def on(*kinds):
    return pytest.mark.parametrize("shop", kinds, indirect=True)


@on("bigquery", "databricks", "duckdb", "postgres", "redshift", "redshift_unloading", "snowflake")
def test_the_destination_ends_in_the_same_state_whichever_warehouse_it_is(shop, project, loaded, sandbox):
    two_partitions(shop, loaded(project), sandbox)


@on("bigquery", "databricks", "duckdb", "postgres", "redshift", "snowflake")
def test_the_destination_ends_in_the_same_state_where_the_rows_stay_in_the_warehouse(
    shop, project, loaded, sandbox
):
    two_partitions(shop, loaded(project.replaced(*STAYING)), sandbox)


@pytest.mark.parametrize("engine", ["frames", "warehouse"])
@on("bigquery", "databricks", "duckdb", "postgres", "redshift", "snowflake")
def test_a_condition_about_related_rows_ends_in_the_same_state_whichever_warehouse_it_is(
    shop, project, loaded, sandbox, engine
):
    related(project)
    if engine == "warehouse":
        project.replaced(*STAYING).replaced("kind: custom", "kind: custom\n  engine: warehouse")

    two_partitions(shop, loaded(project), sandbox)


@pytest.mark.parametrize("engine", ["frames", "warehouse"])
@on("bigquery", "databricks", "duckdb", "postgres", "redshift", "snowflake")
def test_computed_fields_end_in_the_same_state_whichever_warehouse_it_is(
    shop, project, loaded, sandbox, engine
):
    project.replaced("kind: users\n", f"kind: users\n{COMPUTED}")
    project.replaced("- {field: orders, at_least: 3}", "- {field: band, equals: loyal}")
    project.replaced("    first_name: first_name\n  schedule", "    first_name: called\n  schedule")
    if engine == "warehouse":
        project.replaced(*STAYING)

    two_partitions(shop, loaded(project), sandbox)


def related(project):
    """The same workspace, whose segment asks for rows of a second model of the same table."""
    table = "shop.people" if "table: shop.people" in project.documents["defs.yaml"] else "people"
    project.replaced(
        "kind: users", "kind: users\n  relations: {purchases: {model: purchases, match: {id: person}}}"
    )
    project.replaced("- {field: orders, at_least: 3}", CONDITION)
    project.also(PURCHASES.replace("table: people", f"table: {table}"))


CONDITION = """- {has: purchases, where: {field: pieces, at_least: 3}}
      - {aggregate: {sum: pieces, of: purchases}, above: 2}
      - none: [{has: purchases, at_least: 2}, {aggregate: {max: pieces, of: purchases}, is_null: true}]"""

PURCHASES = """\
type: activation_platform.ModelComponent
attributes:
  name: purchases
  source: shop
  table: people
  kind: custom
  primary_key: person
  columns:
    person: {column: id, type: integer}
    pieces: {column: orders, type: integer}
"""


def test_a_file_that_somebody_replaced_is_read_as_a_whole_and_only_what_differs_is_sent(
    project, loaded, sandbox, warehouse
):
    runner = loaded(project.replaced(*STAYING))
    fill(warehouse, PEOPLE)
    succeeded(runner.run(LETTERS, partition=FIRST))

    fill(warehouse, LATER)

    counts = told(succeeded(runner.run(LETTERS, partition=SECOND)), LETTERS)
    assert [counts[name] for name in ("inserted", "updated", "deleted")] == [2, 1, 2]


def test_a_segment_over_rows_that_stayed_before_their_model_was_changed_says_to_read_it_again(
    project, loaded, warehouse
):
    succeeded(loaded(project.replaced(*STAYING)).run("models/people"))
    runner = loaded(project.replaced(*reversed(STAYING)))

    assert "materialise it again" in refusal(runner.run("segments/loyal", upstream=False))
    succeeded(runner.run("segments/loyal"))


COMPUTED = """\
  relations: {same: {model: people, match: {id: id}}}
  computed:
    name_there: {related: first_name, of: same}
    called: {formula: "coalesce(name_there, 'nobody') || ''"}
    bought: {aggregate: {sum: orders, of: same}}
    copies: {count: same, where: {field: called, not_equals: nobody}}
    newest: {aggregate: {last: orders, of: same, time: day}}
    day: {formula: "coalesce(today(), today())"}
    worth: {formula: "round((bought * 2 + newest) / copies - days_between(day, today()), 1)"}
    band: {label: [{when: {field: worth, at_least: 9}, then: loyal}], otherwise: other}
"""
STAYING = ("kind: users", "kind: users\n  engine: warehouse")


@on("bigquery", "databricks", "duckdb", "postgres", "redshift", "snowflake")
def test_what_stays_in_the_warehouse_is_shown_there_with_its_figures(shop, project, loaded, sandbox):
    runner = loaded(project.replaced(*STAYING))

    succeeded(runner.run(LETTERS, partition=FIRST))
    shop.fill(LATER)

    assert shop.rows('select "id" from activation_segments.segment_loyal order by "id"') == [
        (2,),
        (3,),
        (5,),
        (6,),
    ]
    assert shop.rows("select count(*) from activation_segments.model_people") == [(5,)]
    figures = "select kind, name, total, with_key, distinct_keys from activation_stats.frames order by kind"
    assert shop.rows(figures) == [("model", "people", 5, 5, 5), ("segment", "loyal", 4, 4, 4)]


@on("bigquery", "databricks", "duckdb", "postgres", "redshift", "snowflake")
def test_arms_and_limits_take_the_same_people_in_every_warehouse(shop, project, loaded):
    chosen = {
        "treated": ("{split: welcome_test, arm: treatment}", ""),
        "first": (
            "{field: orders, at_least: 2}",
            "  limit: {top: 5, by: [{descending: first_name}, {ascending: orders}]}\n",
        ),
        "some": ("{none: [{segment: first}]}", "  limit: {sample: 4, seed: a}\n"),
    }
    project.replaced(*STAYING).also(SPLIT)
    for name, (where, more) in chosen.items():
        project.also(segment(name, where, more))
    names = ["a", "B", "b", "Zoë", "ä", "_", "10", "9"]
    shop.fill([person(number, orders=number % 5, first_name=names[number % 8]) for number in range(1, 31)])

    succeeded(loaded(project).run(*(f"segments/{name}" for name in chosen)))

    found = {
        name: shop.rows(f'select "id" from activation_segments.segment_{name} order by "id"')
        for name in chosen
    }
    assert {name: [number for (number,) in rows] for name, rows in found.items()} == {
        "treated": [*range(2, 10), 13, *range(16, 23), 30],
        "first": [2, 4, 12, 18, 28],
        "some": [17, 19, 22, 29],
    }


@on("bigquery", "databricks", "duckdb", "postgres", "redshift", "snowflake")
def test_the_daily_validation_counts_the_keys_in_every_warehouse(shop, project, loaded):
    shop.fill([person(1), person(1), person(2)])
    runner = loaded(project)

    succeeded(
        runner.defs.resolve_job_def("validate_source_shop").execute_in_process(instance=runner.instance)
    )

    key = dg.AssetCheckKey(dg.AssetKey(["models", "people"]), "key_unique")
    said = evaluated(newest_finished(runner.instance, [key])[key])
    assert said.description.startswith("33.33 % of the keys are duplicates")


def two_partitions(shop, runner, sandbox):
    first = succeeded(runner.run(LETTERS, partition=FIRST))
    shop.fill(LATER)

    assert told(first, LETTERS)["inserted"] == 4
    second_partition(runner, sandbox)


def second_partition(runner, sandbox):
    counts = told(succeeded(runner.run(LETTERS, partition=SECOND)), LETTERS)
    assert [counts[name] for name in ("inserted", "updated", "deleted")] == [2, 1, 2]
    sandbox.world.finish_erasures()
    held = sandbox.world.part("batch", "profiles")
    assert {key: held[key]["first_name"] for key in held} == {
        "2": "Name 2",
        "3": "Renée",
        "5": "Name 5",
        "6": "Name 6",
    }


@on("databricks", "redshift_unloading")
def test_fewer_rows_than_the_warehouse_counted_stop_the_model_and_delete_nobody(
    shop, project, loaded, sandbox
):
    runner = loaded(project)
    succeeded(runner.run(LETTERS, partition=FIRST))
    held = dict(sandbox.world.part("batch", "profiles"))
    stand_in = shop.workspace if shop.kind == "databricks" else shop.cluster
    stand_in.loses = 2

    assert "Nothing was taken" in refusal(runner.run(LETTERS, partition=SECOND))
    assert dict(sandbox.world.part("batch", "profiles")) == held


@on("bigquery", "snowflake")
def test_a_count_that_is_not_reached_stops_the_model_and_the_next_run_goes_on(shop, project, loaded, sandbox):
    runner = loaded(project)
    succeeded(runner.run(LETTERS, partition=FIRST))
    shop.lose(1)

    words = refusal(runner.run(LETTERS, partition=SECOND))

    assert "counted 6 rows, and 5 arrived" in words
    assert sorted(sandbox.world.part("batch", "profiles")) == ["1", "2", "3", "4"]
    succeeded(runner.run(LETTERS, partition=SECOND))


@on("bigquery", "snowflake")
def test_a_query_cancelled_in_the_warehouse_stops_the_model_and_the_next_run_goes_on(
    shop, project, loaded, sandbox
):
    runner = loaded(project)
    shop.account.cancels()

    words = refusal(runner.run(LETTERS, partition=FIRST))

    assert "Somebody cancelled the query" in words
    assert sandbox.world.part("batch", "profiles") == {}
    assert told(succeeded(runner.run(LETTERS, partition=FIRST)), LETTERS)["inserted"] == 4


MERGE = {"bigquery": "WHEN NOT MATCHED", "snowflake": '"HELD"'}
LOOKS = {
    "bigquery": ("__today_", "__run_", "is_known", "UPDATE"),
    "snowflake": ("CREATE TEMPORARY TABLE", '_RUN" AS', "UPDATE"),
}
"""Words of the statements that merge, and that look."""


@on("bigquery", "snowflake")
def test_what_is_cancelled_where_the_rows_stay_leaves_nothing_half_done_and_the_next_run_goes_on(
    shop, project, loaded, sandbox
):
    runner = loaded(project.replaced(*STAYING))
    shop.account.cancels(at=MERGE[shop.kind])  # once everything is sent
    assert told(succeeded(runner.run(LETTERS, partition=FIRST)), LETTERS)["inserted"] == 4
    held = dict(sandbox.world.part("batch", "profiles"))
    shop.fill(LATER)

    for look in LOOKS[shop.kind]:
        shop.account.cancels(at=look)
        assert "Somebody cancelled the query" in cancelled(runner.run(LETTERS, partition=SECOND))
        assert dict(sandbox.world.part("batch", "profiles")) == held

    second_partition(runner, sandbox)


@on("bigquery")
@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("backendError", "next run goes on"),
        ("accessDenied", "activation grants"),
        ("", "counted 4 rows, and 3 arrived"),
    ],
)
def test_a_look_that_fails_in_its_middle_leaves_nothing_half_done_and_the_next_run_goes_on(
    shop, project, loaded, sandbox, reason, words
):
    runner = loaded(project.replaced(*STAYING))
    succeeded(runner.run(LETTERS, partition=FIRST))
    held = dict(sandbox.world.part("batch", "profiles"))
    shop.fill(LATER)
    if reason:
        shop.account.ends("is_known", reason, "It went wrong")
    else:
        shop.account.lose(1, at="is_known")

    assert words in cancelled(runner.run(LETTERS, partition=SECOND))

    assert dict(sandbox.world.part("batch", "profiles")) == held
    second_partition(runner, sandbox)


@on("postgres")
def test_a_look_that_the_server_breaks_off_leaves_nothing_half_done_and_the_next_run_goes_on(
    shop, project, loaded, sandbox
):
    runner = loaded(project.replaced(*STAYING))
    succeeded(runner.run(LETTERS, partition=FIRST))
    held = dict(sandbox.world.part("batch", "profiles"))
    shop.fill(LATER)
    ((mark,),) = shop.rows("select table_name from information_schema.tables where table_name like '%_mark'")
    seen = f'activation_delta."{mark.removesuffix("_mark")}"'
    shop.run(
        """create function cancels() returns trigger language plpgsql as
        $$ begin perform pg_cancel_backend(pg_backend_pid()); perform pg_sleep(10); return null; end $$""",
        f"create trigger cancels before update on {seen} execute function cancels()",
    )

    assert "Somebody cancelled the query" in cancelled(runner.run(LETTERS, partition=SECOND))

    assert dict(sandbox.world.part("batch", "profiles")) == held
    shop.run(f"drop trigger cancels on {seen}")
    second_partition(runner, sandbox)


def cancelled(result):
    """The words with which a run was ended from outside."""
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    return failure.step_failure_data.error.message
