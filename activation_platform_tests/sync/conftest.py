"""The workshop that the engine's tests run activations in, and the homes of state."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from activation_platform.sources import databricks_api
from activation_platform.sync.bucket import Bucket
from activation_platform_tests.destinations.files.stores import Front
from activation_platform_tests.postgres_server import PostgreSQLServer
from activation_platform_tests.sources import databricks_workspace as databricks
from activation_platform_tests.sources.databricks_workspace import Workspace
from activation_platform_tests.sources.redshift_cluster import Cluster, serving
from activation_platform_tests.sync.homes import home
from activation_platform_tests.sync.warehouses import (
    Staying,
    in_bigquery,
    in_databricks,
    in_duckdb,
    in_postgres,
    in_redshift,
    in_snowflake,
)
from activation_platform_tests.sync.world import Workshop


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """A workshop with a mirror of things and an empty ledger, on a machine that never loses power."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    monkeypatch.setattr(os, "fdatasync", lambda descriptor: None)
    return Workshop(tmp_path)


@pytest.fixture
def bucket(front: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """An empty storage root on the stand-in of S3."""
    made = home("bucket", front, tmp_path, monkeypatch)
    assert isinstance(made, Bucket)
    return made


@pytest.fixture
def redshift_cluster(postgres_server: PostgreSQLServer) -> Iterator[Cluster]:
    """A Redshift cluster that unloads nothing."""
    with serving(postgres_server, None) as cluster:
        yield cluster
        assert cluster.broken == []


@pytest.fixture
def databricks_workspace(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """A Databricks workspace for which nobody waits."""
    monkeypatch.setattr(databricks_api, "sleep", lambda seconds: None)
    with databricks.serving() as workspace:
        workspace.looks = 0
        yield workspace


@pytest.fixture(params=["bigquery", "databricks", "duckdb", "postgres", "redshift", "snowflake"])
def staying(request: pytest.FixtureRequest, tmp_path: Path) -> Staying:
    """A warehouse in which a frame stays."""
    there = request.getfixturevalue
    match request.param:
        case "bigquery":
            return in_bigquery(there("bigquery_project"), there("bigquery_key"))
        case "databricks":
            return in_databricks(there("databricks_workspace"))
        case "duckdb":
            return in_duckdb(tmp_path)
        case "postgres":
            return in_postgres(there("postgres_server"), there("postgres_database"))
        case "redshift":
            return in_redshift(there("redshift_cluster"), there("postgres_database"))
        case _:
            return in_snowflake(there("snowflake_account"))


@pytest.fixture
def warehouse(staying: Staying, workshop: Workshop) -> Workshop:
    """A workshop whose frames stay in it."""
    workshop.staying = staying
    return workshop
