"""The witness: Dagster knows each ledger's newest run, so that a lost or old ledger is noticed (SEMANTICS A3)."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from activation_platform.contracts.errors import LedgerMismatch
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.manifest import Manifest

__all__ = ["BEGUN", "SEALED", "WitnessedLedger", "require_newest", "set_away"]

BEGUN, SEALED = "ledger_sequence", "ledger_sealed"
_PAGE = 20


class WitnessedLedger(Ledger):
    """A ledger that tells the number of each run when it begins, before its first request, and when it is sealed."""

    def __init__(self, folder: Path, tell: Callable[[dict[str, int]], None]) -> None:
        super().__init__(folder)
        self._tell = tell

    def begin(self, **newest: Any) -> int:
        """Start a run, and have it witnessed."""
        number = super().begin(**newest)
        try:
            self._tell({BEGUN: number, SEALED: self.manifest.sealed})
        except BaseException:
            assert self._journal is not None
            self._journal.close()  # the next run finds it, as after a crash
            raise
        return number

    def seal(self, **newest: Any) -> pl.DataFrame:
        """End the run, and have it witnessed."""
        events = super().seal(**newest)
        self._tell({BEGUN: self.manifest.sequence, SEALED: self.manifest.sealed})
        return events


def require_newest(instance: dg.DagsterInstance, asset: dg.AssetKey, folder: Path) -> None:
    """Raise LedgerMismatch unless the ledger in the folder has every run that Dagster knows of. Call it before it is opened."""
    known = _witnessed(instance, asset)
    manifest = Manifest.read(folder)
    if manifest.sequence >= known[BEGUN] and manifest.sealed >= known[SEALED]:
        return
    found = (
        f"it ends with run {manifest.sequence}" if (folder / "manifest.json").exists() else "there is none"
    )
    raise LedgerMismatch(
        f"this is not the ledger that the last run left: Dagster knows of run {known[BEGUN]}, {found} in {folder}",
        remedy="Point ACTIVATION_STORAGE at the storage root of the earlier runs, or bring its newest backup back. To start "
        "over on purpose, run once with the config start_over: true: everything is then sent again as new.",
    )


def _witnessed(instance: dg.DagsterInstance, asset: dg.AssetKey) -> dict[str, int]:
    """What the newest observation that speaks of a ledger says of it."""
    cursor = None
    while True:
        page = instance.fetch_observations(asset, limit=_PAGE, cursor=cursor)
        for record in page.records:
            observation = record.asset_observation
            metadata = {} if observation is None else observation.metadata
            if BEGUN in metadata and SEALED in metadata:
                return {name: int(str(metadata[name].value)) for name in (BEGUN, SEALED)}
        if not page.has_more:
            break
        cursor = page.cursor  # others may have observed the asset since
    return {BEGUN: 0, SEALED: 0}


def set_away(folder: Path) -> None:
    """Start over: move a ledger's folder aside, where nobody opens it."""
    if folder.exists():
        aside = folder.parent.parent / "ledgers-set-away"
        aside.mkdir(exist_ok=True)
        folder.rename(aside / f"{folder.name}-{time.time_ns()}")
