"""The guide to segments shows the whole language, and its examples are read."""

import re
from pathlib import Path

import yaml

from activation_platform.segmentation.conditions import read
from activation_platform.segmentation.operators import Operator
from activation_platform.segmentation.spans import Unit

GUIDE = (Path(__file__).parents[2] / "docs" / "segments.md").read_text(encoding="utf-8")


def test_every_example_of_the_guide_is_a_condition():
    examples = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)

    assert examples
    for example in examples:
        read(yaml.safe_load(example)["where"])


def test_the_guide_names_every_operator_and_every_unit():
    named = set(re.findall(r"`(\w+)(?:: true)?`", GUIDE))

    assert {*Operator} <= named
    assert {f"{unit}s" for unit in Unit} <= named
