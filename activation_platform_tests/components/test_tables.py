"""The technical tables in a workspace: what Dagster's job leaves under the storage root and in every warehouse."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import polars as pl
import pytest

from activation_platform.components.technical.schema import TABLES
from activation_platform_tests.components import test_warehouses
from activation_platform_tests.components.daemon import daemon
from activation_platform_tests.components.project import LETTERS, Project, succeeded, told
from activation_platform_tests.components.runs_left import leave_page, leave_run
from activation_platform_tests.components.test_warehouses import STAYING, on

bigquery, databricks, duckdb, postgres = (
    test_warehouses.bigquery,
    test_warehouses.databricks,
    test_warehouses.duckdb,
    test_warehouses.postgres,
)
redshift, shop, snowflake = test_warehouses.redshift, test_warehouses.shop, test_warehouses.snowflake

DECLARED = (
    "type: activation_platform.TablesComponent\nattributes: {name: technical, KEYSwarehouses: [WAREHOUSES]}\n"
)
MOMENT = {"runs": "started_at", "operations": "happened_at", "memberships": "happened_at"}
TECHNICAL = "tables/technical"


def tables(warehouses="", keys=""):
    return DECLARED.replace("KEYS", keys).replace("WAREHOUSES", warehouses)


def read(storage, table, version=1):
    return pl.read_parquet(storage / "tables" / table / f"v{version}" / "*.parquet")


@on("bigquery", "databricks", "duckdb", "postgres", "redshift", "snowflake")
def test_the_tables_stand_under_the_storage_root_and_in_the_warehouse(shop, project, loaded, storage):
    runner = loaded(project.replaced(*STAYING).also(tables("shop")))
    leave_run(storage, 1)
    leave_page(storage, 1, {"a1": "entered"})
    succeeded(runner.run(TECHNICAL, upstream=False, partition=None))
    leave_run(storage, 2)
    (storage / "ledgers" / "letters" / "issues" / "1.parquet").unlink()
    (storage / "ledgers" / "letters" / "issues" / "2.parquet").unlink()
    succeeded(runner.run(TECHNICAL, upstream=False, partition=None))

    runs = ("ledger", "run", "status", "full_run", "loaded", "seconds", "notes")
    operations = ("run", "key", "identifier", "operation", "event", "did")
    memberships = ("segment", "snapshot", "event", "key")
    for table, columns in {"runs": runs, "operations": operations, "memberships": memberships}.items():
        found = shop.rows(f"select {', '.join(columns)} from activation_stats.{table}_v1")
        assert sorted(map(str, map(tuple, found))) == sorted(
            map(str, read(storage, table).select(columns).rows())
        )
        (times,) = shop.rows(
            f"select min({MOMENT[table]}), max({MOMENT[table]}) from activation_stats.{table}_v1"
        )
        assert {moment.replace(tzinfo=UTC) for moment in times} == set(read(storage, table)[MOMENT[table]])
    assert shop.rows("select count(*) from activation_stats.issues_v1") == [(0,)]
    assert not [*storage.glob("tables/issues/v1/*.parquet")]


def test_a_second_call_writes_nothing_and_tells_so(project, loaded, storage):
    runner = loaded(project.also(tables(keys="keys: clear, ")))
    succeeded(runner.run(LETTERS))

    first, second = (
        told(succeeded(runner.run(TECHNICAL, partition=None)), TECHNICAL)["tables"] for _ in range(2)
    )

    assert [line.split("|")[4:7] for line in first.splitlines()[2:]] == [[" 1 ", " 1 ", " 0 "]] * 2 + [
        [" 0 "] * 3
    ] * 2
    assert [line.split("|")[5] for line in second.splitlines()[2:]] == [" 0 "] * len(TABLES)
    assert sorted(read(storage, "operations")["key"]) == ["1", "2", "3", "4"]
    assert "person1@" not in first


def test_the_daemon_brings_them_up_once_a_day(tmp_path, storage, warehouse):
    settings = "{name: shop, kind: duckdb, settings: {path: env:SHOP_FILE}}"
    source = f"type: activation_platform.SourceComponent\nattributes: {settings}\n"
    leave_run(storage, 1)
    with daemon(
        tmp_path / "home", Project(tmp_path, {"defs.yaml": f"{source}---\n{tables()}"}).write()
    ) as stage:
        night = (datetime.now(UTC) + timedelta(days=1)).replace(hour=2, minute=30, second=0, microsecond=0)
        stage.at(night - timedelta(hours=1))
        assert stage.settle() == []
        stage.at(night)
        (run,) = stage.settle()
        assert (run.job_name, run.status) == ("write_tables_technical", dg.DagsterRunStatus.SUCCESS)
        assert read(storage, "runs").height == 1
        stage.at(night + timedelta(hours=12))
        assert stage.settle() == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (tables("shopp"), 'there is no source "shopp"'),
        (tables("shop"), 'no model stays in "shop" (engine: warehouse), so that it is never written'),
        (tables() + "---\n" + tables().replace("technical", "too"), 'there are tables already, "technical"'),
        (tables(keys="keys: secret, "), "Input should be 'clear' or 'hashed'"),
        (
            tables().replace("KEYS", "").replace("warehouses", "at: '25:00', warehouses"),
            "should match pattern",
        ),
    ],
    ids=["unknown", "never_written", "twice", "keys", "at"],
)
def test_tables_that_cannot_be_are_refused_when_the_workspace_is_loaded(more, words, project):
    assert words in project.also(more).refusal()
