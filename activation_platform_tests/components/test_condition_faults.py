"""What a condition can say that cannot be, wherever it stands: told when definitions load, with file and line and the way out."""

import pytest

SHOP = """\
type: activation_platform.SourceComponent
attributes: {name: shop, kind: duckdb, settings: {path: env:SHOP_FILE}}
---
type: activation_platform.ModelComponent
attributes:
  name: people
  source: shop
  table: people
  primary_key: id
  columns: {id: integer, email: text, spent: number, photo: bytes, joined: date}
  relations:
    orders: {model: orders, match: {id: person}}
    letters: {model: orders, match: {id: coupon}}
---
type: activation_platform.ModelComponent
attributes:
  name: orders
  source: shop
  table: orders
  primary_key: id
  kind: events
  event_time: placed
  columns: {id: integer, person: integer, coupon: text, total: "decimal(10, 2)", placed: timestamp, photo: bytes}
  relations:
    lines: {model: lines, match: {id: order}}
---
type: activation_platform.ModelComponent
attributes:
  name: lines
  source: shop
  table: lines
  primary_key: id
  columns: {id: integer, order: integer, sku: text}
"""
SEGMENT = """\
---
type: activation_platform.SegmentComponent
attributes:
  name: {name}
  model: people
  where:
"""
LEAF, HAS, AGGREGATE, SEQUENCE, DEEP = (
    ("- {leaf}", "people"),
    ("- has: orders\n  where:\n    {leaf}", "orders"),
    ("- aggregate:\n    sum: total\n    of: orders\n    where:\n      {leaf}\n  above: 1", "orders"),
    (
        "- sequence: orders\n  steps:\n    - where: {{field: total, above: 1}}\n    - where:\n        {leaf}",
        "orders",
    ),
    ("- has: orders\n  where:\n    has: lines\n    where:\n      {leaf}", "lines"),
)
EVERYWHERE = [LEAF, HAS, AGGREGATE, SEQUENCE, DEEP]


def written(condition, name="some"):
    """A segment of one condition, within two groups."""
    indented = "\n".join(f"          {line}" for line in condition.splitlines())
    return SEGMENT.format(name=name) + f"    all:\n      - any:\n{indented}\n"


def leaf(place, *lines):
    """A leaf of several lines, at one of the places where conditions stand."""
    shape, _ = place
    line = next(line for line in shape.splitlines() if "{leaf}" in line)
    return shape.format(leaf=("\n" + " " * line.index("{leaf}")).join(lines))


def refused(project, text):
    project.documents = {"defs.yaml": SHOP + text}
    return project.refusal()


def assert_told(project, condition, place, *words):
    said = refused(project, written(condition))
    for word in words:
        assert word in said
    assert f'defs.yaml:{project.line(place)} - segment "some": ' in said
    assert said.startswith("1 error")


FIELDS = {"people": ("emial", "email"), "orders": ("cuopon", "coupon"), "lines": ("skuu", "sku")}


@pytest.mark.parametrize("place", EVERYWHERE)
def test_an_unknown_field_is_told_with_the_nearest(project, place):
    wrong, right = FIELDS[place[1]]

    assert_told(
        project, leaf(place, f"field: {wrong}", "equals: a"), f"field: {wrong}", f'did you mean "{right}"?'
    )


@pytest.mark.parametrize(
    ("condition", "place", "words"),
    [
        ("- has: orders\n  in_last: 3 days\n  time: palced", "time: palced", 'did you mean "placed"?'),
        ("- aggregate:\n    of: orders\n    sum: totla\n  above: 1", "sum: totla", 'did you mean "total"?'),
        ("- field: spnet\n  above:\n    percentile: 80", "field: spnet", 'did you mean "spent"?'),
    ],
)  # fmt: skip
def test_an_unknown_field_that_no_leaf_compares_is_told_with_the_nearest(project, condition, place, words):
    assert_told(project, condition, place, words)


@pytest.mark.parametrize(
    ("condition", "place", "words"),
    [
        ("- has: ordres", "has: ordres", 'people has no relation "ordres" - did you mean "orders"?'),
        ("- aggregate:\n    sum: total\n    of: ordres\n  above: 1", "of: ordres", 'did you mean "orders"?'),
        ("- sequence: ordres\n  steps: [{where: {has: lines}}, {}]", "sequence: ordres", 'did you mean "orders"?'),
        ("- has: orders\n  where:\n    has: liens", "has: liens", 'orders has no relation "liens" - did you mean "lines"?'),
        ("- has: orders\n  where:\n    has: lines\n    where:\n      has: orders", "  has: orders", "declare it under `rel"),
    ],
)  # fmt: skip
def test_an_unknown_relation_is_told_with_the_nearest(project, condition, place, words):
    said = refused(project, written(condition))

    assert words in said
    assert f"defs.yaml:{project.lines(place)[-1]} - " in said


@pytest.mark.parametrize("place", [LEAF, HAS, AGGREGATE, SEQUENCE])
def test_a_type_that_cannot_be_compared_is_told(project, place):
    assert_told(
        project, leaf(place, "field: photo", "equals: a"), "equals: a", "kind other (Binary)", "is_null"
    )


@pytest.mark.parametrize(
    ("condition", "place", "words"),
    [
        ("- field: email\n  above: 5", "above: 5", "`above` does not apply to a field of kind text"),
        ("- field: spent\n  above: 'a'", "above: 'a'", "'a' is not a number"),
        ("- aggregate:\n    of: orders\n    max: coupon\n  equals: a", "max: coupon", "`max` takes"),
        ("- aggregate:\n    of: orders\n    sum: placed\n  above: 1", "sum: placed", "takes number, not timestamp"),
        ("- aggregate:\n    of: orders\n    sum: total\n  contains: a", "contains: a", "not apply to a field of kind number"),
        ("- has: orders\n  in_last: 3 days\n  time: total", "time: total", "a window needs a date or a timestamp"),
        ("- has: letters", "has: letters", "of kind number and coupon of kind text, which are never equal"),
        ("- field: joined\n  in_last: 3 hours", "in_last: 3 hours", "counts hours, and the field holds dates"),
    ],
)  # fmt: skip
def test_kinds_that_do_not_go_together_are_told(project, condition, place, words):
    assert_told(project, condition, place, words)


@pytest.mark.parametrize(
    ("percent", "words"),
    [
        ("100.5", "takes a percentile from 0 to 100, not 100.5"),
        ("-1", "takes a percentile from 0 to 100, not -1"),
        (".nan", "takes a percentile from 0 to 100, not nan"),
        (".inf", "takes a percentile from 0 to 100, not inf"),
        ('"80"', "takes a single value, or {percentile: 80}"),
        ("true", "takes a single value, or {percentile: 80}"),
    ],
)
@pytest.mark.parametrize("operator", ["above", "at_most"])
def test_a_percentile_outside_of_0_to_100_is_told(project, percent, words, operator):
    assert_told(
        project,
        f"- field: spent\n  {operator}:\n    percentile: {percent}",
        f"{operator}:",
        f"spent: `{operator}` {words}",
    )


def test_percentiles_of_0_and_100_are_taken(project):
    project.documents = {
        "defs.yaml": SHOP
        + written("- {field: spent, above: {percentile: 0}}\n- {field: spent, at_most: {percentile: 100.0}}")
    }

    project.load()


@pytest.mark.parametrize(
    ("condition", "place"),
    [
        ("- field: joined\n  in_last: 90", "in_last: 90"),
        ("- field: joined\n  in_next: '90'", "in_next: '90'"),
        ("- field: joined\n  older_than: 90 dyas", "older_than: 90 dyas"),
        ("- field: joined\n  anniversary_within: 7", "anniversary_within: 7"),
        ("- has: orders\n  in_last: 90", "in_last: 90"),
        ("- has: orders\n  where:\n    has: lines\n    in_next: 3", "in_next: 3"),
        ("- aggregate:\n    sum: total\n    of: orders\n    in_last: 90\n  above: 5", "in_last: 90"),
        ("- sequence: orders\n  in_last: 90\n  steps:\n    - {}\n    - {}", "in_last: 90"),
        ("- sequence: orders\n  steps:\n    - {}\n    -\n      within: 7", "within: 7"),
    ],
)
def test_a_window_without_a_unit_is_told(project, condition, place):
    assert_told(project, condition, place, 'write a whole number and a unit, such as "90 days"')


def segment(name, where, more=""):
    return SEGMENT.format(name=name).replace("  where:\n", f"{more}  where: {where}\n")


@pytest.mark.parametrize(
    ("segments", "cycles"),
    [
        ([("a", "{segment: a}")], ["a → a"]),
        ([("a", "{segment: b}"), ("b", "{segment: a}")], ["a → b → a", "b → a → b"]),
        (
            [("a", "{segment: b}"), ("b", "{none: [{segment: c}]}"), ("c", "{any: [{segment: a}]}")],
            ["a → b → c → a", "b → c → a → b", "c → a → b → c"],
        ),
        ([("a", "{segment: b}"), ("b", "{any: [{segment: b}]}")], ["b → b", "b → b"]),
    ],
)
def test_segments_in_a_circle_are_told_each_with_the_path(project, segments, cycles):
    said = refused(project, "".join(segment(*one) for one in segments))

    for (name, where), cycle in zip(segments, cycles, strict=True):
        assert f"the segment refers to itself: {cycle}" in said
        assert f'defs.yaml:{project.line(f"where: {where}")} - segment "{name}": ' in said


TEMPLATE = """\
---
type: activation_platform.TemplateComponent
attributes: {name: of, parameters: [it], where: {segment: {parameter: it}}}
"""


def test_a_circle_through_a_template_is_told_where_the_template_is_named(project):
    filled = segment("a", "").replace("  where: \n", "  template: of\n  values: {it: b}\n")

    said = refused(project, TEMPLATE + filled + segment("b", "{segment: a}"))

    assert "the segment refers to itself: a → b → a" in said
    assert f'defs.yaml:{project.line("template: of")} - segment "a": ' in said


def test_a_circle_through_what_the_model_excludes_is_told(project):
    shop = SHOP.replace(
        "  primary_key: id\n  columns: {id: integer, email",
        "  primary_key: id\n  exclude: [staff]\n  columns: {id: integer, email",
    )
    project.documents = {
        "defs.yaml": shop + segment("staff", "{segment: some}") + segment("some", "{field: spent, above: 1}")
    }

    said = project.refusal()

    assert "staff → some → staff" in said
    assert f'defs.yaml:{project.line("where: {segment: some}")} - segment "staff": ' in said


@pytest.mark.parametrize(
    "fault",
    ["{has: ordres}", "{segment: nobody}", "{field: joined, in_last: 3}", "{field: emial, equals: a}"],
)
@pytest.mark.parametrize(
    ("said_of_the_model", "where", "tests"),
    [
        ("", "{segment: wrong}", ""),
        ("  exclude: [wrong]\n", "{field: spent, above: 1}", ""),
        ("  priority_lists: {first: [wrong, some]}\n", "{field: spent, above: 1}", ""),
        (
            "",
            "{none: [{segment: wrong}]}",
            "  tests: [{name: it, given: {people: [{id: 1}]}, expect: [1]}]\n",
        ),
    ],
)
def test_a_fault_of_a_segment_is_not_told_of_those_that_refer_to_it(
    project, fault, said_of_the_model, where, tests
):
    shop = SHOP.replace("  relations:\n", f"{said_of_the_model}  relations:\n", 1)
    project.documents = {"defs.yaml": shop + segment("some", where) + tests + segment("wrong", fault)}

    said = project.refusal()

    assert said.startswith("1 error in the workspace")
    assert f'defs.yaml:{project.line(f"where: {fault}")} - segment "wrong": ' in said


def test_a_relation_that_leads_to_no_model_is_told_of_its_model_alone(project):
    shop = SHOP.replace("    orders: {model: orders,", "    orders: {model: ordres,")
    condition = "- {has: orders}\n- {aggregate: {sum: total, of: orders}, above: 1}"
    project.documents = {"defs.yaml": shop + written(condition)}

    said = project.refusal()

    assert said.startswith("1 error in the workspace")
    assert f'defs.yaml:{project.line("model: ordres")} - model "people": ' in said
    assert 'there is no model "ordres". Did you mean "orders"?' in said


TOGETHER = """\
- field: emial
  equals: a
- has: ordres
- field: photo
  equals: b
- all:
  - has: letters
  - field: joined
    in_last: 90
- segment: some
- field: spent
  above: {percentile: 101}
- has: orders
  where:
    field: totla
    above: 1
"""


def test_all_of_them_are_told_together(project):
    said = refused(project, written(TOGETHER))

    assert said.startswith("8 errors in the workspace")
    for place in (
        "emial",
        "ordres",
        "equals: b",
        "letters",
        "in_last",
        "segment: some",
        "percentile",
        "totla",
    ):
        assert f"defs.yaml:{project.lines(place)[-1]} - " in said


UNTYPED = (
    "columns: {id: integer, email: text, spent: number, photo: bytes, joined: date}",
    "columns: {id: , email: , spent: }",
)


@pytest.mark.parametrize("said", ["columns", "accepted"])
def test_an_unknown_field_is_told_where_the_types_of_some_columns_are_known_only_to_the_source(project, said):
    """A column of a type that has no word (a struct, say) hides no fault of the others."""
    shop = SHOP.replace(*UNTYPED)
    if said == "accepted":
        shop = SHOP.replace(f"  {UNTYPED[0]}\n", "")
        accepted = "id: integer\nemail: text\nspent: number\nplace: 'Struct({''a'': Int8})'\n"
        project.documents["people.schema.yaml"] = accepted
    condition = "- {field: emial, equals: a}\n- {has: orders, where: {field: totla, above: 1}}"
    project.documents["defs.yaml"] = shop + written(condition)

    told = project.refusal()

    assert told.startswith("2 errors in the workspace")
    assert 'emial: the model has no such field - did you mean "email"?' in told
    assert f"defs.yaml:{project.line('emial')} - " in told


def test_what_only_the_source_knows_of_a_column_is_not_said_to_be_wrong(project):
    condition = "- {field: spent, above: {percentile: 80}}\n- {field: email, contains: a}\n- has: orders\n- has: letters"
    project.documents = {"defs.yaml": SHOP.replace(*UNTYPED) + written(condition)}

    project.load()
