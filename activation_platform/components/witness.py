"""The witness: Dagster knows each ledger's newest run, so that a lost or old ledger is noticed (SEMANTICS A3)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import dagster as dg

from activation_platform.contracts.errors import LedgerMismatch
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.manifest import Manifest
from activation_platform.sync.past import PAST
from activation_platform.sync.store import Hold, Store

__all__ = ["BEGUN", "HOST", "SEALED", "WitnessedLedger"]

BEGUN, SEALED, HOST = "ledger_sequence", "ledger_sealed", "ledger_host"
_PAGE = 20

Tell = Callable[[dict[str, int | str]], None]


class WitnessedLedger(Ledger):
    """The ledger that the last run left, of one activation and host, which tells the number of each run.

    It does so when a run begins, before its first writing request, and when it is sealed. Raises LedgerMismatch where Dagster
    knows of a later run than the ledger does.
    """

    def __init__(
        self,
        folder: Store,
        hold: Hold,
        instance: dg.DagsterInstance,
        asset: dg.AssetKey,
        host: str,
        tell: Tell,
        past: timedelta = PAST,
    ) -> None:
        known = _witnessed(instance, asset, host)
        found = Manifest.read(folder)
        if not found.placed:
            _require_newest(folder, found, known)
        super().__init__(folder, hold, past)
        if found.placed:
            newest = max(known[BEGUN], self.manifest.sequence)
            self.manifest.sequence = self.manifest.sealed = newest
        self._host = host
        self._tell = tell

    def begin(self, **newest: Any) -> int:
        """Start a run, and have it witnessed."""
        number = super().begin(**newest)
        try:
            self._witness()
        except BaseException:
            assert self._journal is not None
            self._journal.close()  # the next run finds it, as after a crash
            raise
        return number

    def seal(self, **newest: Any) -> None:
        """End the run, and have it witnessed."""
        super().seal(**newest)
        self._witness()

    def _witness(self) -> None:
        self._tell({BEGUN: self.manifest.sequence, SEALED: self.manifest.sealed, HOST: self._host})


def _require_newest(folder: Store, found: Manifest, known: dict[str, int]) -> None:
    if found.sequence >= known[BEGUN] and found.sealed >= known[SEALED]:
        return
    there = f"it ends with run {found.sequence}" if found.sequence else "there is none"
    raise LedgerMismatch(
        f"this is not the ledger that the last run left: Dagster knows of run {known[BEGUN]}, {there} in {folder}",
        remedy="Point ACTIVATION_STORAGE at the storage root of the earlier runs, or bring its newest backup back. Or start "
        f"over: activation reset {folder.name} (everything is then sent again as new).",
    )


def _witnessed(instance: dg.DagsterInstance, asset: dg.AssetKey, host: str) -> dict[str, int]:
    """What the newest observation that speaks of the ledger of a host says of it."""
    cursor = None
    while True:
        page = instance.fetch_observations(asset, limit=_PAGE, cursor=cursor)
        for record in page.records:
            observation = record.asset_observation
            told = (
                {}
                if observation is None
                else {name: value.value for name, value in observation.metadata.items()}
            )
            if told.get(HOST) == host:
                return {name: int(str(told[name])) for name in (BEGUN, SEALED)}
        if not page.has_more:
            break
        cursor = page.cursor  # others may have observed the asset since
    return {BEGUN: 0, SEALED: 0}
