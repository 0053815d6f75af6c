"""The overlap of segments: how many keys each combination of them has to itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg
import polars as pl

from activation_platform.components.analysis.drawing import upset
from activation_platform.components.analysis.sets import flag, held
from activation_platform.components.analysis.words import percent, shown
from activation_platform.components.shown import escaped, markdown_table

__all__ = ["Overlap", "overlap_of", "shares_of"]

_SHOWN = 20


@dataclass(frozen=True)
class Overlap:
    """The exclusive intersections of segments that are not empty: who is in exactly these; the largest first."""

    names: tuple[str, ...]
    within: tuple[tuple[tuple[bool, ...], int], ...]

    def shared(self, number: int) -> int:
        """How many keys the first segment has in common with another; with itself, how many it has."""
        return sum(keys for flags, keys in self.within if flags[0] and flags[number])

    def size(self, number: int) -> int:
        """How many keys a segment has."""
        return sum(keys for flags, keys in self.within if flags[number])

    def metadata(self) -> Iterator[tuple[str, Any]]:
        """Tables, a picture, and what is in common with each other segment as numbers, for Dagster to plot over time."""
        yield "in_common", dg.MetadataValue.md(self._pairs())
        yield "combinations", dg.MetadataValue.md(self._combinations())
        yield (
            "picture",
            dg.MetadataValue.md(upset([shown(name) for name in self.names], self.within[:_SHOWN])),
        )
        yield "keys", self.size(0)
        for number, name in enumerate(self.names[1:], 1):
            yield f"shared with {name}", self.shared(number)
        yield (
            "shared with none",
            next((keys for flags, keys in self.within if sum(flags) == flags[0] == 1), 0),
        )

    def _pairs(self) -> str:
        rows = [
            [
                escaped(name),
                f"{self.shared(number):,}",
                percent(self.shared(number), self.size(0)),
                percent(self.shared(number), self.size(number)),
            ]
            for number, name in enumerate(self.names[1:], 1)
        ]
        return markdown_table(["with", "keys", f"of {escaped(self.names[0])}", "of the other"], rows)

    def _combinations(self) -> str:
        every = sum(keys for _, keys in self.within)
        some, rest = self.within[:_SHOWN], self.within[_SHOWN:]
        rows = [(self._told(flags), keys) for flags, keys in some]
        if rest:
            rows.append((f"*{len(rest)} smaller combinations*", sum(keys for _, keys in rest)))
        cells = [[words, f"{keys:,}", percent(keys, every)] for words, keys in rows]
        return markdown_table(["in exactly", "keys", "percent"], cells)

    def _told(self, flags: Sequence[bool]) -> str:
        return " & ".join(escaped(name) for name, there in zip(self.names, flags, strict=True) if there)


def overlap_of(names: Sequence[str], counts: pl.DataFrame) -> Overlap:
    """The overlap of segments, from the flags of their combinations, in the order of the names, and `keys`."""
    flags = [flag(number) for number in range(len(names))]
    whole = (
        counts.group_by(flags).agg(pl.col("keys").cast(pl.Int64).sum()).sort("keys", *flags, descending=True)
    )
    within = ((tuple(map(bool, row[:-1])), row[-1]) for row in whole.select(*flags, "keys").iter_rows())
    return Overlap(tuple(names), tuple(within))


def shares_of(sets: Sequence[pl.LazyFrame], rows: int) -> pl.DataFrame:
    """How many keys (`keys`) have the same flags; `rows`: of all sets together."""
    flags = [flag(number) for number in range(len(sets))]
    counted = (share.group_by(flags).agg(pl.len().alias("keys")) for share in held(sets, rows))
    return pl.concat(one.collect(engine="streaming") for one in counted)
