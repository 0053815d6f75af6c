"""Rows of a frame that is cut into many batches: what is made of the whole frame is made once, for all of them."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, TypeVar

import numpy as np
import polars as pl

__all__ = ["Rows"]

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, eq=False)
class _Whole:
    frame: pl.DataFrame
    columns: tuple[str, ...]
    made: dict[Hashable, Sequence[Any]] = field(default_factory=dict)


class Rows:
    """Neighbouring rows of a frame; at first all of them."""

    __slots__ = ("_frame", "_start", "_stop", "_whole")

    def __init__(self, frame: pl.DataFrame) -> None:
        self._whole = _Whole(frame, tuple(frame.columns))
        self._start, self._stop = 0, frame.height
        self._frame: pl.DataFrame | None = frame

    def __len__(self) -> int:
        return self._stop - self._start

    def part(self, start: int, stop: int) -> "Rows":
        """The rows from `start` to before `stop`, counted from the first of these; fewer where there are not so many."""
        part = Rows.__new__(Rows)
        part._whole, part._frame = self._whole, None
        part._start, part._stop = min(self._start + start, self._stop), min(self._start + stop, self._stop)
        return part

    @property
    def frame(self) -> pl.DataFrame:
        """These rows."""
        if self._frame is None:
            self._frame = self._whole.frame[self._start : self._stop]
        return self._frame

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return self._whole.columns

    def made(self, name: Hashable, make: Callable[["Rows"], Sequence[_T]]) -> Sequence[_T]:
        """What `make` makes of each of these rows; asked once, for all rows of the frame. `name` tells it from other things."""
        made = self._whole.made.get(name)
        if made is None:
            made = self._whole.made[name] = make(Rows(self._whole.frame))
        return made[self._start : self._stop]

    @staticmethod
    def together(parts: Sequence["Rows"]) -> "Rows":
        """One part after the other; all have the same columns."""
        if len(parts) == 1:
            return parts[0]
        frames = [
            whole.frame[np.concatenate([np.arange(part._start, part._stop) for part in neighbours])]
            for whole, neighbours in groupby(parts, lambda part: part._whole)
        ]
        return Rows(pl.concat(frames) if len(frames) > 1 else frames[0])
