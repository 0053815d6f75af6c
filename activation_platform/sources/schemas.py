"""The platform's own schemas in a warehouse: what it keeps there for itself and for people."""

from datetime import datetime

from sqlglot import exp

from activation_platform.contracts.source import Source
from activation_platform.contracts.warehouse import Bench
from activation_platform.sources.canonical import Canonical
from activation_platform.sources.dialect import dialect_of
from activation_platform.sources.relation import Relation

__all__ = ["DELTA", "OURS", "SEGMENTS", "STATS", "own_table", "publish", "require_schema"]

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


def own_table(source: Source, schema: str, name: str) -> exp.Table:
    """A table in one of them."""
    return exp.table_(name, db=schema, catalog=source.own_catalog or None)


def require_schema(bench: Bench, source: Source, schema: str) -> None:
    """Make one of them where it is not there yet; whoever may not asks an owner for it (`activation grants`)."""
    dialect = dialect_of(source.dialect)
    if schema not in map(str.lower, bench.schemas(dialect.schemas)):
        parts = filter(None, (source.own_catalog, schema))
        bench.run(f"CREATE SCHEMA {'.'.join(dialect.written(exp.to_identifier(part)) for part in parts)}")


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
    figures: dict[str, str | int | None] = {
        "kind": kind,
        "name": name,
        "snapshot": snapshot,
        "as_of": as_of.isoformat(),
        "total": total,
        "with_key": with_key,
        "distinct_keys": distinct_keys,
    }

    sql = Canonical(dialect, {"frames": own_table(source, STATS, "frames")})
    view = dialect.written(own_table(source, SEGMENTS, f"{kind}_{name}"))
    with source.bench() as bench:
        for schema in (SEGMENTS, STATS):
            require_schema(bench, source, schema)
        bench.run(sql.say(_MADE))
        bench.run(sql.say(_COUNTED, **figures))
    with (
        source.bench() as bench
    ):  # of its own: some warehouses have no view of a table named without its schema
        for statement in dialect.view(view, relation.sql):
            bench.run(statement)
