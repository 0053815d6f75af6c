"""`activation test`: rows and expected members, carried out without a warehouse; a failure is a difference that is explained."""

import json
from pathlib import Path

import pytest

import activation_platform
from activation_platform_tests.cli.conftest import DECLARED

MODELS = """
  relations: {orders: {model: orders, match: {id: customer}}}
  columns: {id: text, email: text, first_name: text, since: date}
---
type: activation_platform.ModelComponent
attributes:
  name: orders
  source: shop
  table: orders
  kind: events
  primary_key: number
  event_time: placed
  columns: {number: integer, customer: text, total: "decimal(10, 2)", placed: timestamp}
"""
SEGMENT = """
---
type: activation_platform.SegmentComponent
attributes:
  name: buyers
  model: people
  where:
    all:
      - {field: email, is_null: false}
      - {has: orders, at_least: 2, in_last: 30 days}
  tests:
    - name: two_recent_orders
      now: 2026-01-31T00:00:00Z
      given:
        people:
          - {id: ada, email: ada@example.org}
          - {id: bob, email: bob@example.org}
          - {id: cleo}
        orders:
          - {number: 1, customer: ada, placed: 2026-01-03}
          - {number: 2, customer: ada, placed: 2026-01-30T12:00:00Z, total: 9.99}
          - {number: 3, customer: bob, placed: 2025-12-31}
          - {number: 4, customer: bob, placed: 2026-01-31}
          - {number: 5, customer: cleo, placed: 2026-01-03}
          - {number: 6, customer: cleo, placed: 2026-01-03}
      expect: [ada]
    - name: nobody_without_orders
      now: 2026-01-31
      given:
        people: [{id: ada, email: ada@example.org}]
      expect: []
"""


@pytest.fixture
def declared(project, monkeypatch):
    """A workspace whose segment has two tests, both right; there is neither a warehouse nor a secret."""
    project.declare(DECLARED.replace("  primary_key: id\n", f"  primary_key: id{MODELS}", 1) + SEGMENT)
    project.warehouse.unlink()
    for name in ("SHOP_WAREHOUSE", "BATCH_REST_API_KEY", "ATTIO_ACCESS_TOKEN"):
        monkeypatch.delenv(name)
    return project


def replaced(project, old, new):
    text = project.yaml.read_text()
    assert text.count(old) == 1, old
    project.declare(text.replace(old, new))


def test_tests_are_carried_out_without_warehouse_network_and_secret(declared, activation):
    assert activation("test").stdout.splitlines() == [
        "passed buyers, two_recent_orders: 1 of 3 rows belong, as expected",
        "passed buyers, nobody_without_orders: 0 of 1 rows belong, as expected",
        "2 of 2 tests passed.",
    ]


def test_a_failure_is_a_difference_of_keys_each_with_the_reason(declared, activation):
    replaced(declared, "expect: [ada]", "expect: [bob]")

    said = activation("test", "buyers", fails=1).stdout

    window = (
        "whose placed is in the last 30 days (after 2026-01-01 00:00:00 UTC, up to 2026-01-31 00:00:00 UTC)"
    )
    assert said.splitlines() == [
        "failed buyers, two_recent_orders: missing: bob; unexpected: ada",
        "  unexpected ada:",
        "    yes all of:",
        '      yes email is not null  [email: "ada@example.org"]',
        f"      yes it has at least 2 rows of orders {window}  [rows of orders: 2]",
        "  missing bob:",
        "    no  all of:",
        '      yes email is not null  [email: "bob@example.org"]',
        f"      no  it has at least 2 rows of orders {window}  [rows of orders: 1]",
        "passed buyers, nobody_without_orders: 0 of 1 rows belong, as expected",
        "1 of 2 tests passed.",
    ]


def test_results_as_json_are_the_same(declared, activation):
    replaced(declared, "expect: [ada]", "expect: []")

    failed, passed = json.loads(activation("test", "--json", fails=1).stdout)

    assert passed == {
        "segment": "buyers",
        "test": "nobody_without_orders",
        "passed": True,
        "rows": 1,
        "members": 0,
        "missing": [],
        "unexpected": [],
        "why": {},
    }
    assert (failed["passed"], failed["missing"], failed["unexpected"]) == (False, [], ["ada"])
    assert failed["why"]["ada"]["holds"] is True


def test_a_segment_that_does_not_exist_is_told_with_the_nearest(declared, activation):
    assert 'Did you mean "buyers"?' in activation("test", "buyerz", fails=2).stderr


def test_the_example_workspace_passes_its_own_tests(activation, monkeypatch):
    monkeypatch.chdir(Path(activation_platform.__file__).parents[1])

    assert activation("test").stdout.splitlines() == [
        "passed loyal_customers, ten_orders_and_one_of_them_lately: 1 of 5 rows belong, as expected",
        "1 of 1 tests passed.",
    ]


def test_rows_can_be_shared_between_tests_by_an_anchor(declared, activation):
    text = declared.yaml.read_text()
    first, second = text.split("      given:\n")[1:]
    shared = text.replace("      given:\n" + first, "      given: &shop\n" + first)
    again = second.partition("      expect: []")[0]
    declared.declare(
        shared.replace(f"      given:\n{again}      expect: []", "      given: *shop\n      expect: [ada]")
    )

    assert activation("test").stdout.splitlines()[-1] == "2 of 2 tests passed."


def test_a_workspace_without_tests_says_so_and_does_not_fail(project, activation):
    assert activation("test").stdout == "No segment has tests.\n"


def test_a_segment_without_tests_says_how_to_write_some(declared, activation):
    declared.declare(declared.yaml.read_text().partition("  tests:")[0])

    assert activation("test", "buyers").stdout.startswith("buyers has no tests: write some under tests:")


def test_tests_of_a_segment_that_stays_in_its_warehouse_say_that_it_was_not_asked(declared, activation):
    text = declared.yaml.read_text().replace("kind: users", "kind: users\n  engine: warehouse")
    declared.declare(text.replace("kind: events", "kind: events\n  engine: warehouse"))

    said = activation("test").stdout.splitlines()

    assert said[2:] == [
        "buyers stays in its warehouse, which was not asked: its tests ran here, in DuckDB.",
        "2 of 2 tests passed.",
    ]


def test_what_is_wrong_with_a_test_is_told_with_file_and_line_by_every_command(declared, activation):
    replaced(declared, "{id: cleo}", "{id: cleo, email: 5}")
    number = next(n for n, line in enumerate(declared.yaml.read_text().splitlines(), 1) if "email: 5" in line)

    for command in ("check", "test"):
        said = activation(command, fails=1).stderr
        assert f"{declared.yaml}:{number} - " in said
        assert 'email: 5 is not text: write it in quotes, "..."' in said


def test_what_would_steer_a_terminal_is_shown(declared, activation):
    replaced(declared, "{id: cleo}", r'{id: "\e[2J", email: x@example.org}')
    replaced(declared, "expect: [ada]", r'expect: [ada, "\e[2J"]')

    said = activation("test", fails=1).stdout

    assert "\x1b" not in said
    assert "  missing ␛[2J:" in said
