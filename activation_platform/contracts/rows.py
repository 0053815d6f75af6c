"""Rows of a frame that is cut into many batches: what is made of the whole frame is made once, for all of them."""

from collections.abc import Callable, Hashable, Sequence
from functools import cached_property
from itertools import groupby
from typing import Any, TypeVar

import numpy as np
import polars as pl

__all__ = ["Rows"]

_T = TypeVar("_T")


class _Whole:
    """A frame, there once it is asked for, and what was made of it."""

    def __init__(self, columns: Sequence[str], frame: Callable[[], pl.DataFrame]) -> None:
        self.columns = tuple(columns)
        self.made: dict[Hashable, Sequence[Any]] = {}
        self._frame = frame

    @cached_property
    def frame(self) -> pl.DataFrame:
        return self._frame()


class Rows:
    """Neighbouring rows of a frame; at first all of them."""

    __slots__ = ("_start", "_stop", "_whole")

    def __init__(self, frame: pl.DataFrame) -> None:
        self._whole = _Whole(frame.columns, lambda: frame)
        self._start, self._stop = 0, frame.height

    @classmethod
    def _of(cls, whole: _Whole, start: int, stop: int) -> "Rows":
        rows = cls.__new__(cls)
        rows._whole, rows._start, rows._stop = whole, start, stop
        return rows

    def __len__(self) -> int:
        return self._stop - self._start

    def part(self, start: int, stop: int) -> "Rows":
        """The rows from `start` to before `stop`, counted from the first of these; fewer where there are not so many."""
        return self._of(
            self._whole, min(self._start + start, self._stop), min(self._start + stop, self._stop)
        )

    @property
    def frame(self) -> pl.DataFrame:
        """These rows."""
        frame = self._whole.frame
        return frame if len(self) == frame.height else frame[self._start : self._stop]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return self._whole.columns

    def made(self, name: Hashable, make: Callable[["Rows"], Sequence[_T]]) -> Sequence[_T]:
        """What `make` makes of each of these rows; asked once, for all rows of the frame. `name` tells it from other things."""
        made = self._whole.made.get(name)
        if made is None:
            made = self._whole.made[name] = make(self._of(self._whole, 0, self._whole.frame.height))
        return made[self._start : self._stop]

    @classmethod
    def together(cls, parts: Sequence["Rows"]) -> "Rows":
        """One part after the other; all have the same columns."""
        if len(parts) == 1:
            return parts[0]
        whole = _Whole(parts[0].columns, lambda: _gathered(parts))
        return cls._of(whole, 0, sum(map(len, parts)))


def _gathered(parts: Sequence[Rows]) -> pl.DataFrame:
    frames: list[pl.DataFrame] = [
        whole.frame[np.concatenate([np.arange(part._start, part._stop) for part in neighbours])]
        for whole, neighbours in groupby(parts, lambda part: part._whole)
    ]
    return pl.concat(frames) if len(frames) > 1 else frames[0]
