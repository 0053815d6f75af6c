"""Pointers of runs to snapshots: which one a run made or used again, and which one somebody reads now (SEMANTICS E1).

runs/<run id>.json           what a run made or used again: it reads that, and so does who is started again from its failure
runs/<run id>.<word>.json    what a run reads though it did not make it, for as long as it does
"""

import json
import secrets
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from activation_platform.contracts.errors import StorageFailed
from activation_platform.sync.store import Store

__all__ = ["Pointers"]

_NUMBER = "snapshot"


@dataclass(frozen=True)
class Pointers:
    """The pointers to the snapshots of one asset, in a folder of their own."""

    folder: Store

    def of(self, run_ids: Sequence[str]) -> int | None:
        """The number of what one of these runs made or used again."""
        found = (self.folder.read_json(f"{run_id}.json") for run_id in run_ids)
        return next((int(pointer[_NUMBER]) for pointer in found if pointer is not None), None)

    def point(self, run_id: str, number: int) -> None:
        """Remember what a run made or uses again."""
        self.folder.write_json(f"{run_id}.json", {_NUMBER: number})

    @contextmanager
    def reading(self, run_id: str, number: int) -> Iterator[None]:
        """Point to a snapshot while the block reads it."""
        name = f"{run_id}.{secrets.token_hex(8)}.json"  # steps of one run may read side by side
        self.folder.write_json(name, {_NUMBER: number})
        try:
            yield
        finally:
            with suppress(OSError, StorageFailed):  # what was read was read; it goes with its age
                self.folder.delete(name)

    def stale(self, before: float, in_use: Collection[str]) -> list[str]:
        """The files of pointers that were written earlier, by runs that are none of these."""
        written = ((name, facts.written) for name, facts in self.folder.files().items())
        return [name for name, at in written if at < before and name.partition(".")[0] not in in_use]

    def numbers(self, but: Collection[str]) -> set[int]:
        """The snapshots that are pointed to, but by these files."""
        names = [name for name in self.folder.files() if name not in but]
        return {int(json.loads(pointer)[_NUMBER]) for pointer in self.folder.read_each(names)}
