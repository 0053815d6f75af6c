"""What a warehouse is asked of a segment beside its members: why a row is one, and the counts of its analysis.

`python -m` of this module writes the SQL anew for a reviewer to read.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl
import sqlglot

from activation_platform.components.staying import ChosenThere, There
from activation_platform.segmentation.compile import compile_condition
from activation_platform.segmentation.conditions import read
from activation_platform.segmentation.scope import Model, Scope, alone
from activation_platform.segmentation.why import why
from activation_platform.sources.counting import combinations, keys_there, values_there
from activation_platform.sources.dialect import DIALECTS
from activation_platform.sources.relation import Relation
from activation_platform_tests.segmentation import test_computed, test_places, test_related
from activation_platform_tests.segmentation.test_compile import NOW
from activation_platform_tests.sources.golden import FOLDER, written

PEOPLE = replace(test_places.SCOPE, name="people")
PAIRS = Scope(
    "pairs",
    {
        "pairs": Model(
            {"text": pl.String(), "at": pl.Datetime("us", "UTC"), "number": pl.Int64()}, ("text", "at")
        )
    },
)
RANKED = {"limit": {"top": 5, "by": [{"descending": "spent"}]}, "of": {"field": "born", "is_null": False}}
REASONS: list[tuple[str, dict[str, Any], Scope]] = [
    ("4711", {"all": [{"has": "orders", "at_least": 2}, {"segment": "big"}]}, test_related.SCOPE),
    ("4711", {"field": "spent", "above": {"percentile": 80}}, test_related.SCOPE),
    (
        "4711",
        {"aggregate": {"distinct": "shop", "of": "orders"}, "above": {"percentile": 50}},
        test_related.SCOPE,
    ),
    ("4711", {"aggregate": {"last": "total", "of": "local"}, "above": 5}, test_related.SCOPE),
    ("4711", {"field": "tier", "equals": "gold"}, test_computed.SCOPE),
    ("4711", {"field": "per_order", "above": 10}, test_computed.SCOPE),
    ("4711", {"none": [{"split": "test", "arm": "control"}, RANKED]}, PEOPLE),
    ("it's \\| 1|2024-03-31T12:30:00.000000Z", {"field": "number", "above": 1}, PAIRS),
]
"""A key and a condition for everything that is told beside one."""


@dataclass
class Noting:
    """A source that notes what it is asked, and has no rows."""

    dialect: str
    asked: list[str] = field(default_factory=list)

    def read(self, query: str) -> Iterator[pl.DataFrame]:
        """Nothing, under the names of the query."""
        self.asked.append(query)
        names = sqlglot.parse_one(query, dialect=self.dialect).named_selects
        yield pl.DataFrame(schema=dict.fromkeys(names, pl.String))


def reasons(source: Any) -> Iterator[str]:
    """Ask why, and tell in words what was asked."""
    for key, tree, scope in REASONS:
        relations = {}
        for name, model in scope.models.items():
            columns = pl.Schema(
                {one: dtype for one, dtype in (model.schema or {}).items() if one not in model.computed}
            )
            relations[name] = relation(source, name, columns)
        why(read(tree), ChosenThere(source, There(relations, scope), key), now=NOW, most=10)
        yield f"{key}: {written(tree)}"


def counts(source: Any) -> Iterator[str]:
    """Ask what an analysis asks, and tell in words what it was."""
    schema = pl.Schema({"id": pl.Int64(), "shop": pl.String(), "country": pl.String(), "spent": pl.Float64()})
    segments = []
    for tree in ({"field": "country", "in": ["FR", "BE"]}, {"field": "spent", "above": 100}):
        where = compile_condition(read(tree), alone(schema), now=NOW)
        segments.append(replace(relation(source, "customers", schema), where=where))
    values_there(source, segments[0], "shop")
    yield "breakdown by shop"
    combinations(source, segments, ["id"], ["in_0", "in_1"])
    yield "overlap of two segments"
    combinations(source, segments, ["shop", "id"], ["in_0", "in_1"])
    yield "overlap of two segments whose key is of two columns"
    next(keys_there(source, segments[0], ["id"]))
    yield "history: the keys"


def relation(source: Any, table: str, schema: pl.Schema) -> Relation:
    """A model that is a table."""
    return Relation(f"SELECT * FROM {table}", source.dialect, {name: name for name in schema}, schema)


KINDS: dict[str, Callable[[Any], Iterator[str]]] = {"why-": reasons, "analysis-": counts}


def said(dialect: str, kind: str) -> str:
    """What is asked, and below it how, in a dialect."""
    source = Noting(dialect)
    return "\n".join(f"-- {words}\n{source.asked.pop()}\n" for words in KINDS[kind](source))


if __name__ == "__main__":
    for name in DIALECTS:
        for kind in KINDS:
            (FOLDER / f"{kind}{name}.sql").write_text(said(name, kind), encoding="utf-8")
