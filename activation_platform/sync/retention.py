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

__all__ = ["NEWEST_RUNS", "Outlived", "Spans", "outlived_by", "prune", "pruned_before", "remove"]

NEWEST_RUNS = 100
"""Runs of each ledger whose figures stay, however old they are: warnings and the status are made of them."""
_STAY = {"runs": NEWEST_RUNS, "changes": 1, "issues": 1}
"""How many of the newest files stay, however old they are: of a log one, for it is looked at when the run ends."""
_PRUNED = "pruned.json"


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


def prune(root: Store, activation: str, spans: Spans, *, pause: float = 0.0) -> list[Outlived]:
    """Remove what the ledgers of an activation hold beyond these spans, and returns it.

    `pause`: seconds for which a ledger is left alone once somebody has looked at it with the same spans.
    """
    gone: list[Outlived] = []
    for ledger in ledgers(root, activation):
        folder, now = root / "ledgers" / ledger, time.time()
        last = folder.read_json(_PRUNED) or {}
        if last.get("spans") == spans.told() and 0 <= now - last["at"] < pause:
            continue
        found = list(_logs(root, ledger, spans))
        remove(found)
        gone += found
        before = last.get("before", {})
        for kind in {one.kind for one in found}:
            before[kind] = max(one.written for one in found if one.kind == kind)
        folder.write_json(_PRUNED, {"at": now, "spans": spans.told(), "before": before})
    aside = list(_set_aside(root, activation, spans))
    remove(aside)
    return gone + aside


def pruned_before(root: Store, ledger: str, kind: str) -> float:
    """When the newest file of this kind was written that is kept no longer, in Unix seconds; 0: all are kept."""
    told = (root / "ledgers" / ledger).read_json(_PRUNED) or {}
    return float(told.get("before", {}).get(kind, 0.0))


def remove(found: Iterable[Outlived]) -> None:
    """Remove what was kept long enough."""
    for (folder, first), group in groupby(found, key=lambda one: (one.folder, one.first)):
        names = [one.name for one in group]
        if first:
            folder.delete_each([f"{name}/{first}" for name in names])
            for name in names:
                folder.delete(name)
        else:
            folder.delete_each(names)


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
