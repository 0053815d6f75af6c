"""The head of a ledger: every entry acknowledged so far, found by key hash without loading the ledger into memory.

A memory-mapped base (Arrow) sorted by `key64`, and an overlay (the sealed deltas since, newest wins) that is small. A position
is an index into the overlay, or the length of the overlay plus an index into the base; -1 is "not in the ledger".
"""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from activation_platform.sync.states import ENTRIES, NO_ENTRIES, State, conform

__all__ = ["Head", "Positions"]

Positions = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Column = npt.NDArray[Any]
_CHUNK = 1_000_000


class Head:
    """Entries by position. `base` and `overlay` are sorted by `key64` without duplicates; tombstones live in the overlay."""

    def __init__(self, base: pa.Table, overlay: pl.DataFrame) -> None:
        self.overlay = overlay
        self._base = base
        self._base_keys = _numpy(base, "key64")
        self._overlay_keys = _numpy(overlay, "key64")
        self._raw = (_numpy(overlay, "raw"), _numpy(base, "raw"))
        self._state = (_numpy(overlay, "state"), _numpy(base, "state"))
        self._since = (_numpy(overlay, "since"), _numpy(base, "since"))
        self._identifiers = (_numpy(overlay, "identifier64"), _numpy(base, "identifier64"))
        self._keys = (self._overlay_keys, self._base_keys)

    def __len__(self) -> int:
        """The number of positions, tombstones and overlaid entries included."""
        return self.overlay.height + int(self._base.num_rows)

    @cached_property
    def live(self) -> npt.NDArray[np.bool_]:
        """By position: whether it holds the newest entry of a key the ledger knows."""
        live = np.ones(len(self), dtype=np.bool_)
        live[: self.overlay.height] = self._state[0] != State.REMOVED
        live[self.overlay.height + _search(self._base_keys, self._overlay_keys, only_found=True)] = False
        return live

    def find(self, key64: Hashes) -> Positions:
        """The position of every key, -1 where the ledger does not know it."""
        order = np.argsort(key64)  # sorted probes walk the mapped file once, forwards
        probes = key64[order]
        in_overlay = _search(self._overlay_keys, probes)
        in_base = _search(self._base_keys, probes)
        found = np.where(
            in_overlay >= 0, in_overlay, np.where(in_base >= 0, in_base + self.overlay.height, -1)
        )
        known = found >= 0
        known[known] = self.live[found[known]]  # a tombstone in the overlay hides the base
        found = np.where(known, found, -1)
        positions = np.empty_like(found)
        positions[order] = found
        return positions

    def key64(self, positions: Positions) -> Hashes:
        """Hashes of the keys at positions (none may be -1)."""
        return self._take(self._keys, positions)

    def identifier64(self, positions: Positions) -> Hashes:
        """Hashes of the identifiers at positions (none may be -1); 0 where there is none."""
        return self._take(self._identifiers, positions)

    def raw(self, positions: Positions) -> Hashes:
        """Raw fingerprints at positions (none may be -1)."""
        return self._take(self._raw, positions)

    def state(self, positions: Positions) -> npt.NDArray[np.uint8]:
        """States at positions (none may be -1)."""
        return self._take(self._state, positions)

    def since(self, positions: Positions) -> npt.NDArray[np.int64]:
        """Times of the last change (Unix microseconds) at positions (none may be -1)."""
        return self._take(self._since, positions)

    def entries(self, positions: Positions) -> pl.DataFrame:
        """Whole entries at positions, in their order; a row of nulls for -1."""
        if not len(positions):
            return NO_ENTRIES
        size = self.overlay.height
        overlaid = np.flatnonzero((positions >= 0) & (positions < size))
        based = np.flatnonzero(positions >= size)
        found = pl.concat(
            [
                self.overlay[positions[overlaid]].select(ENTRIES.names()),
                self._from_base(positions[based] - size),
            ]
        ).with_columns(_at=pl.Series(np.concatenate([overlaid, based]), dtype=pl.Int64))
        every = pl.DataFrame({"_at": pl.int_range(len(positions), eager=True)})
        return every.join(found, on="_at", how="left", maintain_order="left").drop("_at")

    def _from_base(self, rows: Positions) -> pl.DataFrame:
        taken = pl.from_arrow(self._base.take(pa.array(rows)))
        assert isinstance(taken, pl.DataFrame)
        return conform(taken, NO_ENTRIES)

    def where(self, mask: npt.NDArray[np.bool_]) -> Positions:
        """Positions of live entries for which the mask (by position) holds."""
        return np.flatnonzero(self.live & mask)

    def in_states(self, *states: State) -> npt.NDArray[np.bool_]:
        """By position: whether the entry is live and in one of the states."""
        wanted = np.array([int(state) for state in states], dtype=np.uint8)
        found: npt.NDArray[np.bool_] = np.concatenate([np.isin(part, wanted) for part in self._state])
        return self.live & found

    def holding(self, identifier64: Hashes) -> Positions:
        """Positions of live entries whose identifier is one of these."""
        found = [np.isin(part, identifier64) for part in self._identifiers]
        return self.where(np.concatenate(found))

    def chunks(self) -> Iterator[pl.DataFrame]:
        """All live entries, in chunks; in no promised order."""
        positions = np.flatnonzero(self.live)
        for start in range(0, len(positions), _CHUNK):
            yield self.entries(positions[start : start + _CHUNK])

    def merged(self) -> pl.DataFrame:
        """Base and overlay as one base: sorted, tombstones gone."""
        size = self.overlay.height
        kept = self._from_base(np.flatnonzero(self.live[size:]))
        return pl.concat([self.overlay.filter(pl.Series(self.live[:size])), kept]).sort("key64")

    def _take(self, parts: tuple[Column, Column], positions: Positions) -> Column:
        size = self.overlay.height
        taken = np.empty(len(positions), dtype=parts[0].dtype)
        overlaid = positions < size
        taken[overlaid] = parts[0][positions[overlaid]]
        taken[~overlaid] = parts[1][positions[~overlaid] - size]
        return taken


def open_base(path: Path) -> pa.Table:
    """A base file, memory-mapped: its pages are read when they are looked at, and given back under pressure."""
    with pa.memory_map(str(path)) as mapped, pa.ipc.open_file(mapped) as reader:
        return reader.read_all()


def _numpy(frame: pa.Table | pl.DataFrame, name: str) -> Column:
    """A column, without a copy where the file holds it in one piece; nulls (no identifier) become 0."""
    if isinstance(frame, pl.DataFrame):
        series = frame[name]
        return (series.fill_null(0) if series.null_count() else series).to_numpy()
    column = frame[name]
    filled = column.fill_null(0) if column.null_count else column
    values: Column = filled.chunk(0).to_numpy() if filled.num_chunks == 1 else filled.to_numpy()
    return values


def _search(haystack: Hashes, needles: Hashes, *, only_found: bool = False) -> Positions:
    """The index of each needle in the sorted haystack, -1 where it is not there."""
    index = np.searchsorted(haystack, needles)
    index[index == len(haystack)] = 0
    hit = haystack[index] == needles if len(haystack) else np.zeros(len(needles), dtype=np.bool_)
    found = np.where(hit, index, -1)
    return found[hit] if only_found else found
