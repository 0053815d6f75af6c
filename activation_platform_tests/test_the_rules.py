"""The rules of what an activation does, by number: each has a test that is named after it."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent

RULES = {
    "A1": "state per key",
    "A2": "whose ledger",
    "A3": "the right ledger",
    "A4": "one owner",
    "B1": "the head",
    "B2": "raw values first",
    "B3": "set aside is not gone",
    "B4": "identifiers are unique too",
    "B5": "an identifier that changes",
    "B6": "nulls",
    "B7": "a change of mapping, mode or key",
    "C": "modes are promises about the destination",
    "C1": "snapshot and clear",
    "C2": "run types",
    "C3": "empty frames and guards",
    "D1": "intents before, outcomes after",
    "D2": "rejected and owed",
    "D3": "a refused account, a used-up quota",
    "D4": "a crash at any instruction",
    "D5": "cancel",
    "D6": "state on object storage",
    "D7": "asynchronous deletes",
    "D8": "the rate budget",
    "D9": "secrets",
    "E1": "which snapshot a run reads",
    "E2": "superseded and refused partitions",
    "E3": "events",
    "E4": "now",
    "E5": "shared reads",
    "E6": "recurrences",
    "F1": "each record counts once",
    "F2": "status",
    "F3": "loaded",
    "G": "loading definitions",
}

LATER = {"E7": "pauses that mend themselves"}
"""A rule that comes with a part of its own."""


def names() -> list[str]:
    """The name of every test."""
    trees = (ast.parse(path.read_text()) for path in TESTS.rglob("test_*.py"))
    found = (node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return [name for name in found if name.startswith("test_")]


NAMES = names()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule} {RULES[rule]}")
def test_a_rule_has_a_test_that_is_named_after_it(rule):
    assert [name for name in NAMES if name.startswith(f"test_{rule.lower()}_")]


def test_no_test_is_named_after_a_rule_that_does_not_exist():
    numbered = {
        name: found.group(1).upper() for name in NAMES if (found := re.match(r"test_([a-g]\d)_", name))
    }
    assert {name: rule for name, rule in numbered.items() if rule not in RULES | LATER} == {}
