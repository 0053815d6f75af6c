"""Segments about several models, through Dagster: what they are made of, when they change, and what is refused."""

import dagster as dg
import duckdb
import pytest

from activation_platform.components.frames import Frames
from activation_platform.sync.folder import Folder
from activation_platform_tests.components.project import LETTERS, materialised, refusal, succeeded, told

ORDERS = """\
type: activation_platform.ModelComponent
attributes:
  name: orders
  source: shop
  table: orders
  kind: events
  primary_key: id
  event_time: placed
  columns: {id: integer, person: integer, total: "decimal(10, 2)", placed: timestamp}
"""
RELATION = "kind: users\n  relations: {orders: {model: orders, match: {id: person}}}"
LOYAL, CONDITION = "segments/loyal", "- {field: orders, at_least: 3}"


@pytest.fixture
def shop(project, warehouse):
    """A workspace whose segment asks for two orders in the last 30 days; person 1 has them, and person 2 has one."""
    with duckdb.connect(warehouse) as connection:
        connection.execute(
            "create table orders (id bigint, person bigint, total decimal(10, 2), placed timestamp)"
        )
    order(
        warehouse,
        (1, 1, 10, "2024-01-01"),
        (2, 1, 20, "2023-12-24"),
        (3, 2, 5, "2023-12-31"),
        (4, 2, 5, "2023-06-01"),
    )
    project.replaced("kind: users", RELATION).also(ORDERS)
    return project.replaced(CONDITION, "- {has: orders, at_least: 2, in_last: 30 days}")


def order(file, *rows):
    with duckdb.connect(file) as connection:
        connection.executemany("insert into orders values (?, ?, ?, ?)", rows)


def members(storage):
    return Frames(Folder(storage), "segments", "loyal").newest().scan().collect()["id"].to_list()


def at(day):
    return {"as_of": f"{day}T06:00:00+00:00"}


def test_a_segment_is_made_of_every_model_that_it_is_about(shop, loaded, storage):
    runner = loaded(shop)

    result = succeeded(runner.run(LOYAL, segments__loyal=at("2024-01-08")))

    assert materialised(result) == ["models/orders", "models/people", LOYAL]
    node = runner.defs.resolve_asset_graph().get(dg.AssetKey(LOYAL.split("/")))
    assert node.parent_keys == {dg.AssetKey(["models", "people"]), dg.AssetKey(["models", "orders"])}
    assert members(storage) == [1]


def test_new_rows_of_another_model_make_new_members(shop, loaded, storage, warehouse):
    runner = loaded(shop)
    succeeded(runner.run(LOYAL, segments__loyal=at("2024-01-08")))
    order(warehouse, (5, 2, 7, "2024-01-07"))

    succeeded(runner.run("models/orders"))
    result = succeeded(runner.run(LOYAL, upstream=False, segments__loyal=at("2024-01-08")))

    assert members(storage) == [1, 2]
    assert not told(result, LOYAL).get("reused")
    again = succeeded(runner.run(LOYAL, upstream=False, segments__loyal=at("2024-01-08")))
    assert told(again, LOYAL)["dagster/row_count"] == 2


def test_the_window_follows_the_instant_of_the_run(shop, loaded, storage):
    runner = loaded(shop)
    for day, expected in (("2024-01-01", [1]), ("2024-01-24", []), ("2024-02-20", [])):
        succeeded(runner.run(LOYAL, segments__loyal=at(day)))
        assert members(storage) == expected, day


def test_a_change_of_a_segment_that_is_referred_to_makes_the_segment_anew(shop, loaded, storage):
    buyers = "type: activation_platform.SegmentComponent\nattributes:\n  name: buyers\n  model: people\n  where: {%s}\n"
    shop.replaced("- {has: orders, at_least: 2, in_last: 30 days}", "- {segment: buyers}")
    documents = shop.documents["defs.yaml"]
    for where, expected in (("has: orders", [1, 2]), ("field: id, above: 3", [4, 5])):
        shop.documents["defs.yaml"] = documents + "---\n" + buyers % where
        succeeded(loaded(shop).run(LOYAL, segments__loyal=at("2024-01-08")))
        assert members(storage) == expected


def test_a_model_that_failed_its_checks_stops_the_activation_of_a_segment_about_it(shop, loaded, warehouse):
    runner = loaded(shop)
    succeeded(runner.run(LETTERS))
    with duckdb.connect(warehouse) as connection:
        connection.execute("alter table orders drop column total")

    assert "total" in refusal(runner.run("models/orders"))
    assert "failed a blocking check" in refusal(
        runner.run(LETTERS, upstream=False, partition="2024-01-08-06:00")
    )


@pytest.mark.parametrize(
    ("condition", "place", "words"),
    [
        (
            "- {has: ordres}",
            "has: ordres",
            'the model people has no relation "ordres" - did you mean "orders"?',
        ),
        ("- {has: orders, where: {field: totl, above: 1}}", "field: totl", 'did you mean "total"?'),
        ("- {aggregate: {sum: placed, of: orders}, above: 1}", "sum: placed", "takes number, not timestamp"),
        ("- {segment: loyal}", "segment: loyal}", "refers to itself: loyal → loyal"),
        ("- {segment: loyl}", "segment: loyl}", 'there is no segment "loyl" - did you mean "loyal"?'),
        ("- {field: orders, above: {percentile: 120}}", "percentile: 120", "from 0 to 100"),
    ],
)
def test_what_cannot_be_is_told_when_definitions_load_with_file_and_line(project, condition, place, words):
    project.replaced("kind: users", RELATION).also(ORDERS).replaced(CONDITION, condition)

    refused = project.refusal()

    assert words in refused
    assert f"defs.yaml:{project.line(place)}" in refused


def test_models_that_no_one_engine_can_read_together_are_refused(shop):
    shop.replaced("kind: users\n", "kind: users\n  engine: warehouse\n")

    assert (
        "people (warehouse, shop) and orders (frames, shop), whose rows are never in one place"
        in shop.refusal()
    )


def segment(name, where, more=""):
    return f"type: activation_platform.SegmentComponent\nattributes:\n  name: {name}\n  model: people\n  where: {where}\n{more}"


EXCLUDING = ("kind: users", "kind: users\n  exclude: [staff, gone]")
STAFF, GONE = segment("staff", "{field: id, equals: 1}"), segment("gone", "{field: id, in: [1, 2]}")


def test_what_a_model_excludes_is_in_no_segment_of_it_but_those_that_opt_out(project, loaded, storage):
    friends = segment("friends", "{field: orders, at_least: 3}", "  opts_out_of: [gone]\n")
    project.replaced(*EXCLUDING).also(STAFF).also(GONE).also(friends).also(
        segment("all", "{segment: friends}")
    )
    names = ["loyal", "staff", "gone", "friends", "all"]

    succeeded(loaded(project).run(*(f"segments/{name}" for name in names)))

    found = {
        name: Frames(Folder(storage), "segments", name).newest().scan().collect()["id"].to_list()
        for name in names
    }
    assert found == {
        "loyal": [3, 4],
        "staff": [1],
        "gone": [1, 2],
        "friends": [2, 3, 4],
        "all": [3, 4],
    }


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        (
            "[staff, gone]",
            "[staff, gne]",
            "exclude: [staff, gne]",
            'there is no segment "gne". Did you mean "gone"?',
        ),
        (
            "name: loyal",
            "name: loyal\n  opts_out_of: [stff]",
            "opts_out_of: [stff]",
            'excludes no segment "stff"',
        ),
        ("{field: id, equals: 1}", "{segment: loyal}", "where: {segment: loyal}", "staff → loyal → staff"),
    ],
)
def test_an_exclusion_that_cannot_be_is_told_with_file_and_line(project, old, new, place, words):
    project.replaced(*EXCLUDING).also(STAFF).also(GONE).replaced(old, new)

    refused = project.refusal()

    assert words in refused
    assert f"defs.yaml:{project.line(place)}" in refused


TEMPLATE = """\
type: activation_platform.TemplateComponent
attributes:
  name: at_least
  parameters: [orders, also]
  where:
    all:
      - {field: orders, at_least: {parameter: orders}}
      - {parameter: also}
"""
FILLED = """\
type: activation_platform.SegmentComponent
attributes:
  name: filled
  model: people
  template: at_least
  values: {orders: 5, also: {field: id, above: 2}}
"""


def test_segments_fill_a_template_each_with_its_own_values(project, loaded, storage):
    other = FILLED.replace("filled", "other").replace("above: 2", "below: 2")
    project.also(TEMPLATE).also(FILLED).also(other)

    succeeded(loaded(project).run("segments/filled", "segments/other"))

    for name, expected in (("filled", [3, 4]), ("other", [1])):
        assert Frames(Folder(storage), "segments", name).newest().scan().collect()["id"].to_list() == expected


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("template: at_least", "template: atleast", "template: atleast", 'no template "atleast". Did you mean "at_least"'),
        ("{orders: 5, also: {field: id, above: 2}}", "{orders: 5}", "template: at_least", "gives no value for also"),
        ("{orders: 5, also", "{orders: 5, alsoo: 1, also", "alsoo: 1", 'no parameter "alsoo". Did you mean "also"'),
        ("{orders: 5, also", "{orders: five, also", "template: at_least", "does not fit: all[0].at_least: orders:"),
        ("template: at_least", "template: at_least\n  where: {field: id, above: 1}", "name: filled", "exactly one of"),
        ("  template: at_least\n  values: {orders: 5, also: {field: id, above: 2}}\n", "", "name: filled", "exactly one of"),
        ("parameters: [orders, also]", "parameters: [orders]", "{parameter: also}", 'there is no parameter "also"'),
        ("parameters: [orders, also]", "parameters: [orders, also, more]", "also, more]", '"more" fills nothing'),
    ],
)  # fmt: skip
def test_a_template_that_cannot_be_filled_is_told_with_file_and_line(project, old, new, place, words):
    project.also(TEMPLATE).also(FILLED).replaced(old, new)

    refused = project.refusal()

    assert words in refused
    if place != "name: filled":
        assert f"defs.yaml:{project.line(place)}" in refused
