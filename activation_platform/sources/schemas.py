"""The platform's own schemas in a warehouse: what it keeps there for itself and for people."""

from datetime import datetime

import sqlglot
from sqlglot import exp

from activation_platform.contracts.source import Source
from activation_platform.contracts.warehouse import Bench
from activation_platform.sources.dialect import Dialect, dialect_of
from activation_platform.sources.relation import Relation

__all__ = ["DELTA", "OURS", "SEGMENTS", "STATS", "publish", "require_schema"]

DELTA = "activation_delta"
"""What was last seen of the rows of each ledger."""
SEGMENTS = "activation_segments"
"""Views of the models and segments, for people: as they were at their newest instant, over today's rows."""
STATS = "activation_stats"
"""How many rows they had, each time they were looked at."""
OURS = (DELTA, SEGMENTS, STATS)

_MADE = (
    "CREATE TABLE IF NOT EXISTS frames (kind TEXT, name TEXT, snapshot BIGINT, as_of TIMESTAMPTZ, total BIGINT, "
    "with_key BIGINT, distinct_keys BIGINT)"
)
_COUNTED = (
    "INSERT INTO frames (kind, name, snapshot, as_of, total, with_key, distinct_keys) "
    "VALUES (:kind, :name, :snapshot, CAST(:as_of AS TIMESTAMPTZ), :total, :with_key, :distinct_keys)"
)


def require_schema(bench: Bench, dialect: Dialect, schema: str) -> None:
    """Make one of them where it is not there yet; whoever may not asks an owner for it (`activation grants`)."""
    there = {name.lower() for frame in bench.read(dialect.schemas) for name in frame.to_series()}
    if schema not in there:
        bench.run(f"CREATE SCHEMA {dialect.written(exp.to_identifier(schema))}")


def publish(
    source: Source,
    relation: Relation,
    kind: str,
    name: str,
    *,
    snapshot: int,
    as_of: datetime,
    counts: tuple[int, int, int],
) -> None:
    """Show a model or a segment to people: a view `<kind>_<name>`, and a row of figures (rows, with a key, distinct keys)."""
    dialect = dialect_of(source.dialect)
    total, with_key, distinct_keys = counts
    figures = {
        "kind": kind,
        "name": name,
        "snapshot": snapshot,
        "as_of": as_of.isoformat(),
        "total": total,
        "with_key": with_key,
        "distinct_keys": distinct_keys,
    }

    def said(canonical: str) -> str:
        literals = {word: exp.convert(value) for word, value in figures.items()}
        tree = exp.replace_placeholders(sqlglot.parse_one(canonical), **literals)
        return dialect.written(exp.replace_tables(tree, {"frames": f"{STATS}.frames"}))

    view = dialect.written(exp.table_(f"{kind}_{name}", db=SEGMENTS))
    with source.bench() as bench:
        for schema in (SEGMENTS, STATS):
            require_schema(bench, dialect, schema)
        for statement in (said(_MADE), said(_COUNTED)):
            bench.run(statement)
    with (
        source.bench() as bench
    ):  # of its own: some warehouses have no view of a table named without its schema
        for statement in dialect.view(view, relation.sql):
            bench.run(statement)
