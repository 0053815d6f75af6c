"""Segments that ask for values within JSON, through Dagster: in frames, and in warehouses."""

import duckdb
import pytest

from activation_platform_tests.components.project import LETTERS, succeeded, told

CONDITION = "- {field: orders, at_least: 3}"
ASKED = "- {field: profile, path: $.plan.name, as: text, equals: pro}"
COLUMN = ("    email: text\n", "    email: text\n    profile: text\n")
STAYING = ("kind: users\n", "kind: users\n  engine: warehouse\n")
PROFILES = {
    1: '{"plan": {"name": "pro"}}',
    2: '{"plan": {"name": "free"}}',
    3: '{"plan": {"name": "pro", "name": "pro"}}',
    4: None,
}


@pytest.fixture
def shop(project, warehouse):
    with duckdb.connect(warehouse) as connection:
        connection.execute("alter table people add column profile json")
        for number, profile in PROFILES.items():
            connection.execute("update people set profile = ? where id = ?", [profile, number])
    return project.replaced(*COLUMN).replaced(CONDITION, ASKED)


@pytest.mark.parametrize("staying", [False, True])
def test_those_belong_whose_documents_say_so_in_frames_and_in_the_warehouse(shop, loaded, sandbox, staying):
    if staying:
        shop.replaced(*STAYING)

    run = succeeded(loaded(shop).run(LETTERS, partition="2024-01-01-06:00"))

    assert told(run, LETTERS)["inserted"] == 1
    assert list(sandbox.world.part("batch", "profiles")) == ["1"]


def elsewhere(shop, kind):
    """The same workspace over another kind of source, whose settings say enough to load."""
    settings = {
        "snowflake": "account: a-b\n    user: u\n    password: env:SHOP_FILE\n    warehouse: w\n    database: d",
        "redshift": "host: h\n    database: d\n    user: u\n    password: env:SHOP_FILE",
        "bigquery": "project: p\n    location: EU",
    }
    return shop.replaced("kind: duckdb", f"kind: {kind}").replaced("path: env:SHOP_FILE", settings[kind])


@pytest.mark.parametrize("kind", ["bigquery", "redshift", "snowflake"])
def test_a_warehouse_whose_words_find_the_same_values_is_asked_itself(shop, kind):
    assert elsewhere(shop, kind).replaced(*STAYING).load()


def test_over_frames_it_may_come_from_every_source(shop):
    assert elsewhere(shop, "snowflake").load()
