"""What a warehouse's owner has to grant: enough to read, as the reader proves, and nothing more."""

import polars as pl
import pytest

from activation_platform.contracts.errors import CredentialsRefused
from activation_platform.contracts.source import TableName
from activation_platform.sources.postgres import Postgres
from activation_platform.sources.snowflake import Snowflake

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
