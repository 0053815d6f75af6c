"""A breakdown: how often each value of a categorical field stands in a segment."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import dagster as dg
import polars as pl

from activation_platform.components.analysis.drawing import Bar, bars
from activation_platform.components.analysis.words import percent, shown
from activation_platform.components.shown import escaped, markdown_table

__all__ = ["COUNTED", "Breakdown", "breakdown_of", "can_be_counted"]

COUNTED = "text, integers, booleans and dates"
_TOP = 10


def can_be_counted(dtype: pl.DataType) -> bool:
    """Whether equal values of a type are one value in every engine."""
    return dtype.is_integer() or isinstance(
        dtype, pl.String | pl.Enum | pl.Categorical | pl.Boolean | pl.Date
    )


@dataclass(frozen=True)
class Breakdown:
    """The most frequent values of a field as they are shown, most frequent first; those beyond the first ten are one."""

    field: str
    rows: int
    top: tuple[tuple[str, int], ...]
    other_values: int
    other_rows: int
    null_rows: int

    def metadata(self) -> Iterator[tuple[str, Any]]:
        """A table, a picture, and a number for each value, for Dagster to plot over time."""
        lines = [*self._lines()]
        cells = ([words, f"{rows:,}", percent(rows, self.rows)] for words, _, rows in lines)
        table = markdown_table([escaped(shown(self.field)), "rows", "percent"], cells)
        yield self.field, dg.MetadataValue.md(table if lines else "no rows")
        picture = bars([Bar(label, rows, percent(rows, self.rows)) for _, label, rows in lines])
        yield f"{self.field} (picture)", dg.MetadataValue.md(picture)
        for value, rows in self.top:
            yield f"{self.field}: {value}", rows
        yield f"{self.field} (other)", self.other_rows
        yield f"{self.field} (null)", self.null_rows

    def _lines(self) -> Iterator[tuple[str, str, int]]:
        """What each line is called in Markdown and in a picture, and its rows."""
        for value, rows in self.top:
            yield escaped(value), value, rows
        if self.other_values:
            words = f"{self.other_values} other values" if self.other_values > 1 else "1 other value"
            yield f"*{words}*", words, self.other_rows
        if self.null_rows:
            yield "*null*", "null", self.null_rows


def breakdown_of(field: str, counts: pl.DataFrame) -> Breakdown:
    """The breakdown of a field, from how many rows (`rows`) have each `value`."""
    values = counts.select(pl.col("value").cast(pl.String), "rows")
    some = values.drop_nulls("value").sort("rows", "value", descending=[True, False])
    top, other = some.head(_TOP), some.slice(_TOP)
    return Breakdown(
        field=field,
        rows=int(values["rows"].sum()),
        top=tuple((shown(value), rows) for value, rows in top.iter_rows()),
        other_values=other.height,
        other_rows=int(other["rows"].sum()),
        null_rows=int(values.filter(pl.col("value").is_null())["rows"].sum()),
    )
