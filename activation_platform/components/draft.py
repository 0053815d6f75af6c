"""A draft: a frame on its way to become a snapshot, written part by part on this machine."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

__all__ = ["PART_ROWS", "Draft"]

PART_ROWS = 500_000
"""Rows of one Parquet file, and of one batch on its way."""


@dataclass
class Draft:
    """A frame on its way to become a snapshot; nobody reads it before it is published."""

    folder: Path
    word: str = "part"
    """What its files are called, before their number."""
    rows: int = 0
    _parts: int = 0
    _waiting: list[pl.DataFrame] = field(default_factory=list)
    _waiting_rows: int = 0

    def write(self, batches: Iterable[pl.DataFrame]) -> None:
        """Append rows, streamed: at most a part's worth of them is in memory."""
        for batch in batches:
            self._waiting.append(batch)
            self._waiting_rows += batch.height
            del batch  # or it would live on while the source makes the next one
            if self._waiting_rows >= PART_ROWS:
                self._flush()
        if self._waiting and (self._parts == 0 or self._waiting_rows):
            self._flush()

    def describe(self, schema: pl.Schema, rows: int) -> None:
        """Of rows that stay where they are, write down their columns, and how many they are."""
        self.write([schema.to_frame()])
        self.rows = rows

    def _flush(self) -> None:
        part = pl.concat(self._waiting)
        self._waiting.clear()
        self._waiting_rows = 0
        part.write_parquet(
            self.folder / f"{self.word}-{self._parts:05}.parquet", compression="zstd", compression_level=1
        )
        self._parts += 1
        self.rows += part.height

    @property
    def parts(self) -> list[Path]:
        """The files written so far, in order."""
        return sorted(self.folder.glob(f"{self.word}-*.parquet"))

    def scan(self) -> pl.LazyFrame:
        """The rows written so far."""
        return pl.scan_parquet(self.parts)
