"""Computed fields through Dagster: as columns that activations map, in conditions, and what is refused when definitions load."""

from dataclasses import dataclass
from typing import Any

import duckdb
import pytest

from activation_platform_tests.components.database import database
from activation_platform_tests.components.project import (
    SECOND,
    THIRD,
    Project,
    Runner,
    succeeded,
    told,
)

CRM = """\
type: activation_platform.DestinationComponent
attributes: {name: crm_database, platform: database, settings: {url: env:CRM_URL}}
"""
SHOP = """\
type: activation_platform.SourceComponent
attributes: {name: shop, kind: KIND, settings: SETTINGS}
---
type: activation_platform.ModelComponent
attributes:
  name: people
  source: shop
  sql: select id, country, cast(fee as decimal(10, 2)) as fee from people
  engine: ENGINE
  primary_key: id
  columns: {id: integer, country: text, fee: "decimal(10, 2)"}
  relations: {orders: {model: orders, match: {id: person}}, home: {model: countries, match: {country: code}}}
  computed:
    spent: {aggregate: {sum: net, of: orders, in_last: 30 days, time: placed}}
    bought: {count: orders, in_last: 30 days, time: placed}
    per_order: {formula: "round((spent + fee) / bought, 1)"}
    tier:
      label:
        - {when: {field: spent, at_least: 100}, then: gold}
        - {when: {field: bought, at_least: 1}, then: silver}
      otherwise: none yet
    nation: {related: name, of: home}
---
type: activation_platform.ModelComponent
attributes:
  name: orders
  source: shop
  sql: select id, person, cast(total as decimal(10, 2)) as total, placed from orders
  engine: ENGINE
  primary_key: id
  columns: {id: integer, person: integer, total: "decimal(10, 2)", placed: date}
  computed:
    net: {formula: total * 0.5}
---
type: activation_platform.ModelComponent
attributes:
  name: countries
  source: shop
  table: countries
  engine: ENGINE
  primary_key: code
  most_duplicates: 50
  columns: {code: text, name: text}
---
type: activation_platform.SegmentComponent
attributes:
  name: chosen
  model: people
  where: {field: tier, not_equals: none yet}
---
type: activation_platform.ActivationComponent
attributes:
  name: kept
  segment: chosen
  destination: crm_database
  service: table
  mode: mirror
  options: {table: kept, key: id}
  mapping: {id: id, spent: spent, tier: tier}
  schedule: {cron: "0 6 * * 1", start: 2024-01-01}
---
type: activation_platform.ActivationComponent
attributes:
  name: everybody
  model: people
  destination: crm_database
  service: table
  mode: mirror
  options: {table: everybody, key: id}
  mapping: {id: id, tier: tier, per_order: per_order, nation: nation}
  schedule: {cron: "0 6 * * 1", start: 2024-01-01}
"""
TABLES = [
    "create table people (id bigint, country text, fee numeric(10, 2))",
    "create table orders (id bigint, person bigint, total numeric(10, 2), placed date)",
    "create table countries (code text, name text)",
    "insert into people values (1, 'FR', 1), (2, 'BE', null), (3, 'XX', 2)",
    "insert into countries values ('FR', 'France'), ('BE', 'Belgium'), ('BE', 'Belgique')",
    "insert into orders values (1, 1, 300, '2024-01-05'), (2, 1, 10, '2024-01-01'), (3, 2, 4, '2024-01-02')",
]
KEPT, EVERYBODY = "activations/crm_database/kept", "activations/crm_database/everybody"


@dataclass
class Shop:
    """People, their orders and countries, in a warehouse; and the tables that are kept in step with them."""

    runner: Runner
    run: Any
    crm: Any

    def kept(self, table: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(self.crm) as connection:
            return connection.execute(f"select * from {table} order by id").fetchall()


@pytest.fixture(
    params=[("duckdb", "frames"), ("postgres", "warehouse"), ("duckdb", "warehouse")], ids="-".join
)
def shop(request, tmp_path, monkeypatch, storage, instance) -> Shop:
    kind, engine = request.param
    crm = tmp_path / "crm.duckdb"
    monkeypatch.setenv("CRM_URL", f"duckdb://{crm}")
    with duckdb.connect(crm) as connection:
        connection.execute("create table kept (id bigint primary key, spent decimal(10, 2), tier varchar)")
        connection.execute(
            "create table everybody (id bigint primary key, tier varchar, per_order double, nation varchar)"
        )
    settings, run = database(kind, request, tmp_path, monkeypatch)
    run(*TABLES)
    yaml = SHOP.replace("KIND", kind).replace("SETTINGS", settings).replace("ENGINE", engine)
    project = Project(tmp_path, {"defs.yaml": yaml + "---\n" + CRM})
    return Shop(Runner(project.load(), instance), run, crm)


def at(day, *models):
    return {model: {"as_of": f"{day}T06:00:00+00:00"} for model in models}


def test_fields_that_are_mapped_are_sent_and_updated_when_they_change_though_the_rows_do_not(shop):
    segment = at("2024-01-08", "models__people", "segments__chosen")
    succeeded(shop.runner.run(KEPT, EVERYBODY, partition=SECOND, **segment))

    assert shop.kept("kept") == [(1, 155, "gold"), (2, 2, "silver")]
    assert shop.kept("everybody") == [
        (1, "gold", 78.0, "France"),
        (2, "silver", None, None),
        (3, "none yet", None, None),
    ]

    shop.run("insert into orders values (4, 3, 200, '2024-01-09'), (5, 2, 10, '2024-01-09')")
    later = at("2024-01-15", "models__people", "segments__chosen")
    result = succeeded(shop.runner.run(KEPT, EVERYBODY, partition=THIRD, **later))

    assert shop.kept("kept") == [(1, 155, "gold"), (2, 7, "silver"), (3, 100, "gold")]
    assert shop.kept("everybody")[2] == (3, "gold", 102.0, None)
    figures = told(result, KEPT)
    assert (figures["inserted"], figures["updated"], figures["deleted"]) == (1, 1, 0)
    assert told(result, EVERYBODY)["updated"] == 1
