"""What a run in one piece may not yet count: its intents and answers, on disk until everything stands in its place."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from activation_platform.sync.plan import Counts
from activation_platform.sync.spool import spool, spooled
from activation_platform.sync.tally import Tally

__all__ = ["Piece"]


@dataclass
class Piece:
    """Events of a pass, in the order in which they came; `folder` is the plan's. `tally` counts its answers."""

    folder: Path
    token: str
    tally: Tally = field(default_factory=lambda: Tally(Counts()))
    _intents: list[Path] = field(default_factory=list)
    _answers: list[Path] = field(default_factory=list)

    def intend(self, events: pl.DataFrame) -> None:
        """Keep what to assume of a batch if nobody ever says whether the whole stands."""
        self._keep(self._intents, "intents", events)

    def answer(self, events: pl.DataFrame) -> None:
        """Keep what holds once the whole stands."""
        self._keep(self._answers, "answers", events)

    def intents(self) -> Iterator[pl.DataFrame]:
        """What to journal before the whole is put in its place."""
        return (spooled(path) for path in self._intents)

    def answers(self) -> Iterator[pl.DataFrame]:
        """What to journal once it stands."""
        return (spooled(path) for path in self._answers)

    def _keep(self, files: list[Path], kind: str, events: pl.DataFrame) -> None:
        if events.height:
            path = self.folder / f"{kind}-{len(files):06}.arrow"
            spool(events, path)
            files.append(path)
