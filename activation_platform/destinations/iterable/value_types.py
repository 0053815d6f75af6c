"""What a field of an Iterable project holds where one of its types is two of ours: texts."""

# ruff: noqa: D102 -- `clean` and `fit` are documented once, by ValueType

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from activation_platform.contracts.value import Clean, Fit, ValueType
from activation_platform.contracts.values import Text, TextList

__all__ = ["OneOrManyTexts"]


@dataclass(frozen=True, slots=True)
class OneOrManyTexts(ValueType):
    """A text or, from a column of lists, an array of texts: Iterable calls both a string."""

    dtype: ClassVar[pl.DataType] = pl.String()
    label: ClassVar[str] = "text or list of texts"

    def fit(self, dtype: pl.DataType) -> Fit:
        return _of(dtype).fit(dtype)

    def clean(self, raw: pl.Series) -> Clean:
        return _of(raw.dtype).clean(raw)


def _of(dtype: pl.DataType) -> ValueType:
    return TextList() if isinstance(dtype, (pl.List, pl.Array)) else Text()
