"""What the pages show and name: YAML that the components take, and tests that exist."""

import ast
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


def test_every_test_that_the_page_of_bad_input_names_exists():
    named = re.findall(r"\[`(test_\w+)`\]\((\S+)\)", (ROOT / "docs" / "bad-input.md").read_text())
    files = {path: _functions(ROOT / "docs" / path) for _, path in named}
    assert len(named) > 40
    assert [name for name, path in named if name not in files[path]] == []


def _functions(path):
    tree = ast.parse(path.read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
