"""A value type that only Attio has: internet domains."""

# ruff: noqa: D102 -- `clean` is documented once, by ValueType

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from activation_platform.contracts.value import Clean, ValueType, judge, text_of
from activation_platform.contracts.values import Text

__all__ = ["LINE", "Domain"]

LINE = Text(min=1, trim=True)
"""Text that names something: never empty, without spaces around it."""


@dataclass(frozen=True, slots=True)
class Domain(ValueType):
    """An internet domain; of an address, the domain in it.

    Attio keeps domains without scheme, path and capitals. Unconfirmed: that it drops `www.`; we do, so that a company is
    found again by the domain it was sent with.
    """

    dtype: ClassVar[pl.DataType] = pl.String()
    label: ClassVar[str] = "internet domain"

    def clean(self, raw: pl.Series) -> Clean:
        domain = (
            text_of(raw.dtype)
            .str.strip_chars()
            .str.to_lowercase()
            .str.replace(r"^[a-z][a-z0-9+.-]*://", "")
            .str.replace(r"[/?#:].*$", "")
            .str.replace(r"^www\.", "")
        )
        named = pl.col("value").str.contains(r"^[^\s@.]+(?:\.[^\s@.]+)+$")
        return judge(raw, domain, (named, "is not an internet domain"))
