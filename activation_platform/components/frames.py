"""Frames between assets: numbered snapshots as Parquet, published at once, never overwritten (SEMANTICS E1, E5).

frames/<kind>/<name>/00000012/part-00000.parquet …   the rows
frames/<kind>/<name>/00000012/snapshot.json          number, run, instant, rows, schema
frames/<kind>/<name>/runs/                           which snapshot a run produced, reused or reads (`pointers.py`)
frames/<kind>/<name>/rejected/00000013/              a snapshot that failed a blocking check, kept for inspection
frames/counter                                       the newest number; one sequence for all frames of the root
"""

import hashlib
import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from activation_platform.components.draft import PART_ROWS, Draft
from activation_platform.components.pointers import Pointers
from activation_platform.components.types import type_words
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.modes import Engine
from activation_platform.sync.retention import Outlived, remove
from activation_platform.sync.store import Hold, Store, to_json

__all__ = ["Frames", "Snapshot", "newest_number", "recipe_of", "streamed"]

_LOCK_WAIT = 3600.0
_FACTS = "snapshot.json"
_KEEP_NEWEST = 5
_KEEP_REJECTED = 3


@dataclass(frozen=True)
class Snapshot:
    """A published frame. `as_of` is the instant it stands for, `read_at` when it was made (Unix seconds)."""

    folder: Store
    number: int
    as_of: float
    read_at: float
    rows: int
    schema: Mapping[str, str]
    """Column types in words."""
    checks: Sequence[Mapping[str, Any]]
    """Verdicts of the checks it passed."""
    recipe: str
    """Fingerprint of what it was made from (query, columns; condition, input, instant): only the same may use it again."""
    engine: Engine = Engine.FRAMES
    """Where its rows are."""

    @property
    def parts(self) -> list[Path]:
        """The Parquet files, in order, where this machine can read them: the schema alone where the rows stayed elsewhere."""
        return [self.folder.file(name) for name in self.folder.names() if name.startswith("part-")]

    def scan(self) -> pl.LazyFrame:
        """The rows; raises DeclarationError where they stayed in their warehouse."""
        return pl.scan_parquet(self.here().parts)

    def here(self) -> "Snapshot":
        """Itself; raises DeclarationError where its rows stayed in their warehouse."""
        if self.engine is Engine.WAREHOUSE:
            raise DeclarationError(
                "the rows of this snapshot stay in their warehouse",
                remedy="Leave engine: warehouse out of the model, and materialise it again.",
            )
        return self

    @property
    def instant(self) -> datetime:
        """`as_of` as a moment in UTC."""
        return datetime.fromtimestamp(self.as_of, UTC)


class Frames:
    """The snapshots of one asset (`kind` is `models` or `segments`)."""

    def __init__(self, root: Store, kind: str, name: str) -> None:
        self._root = root / "frames"
        self.name = f"{kind}/{name}"
        self.folder = self._root / kind / name
        self._pointers = Pointers(self.folder / "runs")

    def lock(self, wait: float = _LOCK_WAIT) -> AbstractContextManager[Hold]:
        """The lock under which this asset is made; raises TimedOut where somebody else has it for longer than that."""
        return self.folder.lock(self.folder.name, wait=wait)

    def newest(self) -> Snapshot | None:
        """The newest published snapshot."""
        return next(filter(None, map(self._found, reversed(self.numbers()))), None)

    def of_run(self, run_ids: Sequence[str]) -> Snapshot | None:
        """What one of these runs produced or reused."""
        number = self._pointers.of(run_ids)
        return None if number is None else self.opened(number)

    @property
    def blocked(self) -> str:
        """Which blocking checks stand failed, or an empty text."""
        told = self.folder.read_json("blocked.json")
        return "" if told is None else str(told["why"])

    def for_run(self, run_ids: Sequence[str], made_of: "Sequence[Frames]" = ()) -> Snapshot:
        """The snapshot that a run must read: its own, its parent's, else the newest.

        Raises DeclarationError while a blocking check of this asset, or of one it is made of, stands failed, or where there
        is no snapshot.
        """
        own = self.of_run(run_ids)
        if own is not None:
            return own
        for frames in (*made_of, self):
            if frames.blocked:
                raise DeclarationError(
                    f"{frames.name} failed a blocking check ({frames.blocked})",
                    remedy=f"Materialise {frames.name} again once its data or its declaration is mended; nothing was sent.",
                )
        newest = self.newest()
        if newest is None:
            raise DeclarationError(
                f"{self.name} was never materialised", remedy=f"Materialise {self.name} first."
            )
        return newest

    @contextmanager
    def read_by(self, run_ids: Sequence[str], made_of: "Sequence[Frames]" = ()) -> Iterator[Snapshot]:
        """The snapshot that a run must read (see `for_run`), which is not pruned while the block runs."""
        own = self.of_run(run_ids)
        if own is not None:
            yield own
            return
        newest = self.for_run((), made_of)
        with self.reading(run_ids[0], newest):
            yield newest

    def reading(self, run_id: str, snapshot: Snapshot) -> AbstractContextManager[None]:
        """Keep a snapshot from being pruned while a run reads it."""
        return self._pointers.reading(run_id, snapshot.number)

    def draft(self) -> Draft:
        """A place to write a new frame; call it under the lock. What crashed runs left is removed."""
        return Draft(self.folder.scratch(".draft"))

    def publish(
        self,
        draft: Draft,
        *,
        run_id: str,
        as_of: float,
        read_at: float,
        recipe: str,
        checks: Sequence[dict[str, Any]] = (),
        engine: Engine = Engine.FRAMES,
    ) -> Snapshot:
        """Make a draft the newest snapshot, with the verdicts of its checks; earlier ones stay until they are pruned."""
        number = self._next_number()
        # In a list, because the order of columns would be lost in JSON with sorted keys.
        described = [(name, type_words(dtype)) for name, dtype in draft.scan().collect_schema().items()]
        facts = {
            "number": number,
            "as_of": as_of,
            "read_at": read_at,
            "rows": draft.rows,
            "checks": list(checks),
            "recipe": recipe,
        }
        facts |= {"run_id": run_id, "schema": described, "engine": engine}
        (draft.folder / _FACTS).write_bytes(to_json(facts))
        self.folder.adopt(draft.folder, f"{number:08}", last=_FACTS)
        self.folder.delete("blocked.json")
        snapshot = self.opened(number)
        self.point(run_id, snapshot)
        return snapshot

    def reject(self, draft: Draft, why: str) -> Store:
        """Keep a frame that failed a blocking check where nobody reads it by mistake; returns where."""
        rejected, number = self.folder / "rejected", f"{self._next_number():08}"
        rejected.adopt(draft.folder, number)
        self.folder.write_json("blocked.json", {"why": why, "at": time.time()})
        for older in rejected.names()[:-_KEEP_REJECTED]:
            rejected.delete(older)
        return rejected / number

    def point(self, run_id: str, snapshot: Snapshot) -> None:
        """Remember that a run uses this snapshot."""
        self._pointers.point(run_id, snapshot.number)

    def numbers(self) -> list[int]:
        """Numbers of the snapshots, oldest first; on an object store also of one whose publication broke off."""
        return [int(name) for name in self.folder.names() if name.isdigit()]

    def since(self, number: int) -> list[Snapshot]:
        """The published snapshots with a greater number, oldest first."""
        return [found for one in self.numbers() if one > number and (found := self._found(one)) is not None]

    def opened(self, number: int) -> Snapshot:
        """A published snapshot; raises DeclarationError where it was pruned."""
        found = self._found(number)
        if found is None:
            raise DeclarationError(
                f"snapshot {number} of {self.name} is gone",
                remedy="It was pruned; materialise the asset again.",
            )
        return found

    def _found(self, number: int) -> Snapshot | None:
        folder = self.folder / f"{number:08}"
        facts = folder.read_json(_FACTS)
        if facts is None:
            return None
        named = {name: facts[name] for name in ("as_of", "read_at", "rows", "checks", "recipe")}
        engine = Engine(facts.get("engine", Engine.FRAMES))
        return Snapshot(folder=folder, number=number, schema=dict(facts["schema"]), engine=engine, **named)

    def _next_number(self) -> int:
        number = 0

        def one_more(counted: bytes | None) -> bytes:
            nonlocal number
            number = int(counted or 0) + 1
            return to_json(number)

        self._root.change("counter", one_more)
        return number

    def outlived(self, kept_for: timedelta, in_use: Callable[[], Collection[str]]) -> list[Outlived]:
        """Snapshots that are older, but for the newest few and those that a run points to; and rejected ones.

        A run points to a snapshot for as long as snapshots are kept, and until it has ended: `in_use` finds those that have not.
        """
        return self._outlived(kept_for, in_use)[0]

    def prune(self, kept_for: timedelta, in_use: Callable[[], Collection[str]]) -> list[Outlived]:
        """Remove what is outlived, and returns it; call it under the lock."""
        found, pointers = self._outlived(kept_for, in_use)
        self._pointers.folder.delete_each(pointers)
        remove(found)
        return found

    def _outlived(
        self, kept_for: timedelta, in_use: Callable[[], Collection[str]]
    ) -> tuple[list[Outlived], list[str]]:
        """Snapshots, and files of pointers."""
        before = time.time() - kept_for.total_seconds()
        # On an object store, one whose publication broke off is none.
        found = {number: self._found(number) for number in self.numbers()[:-_KEEP_NEWEST]}
        old = {number: 0.0 if one is None else one.read_at for number, one in found.items()}
        old = {number: at for number, at in old.items() if at < before}
        rejected = list(self._rejected(before))
        if not (old or self._pointers.stale(before, ())):
            return rejected, []
        stale = self._pointers.stale(before, in_use())
        pointed_to = self._pointers.numbers(but=stale) if old else set()
        snapshots = [self._gone(number, at) for number, at in old.items() if number not in pointed_to]
        return snapshots + rejected, stale

    def _rejected(self, before: float) -> Iterator[Outlived]:
        """The rejected ones that were written earlier, but for the one that the model is still blocked by."""
        place = self.folder / "rejected"
        for name in place.names()[: -1 if self.blocked else None]:
            files = (place / name).files()
            written = max((facts.written for facts in files.values()), default=0.0)
            if files and written < before:
                size, first = (place / name).size, min(files)
                yield Outlived("rejected", self.name, place, name, written, size, first)

    def _gone(self, number: int, at: float) -> Outlived:
        name = f"{number:08}"
        return Outlived(
            "snapshots", self.name, self.folder, name, at, (self.folder / name).size, first=_FACTS
        )


def newest_number(root: Store) -> int:
    """The newest number that any frame under a storage root was ever given; 0 where there is none."""
    return int(root.read_json("frames/counter") or 0)


def streamed(frame: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    """A lazy frame as batches; at least one, maybe empty."""
    none = True
    for batch in frame.collect_batches(chunk_size=PART_ROWS, maintain_order=True):
        none = False
        yield batch
    if none:
        yield frame.collect_schema().to_frame()


def recipe_of(*ingredients: Any) -> str:
    """The fingerprint of what a frame is made from; the ingredients are JSON values or have a text that tells them apart."""
    return hashlib.sha256(json.dumps(ingredients, default=str, sort_keys=True).encode()).hexdigest()[:32]
