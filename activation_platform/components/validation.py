"""Whether a source can be read, step by step: its own steps, then whether it lets us read what every model reads."""

from collections.abc import Iterator, Mapping

import polars as pl

from activation_platform.contracts.errors import ActivationError, CredentialsRefused, DeclarationError
from activation_platform.contracts.source import CheckStep, Source
from activation_platform.sources.lineage import tables_read

__all__ = ["OF_MODELS", "Validation"]

GRANTS, LINEAGE = "grants", "lineage"
OF_MODELS = (GRANTS, LINEAGE)
"""Steps that fail for single models, by their names, while the source itself is sound."""


class Validation:
    """The validation of a source. `models`: query by name.

    `columns`: once the steps were taken that far, the columns of each model as they are there, or why they cannot be had.
    """

    def __init__(self, source: Source, models: Mapping[str, str]) -> None:
        self._source = source
        self._models = models
        self.columns: dict[str, pl.Schema | ActivationError] = {}

    def steps(self) -> Iterator[CheckStep]:
        """connection, access, schemas, grants, lineage; stops after the first that fails.

        A warehouse that does not tell a missing grant from a missing table (Snowflake) fails in the lineage.
        """
        for step in self._source.check():
            yield step
            if not step.passed:
                return
        for name, query in self._models.items():
            try:
                self.columns[name] = self._source.columns(query)
            except ActivationError as error:
                self.columns[name] = error
        errors = {name: found for name, found in self.columns.items() if isinstance(found, ActivationError)}
        refused = {name: error for name, error in errors.items() if isinstance(error, CredentialsRefused)}
        count = f"{len(self._models)} model{'' if len(self._models) == 1 else 's'}"
        words = _listed(refused) or f"Nothing that {count} read is closed to us"
        yield CheckStep(GRANTS, not refused, words)
        if not refused:
            words = _listed(errors) or "; ".join(self._lineage(*model) for model in self._models.items())
            yield CheckStep(LINEAGE, not errors, words or "No model reads it")

    def _lineage(self, name: str, query: str) -> str:
        try:
            tables = ", ".join(map(str, tables_read(query, self._source.dialect))) or "no table"
        except DeclarationError as error:
            tables = f"what only the warehouse knows ({error.what})"
        return f"{name} reads {tables}"


def _listed(errors: Mapping[str, ActivationError]) -> str:
    """The error of each model, then each page that says more of them, once."""
    told = "; ".join(f"{name}: {error.brief}" for name, error in errors.items())
    return " ".join([told, *dict.fromkeys(error.more for error in errors.values())])
