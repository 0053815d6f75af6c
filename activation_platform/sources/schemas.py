"""The platform's own schemas in a warehouse: what it keeps there, and who may make them."""

from sqlglot import exp

from activation_platform.contracts.warehouse import Bench
from activation_platform.sources.dialect import Dialect

__all__ = ["DELTA", "require_schema"]

DELTA = "activation_delta"
"""What was last seen of the rows of each ledger."""


def require_schema(bench: Bench, dialect: Dialect, schema: str) -> None:
    """Make one of them where it is not there yet; whoever may not asks an owner for it (`activation grants`)."""
    there = {name for frame in bench.read(dialect.schemas) for name in frame.to_series()}
    if schema not in there:
        bench.run(f"CREATE SCHEMA {exp.to_identifier(schema, quoted=True).sql(dialect=dialect.name)}")
