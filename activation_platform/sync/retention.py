"""Retention: what runs leave behind for people and other tools to read, and when it has been kept long enough.

Nothing here is what a destination acknowledged or what is owed: manifest, entries, debts and journal are never touched, and what
it takes to see the past has a span of its own (`past.py`). A file's age is counted from when it was written, by the store's
clock, so that days of the technical tables go as wholes.

Remove under the activation's lock: whoever moves a ledger meanwhile would miss what is gone.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import groupby

from activation_platform.sync.history import numbered
from activation_platform.sync.ledgers import ledgers, set_aside
from activation_platform.sync.store import Store

__all__ = ["NEWEST_RUNS", "Outlived", "Spans", "outlived_by", "prune_now_and_then", "remove"]

NEWEST_RUNS = 100
"""Runs of each ledger whose figures stay, however old they are: warnings and the status are made of them."""
_STAY = {"runs": NEWEST_RUNS, "changes": 1, "issues": 1}
"""How many of the newest files stay, however old they are: of a log one, for it is looked at when the run ends."""
_PRUNED = "pruned.json"
_PAUSE = 86_400.0
"""Seconds between two looks at a ledger: to list years of files takes longer than many a run."""


@dataclass(frozen=True, slots=True)
class Spans:
    """For how long each is kept; None: for good."""

    runs: timedelta | None = timedelta(days=400)
    """The figures of runs."""
    changes: timedelta | None = timedelta(days=90)
    """Everything that happened, key by key."""
    issues: timedelta | None = timedelta(days=90)
    """What of it went wrong."""
    set_aside: timedelta | None = timedelta(days=90)
    """Ledgers that `activation reset` took out of the way."""

    def told(self) -> dict[str, float | None]:
        """In seconds."""
        spans: dict[str, timedelta | None] = asdict(self)
        return {name: None if span is None else span.total_seconds() for name, span in spans.items()}


@dataclass(frozen=True, slots=True)
class Outlived:
    """A file, or a folder, that was kept long enough. `of`: whose; `written`: when, in Unix seconds; `size`: bytes."""

    kind: str
    of: str
    folder: Store
    name: str
    written: float
    size: int
    first: str = ""
    """Of a folder: the file without which it counts as gone."""


def outlived_by(root: Store, activation: str, spans: Spans) -> Iterator[Outlived]:
    """What the ledgers of an activation, those set aside too, hold beyond these spans."""
    for ledger in ledgers(root, activation):
        yield from _logs(root, ledger, spans)
    yield from _set_aside(root, activation, spans)


def prune_now_and_then(root: Store, activation: str, spans: Spans) -> int:
    """Remove what the ledgers of an activation hold beyond these spans, once a day or when these are new; returns how much."""
    gone = 0
    for ledger in ledgers(root, activation):
        folder, now = root / "ledgers" / ledger, time.time()
        last = folder.read_json(_PRUNED) or {"at": 0, "spans": {}}
        if last["spans"] != spans.told() or not 0 <= now - last["at"] < _PAUSE:
            gone += remove(_logs(root, ledger, spans))
            folder.write_json(_PRUNED, {"at": now, "spans": spans.told()})
    return gone + remove(_set_aside(root, activation, spans))


def remove(found: Iterable[Outlived]) -> int:
    """Remove what was kept long enough; returns how many files and folders."""
    count = 0
    for (folder, first), group in groupby(found, key=lambda one: (one.folder, one.first)):
        names = [one.name for one in group]
        if first:
            folder.delete_each([f"{name}/{first}" for name in names])
            for name in names:
                folder.delete(name)
        else:
            folder.delete_each(names)
        count += len(names)
    return count


def _logs(root: Store, ledger: str, spans: Spans) -> Iterator[Outlived]:
    for kind, stay in _STAY.items():
        span: timedelta | None = getattr(spans, kind)
        if span is None:
            continue
        folder, before = root / "ledgers" / ledger / kind, time.time() - span.total_seconds()
        files = folder.files()
        for name in [*numbered(files).values()][:-stay]:
            if files[name].written < before:
                yield Outlived(kind, ledger, folder, name, files[name].written, files[name].size)


def _set_aside(root: Store, activation: str, spans: Spans) -> Iterator[Outlived]:
    if spans.set_aside is None:
        return
    before = time.time() - spans.set_aside.total_seconds()
    for one in set_aside(root):
        if one.activation == activation and one.since < before:
            size = (one.place / one.name).size
            yield Outlived("set_aside", one.name, one.place, one.name, one.since, size, first="manifest.json")
