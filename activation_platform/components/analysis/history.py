"""The history of a segment's members: who entered and who left, snapshot by snapshot, kept longer than the snapshots.

analysis/<segment>/00000012/changes-00000.parquet …   who entered and left with snapshot 12: key, event, at, snapshot
analysis/<segment>/00000012/members-00000.parquet …   the keys as they were then; of the newest recorded snapshot only
analysis/<segment>/00000012/recorded.json             when, and how many

A snapshot is recorded by one rename and never twice. What is compared are keys as text, so that a column that changes its type
moves nobody.
"""

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from activation_platform.components.analysis.sets import flag, held
from activation_platform.components.draft import Draft
from activation_platform.components.frames import Snapshot
from activation_platform.sync.store import Hold, Store, to_json

__all__ = ["History", "Record"]

ENTERED, LEFT = "entered", "left"
_LOCK_WAIT = 3600.0
_RECORDED = "recorded.json"
_NOBODY = pl.LazyFrame(schema={"key": pl.String()})


@dataclass(frozen=True, slots=True)
class Record:
    """What one snapshot changed. `as_of`: the instant it stands for (Unix seconds); `members`: keys it has."""

    snapshot: int
    as_of: float
    entered: int
    left: int
    members: int

    @property
    def instant(self) -> datetime:
        """`as_of` as a moment in UTC."""
        return datetime.fromtimestamp(self.as_of, UTC)


class History:
    """The members of one segment through time."""

    def __init__(self, root: Store, segment: str) -> None:
        self.folder = root / "analysis" / segment

    def lock(self) -> AbstractContextManager[Hold]:
        """The lock under which snapshots are recorded."""
        return self.folder.lock(self.folder.name, wait=_LOCK_WAIT)

    @property
    def newest(self) -> Record | None:
        """The newest recorded snapshot."""
        names = [name for name in reversed(self.folder.names()) if name.isdigit()]
        found = (self.folder.read_json(f"{name}/{_RECORDED}") for name in names)
        return next((Record(**facts) for facts in found if facts is not None), None)

    def record(self, snapshot: Snapshot, members: Callable[[Path], pl.LazyFrame]) -> Record:
        """Write down how a snapshot differs from the newest recorded one, which must be older; call it under the lock.

        `members`: its keys (column `key`), maybe more than once, as a frame that may keep files in the folder it is given.
        """
        before, name = self.newest, f"{snapshot.number:08}"
        room = self.folder.scratch(".draft")
        (reading := room / "reading").mkdir()
        was, number = (_NOBODY, 0) if before is None else (self._members(before), before.members)
        changed, kept, entered = Draft(room, "changes"), Draft(room, "members"), 0
        for share in held([was, members(reading)], number + snapshot.rows):
            found = share.collect(engine="streaming")
            events = _events(found, snapshot)
            changed.write([events] if events.height else [])
            kept.write([found.filter(flag(1)).select("key")])
            entered += events.filter(event=ENTERED).height
        shutil.rmtree(reading)
        record = Record(snapshot.number, snapshot.as_of, entered, changed.rows - entered, kept.rows)
        (room / _RECORDED).write_bytes(to_json(asdict(record)))
        self.folder.delete(name)  # what is there of it, in a bucket, was never recorded
        self.folder.adopt(room, name, last=_RECORDED)
        if before is not None:
            folder = self._folder(before)
            for file in _members_in(folder):
                folder.delete(file)
        return record

    def _folder(self, record: Record) -> Store:
        return self.folder / f"{record.snapshot:08}"

    def _members(self, record: Record) -> pl.LazyFrame:
        folder = self._folder(record)
        return pl.scan_parquet([folder.file(name) for name in _members_in(folder)])


def _members_in(folder: Store) -> list[str]:
    return [name for name in folder.names() if name.startswith("members-")]


def _events(found: pl.DataFrame, snapshot: Snapshot) -> pl.DataFrame:
    """The keys that are in one of two sets only, as events of a snapshot."""
    before, now = pl.col(flag(0)), pl.col(flag(1))
    return found.filter(before != now).select(
        "key",
        event=pl.when(now).then(pl.lit(ENTERED)).otherwise(pl.lit(LEFT)),
        at=pl.lit(snapshot.instant).cast(pl.Datetime("us", "UTC")),
        snapshot=pl.lit(snapshot.number, dtype=pl.Int64),
    )
