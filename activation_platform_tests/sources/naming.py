"""Tables and columns that are called like models and fields, in the words of a dialect."""

from dataclasses import dataclass

import polars as pl
from sqlglot import exp

from activation_platform.segmentation.scope import QUOTED
from activation_platform.sources.dialect import Dialect


@dataclass(frozen=True)
class Spoken:
    """A naming of models and fields."""

    dialect: Dialect

    def rows(self, model: str) -> exp.Expr:
        """A table."""
        return QUOTED.rows(model)

    def column(self, model: str, field: str) -> exp.Condition:
        """A column."""
        return QUOTED.column(model, field)

    def written(self, model: str, field: str, dtype: pl.DataType) -> exp.Expr:
        """A column of a key as text."""
        return self.dialect.key(self.column(model, field), dtype, field)
