"""The words of segments in one workspace, made of one another: values within JSON, splits, limits, lists, labels, tests."""

import duckdb
import pytest

from activation_platform_tests.components.database import database
from activation_platform_tests.components.project import SECOND, Project, Runner, evaluations, succeeded

SHOP = """\
type: activation_platform.SourceComponent
attributes: {name: shop, kind: KIND, settings: SETTINGS}
---
type: activation_platform.ModelComponent
attributes:
  name: people
  source: shop
  table: people
  engine: ENGINE
  primary_key: id
  columns: {id: integer, profile: text, fee: "decimal(10, 2)"}
  relations: {orders: {model: orders, match: {id: person}}}
  computed:
    spent: {aggregate: {sum: total, of: orders, where: {field: details, path: $.paid, as: boolean, equals: true}}}
    due: {formula: "coalesce(spent, 0) + fee"}
    tier:
      label:
        - {when: {split: pilot, arm: never}, then: impossible}
        - when:
            limit: {top: 2, by: [{descending: due}]}
            of: {field: profile, path: $.city, as: text, is_null: false}
          then: top
        - {when: {field: due, above: {percentile: 50}}, then: above the middle}
      otherwise: rest
  priority_lists: {lifecycle: [best, parisian, others]}
---
type: activation_platform.ModelComponent
attributes:
  name: orders
  source: shop
  table: orders
  engine: ENGINE
  primary_key: id
  columns: {id: integer, person: integer, total: "decimal(10, 2)", details: text}
---
type: activation_platform.SplitComponent
attributes: {name: pilot, model: people, seed: pilot, arms: {never: 0, a: 50, b: 50}}
---
type: activation_platform.SegmentComponent
attributes:
  name: best
  model: people
  where: {field: tier, not_equals: rest}
  limit: {top: 2, by: [{descending: due}]}
---
type: activation_platform.SegmentComponent
attributes:
  name: parisian
  model: people
  where: {field: profile, path: $.city, as: text, equals: Paris}
  tests:
    - name: who_lives_there_and_is_not_among_the_best
      given:
        people:
          - {id: 1, profile: '{"city": "Paris"}', fee: 1}
          - {id: 2, profile: '{"city": "Paris"}', fee: 9}
          - {id: 3, profile: '{"city": "Lyon"}', fee: 8}
          - {id: 4, fee: 0}
        orders: [{id: 1, person: 3, total: 100, details: '{"paid": false}'}]
      expect: [1]
---
type: activation_platform.SegmentComponent
attributes: {name: others, model: people, where: {any: [{split: pilot, arm: a}, {split: pilot, arm: b}]}}
---
type: activation_platform.DestinationComponent
attributes: {name: crm_database, platform: database, settings: {url: env:CRM_URL}}
"""
KEPT = """\
type: activation_platform.ActivationComponent
attributes:
  name: NAME
  segment: NAME
  destination: crm_database
  service: table
  mode: mirror
  options: {table: NAME, key: id}
  mapping: {id: id, due: due, tier: tier}
  schedule: {cron: "0 6 * * 1", start: 2024-01-01}
"""
TABLES = [
    "create table people (id bigint, profile varchar, fee numeric(10, 2))",
    "create table orders (id bigint, person bigint, total numeric(10, 2), details varchar)",
    'insert into people values (1, \'{"city": "Paris"}\', 1), (2, \'{"city": "Lyon"}\', 2), (3, null, 50), '
    "(4, '{\"city\": \"Paris\"}', 0), (5, '{', 3)",
    "insert into orders values (1, 1, 20, '{\"paid\": true}'), (2, 2, 90, '{\"paid\": false}'), (3, 5, 9, '{\"paid\": true}')",
]
SEGMENTS = ("best", "parisian", "others")


@pytest.fixture(
    params=[(kind, engine) for kind in ("duckdb", "postgres") for engine in ("frames", "warehouse")]
)
def project(request, tmp_path, monkeypatch, storage):
    kind, engine = request.param
    crm = tmp_path / "crm.duckdb"
    monkeypatch.setenv("CRM_URL", f"duckdb://{crm}")
    with duckdb.connect(crm) as connection:
        for name in SEGMENTS:
            connection.execute(
                f"create table {name} (id bigint primary key, due decimal(10, 2), tier varchar)"
            )
    settings, run = database(kind, request, tmp_path, monkeypatch)
    run(*TABLES)
    shop = SHOP.replace("KIND", kind).replace("SETTINGS", settings).replace("ENGINE", engine)
    return Project(
        tmp_path, {"defs.yaml": "---\n".join([shop, *(KEPT.replace("NAME", name) for name in SEGMENTS)])}
    )


def test_every_word_may_be_made_of_every_other(project, instance, tmp_path):
    runner = Runner(project.load(), instance)
    assets = [f"activations/crm_database/{name}" for name in SEGMENTS]
    result = succeeded(runner.run(*assets, partition=SECOND))

    with duckdb.connect(tmp_path / "crm.duckdb") as connection:
        kept = {
            name: connection.execute(f"select id, due, tier from {name} order by id").fetchall()
            for name in SEGMENTS
        }
    # due: 21, 2, 50, 0, 12: the middle is 12; of those with a city 1 and 2 are due most
    assert kept == {
        "best": [(1, 21, "top"), (3, 50, "above the middle")],
        "parisian": [(4, 0, "rest")],
        "others": [(2, 2, "top"), (5, 12, "rest")],
    }
    assert evaluations(result)["who_lives_there_and_is_not_among_the_best"].passed
