"""`activation segment`: a condition in English, in SQL and in numbers, and why one row belongs or not."""

import json

import pytest

from activation_platform_tests.cli.conftest import DECLARED

SEGMENT = """
---
type: activation_platform.SegmentComponent
attributes:
  name: reachable
  model: people
  where:
    all:
      - {field: email, contains: "@"}
      - none:
          - {field: first_name, in: [Carl, "[red]"]}
          - {has: same_address, at_least: 2}
"""
MODEL = "primary_key: id\n  relations:\n    same_address: {model: people, match: {email: email}}\n"


@pytest.fixture
def declared(project):
    """Segment `reachable`: who has an address of his own and is not called Carl."""
    chosen = DECLARED.replace("  model: people\n  destination", "  segment: reachable\n  destination")
    project.declare(chosen.replace("primary_key: id\n", MODEL) + SEGMENT)
    return project


@pytest.fixture
def made(declared, activation):
    """The same, materialised."""
    activation("run", "newsletter")
    return declared


def test_a_segment_is_explained_in_english_in_sql_and_in_numbers(made, activation):
    said = activation("segment", "reachable", "--explain").stdout

    assert (
        'A row of people belongs if all of: email contains "@"; (none of: first_name is one of "Carl", "[red]"; '
        "it has at least 2 rows of same_address)."
    ) in said
    assert 'In SQL (duckdb):\nSELECT\n  *\nFROM "people"' in said
    assert "2 of 5 rows of people belong, 40.0%: snapshot 2 of " in said
    assert "newer than its members" not in said


def test_an_explanation_as_json_is_the_same(made, activation):
    told = json.loads(activation("segment", "reachable", "--explain", "--json").stdout)

    assert (told["members"], told["model_rows"], told["share"], told["snapshot"]) == (2, 5, 0.4, 2)
    assert (told["dialect"], told["outdated"]) == ("duckdb", False)
    assert told["sentence"].startswith("A row of people belongs if all of")
    assert told["sql"].startswith("SELECT")


def test_a_key_is_told_condition_by_condition_why_it_is_in(made, activation):
    lines = activation("segment", "reachable", "--why", "p1").stdout.splitlines()

    assert lines[0].startswith("p1 is in reachable at ")
    assert lines[1:] == [
        "  yes all of:",
        '    yes email contains "@"  [email: "a•••@e•••"]',
        "    yes none of:",
        '      no  first_name is one of "Carl", "[red]"  [first_name: "Ada"]',
        "      no  it has at least 2 rows of same_address  [rows of same_address: 1]",
    ]


def test_a_key_is_told_why_it_is_not_in_and_in_clear_if_asked_for(made, activation):
    said = activation("segment", "reachable", "--why", "p3", "--show-values").stdout
    told = json.loads(activation("segment", "reachable", "--why", "p3", "--json").stdout)

    assert "p3 is not in reachable" in said
    assert '[email: "carl@example.com"]' in said
    (verdict,) = told["verdicts"]
    assert (verdict["holds"], [part["holds"] for part in verdict["parts"]]) == (False, [True, False])
    assert verdict["parts"][0]["held"] == {"email": '"c•••@e•••"'}


def test_a_key_that_the_model_does_not_have_is_said_to_be_missing(made, activation):
    said = activation("segment", "reachable", "--why", "p9\x1b[2J").stdout

    assert "The model people has no row with the key p9␛[2J, by its snapshot 1." in said


def test_a_key_of_several_rows_is_told_for_each(declared, activation):
    keyed = "primary_key: first_name\n  most_duplicates: 50"
    declared.declare(declared.yaml.read_text().replace("primary_key: id", keyed, 1))
    declared.warehouse_holds("insert into people values ('p6', 'ada@example.net', 'Ada')")
    activation("run", "newsletter")

    said = activation("segment", "reachable", "--why", "Ada").stdout

    assert "2 rows of people have the key Ada:" in said
    assert said.count("Ada is in reachable") == 2


def test_members_that_a_newer_condition_did_not_choose_are_said_to_be_old(made, activation):
    made.declare(made.yaml.read_text().replace("Carl,", "Ada,"))

    assert "newer than its members" in activation("segment", "reachable", "--explain").stdout
    assert "p1 is not in reachable" in activation("segment", "reachable", "--why", "p1").stdout


def test_what_the_model_excludes_is_told_as_part_of_the_condition(made, activation):
    staff = (
        SEGMENT.partition("  where:")[0].replace("reachable", "staff") + "  where: {field: id, equals: p2}\n"
    )
    text = made.yaml.read_text().replace("primary_key: id", "primary_key: id\n  exclude: [staff]", 1)
    made.declare(text + staff)

    said = activation("segment", "reachable", "--explain").stdout
    why = activation("segment", "reachable", "--why", "p2").stdout

    assert "(none of: it belongs to the segment staff)." in said
    assert '      yes it belongs to the segment staff:\n        yes id is "p2"  [id: "p2"]' in why


def test_a_key_that_the_snapshot_does_not_have_yet_is_told(made, activation):
    made.declare(made.yaml.read_text().replace("primary_key: id", "primary_key: number", 1))

    said = activation("segment", "reachable", "--why", "p1", fails=1).stderr

    assert "primary key's column number is not in the frame" in said


def test_what_cannot_be_told_says_what_to_do(declared, activation):
    assert 'Did you mean "reachable"' in activation("segment", "reachible", "--explain", fails=2).stderr
    assert "--explain, or --why KEY" in activation("segment", "reachable", fails=2).stderr
    assert "no text in UTF-8" in activation("segment", "reachable", "--why", "\udcff", fails=2).stderr
    assert "never materialised" in activation("segment", "reachable", "--explain", fails=1).stderr
    assert (
        "Materialise segments/reachable first"
        in activation("segment", "reachable", "--why", "p1", fails=1).stderr
    )


def test_rows_that_stay_in_a_warehouse_are_explained_there(declared, activation):
    declared.declare(declared.yaml.read_text().replace("kind: users", "kind: users\n  engine: warehouse"))
    activation("run", "newsletter")

    said = activation("segment", "reachable", "--explain").stdout

    assert 'A row of people belongs if all of: email contains "@"' in said
    assert "In SQL (duckdb):\nSELECT " in said
    assert "2 of 5 rows of people belong" in said


def test_a_row_that_stays_in_a_warehouse_is_told_of_as_it_is_now(declared, activation):
    declared.declare(declared.yaml.read_text().replace("kind: users", "kind: users\n  engine: warehouse"))
    activation("run", "newsletter")
    declared.warehouse_holds("update people set first_name = 'Carl' where id = 'p1'")

    lines = activation("segment", "reachable", "--why", "p1").stdout.splitlines()
    told = json.loads(activation("segment", "reachable", "--why", "p1", "--json").stdout)

    assert lines[0].startswith("p1 is not in reachable at ")
    assert lines[1:] == [
        "  no  all of:",
        '    yes email contains "@"  [email: "a•••@e•••"]',
        "    no  none of:",
        '      yes first_name is one of "Carl", "[red]"  [first_name: "Carl"]',
        "      no  it has at least 2 rows of same_address  [rows of same_address: 1]",
        "The rows are those that the warehouse has now, not those that it had when the members were counted.",
    ]
    (verdict,) = told["verdicts"]
    assert (told["engine"], told["rows"], told["outdated"], verdict["holds"]) == (
        "warehouse",
        1,
        False,
        False,
    )
    assert (
        "no row with the key p9, in its warehouse" in activation("segment", "reachable", "--why", "p9").stdout
    )
    declared.warehouse.unlink()
    assert "shop.duckdb" in activation("segment", "reachable", "--why", "p1", fails=1).stderr
    declared.declare(declared.yaml.read_text().replace("engine: warehouse", "engine: frames"))
    assert "stay in their warehouse" in activation("segment", "reachable", "--why", "p1", fails=1).stderr


def test_a_limit_is_explained_and_a_key_that_it_leaves_out_is_told_its_place(made, activation):
    limited = made.yaml.read_text().replace(
        "name: reachable\n", "name: reachable\n  limit: {top: 1, by: [{descending: id}]}\n"
    )
    made.declare(limited)
    activation("run", "newsletter")

    explained = activation("segment", "reachable", "--explain").stdout
    why = activation("segment", "reachable", "--why", "p1").stdout.splitlines()

    assert (
        "it is among the first 1 by id (descending) of the rows for which (all of: email contains"
        in explained
    )
    assert "LIMIT 1" in explained.replace("\n  ", " ")
    assert "1 of 5 rows of people belong" in explained
    assert why[0].startswith("p1 is not in reachable at ")
    assert why[1:4] == [
        "  no  it is among the first 1 by id (descending):  [place: 2]",
        "    yes all of:",
        '      yes email contains "@"  [email: "a•••@e•••"]',
    ]


COMPUTED = """\
  computed:
    copies: {count: same_address}
    kind:
      label: [{when: {field: copies, at_least: 2}, then: shared}]
      otherwise: own
"""


def test_computed_fields_are_told_with_what_they_are_made_of_and_what_they_are(project, activation):
    chosen = DECLARED.replace("  model: people\n  destination", "  segment: reachable\n  destination")
    where = "\n  where: {field: kind, equals: own}\n"
    project.declare(
        chosen.replace("primary_key: id\n", MODEL + COMPUTED) + SEGMENT.partition("\n  where")[0] + where
    )
    activation("run", "newsletter")

    said = activation("segment", "reachable", "--explain").stdout
    lines = activation("segment", "reachable", "--why", "p1").stdout.splitlines()

    assert said.startswith(
        'A row of people belongs if kind is "own". The field copies of people is the number of rows of same_address. The '
        'field kind of people is "shared" if (copies is at least 2), else "own".'
    )
    assert "LEFT JOIN" in said
    assert lines[1:] == [
        '  yes kind is "own":  [kind: "own"]',
        '    no  "shared" if copies is at least 2  [copies: 1]',
    ]
