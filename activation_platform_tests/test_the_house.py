"""The house rules that tests keep: structure, names, docs in step with the code."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "activation_platform"
TESTS = ROOT / "activation_platform_tests"
BENCHMARKS = ROOT / "benchmarks"
MODULES = sorted(path for folder in (PACKAGE, TESTS, BENCHMARKS) for path in folder.rglob("*.py"))
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
MOST_LINES = {PACKAGE: 300, TESTS: 500, BENCHMARKS: 300}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_is_and_stays_short(path):
    text = path.read_text()
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), "opens with a sentence that says what it is"
    assert len(text.splitlines()) <= MOST_LINES[ROOT / path.relative_to(ROOT).parts[0]]


def test_no_module_has_a_name_that_says_nothing():
    forbidden = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "handler", "base", "core"}
    assert not [path for path in MODULES if path.stem in forbidden or path.parent.name in forbidden]


@pytest.mark.parametrize("path", [*MODULES, *PAGES], ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_holds_the_marks_of_a_conflict(path):
    assert re.findall(r"^(?:<{7}|>{7}) ", path.read_text(), re.MULTILINE) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_between_pages_leads_somewhere(page):
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_folder_that_the_architecture_draws_exists():
    floors = (ROOT / "ARCHITECTURE.md").read_text().split("```")[1]
    drawn = re.findall(r"^[├└]── (\w+(?:\.py)?)", floors, re.MULTILINE)
    found = {path.name for path in PACKAGE.iterdir() if path.is_dir() and not path.name.startswith("__")}
    assert set(drawn) == found | {"definitions.py"}


def test_every_file_that_the_life_of_a_record_names_exists():
    named = re.findall(r"`((?:components|sync)/\w+\.py)`", (ROOT / "ARCHITECTURE.md").read_text())
    assert len(named) > 10
    assert [name for name in named if not (PACKAGE / name).exists()] == []


def test_every_make_target_that_a_page_names_exists():
    makefile = (ROOT / "Makefile").read_text()
    named = {
        target
        for page in PAGES
        for target in re.findall(r"`?make ([a-z]+)`?(?= |`|$)", page.read_text(), re.MULTILINE)
    }
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    assert {"demo", "test", "ui", "check"} <= targets
    assert {
        target for target in named if target in ("demo", "test", "ui", "check", "install", "docs", "lock")
    } <= targets


def test_ci_runs_the_commands_of_the_readme():
    assert "make test" in (ROOT / ".ci" / "run").read_text()
    assert "make test" in (ROOT / "README.md").read_text()


def test_the_lock_file_names_no_registry():
    text = (ROOT / "requirements.lock").read_text()
    assert "==" in text
    assert not re.search(r"https?://|index-url|find-links", text)


def test_the_package_says_its_components_and_nothing_else():
    import activation_platform

    assert [name for name in dir(activation_platform) if not hasattr(activation_platform, name)] == []
    assert activation_platform.__all__ == dir(activation_platform)
