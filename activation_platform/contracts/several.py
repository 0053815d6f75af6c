"""A value type of several values of one type, in one field."""

# ruff: noqa: D102 -- `clean`, `fit` and `rule` are documented once, by ValueType

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from activation_platform.contracts.texts import TextList
from activation_platform.contracts.value import Clean, Fit, ValueType

__all__ = ["Several"]


@dataclass(frozen=True, slots=True)
class Several(ValueType):
    """Values of one type (of texts), each once: a list of texts, or a text that is the only one."""

    one: ValueType

    dtype: ClassVar[pl.DataType] = pl.List(pl.String)
    label: ClassVar[str] = "several values"

    @property
    def rule(self) -> str:
        return f"{self.one.rule}, or a list of them"

    def fit(self, dtype: pl.DataType) -> Fit:
        return (TextList() if isinstance(dtype, (pl.List, pl.Array)) else self.one).fit(dtype)

    def clean(self, raw: pl.Series) -> Clean:
        if not isinstance(raw.dtype, (pl.List, pl.Array)):
            alone = self.one.clean(raw)
            listed = pl.DataFrame({"value": alone.values}).select(
                pl.when(pl.col("value").is_not_null()).then(pl.concat_list("value"))
            )
            return Clean(listed.to_series(), alone.reasons)
        lists = TextList().clean(raw)
        items = pl.DataFrame({"row": pl.int_range(len(raw), eager=True), "item": lists.values}).explode(
            "item", empty_as_null=True
        )
        cleaned = self.one.clean(items["item"])
        rows = (
            items.with_columns(value=cleaned.values, reason=cleaned.reasons)
            .group_by("row", maintain_order=True)
            .agg(
                pl.col("value").drop_nulls().unique(maintain_order=True),
                pl.col("reason").drop_nulls().first(),
            )
            .with_columns(listed=lists.values, reason=pl.coalesce(lists.reasons, "reason"))
        )
        fine = pl.col("listed").is_not_null() & pl.col("reason").is_null()
        return Clean(rows.select(pl.when(fine).then("value")).to_series(), rows["reason"])
