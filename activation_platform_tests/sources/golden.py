"""The SQL of every operator as each warehouse gets it; `python -m` of this module writes it anew for a reviewer to read."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from sqlglot import exp

from activation_platform.segmentation.compile import compile_condition, compile_source
from activation_platform.segmentation.conditions import read
from activation_platform.segmentation.scope import Scope, alone
from activation_platform.sources.dialect import DIALECTS, dialect_of
from activation_platform_tests.segmentation import test_computed, test_places
from activation_platform_tests.segmentation.test_compile import GOLDEN, NOW, SCHEMA
from activation_platform_tests.segmentation.test_json_values import LEAVES, PROFILES
from activation_platform_tests.segmentation.test_related import FORMS, SCOPE
from activation_platform_tests.sources.naming import Spoken

FOLDER = Path(__file__).parent / "conditions"
SETS: dict[str, list[tuple[dict[str, Any], Scope]]] = {
    "": [(tree, alone(SCHEMA)) for tree, _ in GOLDEN],
    "related-": [(tree, SCOPE) for tree in FORMS],
    "computed-": [(tree, test_computed.SCOPE) for tree in test_computed.FORMS],
    "places-": [(tree, replace(test_places.SCOPE, name=model)) for model, tree in test_places.FORMS],
    "json-": [(tree, alone(PROFILES)) for tree in LEAVES],
}
"""Conditions about one model, those about several, those on computed fields, splits and limits, and values within JSON."""


def trees(dialect: str, kind: str) -> list[tuple[dict[str, Any], Scope]]:
    """The conditions that a dialect has: nanoseconds are in DuckDB's snapshots alone."""
    return [(tree, scope) for tree, scope in SETS[kind] if dialect == "duckdb" or "nano" not in str(tree)]


def said(dialect: str, kind: str = "") -> str:
    """Each condition, and below it what it is in a dialect, with the rows where fields are computed; all at one instant."""
    asked = trees(dialect, kind)
    return "\n".join(f"-- {written(tree)}\n{_sql(tree, scope, dialect)}\n" for tree, scope in asked)


def reviewed(dialect: str, kind: str = "") -> Iterator[tuple[dict[str, Any], str]]:
    """Each condition of a reviewed file, with its SQL."""
    text = (FOLDER / f"{kind}{dialect}.sql").read_text(encoding="utf-8")
    for condition, sql in re.findall(r"^-- (.*)\n(.*)$", text, re.MULTILINE):
        yield yaml.safe_load(condition), sql


def written(tree: dict[str, Any]) -> str:
    flow = yaml.safe_dump(tree, default_flow_style=True, sort_keys=False, allow_unicode=True, width=1_000_000)
    return flow.strip()


def _sql(tree: dict[str, Any], scope: Scope, dialect: str) -> str:
    words = dialect_of(dialect)
    condition = compile_condition(read(tree), scope, now=NOW, naming=Spoken(words))
    if not scope.model.computed:
        return words.conditions(condition).sql(dialect=dialect)
    rows = compile_source(scope, condition, now=NOW, naming=Spoken(words))
    return words.conditions(exp.select("*").from_(rows).where(condition)).sql(dialect=dialect)


if __name__ == "__main__":
    for name in DIALECTS:
        for kind in SETS:
            (FOLDER / f"{kind}{name}.sql").write_text(said(name, kind), encoding="utf-8")
