"""Tests of segments: as checks in Dagster, and everything impossible that they can say, told when definitions load."""

from importlib.resources import files

import dagster as dg
import pytest
import yaml

from activation_platform.components import samples
from activation_platform.components.segment import SegmentSpec
from activation_platform_tests.components.project import LETTERS, evaluations, materialised, succeeded, told

ORDERS = """\
type: activation_platform.ModelComponent
attributes:
  name: orders
  source: shop
  table: orders
  primary_key: [id, line]
  event_time: placed
  kind: events
  columns: {id: integer, line: text, person: integer, total: "decimal(6, 2)", placed: timestamp, tags: list of text, raw: }
"""
RELATION = ("kind: users", "kind: users\n  relations: {orders: {model: orders, match: {id: person}}}")
CONDITION = "- {field: orders, at_least: 3}"
TESTS = """
  tests:
    - name: three_or_more
      description: Three are enough.
      given:
        people:
          - {id: 1, email: ada@example.org, orders: 3}
          - {id: 2, orders: 2}
      expect: [1]
"""
LOYAL = "segments/loyal"


@pytest.fixture
def tested(project):
    """The project, whose segment has a test."""
    return project.replaced(f"      {CONDITION}\n", f"      {CONDITION}{TESTS}")


@pytest.fixture
def related(tested):
    """The same, about orders."""
    condition = "- {has: orders, at_least: 2, in_last: 30 days}"
    given = (
        "      given:\n        orders:\n          - {id: 1, line: a, person: 1, placed: 2024-01-02T10:00:00}"
    )
    tested.replaced(*RELATION).also(ORDERS).replaced(CONDITION, condition)
    return tested.replaced("      given:", f"      now: 2024-01-08\n{given}").replaced(
        "expect: [1]", "expect: []"
    )


def test_a_test_is_a_check_that_is_evaluated_whenever_its_segment_is_made(tested, loaded):
    result = succeeded(loaded(tested).run(LOYAL))

    check = evaluations(result)["three_or_more"]
    assert check.passed
    assert check.asset_key == dg.AssetKey(["segments", "loyal"])
    assert check.description == "1 of 2 rows belong, as expected"


def test_a_test_is_carried_out_on_demand_and_makes_nothing(tested, loaded, warehouse):
    warehouse.unlink()
    runner = loaded(tested)
    key = dg.AssetCheckKey(dg.AssetKey(["segments", "loyal"]), "three_or_more")
    job = dg.define_asset_job("tests", selection=dg.AssetSelection.checks(key))
    runner.defs = dg.Definitions.merge(runner.defs, dg.Definitions(jobs=[job]))

    result = runner.defs.resolve_job_def("tests").execute_in_process(instance=runner.instance)

    assert result.success
    assert materialised(result) == []
    assert evaluations(result)["three_or_more"].passed
    spec = runner.defs.resolve_asset_graph().get_check_spec(key)
    assert (spec.description, spec.blocking) == ("Three are enough.", False)


def test_a_failed_test_says_which_keys_differ_and_why_and_holds_nothing_up(tested, loaded, sandbox):
    tested.replaced("expect: [1]", "expect: [2]")

    result = succeeded(loaded(tested).run(LETTERS))

    check = evaluations(result)["three_or_more"]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert check.description == "missing: 2; unexpected: 1"
    assert "1 is unexpected\n  yes all of:" in check.metadata["why"].value
    assert (
        "2 is missing\n  no  all of:\n    no  orders is at least 3  [orders: 2]"
        in check.metadata["why"].value
    )
    assert LETTERS in materialised(result)


def test_a_test_whose_file_no_longer_fits_fails_and_the_run_goes_on(tested, loaded):
    rows = tested.documents["defs.yaml"].partition("        people:\n")[2].partition("      expect")[0]
    tested.documents["rows.csv"] = "id,orders\n1,3\n"
    tested.replaced(f"people:\n{rows}", "people: rows.csv\n")
    runner = loaded(tested)
    for file in tested.root.rglob("rows.csv"):
        file.unlink()

    check = evaluations(succeeded(runner.run(LETTERS)))["three_or_more"]

    assert not check.passed
    assert 'three_or_more of loyal has changed: "rows.csv" cannot be read' in check.description


def test_addresses_in_the_rows_of_a_test_are_masked_in_the_ui(tested, loaded):
    tested.replaced(CONDITION, '- {field: email, ends_with: "@example.net"}')

    result = succeeded(loaded(tested).run(LOYAL))

    assert "a•••@e•••" in evaluations(result)["three_or_more"].metadata["why"].value


def test_another_test_makes_no_other_members(tested, loaded):
    instant = {"as_of": "2024-01-08T06:00:00+00:00"}
    runner = loaded(tested)
    succeeded(runner.run(LOYAL, segments__loyal=instant))
    tested.replaced("expect: [1]", "expect: [2]")

    again = loaded(tested)
    again.instance = runner.instance
    result = succeeded(again.run(LOYAL, upstream=False, segments__loyal=instant))

    assert told(result, LOYAL)["reused"]
    assert not evaluations(result)["three_or_more"].passed


def test_the_tests_of_the_sample_are_some():
    sample = (files(samples) / "segment.yaml").read_text().format(name="some")

    spec = SegmentSpec(**yaml.safe_load(sample.replace("\n  # ", "\n  "))["attributes"])

    assert [case.name for case in spec.tests] == ["nobody_without_an_address"]


FIRST_ROW = "{id: 1, email: ada@example.org, orders: 3}"


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("        people:", "        peopel:", "peopel:", 'no model "peopel". Did you mean "people"'),
        ("        people:", "        mail: []\n        people:", "mail: []", 'there is no model "mail"'),
        ("email: ada@example.org", "emial: x", "emial", 'people has no column "emial". Did you mean "email"'),
        ("orders: 3}", "orders: three}", "orders: three}", "orders: 'three' is not a number"),
        ("orders: 3}", "orders: 3.5}", "orders: 3.5}", "orders: 3.5 is not a whole number"),
        ("orders: 3}", "orders: 9223372036854775808}", "775808", "does not fit a column of type integer"),
        ("email: ada@example.org", "email: no", "email: no", "YAML reads yes, no, on and off as booleans"),
        ("{id: 1, email", "{email", "{email", "has no id, which is in the key of people"),
        ("{id: 1,", "{id: null,", "{id: null,", "has no id, which is in the key of people"),
        ("{id: 2,", "{id: 1,", "{id: 1, orders", "there are two rows with the key 1"),
        (FIRST_ROW, "- 7", "- 7", "a row is a mapping of columns and values"),
        ("expect: [1]", "expect: [1, 3]", "expect: [1, 3]", "no row of people has the key 3"),
        ("expect: [1]", "expect: [1, 1]", "expect: [1, 1]", "1 is expected twice"),
        ("expect: [1]", 'expect: ["1"]', 'expect: ["1"]', "'1' is not a number: write digits without quotes"),
        ("expect: [1]", "expect: [[1, a]]", "expect: [[1, a]]", "is not a number"),
        ("expect: [1]", "expect: [{di: 1}]", "expect: [{di: 1}]", "is not a key: write id, or {id: …}"),
        ("expect: [1]", "expect: [null]", "expect: [null]", "a key has no null in it"),
        (
            "name: three_or_more",
            "name: three_or_more\n      now: soon",
            "now: soon",
            "'soon' is not a moment",
        ),
        ("people:\n", "people: 5\n        more:\n", "people: 5", "takes a list of rows such as {id: 1"),
    ],
)
def test_a_test_that_cannot_be_is_told_with_file_and_line(tested, old, new, place, words):
    refused = tested.replaced(old, new).refusal()

    assert words in refused
    assert f"defs.yaml:{tested.line(place)}" in refused
    assert "Traceback" not in refused


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        (
            "      now: 2024-01-08\n",
            "",
            "name: three_or_more",
            "counts from the instant of the run: write now:",
        ),
        ("{id: 1, line: a, p", "{id: 1, line: a, raw: x, p", "orders:\n", 'the type of "raw" is known only'),
        ("placed: 2024-01-02T10:00:00", "placed: 2024-02-30", "02-30", "is no day of the calendar"),
        (
            "person: 1, p",
            "person: 1, total: 12345.67, p",
            "12345.67",
            "does not fit a column of type decimal(6, 2)",
        ),
        ("person: 1, p", "person: 1, tags: a, p", "tags: a", "tags: 'a' is not a list: write [a, b]"),
        ("person: 1, p", "person: 1, tags: [a, 1], p", "tags: [a, 1]", "tags: 1 is not text"),
        (
            "has: orders, at_l",
            "has: orders, where: {field: raw, equals: 1}, at_l",
            "three_or",
            "does not fit the columns",
        ),
        (
            "- {has: orders, at_least: 2, in_last: 30 days}",
            CONDITION,
            "orders:\n",
            "does not read orders, but people",
        ),
    ],
)
def test_a_test_about_related_rows_that_cannot_be_is_told_with_file_and_line(related, old, new, place, words):
    refused = related.replaced(old, new).refusal()

    assert words in refused
    line = related.line("        orders:") if place == "orders:\n" else related.line(place)
    assert f"defs.yaml:{line}" in refused


def test_all_that_is_wrong_with_tests_is_told_together_with_the_rest(tested):
    tested.replaced("orders: 3}", "orders: x, nmae: y}").replaced("expect: [1]", "expect: [a]")
    refused = tested.replaced("kind: duckdb", "kind: duckbd").refusal()

    assert refused.startswith("4 errors in the workspace")
