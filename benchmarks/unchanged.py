"""A run on unchanged data, from its beginning to its end as an asset runs it, with a vendor that would note every request."""

import asyncio
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from activation_platform.sync.activate import activate
from activation_platform.sync.budgets import Budgets
from activation_platform.sync.folder import Folder
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.loader import Loader
from activation_platform.sync.order import RunOrder
from activation_platform.sync.patience import Patience
from benchmarks import people
from benchmarks.cell import call, interleaved, middle
from benchmarks.ledgers import activation, frame, ledger_of
from benchmarks.registry import Result, figure

__all__ = ["run"]

_ROWS = 1_000_000


def run(folder: str, ledger: str) -> dict[str, Any]:
    """Activate a frame that the ledger knows already; returns the seconds it took and the requests it made."""
    asked: list[str] = []

    def vendor(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url.path}")
        return httpx.Response(200, json={"audiences": []})

    started = time.perf_counter()
    root, what = Folder(Path(ledger).parent), activation()
    loader = Loader(
        what.service.destination,
        Budgets(root / "budgets", "people"),
        Patience(sleep=asyncio.sleep),
        transport=httpx.MockTransport(vendor),
    )
    order = RunOrder("run", "today", datetime(2026, 1, 2, tzinfo=UTC), snapshot=2)
    done = activate(what, frame(folder), Ledger(Folder(Path(ledger))), loader, order, account_hash=str)
    assert done.figures.extracted == 0
    return {"wall": time.perf_counter() - started, "asked": asked}


@figure("unchanged_1m_s")
def unchanged() -> list[Result]:
    """A run on unchanged data."""
    mine = f"ledger-{os.getpid()}"
    at = people.cache() / f"people-{_ROWS}" / mine
    order = call(run, people.path(_ROWS, "yesterday"), at, prepare=lambda: ledger_of(_ROWS, mine))
    cell = middle(interleaved({"unchanged": order}, times=5)["unchanged"])
    assert len(cell.value["asked"]) == 1, (
        "the account is asked for its name; nothing else is asked, nothing written"
    )
    return [
        Result(
            "unchanged_1m_s",
            round(cell.wall, 2),
            "s",
            f"a whole run on unchanged data, 1 million records, CPU {cell.cpu:.2f} s; the account is asked for its name, "
            "no other request is made",
        )
    ]
