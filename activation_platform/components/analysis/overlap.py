"""The overlap of segments: how many keys each combination of them has to itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg
import polars as pl

from activation_platform.components.analysis.drawing import upset
from activation_platform.components.analysis.sets import flag, held
from activation_platform.components.analysis.words import percent
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
        """A table with a picture, and the shares that people ask for as numbers, for Dagster to plot over time."""
        yield "overlap", dg.MetadataValue.md("\n\n".join(self._pieces()))
        yield "keys", self.size(0)
        for number, name in enumerate(self.names[1:], 1):
            yield f"shared with {name}", self.shared(number)
        yield (
            "shared with none",
            next((keys for flags, keys in self.within if sum(flags) == flags[0] == 1), 0),
        )

    def _pieces(self) -> Iterator[str]:
        own = escaped(self.names[0])
        pairs = [
            [
                escaped(name),
                f"{self.shared(number):,}",
                percent(self.shared(number), self.size(0)),
                percent(self.shared(number), self.size(number)),
            ]
            for number, name in enumerate(self.names[1:], 1)
        ]
        yield markdown_table(["with", "keys in common", f"of {own}", "of the other"], pairs)
        every = sum(keys for _, keys in self.within)
        yield markdown_table(
            ["in exactly", "keys", "percent"],
            [[self._told(flags), f"{keys:,}", percent(keys, every)] for flags, keys in self.within[:_SHOWN]],
        )
        if len(self.within) > _SHOWN:
            rest = self.within[_SHOWN:]
            yield f"… and {len(rest)} smaller intersections with {sum(keys for _, keys in rest):,} keys."
        if self.within:
            yield f"![]({upset(self.names, self.within[:_SHOWN])})"

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
