"""What an analysis is about: the rows of a segment's newest snapshot, here or where they stay."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from activation_platform.components.analysis.breakdown import COUNTED, can_be_counted
from activation_platform.components.analysis.overlap import shares_of
from activation_platform.components.analysis.sets import flag, keys_of
from activation_platform.components.draft import Draft
from activation_platform.components.frames import Snapshot
from activation_platform.components.staying import members
from activation_platform.components.types import type_words
from activation_platform.components.workspace import Workspace
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.modes import Engine
from activation_platform.contracts.source import Source
from activation_platform.sources.counting import combinations, keys_there, values_there
from activation_platform.sources.relation import Relation

if TYPE_CHECKING:
    from activation_platform.components.segment import SegmentComponent

__all__ = ["Subject", "combinations_of"]


@dataclass(frozen=True)
class Subject:
    """A segment at a snapshot. `there`: its rows where they stay, which are those of the snapshot's instant as they are now."""

    name: str
    key: tuple[str, ...]
    snapshot: Snapshot
    there: tuple[Source, Relation] | None

    @classmethod
    def of(
        cls, segment: "SegmentComponent", workspace: Workspace, snapshot: Snapshot, source: Source | None
    ) -> "Subject":
        """A segment at one of its snapshots; `source`: where its model's rows stay, None where they are here."""
        there = None
        if source is not None and snapshot.engine is Engine.WAREHOUSE:
            there = source, members(segment, workspace, source, snapshot.instant)
        return cls(segment.name, workspace.find("model", segment.spec.model).key, snapshot, there)

    def values(self, field: str) -> pl.DataFrame:
        """How many rows (`rows`) have each `value` of a field."""
        schema = self.snapshot.scan().collect_schema() if self.there is None else self.there[1].schema
        dtype = schema.get(field)
        if dtype is None or not can_be_counted(dtype):
            found = "not there" if dtype is None else type_words(dtype)
            raise DeclarationError(
                f'there is no breakdown of {self.name} by "{field}", which is {found}',
                remedy=f"If it is new, materialise the segment again. A breakdown counts the values of {COUNTED}.",
            )
        if self.there is not None:
            return values_there(*self.there, field)
        rows = self.snapshot.scan().select(pl.col(field).alias("value"))
        return rows.group_by("value").agg(pl.len().alias("rows")).collect(engine="streaming")

    def keys(self, room: Path) -> pl.LazyFrame:
        """Its primary keys as text (column `key`); those that are fetched are kept in a folder of this machine."""
        if self.there is None:
            return keys_of(self.snapshot.scan(), self.key)
        fetched = Draft(room)
        fetched.write(keys_there(*self.there, self.key))
        return fetched.scan()


def combinations_of(subjects: Sequence[Subject]) -> pl.DataFrame:
    """How many keys (`keys`) are in the same of several segments of one model, with a flag for each."""
    there = [one.there for one in subjects if one.there is not None]
    if len(there) < len(subjects):
        sets = [keys_of(one.snapshot.scan(), one.key) for one in subjects]
        return shares_of(sets, sum(one.snapshot.rows for one in subjects))
    flags = [flag(number) for number in range(len(subjects))]
    return combinations(there[0][0], [relation for _, relation in there], subjects[0].key, flags)
