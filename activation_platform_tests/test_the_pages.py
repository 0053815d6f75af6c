"""What the pages show and name: YAML that the components take, and tests that exist."""

import ast
import re
from pathlib import Path

import pytest
import yaml

import activation_platform
from activation_platform.contracts import errors
from activation_platform.contracts.errors import ActivationError, ErrorClass
from activation_platform.destinations import PLATFORMS
from activation_platform.sources import SOURCES
from activation_platform_tests.components.pages import PAGES as PLACES
from activation_platform_tests.components.pages import example_of

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def examples():
    for page in (*PAGES, *sorted(PLACES.glob("*.md"))):
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


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_every_platform_has_a_page_with_its_credentials_and_an_example_that_a_test_carries_out(platform):
    assert "\n## Credentials\n" in (PLACES / f"{platform}.md").read_text()
    assert f"platform: {platform}\n" in example_of(platform)
    tests = (ROOT / "activation_platform_tests").rglob("test_*.py")
    assert [test for test in tests if f'example_of("{platform}")' in test.read_text()]


def test_every_test_that_the_page_of_bad_input_names_exists():
    named = re.findall(r"\[`(test_\w+)`\]\((\S+)\)", (ROOT / "docs" / "bad-input.md").read_text())
    files = {path: _functions(ROOT / "docs" / path) for _, path in named}
    assert len(named) > 40
    assert [name for name, path in named if name not in files[path]] == []


def _functions(path):
    tree = ast.parse(path.read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


TROUBLE = ROOT / "docs" / "troubleshooting"


def page_of(error_class):
    return ROOT / error_class.page


def rows(error_class, head):
    """The table under a heading of a class's page: name → meaning, what to do, the tests that show it."""
    section = page_of(error_class).read_text().split(f"## {head}\n")[1].split("\n## ")[0]
    cells = [re.split(r" *\| *", line.strip("| ")) for line in section.splitlines() if line.startswith("| `")]
    return {name.strip("`"): rest for name, *rest in cells}


def test_every_class_of_errors_has_a_page_that_is_called_like_it():
    assert {path.name for path in TROUBLE.iterdir()} - {"README.md"} == {
        page_of(one).name for one in ErrorClass
    }
    for one in ErrorClass:
        assert page_of(one).read_text().startswith(f"# {one}\n")
        assert f"[{one}]({page_of(one).name})" in (TROUBLE / "README.md").read_text()


@pytest.mark.parametrize("error_class", ErrorClass)
def test_a_page_of_a_class_tells_of_every_source_and_platform_and_names_the_test_that_shows_it(error_class):
    assert list(rows(error_class, "Sources")) == sorted(SOURCES)
    assert list(rows(error_class, "Destinations")) == sorted(PLATFORMS)
    told = rows(error_class, "Sources") | rows(error_class, "Destinations")
    for name, (meaning, *rest) in told.items():
        shown = re.findall(r"\[`(test_\w+)`\]\((\S+)\)", rest[-1] if rest else "")
        assert shown or meaning.startswith("never: "), name
        for test, path in shown:
            assert _errors_named(TROUBLE / path, test) & _kinds(error_class), (name, test)


def _kinds(error_class):
    """The exceptions of a class."""
    found = (
        one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, ActivationError)
    )
    return {one.__name__ for one in found if getattr(one, "error_class", None) is error_class}


def _errors_named(path, test):
    """The names in a test, and in what it reads of its module's constants."""
    tree = ast.parse(path.read_text())
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    (function,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == test)
    names = _names(function)
    return names.union(*(_names(constants[name]) for name in names & set(constants)))


def _names(node):
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def test_a_message_links_the_page_where_the_documentation_has_an_address(monkeypatch):
    monkeypatch.setenv("ACTIVATION_DOCS", "https://git.example.org/data/docs/")

    words = str(errors.RateLimited("the vendor waits", remedy="Wait, too."))

    assert words == (
        "Rate limit: the vendor waits. Wait, too. More in https://git.example.org/data/docs/troubleshooting/rate-limit.md."
    )


def test_a_remedy_that_ends_with_something_to_copy_is_kept_apart_from_the_page():
    words = str(errors.DeclarationError("a client is missing", remedy="pip install 'it[postgres]'"))

    assert words.endswith("pip install 'it[postgres]' (more in docs/troubleshooting/configuration.md)")
