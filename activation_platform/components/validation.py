"""Whether a source can be read, step by step: its own steps, then whether it lets us read what every model reads."""

from collections.abc import Iterator, Mapping

from activation_platform.contracts.errors import ActivationError, CredentialsRefused, DeclarationError
from activation_platform.contracts.source import CheckStep, Source
from activation_platform.sources.lineage import tables_read

__all__ = ["steps"]


def steps(source: Source, models: Mapping[str, str]) -> Iterator[CheckStep]:
    """connection, access, schemas, grants, lineage; stops after the first that fails. `models`: query by name.

    A warehouse that does not tell a missing grant from a missing table (Snowflake) fails in the lineage.
    """
    for step in source.check():
        yield step
        if not step.passed:
            return
    refused, broken = [], []
    for name, query in models.items():
        try:
            source.columns(query)
        except CredentialsRefused as error:
            refused.append(f"{name}: {error}")
        except ActivationError as error:
            broken.append(f"{name}: {error}")
    count = f"{len(models)} model{'' if len(models) == 1 else 's'}"
    yield CheckStep("grants", not refused, "; ".join(refused) or f"Nothing that {count} read is closed to us")
    if not refused:
        words = "; ".join(broken or [_lineage(name, query, source.dialect) for name, query in models.items()])
        yield CheckStep("lineage", not broken, words or "No model reads it")


def _lineage(name: str, query: str, dialect: str) -> str:
    try:
        tables = ", ".join(map(str, tables_read(query, dialect))) or "no table"
    except DeclarationError as error:
        tables = f"what only the warehouse knows ({error.what})"
    return f"{name} reads {tables}"
