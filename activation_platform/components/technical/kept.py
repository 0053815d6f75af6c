"""What the technical tables are made of: the files that runs and segments leave under the storage root, day by day.

A row belongs to the day on which its file was written, so that a day that is over changes only where a file is pruned.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from activation_platform.contracts.errors import StorageFailed
from activation_platform.sync.history import Figures
from activation_platform.sync.ledgers import activation_of
from activation_platform.sync.states import Event
from activation_platform.sync.store import FileFacts, Store

__all__ = ["Kept", "kept_by_day", "rows_of"]

_BATCH = 65_536


@dataclass(frozen=True)
class Kept:
    """A file that rows of a table come from. `owner`: its ledger, or its segment."""

    owner: str
    folder: Store
    name: str
    facts: FileFacts

    @property
    def day(self) -> date:
        """The day on which it was written (UTC)."""
        return datetime.fromtimestamp(self.facts.written, UTC).date()

    @property
    def told(self) -> tuple[str, str, int, float]:
        """What tells it from every other file, and from another one of its name."""
        return self.owner, f"{self.folder.name}/{self.name}", self.facts.size, self.facts.written


def kept_by_day(root: Store, table: str) -> dict[date, list[Kept]]:
    """The files that a table is made of, by day, oldest first; within a day by owner."""
    find, _ = _MADE_OF[table]
    days: dict[date, list[Kept]] = {}
    for kept in find(root):
        days.setdefault(kept.day, []).append(kept)
    return {day: days[day] for day in sorted(days)}


def rows_of(table: str, kept: Kept) -> Iterator[pl.DataFrame]:
    """The rows of a file, in frames of some ten thousand; none where it was pruned meanwhile.

    Raises StorageFailed where it is damaged.
    """
    _, read = _MADE_OF[table]
    day = pl.lit(kept.day).alias("day")
    try:
        for frame in read(kept):
            yield frame.with_columns(day)
    except FileNotFoundError:  # the next time it is not listed any more, and the day is made anew
        return
    except (ValueError, pa.ArrowInvalid, KeyError, TypeError) as error:
        raise StorageFailed(
            f"{kept.folder}/{kept.name} is not what was written ({type(error).__name__})",
            remedy="Bring it back from a backup, or remove it: nothing but the technical tables and the history is made of it.",
        ) from error


def _in_ledgers(folder: str) -> Callable[[Store], Iterator[Kept]]:
    def find(root: Store) -> Iterator[Kept]:
        for ledger in (root / "ledgers").names():
            place = root / "ledgers" / ledger / folder
            for name, facts in place.files().items():
                yield Kept(ledger, place, name, facts)

    return find


def _in_histories(root: Store) -> Iterator[Kept]:
    """Pages of the histories of segments that are complete (see `analysis/history.py`)."""
    for segment in (root / "analysis").names():
        for snapshot in filter(str.isdigit, (root / "analysis" / segment).names()):
            place = root / "analysis" / segment / snapshot
            files = place.files()
            for name, facts in files.items() if "recorded.json" in files else ():
                if name.startswith("changes-"):
                    yield Kept(segment, place, name, facts)


def _runs(kept: Kept) -> Iterator[pl.DataFrame]:
    content = kept.folder.read(kept.name)
    if content is not None:
        yield pl.DataFrame([_run(json.loads(content), kept.owner)])


def _run(value: Mapping[str, Any], ledger: str) -> dict[str, Any]:
    figures = Figures(**value["figures"])
    return {
        **{word: value[word] for word in ("activation", "destination", "run_id", "status", "seconds")},
        "ledger": ledger,
        "run": value["number"],
        "partition_key": value["partition"],
        "full_run": value["full"],
        "started_at": datetime.fromtimestamp(value["started"], UTC),
        **vars(figures),
        "loaded": figures.loaded,
        "error": value["error"],
        "notes": "\n".join(value["notes"]),
    }


def _operations(kept: Kept) -> Iterator[pl.DataFrame]:
    whose = {"activation": activation_of(kept.owner), "ledger": kept.owner}
    for frame in _pages(kept):
        yield frame.rename({"at": "happened_at"}).with_columns(**{k: pl.lit(v) for k, v in whose.items()})


def _issues(kept: Kept) -> Iterator[pl.DataFrame]:
    aside = pl.col("event") == Event.SET_ASIDE
    kind = pl.when(aside).then(pl.lit("source issue")).otherwise(pl.lit("destination issue"))
    return (frame.with_columns(kind=kind) for frame in _operations(kept))


def _memberships(kept: Kept) -> Iterator[pl.DataFrame]:
    for frame in _pages(kept):
        yield frame.rename({"at": "happened_at"}).with_columns(segment=pl.lit(kept.owner))


def _pages(kept: Kept) -> Iterator[pl.DataFrame]:
    with pq.ParquetFile(kept.folder.file(kept.name)) as file:
        for batch in file.iter_batches(_BATCH):
            frame = pl.from_arrow(batch)
            assert isinstance(frame, pl.DataFrame)
            yield frame


_MADE_OF: Mapping[str, tuple[Callable[[Store], Iterator[Kept]], Callable[[Kept], Iterator[pl.DataFrame]]]] = {
    "runs": (_in_ledgers("runs"), _runs),
    "operations": (_in_ledgers("changes"), _operations),
    "issues": (_in_ledgers("issues"), _issues),
    "memberships": (_in_histories, _memberships),
}
"""Of each table: where its files are, and what they say."""
