"""What is checked of a model's frame before it is published: its key, its schema, that it is not empty."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import dagster as dg
import polars as pl

from activation_platform.components.differences import HEAD, Difference, Kind, differences
from activation_platform.components.shown import escaped, markdown_table
from activation_platform.components.types import type_words
from activation_platform.sync.fingerprint import key_text

__all__ = [
    "ASKS",
    "BLOCKING",
    "KEY_UNIQUE",
    "NOT_EMPTY",
    "SCHEMA",
    "Census",
    "ModelCheck",
    "census_of",
    "check_frame",
]

KEY_UNIQUE, SCHEMA, NOT_EMPTY = "key_unique", "schema_unchanged", "not_empty"
_WHEN = "Asked whenever the model is made, and, without reading a row, by the check of its source."
ASKS = {
    KEY_UNIQUE: f"Is every key there once? {_WHEN}",
    SCHEMA: f"Are the columns those that it is held to? {_WHEN}",
    NOT_EMPTY: f"Are there rows? {_WHEN}",
}
"""The checks of a model, and what each of them asks."""
BLOCKING = tuple(ASKS)


@dataclass(frozen=True)
class ModelCheck:
    """A check's verdict. A failed check with severity ERROR blocks: the frame is not published.

    `differences`: of the schema, column by column, also those that do no harm.
    """

    name: str
    passed: bool
    words: str
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR
    metadata: Mapping[str, int | float | str] = field(default_factory=dict)
    differences: Sequence[Difference] = ()

    @property
    def blocks(self) -> bool:
        """Whether the frame must not be used."""
        return not self.passed and self.severity is dg.AssetCheckSeverity.ERROR

    def described(self) -> dict[str, Any]:
        """The verdict as JSON, kept with the snapshot."""
        return {
            "name": self.name,
            "passed": self.passed,
            "words": self.words,
            "severity": self.severity.value,
            "metadata": dict(self.metadata),
            "differences": [asdict(one) for one in self.differences],
        }

    @classmethod
    def remembered(cls, value: Mapping[str, Any]) -> "ModelCheck":
        """A verdict that was kept with a snapshot."""
        told = [Difference(**{**one, "kind": Kind(one["kind"])}) for one in value.get("differences", ())]
        return cls(**{**value, "severity": dg.AssetCheckSeverity(value["severity"]), "differences": told})

    def result(self) -> dg.AssetCheckResult:
        """The verdict for Dagster."""
        return dg.AssetCheckResult(
            check_name=self.name,
            passed=self.passed,
            severity=self.severity,
            description=self.words,
            metadata={**self.metadata, **self._table()},
        )

    def _table(self) -> dict[str, dg.MetadataValue[Any]]:
        if not self.differences:
            return {}
        rows = [[*map(escaped, one.row)] for one in self.differences]
        return {"columns": dg.MetadataValue.md(markdown_table(HEAD, rows))}


@dataclass(frozen=True, slots=True)
class Census:
    """How many rows a frame has, how many of them have a key, and how many different keys these are."""

    rows: int
    keyed: int
    distinct: int


def census_of(frame: pl.LazyFrame, rows: int, key: Sequence[str]) -> Census:
    """The census of a frame that is here; without its key's columns, no row has a key."""
    schema = frame.collect_schema()
    if not all(name in schema for name in key):
        return Census(rows, 0, 0)
    text = key_text(list(key), schema)
    counts = frame.select(text.count().alias("keyed"), text.drop_nulls().n_unique().alias("distinct"))
    return Census(rows, *counts.collect().row(0))


def check_frame(
    schema: pl.Schema,
    census: Census,
    *,
    key: Sequence[str],
    expected: Mapping[str, str] | None,
    most_duplicates: float,
    may_be_empty: bool,
    emptiness: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR,
) -> list[ModelCheck]:
    """All checks of a model's frame.

    `expected`: column types in words, as declared, accepted or last published; None for a first look.
    `most_duplicates`: percent of rows with a key whose key stands more than once, above which the frame is refused.
    `emptiness`: how bad it is to have no rows.
    """
    checks = [
        _schema(schema, expected, key),
        _not_empty(census.rows, emptiness, may_be_empty=may_be_empty),
    ]
    if all(name in schema for name in key):
        checks.append(_key_unique(census, most_duplicates))
    return checks


def _not_empty(rows: int, severity: dg.AssetCheckSeverity, *, may_be_empty: bool) -> ModelCheck:
    words = f"{rows} rows" if rows else "no rows"
    if not rows and not may_be_empty:
        words += "; if that is right, declare may_be_empty: true"
    passed = bool(rows) or may_be_empty
    return ModelCheck(NOT_EMPTY, passed=passed, words=words, severity=severity, metadata={"rows": rows})


def _key_unique(census: Census, most_duplicates: float) -> ModelCheck:
    """Share of duplicates = 1 - distinct / rows with a key."""
    rows, keyed, distinct = census.rows, census.keyed, census.distinct
    duplicates = keyed - distinct
    share = 100 * duplicates / keyed if keyed else 0.0
    nulls = rows - keyed
    facts = {
        "rows": rows,
        "null_keys": nulls,
        "distinct_keys": distinct,
        "duplicate_percent": round(share, 4),
    }
    if not duplicates and not nulls:
        return ModelCheck(KEY_UNIQUE, passed=True, words=f"{distinct} keys, each once", metadata=facts)
    blocks = duplicates * 100 > most_duplicates * keyed  # exactly at the limit warns; a quotient would round
    words = f"{share:.2f} % of the keys are duplicates and {nulls} rows have none; "
    words += f"more than {most_duplicates:g} % blocks" if blocks else "those rows are set aside"
    severity = dg.AssetCheckSeverity.ERROR if blocks else dg.AssetCheckSeverity.WARN
    return ModelCheck(KEY_UNIQUE, passed=False, words=words, severity=severity, metadata=facts)


def _schema(schema: pl.Schema, expected: Mapping[str, str] | None, key: Sequence[str]) -> ModelCheck:
    found = {name: type_words(dtype) for name, dtype in schema.items()}
    differ = tuple(differences(found, expected, key))
    if not any(one.blocks for one in differ):
        new = [one.words for one in differ if one.kind is Kind.NEW]
        words = f"new columns, not used: {', '.join(new)}" if new else f"{len(found)} columns as before"
        if expected is None:
            words = "first look: nothing to compare with"
        return ModelCheck(SCHEMA, passed=True, words=words, differences=differ)
    told = [
        f"{kind}: {', '.join(one.words for one in differ if one.kind is kind)}"
        for kind in dict.fromkeys(one.kind for one in differ)
    ]
    if expected is not None:
        told.append("If that is right, accept it: activation check --accept MODEL")
    return ModelCheck(SCHEMA, passed=False, words=". ".join(told), differences=differ)
