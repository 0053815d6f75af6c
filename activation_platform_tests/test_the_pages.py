"""The YAML that the pages show is YAML that the components take."""

import re
from pathlib import Path

import pytest
import yaml

import activation_platform

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def examples():
    for page in PAGES:
        for block in re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL):
            for document in yaml.safe_load_all(block):
                if isinstance(document, dict) and "attributes" in document:
                    name = document["attributes"].get("name", "?")
                    yield pytest.param(document, id=f"{page.name}-{name}")


@pytest.mark.parametrize("document", list(examples()))
def test_an_example_is_what_its_component_takes(document):
    package, _, name = document["type"].partition(".")
    assert package == "activation_platform"
    getattr(activation_platform, name).get_model_cls().model_validate(document["attributes"])


def test_the_pages_show_every_kind_of_component():
    shown = {parameters.values[0]["type"].partition(".")[2] for parameters in examples()}
    assert set(activation_platform.__all__) - {"DestinationComponent"} <= shown
