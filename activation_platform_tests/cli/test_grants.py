"""`activation grants` prints what an owner has to run, for exactly the tables that the models of the source read."""

POSTGRES = """
type: activation_platform.SourceComponent
attributes:
  name: crm_copy
  kind: postgres
  settings: {host: warehouse.example.org, database: shop, user: activation o"reader, password: env:COPY_PASSWORD}
---
type: activation_platform.ModelComponent
attributes:
  name: buyers
  source: crm_copy
  sql: >
    with recent as (select * from sales.orders)
    select c.id from "Shop".customers c join recent r using (id) join plain p using (id)
  kind: users
  primary_key: id
---
"""


def test_duckdb_needs_nothing(activation, project):
    said = activation("grants", "shop").stdout

    assert said.startswith("-- DuckDB needs nothing")


def test_postgres_needs_the_tables_that_its_models_read_and_nothing_else(activation, project, monkeypatch):
    monkeypatch.setenv("COPY_PASSWORD", "s3cret-password")
    project.declare(POSTGRES + project.yaml.read_text())

    assert activation("grants", "crm_copy").stdout.splitlines() == [
        'GRANT CONNECT ON DATABASE "shop" TO "activation o""reader";',
        'GRANT USAGE ON SCHEMA "Shop" TO "activation o""reader";',
        'GRANT USAGE ON SCHEMA sales TO "activation o""reader";',
        'GRANT SELECT ON plain TO "activation o""reader";',
        'GRANT SELECT ON "Shop".customers TO "activation o""reader";',
        'GRANT SELECT ON sales.orders TO "activation o""reader";',
    ]


def test_a_source_in_which_rows_stay_may_also_write_to_schemas_of_the_platforms_own(
    activation, project, monkeypatch
):
    monkeypatch.setenv("COPY_PASSWORD", "s3cret-password")
    staying = POSTGRES.replace("kind: users", "kind: users\n  engine: warehouse")
    project.declare(staying + project.yaml.read_text())

    said = activation("grants", "crm_copy").stdout.splitlines()

    assert said[6:9] == [
        'GRANT TEMPORARY ON DATABASE "shop" TO "activation o""reader";',
        "CREATE SCHEMA IF NOT EXISTS activation_delta;",
        "CREATE SCHEMA IF NOT EXISTS activation_segments;",
    ]
    assert said[-1] == 'GRANT USAGE, CREATE ON SCHEMA activation_stats TO "activation o""reader";'


def test_a_source_that_does_not_exist_is_told_with_the_nearest(activation, project):
    assert 'Did you mean "shop"' in activation("grants", "shp", fails=2).stderr
