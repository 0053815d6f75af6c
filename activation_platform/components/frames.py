"""Frames between assets: numbered snapshots as Parquet, published at once, never overwritten (SEMANTICS E1, E5).

frames/<kind>/<name>/00000012/part-00000.parquet …   the rows
frames/<kind>/<name>/00000012/snapshot.json          number, run, instant, rows, schema
frames/<kind>/<name>/runs/<run id>.json              which snapshot a run produced or reused
frames/<kind>/<name>/rejected/00000013/              a snapshot that failed a blocking check, kept for inspection
frames/counter                                       the newest number; one sequence for all frames of the root
"""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from activation_platform.components.draft import PART_ROWS, Draft
from activation_platform.components.storage import storage_root
from activation_platform.components.types import type_words
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.modes import Engine
from activation_platform.sync.store import Hold, Store, to_json

__all__ = [
    "FRAMES",
    "FRAMES_KEY",
    "Frames",
    "FramesIOManager",
    "Snapshot",
    "newest_number",
    "recipe_of",
    "streamed",
]

_LOCK_WAIT = 3600.0
_KEEP_SECONDS = 7 * 86_400
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
        self._name = f"{kind}/{name}"
        self.folder = self._root / kind / name

    def lock(self) -> AbstractContextManager[Hold]:
        """The lock under which this asset is made."""
        return self.folder.lock(self.folder.name, wait=_LOCK_WAIT)

    def newest(self) -> Snapshot | None:
        """The newest published snapshot."""
        return next(filter(None, map(self._found, reversed(self.numbers()))), None)

    def of_run(self, run_ids: Sequence[str]) -> Snapshot | None:
        """What one of these runs produced or reused."""
        for run_id in run_ids:
            pointer = self.folder.read_json(f"runs/{run_id}.json")
            if pointer is not None:
                return self.opened(pointer["snapshot"])
        return None

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
                    f"{frames._name} failed a blocking check ({frames.blocked})",
                    remedy=f"Materialise {frames._name} again once its data or its declaration is mended; nothing was sent.",
                )
        newest = self.newest()
        if newest is None:
            raise DeclarationError(
                f"{self._name} was never materialised", remedy=f"Materialise {self._name} first."
            )
        return newest

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
        """Make a draft the newest snapshot, with the verdicts of its checks; earlier ones are kept for a week."""
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
        (draft.folder / "snapshot.json").write_bytes(to_json(facts))
        self.folder.adopt(draft.folder, f"{number:08}", last="snapshot.json")
        self.folder.delete("blocked.json")
        snapshot = self.opened(number)
        self.point(run_id, snapshot)
        self._prune()
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
        self.folder.write_json(f"runs/{run_id}.json", {"snapshot": snapshot.number})

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
                f"snapshot {number} of {self._name} is gone",
                remedy="It was pruned; materialise the asset again.",
            )
        return found

    def _found(self, number: int) -> Snapshot | None:
        folder = self.folder / f"{number:08}"
        facts = folder.read_json("snapshot.json")
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

    def _prune(self) -> None:
        """Drop what is older than a week, but never the newest few, nor what a run of this week points to."""
        before = time.time() - _KEEP_SECONDS
        kept = [(number, self._found(number)) for number in self.numbers()[:-_KEEP_NEWEST]]
        old = [number for number, snapshot in kept if snapshot is None or snapshot.read_at < before]
        if not old:
            return
        runs = self.folder / "runs"
        young = []
        for name, facts in runs.files().items():
            if facts.written < before:
                runs.delete(name)
            else:
                young.append(name)
        pointed_to = {json.loads(pointer)["snapshot"] for pointer in runs.read_each(young)}
        for number in set(old) - pointed_to:
            self.folder.delete(f"{number:08}")


def newest_number(root: Store) -> int:
    """The newest number that any frame under a storage root was ever given; 0 where there is none."""
    return int(root.read_json("frames/counter") or 0)


class FramesIOManager(dg.IOManager):
    """Hands the newest snapshot of a model or segment to other assets, as a `pl.LazyFrame`."""

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Models and segments publish their own snapshots; nothing else may be stored here."""
        if obj is not None:
            raise DeclarationError(
                f"{context.asset_key.to_user_string()} is not a model or a segment",
                remedy="Give it an IO manager of its own.",
            )

    def load_input(self, context: dg.InputContext) -> pl.LazyFrame:
        """The newest published snapshot."""
        kind, name = context.asset_key.path[-2:]
        return Frames(storage_root(), kind, name).for_run([]).scan()


FRAMES_KEY = "frames"
FRAMES = FramesIOManager()


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
