"""Splits, limits and priority lists through Dagster: who is sent where, what changes when others come, and what is refused."""

import json
import re

import pytest

from activation_platform.components.frames import Frames
from activation_platform.sync.folder import Folder
from activation_platform_tests.components.project import (
    FIRST,
    LEADS,
    LETTERS,
    SECOND,
    evaluations,
    fill,
    person,
    succeeded,
    told,
)
from activation_platform_tests.components.test_related_segments import segment

SPLIT = """\
type: activation_platform.SplitComponent
attributes:
  name: welcome_test
  model: people
  seed: welcome 2026
  arms: {treatment: 60, control: 40}
"""
ARM = "{all: [{segment: loyal}, {split: welcome_test, arm: %s}]}"


@pytest.fixture
def tested(project):
    """A project that sends one arm of its segment to one destination, and the other arm to the other."""
    project.also(SPLIT).also(segment("treated", ARM % "treatment")).also(
        segment("held_back", ARM % "control")
    )
    for activation, arm in (("letters", "treated"), ("leads", "held_back")):
        project.replaced(f"  name: {activation}\n  segment: loyal", f"  name: {activation}\n  segment: {arm}")
    return project


def sent(sandbox):
    """The numbers of the people that each destination holds."""
    people = json.dumps(sandbox.world.part("attio", "people"))
    treated = {int(number) for number in sandbox.world.part("batch", "profiles")}
    return treated, {int(number) for number in re.findall(r"person(\d+)@", people)}


def members(storage, name):
    return Frames(Folder(storage), "segments", name).newest().scan().collect()["id"].to_list()


def test_the_arms_of_a_segment_are_sent_apart_and_stay_when_new_people_come(
    tested, loaded, sandbox, warehouse
):
    fill(warehouse, [*map(person, range(1, 41)), person(41, orders=1)])
    runner = loaded(tested)
    for activation in (LETTERS, LEADS):
        succeeded(runner.run(activation, partition=FIRST))
    treated, held_back = sent(sandbox)

    fill(warehouse, [*map(person, range(1, 41)), *map(person, range(51, 91)), person(41, orders=1)])
    figures = [told(succeeded(runner.run(one, partition=SECOND)), one) for one in (LETTERS, LEADS)]
    treated_then, held_back_then = sent(sandbox)

    assert treated | held_back == {*range(1, 41)}
    assert treated_then | held_back_then == {*range(1, 41), *range(51, 91)}
    assert not treated & held_back
    assert not treated_then & held_back_then
    assert (treated_then & {*range(1, 41)}, held_back_then & {*range(1, 41)}) == (treated, held_back)
    assert [len(one) for one in (treated, held_back, treated_then, held_back_then)] == [22, 18, 49, 31]
    assert [(one["deleted"], one["updated"]) for one in figures] == [(0, 0), (0, 0)]


def test_another_seed_or_other_shares_make_the_segments_of_a_split_anew(tested, loaded, storage, warehouse):
    fill(warehouse, map(person, range(1, 41)))
    found = []
    for old, new in (
        ("2026", "2026"),
        ("treatment: 60, control: 40", "treatment: 50, control: 50"),
        ("2026", "2027"),
    ):
        tested.replaced(old, new)
        succeeded(loaded(tested).run("segments/treated"))
        found.append(members(storage, "treated"))

    assert set(found[1]) < set(found[0])
    assert set(found[2]) - set(found[0])


def limited(name, limit, where="{field: orders, at_least: 3}"):
    return segment(name, where, f"  limit: {limit}\n")


def test_a_limit_comes_after_conditions_and_exclusions_and_may_be_referred_to(
    project, loaded, storage, warehouse
):
    fill(warehouse, [person(number, orders=number) for number in range(1, 11)])
    project.replaced("kind: users", "kind: users\n  exclude: [staff]")
    project.also(segment("staff", "{field: id, equals: 9}"))
    project.also(limited("top", "{top: 3, by: [{descending: orders}]}", "{field: id, below: 10}"))
    project.also(segment("others", "{all: [{field: orders, at_least: 5}, {none: [{segment: top}]}]}"))
    everybody = segment("some", "{}", "  limit: {sample: 4, seed: a}\n").replace("  where: {}\n", "")
    project.also(everybody)

    succeeded(loaded(project).run(*(f"segments/{name}" for name in ("top", "others", "some"))))

    assert members(storage, "top") == [6, 7, 8]
    assert members(storage, "others") == [5, 10]
    assert len(members(storage, "some")) == 4
    assert 9 not in members(storage, "some")


def test_a_limited_segment_may_exclude(project, loaded, storage, warehouse):
    fill(warehouse, [person(number, orders=number) for number in range(1, 6)])
    project.replaced("kind: users", "kind: users\n  exclude: [top]")
    project.also(limited("top", "{top: 1, by: [{descending: orders}]}"))

    succeeded(loaded(project).run("segments/loyal", "segments/top"))

    assert (members(storage, "top"), members(storage, "loyal")) == ([5], [3, 4])


def test_a_limit_goes_with_a_template_and_with_a_computed_field(project, loaded, storage, warehouse):
    fill(warehouse, [person(number, orders=number) for number in range(1, 9)])
    project.replaced("kind: users", "kind: users\n  computed: {unrest: {formula: 0 - orders}}")
    project.also(TEMPLATE).also(FILLED)

    succeeded(loaded(project).run("segments/filled"))

    assert members(storage, "filled") == [3, 4]


def test_who_is_overtaken_leaves_the_destination_wherever_the_rows_stay(project, loaded, sandbox, warehouse):
    first = segment(
        "first", "{field: orders, at_least: 3}", "  limit: {top: 3, by: [{descending: orders}]}\n"
    )
    project.replaced("kind: users", "kind: users\n  engine: warehouse").also(first)
    project.replaced("  name: letters\n  segment: loyal", "  name: letters\n  segment: first")
    fill(warehouse, [person(number, orders=number) for number in range(1, 7)])
    succeeded(loaded(project).run(LETTERS, partition=FIRST))
    fill(warehouse, [person(number, orders=number) for number in range(1, 8)])
    figures = told(succeeded(loaded(project).run(LETTERS, partition=SECOND)), LETTERS)

    assert (figures["inserted"], figures["updated"], figures["deleted"]) == (1, 0, 1)
    sandbox.world.finish_erasures()
    assert sorted(sandbox.world.part("batch", "profiles")) == ["5", "6", "7"]


def test_the_arms_are_the_same_where_the_rows_stay_and_where_they_are_read(
    tested, loaded, sandbox, warehouse
):
    fill(warehouse, map(person, range(1, 41)))
    succeeded(loaded(tested).run(LETTERS, partition=FIRST))
    tested.replaced("kind: users", "kind: users\n  engine: warehouse")
    figures = told(succeeded(loaded(tested).run(LETTERS, partition=SECOND)), LETTERS)

    assert figures["status"] == "nothing to do"


LISTS = ("kind: users", "kind: users\n  priority_lists: {lifecycle: [first, second, third]}")
LISTED = {
    "first": limited("first", "{top: 2, by: [{descending: orders}]}"),
    "second": segment("second", "{field: orders, at_least: 4}"),
    "third": limited("third", "{top: 5, by: [{descending: orders}]}"),
}


TEMPLATE = """\
type: activation_platform.TemplateComponent
attributes:
  name: idle
  parameters: [rows]
  where: {limit: {top: {parameter: rows}, by: [{descending: unrest}]}, of: {field: id, above: 2}}
"""
FILLED = """\
type: activation_platform.SegmentComponent
attributes:
  name: filled
  model: people
  template: idle
  values: {rows: 3}
  limit: {top: 2, by: [{descending: unrest}]}
"""


@pytest.fixture
def listed(project):
    """A project with a priority list of three segments, two of them limited."""
    project.replaced(*LISTS)
    for document in LISTED.values():
        project.also(document)
    return project


def test_a_row_belongs_to_the_first_segment_of_a_list_that_takes_it(listed, loaded, storage, warehouse):
    """A limit is one of the segment itself: the third has its five best, less those that others take."""
    fill(warehouse, [person(number, orders=number) for number in range(1, 9)])
    listed.also(segment("any_of_them", "{any: [{segment: first}, {segment: second}, {segment: third}]}"))
    listed.also(segment("five_best", "{taken_by: third}"))

    succeeded(loaded(listed).run(*(f"segments/{name}" for name in (*LISTED, "any_of_them", "five_best"))))

    assert {name: members(storage, name) for name in LISTED} == {
        "first": [7, 8],
        "second": [4, 5, 6],
        "third": [],
    }
    assert members(storage, "any_of_them") == [4, 5, 6, 7, 8]
    assert members(storage, "five_best") == [4, 5, 6, 7, 8]


def test_a_segment_of_a_list_that_the_model_excludes_leads_back_unless_those_before_it_opt_out(listed):
    listed.replaced("  priority_lists", "  exclude: [second]\n  priority_lists")

    refused = listed.refusal()

    assert "the segment refers to itself: second → first → second" in refused
    assert f"defs.yaml:{listed.line('{field: orders, at_least: 4}')}" in refused
    listed.replaced("  limit: {top: 2", "  opts_out_of: [second]\n  limit: {top: 2").load()


def test_a_list_or_a_split_of_another_model_is_told_with_file_and_line(listed):
    """The second model has a segment of the first in its list, and a condition about a split of the first."""
    other = "type: activation_platform.ModelComponent\nattributes:\n  name: guests\n  source: shop\n  table: guests\n"
    listed.also(other + "  primary_key: id\n  columns: {id: integer}\n  priority_lists: {all: [second]}\n")
    about = segment("apart", "{split: welcome_test, arm: control}").replace("model: people", "model: guests")
    listed.also(SPLIT).also(about)

    refused = listed.refusal()

    assert 'the segment "second" is one of people, not of this model' in refused
    assert f"defs.yaml:{listed.line('{all: [second]}')}" in refused
    assert 'the split "welcome_test" is one of people, and this is about guests' in refused
    assert f"defs.yaml:{listed.line('{split: welcome_test, arm: control}')}" in refused


def test_a_test_of_a_limited_segment_is_carried_out_as_in_production(project, loaded, warehouse):
    case = "{name: best, given: {people: [{id: 1, orders: 3}, {id: 2, orders: 9}, {id: 3, orders: 1}]}, expect: [2]}"
    project.also(limited("top", "{top: 1, by: [{descending: orders}]}\n  tests:\n    - " + case))

    checks = evaluations(succeeded(loaded(project).run("segments/top")))

    assert checks["best"].passed


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("[first, second, third]", "[first, secnd]", "secnd]", 'there is no segment "secnd". Did you mean "second"?'),
        ("[first, second, third]", "[first, second, first]", "first]}", "first\" stands in lifecycle already"),
        ("[first, second, third]}", "[first, second], b: [second]}", "b: [second]", "second\" stands in lifecycle already"),
        ("where: {field: orders, at_least: 4}", "where: {segment: third}", "where: {segment: third}", "second → third → second"),
        ("{top: 2, by: [{descending: orders}]}", "{top: 0, by: [{descending: orders}]}", "top: 0", "from 1 to"),
        ("{top: 2, by: [{descending: orders}]}", "{top: 2, by: [{descending: ordres}]}", "ordres", 'did you mean "orders"?'),
        ("{top: 2, by: [{descending: orders}]}", "{tip: 2}", "tip: 2", '"tip" is no word here - did you mean "top"?'),
        ("{top: 2, by: [{descending: orders}]}", "{top: 2}", "limit: {top: 2}", "takes {top: 1000, by:"),
    ],
)  # fmt: skip
def test_a_list_or_a_limit_that_cannot_be_is_told_with_file_and_line(listed, old, new, place, words):
    listed.replaced(old, new)

    refused = listed.refusal()

    assert words in refused
    assert f"defs.yaml:{listed.line(place)}" in refused


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("control: 40}", "control: 30}", "control: 30", "the shares come to 90 percent, not 100: 10 are missing"),
        ("control: 40}", "control: 40.001}", "control: 40.001", "come to 100.001 percent, not 100: 0.001 are too many"),
        ("control: 40}", "control: 140}", "control: 140", "takes a share from 0 to 100 percent"),
        ("control: 40}", "control: -40}", "control: -40", "takes a share from 0 to 100 percent"),
        ("control: 40}", "control: 0.00000000001}", "control: 0", "with 9 digits after the point at most"),
        ("control: 40}", "control: .nan}", "control: .nan", "takes a share from 0 to 100 percent"),
        ("  model: people\n  seed", "  model: peple\n  seed", "model: peple", 'there is no model "peple". Did you mean "people"'),
        ("seed: welcome 2026", 'seed: ""', 'seed: ""', "takes a text of your own, of one character or more and without NUL"),
        ("seed: welcome 2026", 'seed: "a\\0b"', 'seed: "a', "of one character or more and without NUL"),
        ("id: integer", "id: number", "model: people  #", "the key column id of people holds floats"),
        ("arm: control", "arm: contrl", "arm: contrl", 'no arm "contrl" - did you mean "control"?'),
        ("split: welcome_test, arm: control", "split: welcome, arm: control", "split: welcome,", 'no split "welcome" - did you'),
    ],
)  # fmt: skip
def test_a_split_that_cannot_be_is_told_with_file_and_line(tested, old, new, place, words):
    tested.replaced("  model: people\n  seed", "  model: people  # the split's\n  seed") if place.endswith(
        "#"
    ) else None
    tested.replaced(old, new)

    refused = tested.refusal()

    assert refused.startswith("1 error ")
    assert words in refused
    assert f"defs.yaml:{tested.line(place)}" in refused
