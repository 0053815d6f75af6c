"""The guide to segments shows the whole language, and its examples are read."""

import re
from pathlib import Path

import yaml

from activation_platform.segmentation.computed import (
    Aggregated,
    Counted,
    Formula,
    Label,
    Picked,
    read_computed,
)
from activation_platform.segmentation.conditions import read
from activation_platform.segmentation.operators import Operator
from activation_platform.segmentation.related import Function
from activation_platform.segmentation.spans import Unit

GUIDE = (Path(__file__).parents[2] / "docs" / "segments.md").read_text(encoding="utf-8")


def test_every_example_of_the_guide_is_a_condition():
    examples = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)

    documents = [said for example in examples for said in yaml.safe_load_all(example)]
    written = [said.get("attributes", said) for said in documents]
    conditions = [said["where"] for said in written if "where" in said and "parameters" not in said]
    assert conditions
    for condition in conditions:
        read(condition)


def test_every_computed_field_of_the_guide_can_be_read():
    examples = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)

    documents = [said for example in examples for said in yaml.safe_load_all(example)]
    fields = [tree for said in documents for tree in said.get("computed", {}).values()]
    assert {type(read_computed(tree)) for tree in fields} == {Aggregated, Counted, Formula, Label, Picked}


def test_the_guide_names_every_operator_and_every_unit():
    named = set(re.findall(r"`(\w+)(?:: true)?`", GUIDE))

    assert {*Operator, *Function, "has", "sequence", "segment"} <= named
    assert all(f"{{{word}: " in GUIDE for word in ("split", "limit", "taken_by"))
    assert {f"{unit}s" for unit in Unit} <= named
