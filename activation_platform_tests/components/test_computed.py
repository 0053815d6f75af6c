"""Computed fields through Dagster: as columns that activations map, in conditions, and what is refused when definitions load."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import dagster as dg
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
CRM_TABLES = [
    "create table kept (id bigint primary key, spent decimal(10, 2), tier varchar)",
    "create table everybody (id bigint primary key, tier varchar, per_order double, nation varchar)",
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


def prepare(file, statements):
    with duckdb.connect(file) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def shop_yaml(monkeypatch, tmp_path) -> str:
    """The workspace over frames of a DuckDB file."""
    monkeypatch.setenv("CRM_URL", f"duckdb://{tmp_path / 'crm.duckdb'}")
    yaml = SHOP.replace("KIND", "duckdb").replace("SETTINGS", f"{{path: {tmp_path / 'shop.duckdb'}}}")
    return yaml.replace("ENGINE", "frames") + "---\n" + CRM


@pytest.fixture
def loaded_again(tmp_path, shop_yaml, instance):
    """Makes a runner of the workspace with a piece of it replaced."""

    def load(old: str, new: str) -> Runner:
        return Runner(Project(tmp_path, {"defs.yaml": shop_yaml.replace(old, new)}).load(), instance)

    return load


@pytest.fixture
def frames(tmp_path, storage, loaded_again) -> Shop:
    """The shop over frames, filled."""
    prepare(tmp_path / "crm.duckdb", CRM_TABLES)
    prepare(tmp_path / "shop.duckdb", TABLES)

    def run(*statements):
        prepare(tmp_path / "shop.duckdb", statements)

    return Shop(loaded_again("", ""), run, tmp_path / "crm.duckdb")


@pytest.fixture(
    params=[("duckdb", "frames"), ("postgres", "warehouse"), ("duckdb", "warehouse")], ids="-".join
)
def shop(request, tmp_path, monkeypatch, storage, instance) -> Shop:
    kind, engine = request.param
    crm = tmp_path / "crm.duckdb"
    monkeypatch.setenv("CRM_URL", f"duckdb://{crm}")
    prepare(crm, CRM_TABLES)
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


def test_what_fields_are_made_of_is_upstream_and_the_fields_that_are_mapped_are_columns(frames):
    graph = frames.runner.defs.resolve_asset_graph()
    parents = {
        name: {key.to_user_string() for key in graph.get(dg.AssetKey(name.split("/"))).parent_keys}
        for name in (KEPT, EVERYBODY, "segments/chosen")
    }

    assert parents["segments/chosen"] == {"models/people", "models/orders"}
    assert parents[KEPT] == {"segments/chosen", "destinations/crm_database"}
    assert parents[EVERYBODY] == {
        "models/people",
        "models/orders",
        "models/countries",
        "destinations/crm_database",
    }
    result = succeeded(frames.runner.run(KEPT, partition=SECOND, **at("2024-01-08", "segments__chosen")))
    columns = told(result, "segments/chosen")["dagster/column_schema"].columns
    assert [(one.name, one.type) for one in columns] == [
        ("id", "integer"),
        ("country", "text"),
        ("fee", "decimal(10, 2)"),
        ("spent", "decimal(38, 3)"),
        ("tier", "text"),
    ]


def test_a_segment_is_made_anew_when_a_field_that_it_is_about_is_defined_otherwise(frames, loaded_again):
    day = at("2024-01-08", "segments__chosen")
    succeeded(frames.runner.run("segments/chosen", partition=None, **day))
    same = succeeded(loaded_again("", "").run("segments/chosen", partition=None, upstream=False, **day))
    other = succeeded(
        loaded_again("total * 0.5", "total * 0.1").run(
            "segments/chosen", partition=None, upstream=False, **day
        )
    )
    mapped = succeeded(
        loaded_again("{id: id, spent: spent, tier: tier}", "{id: id, tier: tier}").run(
            "segments/chosen", partition=None, upstream=False, **day
        )
    )

    reused = [told(one, "segments/chosen")["reused"] for one in (same, other, mapped)]
    assert reused == [True, False, False]


def test_a_run_over_older_snapshots_of_what_a_field_is_made_of_is_superseded(frames):
    day = at("2024-01-08", "models__people")
    succeeded(frames.runner.run(EVERYBODY, partition=SECOND, **day))
    frames.run("insert into orders values (9, 2, 500, '2024-01-06')")
    succeeded(frames.runner.run("models/orders", partition=None))
    result = succeeded(frames.runner.run(EVERYBODY, upstream=False, partition=SECOND))

    assert told(result, EVERYBODY)["updated"] == 1
    assert frames.kept("everybody")[1] == (2, "gold", None, None)


def test_an_activation_that_follows_its_model_follows_what_its_fields_are_made_of(tmp_path, shop_yaml):
    follows = "schedule: {follow: upstream}"
    yaml = shop_yaml.replace('schedule: {cron: "0 6 * * 1", start: 2024-01-01}', follows)

    defs = Project(tmp_path, {"defs.yaml": yaml}).load()

    node = defs.resolve_asset_graph().get(dg.AssetKey(EVERYBODY.split("/")))
    assert node.automation_condition is not None
    assert all(name in str(node.automation_condition) for name in ("people", "orders", "countries"))


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("{sum: net,", "{sum: nett,", "spent: {", 'nett: orders has no such field - did you mean "net"?'),
        ("spent: {aggregate", "fee: {aggregate", "fee: {aggregate", 'the model has the column "fee"'),
        ("spent: {aggregate", "Country: {aggregate", "Country: {aggregate", 'the model has the column "country"'),
        ("spent: {aggregate", '"*": {aggregate', '"*": {aggregate', '"*" cannot be the name of a field'),
        ("(spent + fee)", "(spnt + fee)", "per_order: {", 'spnt: the model has no such field - did you mean "spent"?'),
        ("(spent + fee)", "(spent + country)", "per_order: {", "`+` takes numbers, here number and text"),
        ("(spent + fee)", "(per_order + fee)", "per_order: {", "the field refers to itself: per_order → per_order"),
        ("field: bought, at_least: 1", "segment: chosen", "    tier:", "field refers to itself: tier → segment chosen → tier"),
        ("of: home}", "of: hme}", "nation: {", 'no relation "hme" - did you mean "home"?'),
        ("match: {country: code}", "match: {country: name}", "nation: {", "may lead to several rows of countries"),
        ("then: gold", "then: 1", "then: 1}", "takes text; write '1' in quotes"),
        ("tier: tier}", "tier: teir}", "tier: teir}", 'there is no column "teir". Did you mean "tier"?'),
        ("where: {field: tier,", "where: {field: teir,", "field: teir", 'no such field - did you mean "tier"?'),
        ("not_equals: none yet", "above: 5", "above: 5", "does not apply to a field of kind text"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_when_definitions_load_with_file_and_line(
    tmp_path, shop_yaml, old, new, place, words
):
    project = Project(tmp_path, {"defs.yaml": shop_yaml}).replaced(old, new)

    refused = project.refusal()

    assert words in refused
    assert f"defs.yaml:{project.line(place)}" in refused


def test_all_faults_of_fields_are_told_together_and_what_only_follows_from_them_is_not(tmp_path, shop_yaml):
    project = Project(tmp_path, {"defs.yaml": shop_yaml})
    project.replaced("{sum: net,", "{sum: nett,").replaced("total * 0.5", "totl * 0.5").replaced(
        "of: home}", "of: hme}"
    )

    refused = project.refusal()

    assert refused.startswith("3 errors")
    assert all(word in refused for word in ("nett", "totl", "hme"))


def test_fields_of_rows_that_are_never_in_one_place_are_refused(tmp_path, shop_yaml):
    yaml = shop_yaml.replace("engine: frames\n  primary_key: code", "engine: warehouse\n  primary_key: code")

    refused = Project(tmp_path, {"defs.yaml": yaml}).refusal()

    assert (
        "with per_order, tier, nation it is about people (frames, shop) and countries (warehouse, shop)"
        in refused
    )


ORDERS = """\
  sql: select id, person, cast(total as decimal(10, 2)) as total, placed from orders
  engine: frames
  primary_key: id
  columns: {id: integer, person: integer, total: "decimal(10, 2)", placed: date}
  computed:
    net: {formula: total * 0.5}
"""
OF_TEXT = """\
  sql: select id, person, cast(total as text) as total, placed from orders
  engine: frames
  primary_key: id
  computed:
    net: {formula: NET}
"""


def test_e7_a_computed_field_that_does_not_fit_its_columns_is_the_culprit_by_its_name(frames, loaded_again):
    broken, mended = (
        loaded_again(ORDERS, OF_TEXT.replace("NET", net)).defs for net in ("total * 0.5", "id * 0.5")
    )

    def tick(defs):
        six, repository = datetime(2024, 1, 15, 6, tzinfo=UTC), defs.get_repository_def()
        context = dg.build_schedule_context(instance, six, repository_def=repository)
        return repository.get_schedule_def("kept_schedule").evaluate_tick(context)

    with dg.instance_for_test() as instance:
        assert not Runner(broken, instance).run(KEPT, partition=SECOND).success
        words = tick(broken).skip_message
        succeeded(Runner(mended, instance).run("segments/chosen", partition=None))
        assert tick(mended).run_requests
    assert words.startswith("paused: the computed field orders.net (for the segment chosen) is broken since ")
    assert "orders.computed.net.formula" in words
