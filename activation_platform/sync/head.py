"""The head of a ledger: every entry acknowledged so far, found by key hash without loading the ledger into memory.

A memory-mapped base (Arrow) sorted by `key64`, and an overlay (the sealed deltas since, newest wins) that is small. A position
is an index into the overlay, or the length of the overlay plus an index into the base; -1 is "not in the ledger".
"""

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from activation_platform.sync.hashes import Hashes, Positions, found_at, positions_of
from activation_platform.sync.states import ENTRIES, NO_ENTRIES, State, conform

__all__ = ["Head", "Positions", "is_any"]

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
    def _dead(self) -> Positions:
        """Positions that do not hold the newest entry of a key the ledger knows, sorted: tombstones, and what is overlaid."""
        overlaid = found_at(self._base_keys, self._overlay_keys)
        stones = np.flatnonzero(self._state[0] == State.REMOVED)
        return np.concatenate([stones, self.overlay.height + overlaid[overlaid >= 0]])

    def live(self, positions: Positions) -> npt.NDArray[np.bool_]:
        """For positions (none may be -1): whether they hold the newest entry of a key the ledger knows."""
        return found_at(self._dead.view(np.uint64), positions.view(np.uint64)) < 0

    def _living(self, start: int, stop: int) -> npt.NDArray[np.bool_]:
        """The same for all positions from `start` to `stop`."""
        living = np.ones(stop - start, dtype=np.bool_)
        low, high = np.searchsorted(self._dead, (start, stop))
        living[self._dead[low:high] - start] = False
        return living

    def find(self, key64: Hashes) -> Positions:
        """The position of every key, -1 where the ledger does not know it. Sorted keys walk the mapped file once, forwards."""
        found = found_at(self._base_keys, key64)
        size = self.overlay.height
        if not size:
            return found
        found[found >= 0] += size
        overlaid = found_at(self._overlay_keys, key64)
        hidden = overlaid >= 0
        gone = self._state[0][overlaid[hidden]] == State.REMOVED  # a tombstone hides the base, too
        found[hidden] = np.where(gone, -1, overlaid[hidden])
        return found

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
        index = pa.Array.from_buffers(pa.int64(), len(rows), [None, pa.py_buffer(rows)])
        taken = pl.from_arrow(self._base.take(index))
        assert isinstance(taken, pl.DataFrame)
        return conform(taken, NO_ENTRIES)

    def parts(self, *states: State) -> Iterator[tuple[slice, npt.NDArray[np.bool_]]]:
        """By position, a part at a time: whether the entry is live and in one of the states."""
        before = 0
        for column in self._state:
            for start in range(0, len(column), _CHUNK):
                found = is_any(column[start : start + _CHUNK], states)
                part = slice(before + start, before + start + len(found))
                found &= self._living(part.start, part.stop)
                yield part, found
            before += len(column)

    def found(self, *states: State, unless: npt.NDArray[np.bool_] | None = None) -> Positions:
        """Positions of live entries in one of the states, but for those of a mask by position."""
        positions = [np.empty(0, dtype=np.int64)]
        for part, found in self.parts(*states):
            if unless is not None:
                found &= ~unless[part]
            positions.append(np.flatnonzero(found) + part.start)
        return np.concatenate(positions)

    def count(self, *states: State) -> int:
        """How many live entries are in one of the states."""
        return sum(int(np.count_nonzero(found)) for _, found in self.parts(*states))

    def are(self, positions: Positions, *states: State) -> npt.NDArray[np.bool_]:
        """For live entries at positions (none may be -1): whether they are in one of the states."""
        return is_any(self.state(positions), states)

    def holding(self, identifier64: Hashes) -> Positions:
        """Positions of live entries whose identifier is one of these."""
        overlaid, based = (positions_of(part, identifier64) for part in self._identifiers)
        found: Positions = np.concatenate([overlaid, based + self.overlay.height])
        return found[self.live(found)]

    def chunks(self) -> Iterator[pl.DataFrame]:
        """All live entries, in chunks; in no promised order."""
        for part, found in self.parts(*State):
            if found.any():
                yield self.entries(np.flatnonzero(found) + part.start)

    def in_order(self) -> Iterator[pl.DataFrame]:
        """All live entries, sorted by `key64`, in chunks; at least one."""
        size, overlaid = self.overlay.height, 0
        for start in range(0, len(self._base_keys), _CHUNK):
            keys = self._base_keys[start : start + _CHUNK]
            last = start + _CHUNK >= len(self._base_keys)
            end = size if last else int(np.searchsorted(self._overlay_keys, keys[-1], side="right"))
            kept = start + np.flatnonzero(self._living(size + start, size + start + len(keys)))
            yield pl.concat([self._live_overlay(overlaid, end), self._from_base(kept)]).sort("key64")
            overlaid = end
        if not len(self._base_keys):
            yield self._live_overlay(0, size)

    def before(self, forget_before: int) -> Iterator[pl.DataFrame]:
        """What the base says of the entries that `in_order` has otherwise or that are then forgotten, in chunks.

        That it says nothing of a key is a tombstone. `forget_before`: entries that last changed earlier are forgotten.
        """
        size = self.overlay.height
        rows = np.flatnonzero(~self._living(size, len(self)) | (self._since[1] < forget_before))
        for start in range(0, len(rows), _CHUNK):
            yield self._from_base(rows[start : start + _CHUNK])
        new = pl.Series(found_at(self._base_keys, self._overlay_keys) < 0)
        yield self.overlay.filter(new).with_columns(state=pl.lit(int(State.REMOVED), dtype=pl.UInt8))

    def _live_overlay(self, start: int, end: int) -> pl.DataFrame:
        return self.overlay[start:end].filter(pl.Series(self._living(start, end)))

    def _take(self, parts: tuple[Column, Column], positions: Positions) -> Column:
        size = self.overlay.height
        if not size:
            return parts[1].take(positions)
        taken = np.empty(len(positions), dtype=parts[0].dtype)
        overlaid = positions < size
        taken[overlaid] = parts[0][positions[overlaid]]
        taken[~overlaid] = parts[1][positions[~overlaid] - size]
        return taken


def _numpy(frame: pa.Table | pl.DataFrame, name: str) -> Column:
    """A column, without a copy where the file holds it in one piece; nulls (no identifier) become 0.

    By Polars: Arrow's own conversions import pandas where it is installed, which takes longer than many a run.
    """
    series = frame[name] if isinstance(frame, pl.DataFrame) else pl.Series(frame[name])
    return (series.fill_null(0) if series.null_count() else series).to_numpy()


def is_any(states: Column, wanted: Iterable[State]) -> npt.NDArray[np.bool_]:
    """State by state: whether it is one of those wanted."""
    found = np.zeros(len(states), dtype=np.bool_)
    for state in wanted:
        found |= states == state
    return found
