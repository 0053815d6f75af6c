"""The newest runs: of each of many activations the one that began last, found with one listing of the ledgers."""

from collections.abc import Collection
from dataclasses import replace

from pydantic import TypeAdapter

from activation_platform.sync.history import Run
from activation_platform.sync.ledgers import activation_of, ledgers
from activation_platform.sync.store import Store

__all__ = ["newest_runs"]

_KEPT = TypeAdapter(Run)


def newest_runs(root: Store, activations: Collection[str]) -> dict[str, Run]:
    """By activation, of all of its ledgers; reads one file of each. Those that never ran are left out."""
    wanted = frozenset(activations)
    found: dict[str, Run] = {}
    for ledger in ledgers(root):
        name = activation_of(ledger)
        run = _newest(root, ledger) if name in wanted else None
        if run is not None and (name not in found or run.started > found[name].started):
            found[name] = run
    return found


def _newest(root: Store, ledger: str) -> Run | None:
    folder = root / "ledgers" / ledger / "runs"
    numbers = [int(number) for name in folder.names() if (number := name.removesuffix(".json")).isdigit()]
    kept = folder.read(f"{max(numbers)}.json") if numbers else None
    return None if kept is None else replace(_KEPT.validate_json(kept), ledger=ledger)
