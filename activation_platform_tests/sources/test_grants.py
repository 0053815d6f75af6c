"""What a warehouse's owner has to grant: enough to read, as the reader proves, and nothing more."""

from datetime import UTC, datetime

import polars as pl
import pytest

from activation_platform.contracts.errors import CredentialsRefused
from activation_platform.contracts.source import TableName
from activation_platform.sources.bigquery import BigQuery
from activation_platform.sources.databricks import Databricks
from activation_platform.sources.postgres import Postgres
from activation_platform.sources.redshift import Redshift
from activation_platform.sources.relation import Relation
from activation_platform.sources.schemas import publish
from activation_platform.sources.snowflake import Snowflake
from activation_platform_tests.sources.redshift_cluster import serving

PEOPLE = TableName("", "crm", '"People"')


def test_a_new_postgres_role_reads_what_it_is_granted_and_nothing_else(postgres_server, postgres_database):
    role = f'reader "of" {postgres_database}'
    quoted = '"' + role.replace('"', '""') + '"'
    postgres_server.run(
        "create schema crm",
        'create table crm."People" as select 1 as id',
        "create table crm.salaries as select 1 as id",
        f"create role {quoted} login password 'reader-password'",
        database=postgres_database,
    )
    source = Postgres(
        host=postgres_server.host,
        port=postgres_server.port,
        database=postgres_database,
        user=role,
        password="reader-password",
    )
    with pytest.raises(CredentialsRefused):
        source.columns('select * from crm."People"')

    postgres_server.run(*source.grants([PEOPLE]).splitlines(), database=postgres_database)

    assert pl.concat(source.read('select * from crm."People"')).rows() == [(1,)]
    with pytest.raises(CredentialsRefused):
        source.columns("select * from crm.salaries")
    postgres_server.run(f"drop owned by {quoted}", f"drop role {quoted}", database=postgres_database)


@pytest.fixture(params=[Postgres, Redshift])
def reached(request, postgres_server):
    """The class of a source, and where it reaches a PostgreSQL: itself, or as a Redshift cluster."""
    if request.param is Postgres:
        yield Postgres, {"host": postgres_server.host, "port": postgres_server.port}
        return
    with serving(postgres_server, None) as cluster:
        yield Redshift, {"host": cluster.host, "port": cluster.port, "sslmode": "disable"}


def test_a_new_role_works_in_our_schemas_once_it_may_and_nowhere_else(
    reached, postgres_server, postgres_database
):
    made, settings = reached
    role = f"worker of {postgres_database}"
    postgres_server.run(
        "create table people as select 1 as id",
        f"create role \"{role}\" login password 'worker-password'",
        f'revoke temporary on database "{postgres_database}" from public',
        database=postgres_database,
    )
    source = made(database=postgres_database, user=role, password="worker-password", **settings)
    everything = source.grants([TableName("", "public", "people")]) + "\n" + source.grants_to_work()
    postgres_server.run(
        *source.grants([TableName("", "public", "people")]).splitlines(), database=postgres_database
    )
    rows = Relation.of(source, "select * from people", None)
    shown = {"snapshot": 1, "as_of": datetime(2026, 1, 1, tzinfo=UTC), "counts": (1, 1, 1)}
    with pytest.raises(CredentialsRefused):
        publish(source, rows, "model", "people", **shown)

    postgres_server.run(*everything.splitlines(), database=postgres_database)

    publish(source, rows, "model", "people", **shown)
    with source.bench() as bench:
        bench.upload("given", pl.DataFrame({"key": ["a"]}))
        bench.run("create table activation_delta.seen as select * from given")
    with pytest.raises(CredentialsRefused), source.bench() as bench:
        bench.run("create table public.mine as select 1 as id")
    postgres_server.run(f'drop owned by "{role}"', f'drop role "{role}"', database=postgres_database)


def test_snowflake_quotes_names_that_could_not_stand_without():
    source = Snowflake(account="a", user="me@example.org", warehouse="SMALL; DROP", database="my shop")

    assert source.grants([TableName("", "crm", "PEOPLE")]).splitlines()[1:] == [
        'GRANT USAGE ON WAREHOUSE "SMALL; DROP" TO ROLE ACTIVATION;',
        'GRANT USAGE ON DATABASE "my shop" TO ROLE ACTIVATION;',
        'GRANT USAGE ON SCHEMA "my shop".crm TO ROLE ACTIVATION;',
        'GRANT SELECT ON TABLE "my shop".crm.PEOPLE TO ROLE ACTIVATION; -- a view: ON VIEW',
        'GRANT ROLE ACTIVATION TO USER "me@example.org";',
    ]


def test_snowflake_grants_a_role_the_way_down_to_each_table():
    source = Snowflake(
        account="a", user="READER", warehouse="SMALL", database="SHOP", default_schema="PUBLIC"
    )

    assert source.grants(
        [TableName("", "", "ORDERS"), TableName("LAKE", "crm", '"People"')]
    ).splitlines() == [
        "CREATE ROLE IF NOT EXISTS ACTIVATION;",
        "GRANT USAGE ON WAREHOUSE SMALL TO ROLE ACTIVATION;",
        "GRANT USAGE ON DATABASE LAKE TO ROLE ACTIVATION;",
        "GRANT USAGE ON DATABASE SHOP TO ROLE ACTIVATION;",
        "GRANT USAGE ON SCHEMA LAKE.crm TO ROLE ACTIVATION;",
        "GRANT USAGE ON SCHEMA SHOP.PUBLIC TO ROLE ACTIVATION;",
        "GRANT SELECT ON TABLE SHOP.PUBLIC.ORDERS TO ROLE ACTIVATION; -- a view: ON VIEW",
        'GRANT SELECT ON TABLE LAKE.crm."People" TO ROLE ACTIVATION; -- a view: ON VIEW',
        "GRANT ROLE ACTIVATION TO USER READER;",
    ]


def test_databricks_grants_a_principal_the_way_down_to_each_table():
    source = Databricks(host="h", warehouse_id="1234", client_id="5f1c", catalog="main")

    assert source.grants(
        [TableName("", "", "orders"), TableName("lake", "crm", "`my people`")]
    ).splitlines() == [
        "-- in the workspace: CAN USE on the warehouse 1234",
        "GRANT USE CATALOG ON CATALOG lake TO `5f1c`;",
        "GRANT USE CATALOG ON CATALOG main TO `5f1c`;",
        "GRANT USE SCHEMA ON SCHEMA lake.crm TO `5f1c`;",
        "GRANT USE SCHEMA ON SCHEMA main.default TO `5f1c`;",
        "GRANT SELECT ON TABLE main.default.orders TO `5f1c`;",
        "GRANT SELECT ON TABLE lake.crm.`my people` TO `5f1c`;",
    ]


def test_redshift_grants_a_user_the_schemas_and_tables_and_names_what_unload_needs():
    source = Redshift(host="h", database="d", user="reader", unload_to="s3://bucket/tmp")

    assert source.grants([PEOPLE, TableName("", "", "orders")]).splitlines() == [
        'GRANT USAGE ON SCHEMA crm TO "reader";',
        'GRANT SELECT ON crm."People" TO "reader";',
        'GRANT SELECT ON orders TO "reader";',
        "-- in AWS: s3:PutObject on s3://bucket/tmp/* for the cluster's IAM role (default)",
    ]


def test_redshift_grants_a_user_our_schemas_and_temporary_tables_to_work_in():
    source = Redshift(host="h", database="my shop", user="reader")

    assert source.grants_to_work().splitlines() == [
        'GRANT TEMPORARY ON DATABASE "my shop" TO "reader";',
        "CREATE SCHEMA IF NOT EXISTS activation_delta;",
        "CREATE SCHEMA IF NOT EXISTS activation_segments;",
        "CREATE SCHEMA IF NOT EXISTS activation_stats;",
        'GRANT USAGE, CREATE ON SCHEMA activation_delta TO "reader";',
        'GRANT USAGE, CREATE ON SCHEMA activation_segments TO "reader";',
        'GRANT USAGE, CREATE ON SCHEMA activation_stats TO "reader";',
    ]


def test_snowflake_grants_a_role_our_schemas_in_its_database_to_work_in():
    source = Snowflake(account="a", user="READER", warehouse="SMALL", database="my shop", role="WORKER")

    assert source.grants_to_work().splitlines() == [
        'GRANT USAGE ON DATABASE "my shop" TO ROLE WORKER;',
        'CREATE SCHEMA IF NOT EXISTS "my shop".activation_delta;',
        'CREATE SCHEMA IF NOT EXISTS "my shop".activation_segments;',
        'CREATE SCHEMA IF NOT EXISTS "my shop".activation_stats;',
        'GRANT USAGE, CREATE TABLE, CREATE VIEW ON SCHEMA "my shop".activation_delta TO ROLE WORKER;',
        'GRANT USAGE, CREATE TABLE, CREATE VIEW ON SCHEMA "my shop".activation_segments TO ROLE WORKER;',
        'GRANT USAGE, CREATE TABLE, CREATE VIEW ON SCHEMA "my shop".activation_stats TO ROLE WORKER;',
    ]


def test_databricks_grants_a_principal_our_schemas_in_its_catalog_to_work_in():
    source = Databricks(host="h", warehouse_id="1234", client_id="5f1c", catalog="main")

    assert source.grants_to_work().splitlines() == [
        "GRANT USE CATALOG ON CATALOG main TO `5f1c`;",
        "CREATE SCHEMA IF NOT EXISTS main.activation_delta;",
        "CREATE SCHEMA IF NOT EXISTS main.activation_segments;",
        "CREATE SCHEMA IF NOT EXISTS main.activation_stats;",
        "GRANT USE SCHEMA, CREATE TABLE ON SCHEMA main.activation_delta TO `5f1c`;",
        "GRANT USE SCHEMA, CREATE TABLE ON SCHEMA main.activation_segments TO `5f1c`;",
        "GRANT USE SCHEMA, CREATE TABLE ON SCHEMA main.activation_stats TO `5f1c`;",
    ]


def test_bigquery_grants_an_account_our_datasets_in_the_technical_project_to_work_in():
    source = BigQuery(project="my-data", technical_project="my-jobs", location="EU")

    member = '"serviceAccount:activation@my-data.iam.gserviceaccount.com"'
    assert source.grants_to_work().splitlines() == [
        "CREATE SCHEMA IF NOT EXISTS `my-jobs`.activation_delta OPTIONS (location = 'EU');",
        "CREATE SCHEMA IF NOT EXISTS `my-jobs`.activation_segments OPTIONS (location = 'EU');",
        "CREATE SCHEMA IF NOT EXISTS `my-jobs`.activation_stats OPTIONS (location = 'EU');",
        f"GRANT `roles/bigquery.dataEditor` ON SCHEMA `my-jobs`.activation_delta TO {member};",
        f"GRANT `roles/bigquery.dataEditor` ON SCHEMA `my-jobs`.activation_segments TO {member};",
        f"GRANT `roles/bigquery.dataEditor` ON SCHEMA `my-jobs`.activation_stats TO {member};",
    ]
