"""What is checked of a model's frame before it is published: its key, its schema, that it is not empty."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg
import polars as pl

from activation_platform.components.types import same_type, type_words
from activation_platform.sync.fingerprint import key_text

__all__ = [
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
BLOCKING = (KEY_UNIQUE, SCHEMA, NOT_EMPTY)


@dataclass(frozen=True)
class ModelCheck:
    """A check's verdict. A failed check with severity ERROR blocks: the frame is not published."""

    name: str
    passed: bool
    words: str
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR
    metadata: Mapping[str, int | float | str] | None = None

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
            "metadata": dict(self.metadata or {}),
        }

    @classmethod
    def remembered(cls, value: Mapping[str, Any]) -> "ModelCheck":
        """A verdict that was kept with a snapshot."""
        return cls(**{**value, "severity": dg.AssetCheckSeverity(value["severity"])})

    def result(self) -> dg.AssetCheckResult:
        """The verdict for Dagster."""
        return dg.AssetCheckResult(
            check_name=self.name,
            passed=self.passed,
            severity=self.severity,
            description=self.words,
            metadata=dict(self.metadata or {}),
        )


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
    wanted = dict.fromkeys([*(expected or ()), *key])
    missing = [name for name in wanted if name not in found]
    if expected is None:
        words = f"Missing: {', '.join(missing)}" if missing else "first look: nothing to compare with"
        return ModelCheck(SCHEMA, passed=not missing, words=words)
    wrong = [
        f"{name} is {found[name]}, was {was}"
        for name, was in expected.items()
        if name in found and not same_type(found[name], was)
    ]
    new = [name for name in found if name not in expected]
    if not missing and not wrong:
        words = f"new columns, not used: {', '.join(new)}" if new else f"{len(found)} columns as before"
        return ModelCheck(SCHEMA, passed=True, words=words)
    told = []
    if missing:
        told.append(f"Missing: {', '.join(missing)}")
    if missing and new:
        told.append(f"Altered? New are {', '.join(new)}")
    if wrong:
        told.append(f"Wrong Type: {'; '.join(wrong)}")
    told.append("If that is right, accept it: activation check --accept MODEL")
    return ModelCheck(SCHEMA, passed=False, words=". ".join(told))
