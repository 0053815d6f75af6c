"""The same workspace on every source of this kind: the destination ends in the same state as from a DuckDB file."""

import dagster as dg
import duckdb
import pytest

from activation_platform_tests.components.project import (
    FIRST,
    SECOND,
    Project,
    Runner,
    fill,
    person,
    refusal,
    succeeded,
)
from activation_platform_tests.destinations.files.stores import ObjectStore
from activation_platform_tests.sources import databricks_workspace as databricks
from activation_platform_tests.sources import redshift_cluster as redshift

PEOPLE = "activations/crm/people"
SHOP = """\
type: activation_platform.SourceComponent
attributes:
  name: shop
  kind: {source}
---
type: activation_platform.ModelComponent
attributes:
  name: people
  source: shop
  table: people
  kind: users
  primary_key: id
---
type: activation_platform.SegmentComponent
attributes:
  name: loyal
  model: people
  where: {{field: orders, at_least: 3}}
---
type: activation_platform.DestinationComponent
attributes:
  name: crm
  platform: database
  settings: {{url: env:CRM_URL}}
---
type: activation_platform.ActivationComponent
attributes:
  name: people
  segment: loyal
  destination: crm
  service: table
  mode: mirror
  options: {{table: loyal, key: id}}
  mapping: {{id: id, email: email, name: first_name}}
  schedule: {{cron: "0 6 * * 1", start: 2024-01-01}}
"""
DUCKDB = "duckdb\n  settings: {path: env:SHOP_FILE}"
DATABRICKS = f"databricks\n  settings: {{host: env:SHOP_HOST, token: env:SHOP_TOKEN, warehouse_id: {databricks.WAREHOUSE}}}"
REDSHIFT = (
    "redshift\n  settings: {host: env:SHOP_HOST, port: env:SHOP_PORT, database: env:SHOP_DATABASE, user: env:SHOP_USER,"
    " password: env:SHOP_PASSWORD, sslmode: disable"
)
UNLOADED = f"{REDSHIFT}, unload_to: env:SHOP_UNLOAD, unload_above_rows: 0}}"
BEFORE = [*(person(number) for number in range(1, 5)), person(5, orders=1)]
AFTER = [person(1, first_name="Aïda"), person(2, first_name=None), person(3, orders=0), person(5), person(6)]


@pytest.fixture
def lake(monkeypatch):
    """A Databricks workspace, to be filled with people."""
    with databricks.serving() as workspace:
        monkeypatch.setenv("SHOP_HOST", workspace.address)
        monkeypatch.setenv("SHOP_TOKEN", databricks.TOKEN)

        def filled(rows):
            created = "create or replace table people (id bigint, email varchar, first_name varchar, orders integer)"
            workspace.database.execute(created)
            workspace.database.executemany("insert into people values (?, ?, ?, ?)", rows)

        workspace.filled = filled
        yield workspace


@pytest.fixture
def cluster(postgres_server, postgres_database, front, monkeypatch):
    """A Redshift cluster, to be filled with people, that may unload to a bucket."""
    store = ObjectStore(front)
    for name, value in {
        "AWS_ENDPOINT_URL": front.address,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "owner",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "SHOP_DATABASE": postgres_database,
        "SHOP_USER": postgres_server.user,
        "SHOP_PASSWORD": postgres_server.password,
        "SHOP_UNLOAD": f"s3://{store.bucket}/tmp",
    }.items():
        monkeypatch.setenv(name, value)
    with redshift.serving(postgres_server, store.client) as cluster:
        monkeypatch.setenv("SHOP_HOST", cluster.host)
        monkeypatch.setenv("SHOP_PORT", str(cluster.port))

        def filled(rows):
            values = ", ".join(str(row).replace("None", "null").replace('"', "'") for row in rows)
            postgres_server.run(
                "drop table if exists people",
                "create table people (id bigint, email varchar, first_name varchar, orders integer)",
                f"insert into people values {values}",
                database=postgres_database,
            )

        cluster.filled = filled
        yield cluster


@pytest.fixture
def crm(tmp_path, monkeypatch):
    """What the destination holds; it is empty at the beginning of a life from a source."""

    def opened(name):
        file = tmp_path / f"{name}.duckdb"
        with duckdb.connect(file) as made:
            made.execute("create table loyal (id bigint primary key, email varchar, name varchar)")
        monkeypatch.setenv("CRM_URL", f"duckdb://{file}")
        monkeypatch.setenv("ACTIVATION_STORAGE", str(tmp_path / f"{name}-storage"))

        def rows():
            with duckdb.connect(file, read_only=True) as held:
                return held.execute("from loyal order by id").fetchall()

        return rows

    return opened


def lived(tmp_path, source, fills, rows):
    """The destination after a first run, and after a second that inserts, updates and deletes."""
    with dg.DagsterInstance.ephemeral() as instance:
        runner = Runner(Project(tmp_path, {"defs.yaml": SHOP.format(source=source)}).load(), instance)
        for people, partition in ((BEFORE, FIRST), (AFTER, SECOND)):
            fills(people)
            succeeded(runner.run(PEOPLE, partition=partition))
            yield rows()


@pytest.mark.parametrize(
    ("source", "fixture"),
    [(DATABRICKS, "lake"), (REDSHIFT + "}", "cluster"), (UNLOADED, "cluster")],
    ids=["databricks", "redshift", "redshift-unload"],
)
def test_the_same_workspace_ends_in_the_same_state(request, tmp_path, crm, warehouse, source, fixture):
    warehouse_of_it = request.getfixturevalue(fixture)
    first, second = lived(tmp_path, source, warehouse_of_it.filled, crm("from-another"))

    assert [first, second] == list(
        lived(tmp_path, DUCKDB, lambda rows: fill(warehouse, rows), crm("from-duckdb"))
    )
    assert [row[0] for row in first] == [1, 2, 3, 4]
    assert second[:2] == [(1, "person1@example.com", "Aïda"), (2, "person2@example.com", None)]
    assert [row[0] for row in second] == [1, 2, 5, 6]
    if source == UNLOADED:
        assert sum(sql.startswith("UNLOAD") for sql in warehouse_of_it.seen) == 2


def test_fewer_rows_than_the_warehouse_counted_stop_the_model_and_delete_nobody(
    tmp_path, crm, lake, instance
):
    rows = crm("held")
    runner = Runner(Project(tmp_path, {"defs.yaml": SHOP.format(source=DATABRICKS)}).load(), instance)
    lake.filled(BEFORE)
    succeeded(runner.run(PEOPLE))
    lake.loses = 2

    words = refusal(runner.run(PEOPLE, partition=SECOND))

    assert "has 3 rows instead of 5" in words
    assert [row[0] for row in rows()] == [1, 2, 3, 4]
