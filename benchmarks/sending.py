"""What sending costs: one-record requests a core, a load in batches beside drt's, the share of a rate that is reached."""

import asyncio
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import polars as pl

from activation_platform.contracts.modes import Mode, RunType
from activation_platform.destinations.webhook.destination import Webhook
from activation_platform.destinations.webhook.requests import Requests, RequestsOptions
from activation_platform.sync.activate import activate
from activation_platform.sync.budgets import Budgets
from activation_platform.sync.folder import Folder
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.loader import Loader
from activation_platform.sync.mapping import FieldMapping
from activation_platform.sync.order import Activation, RunOrder
from activation_platform.sync.patience import Patience
from benchmarks import people

_MAPPING = (FieldMapping("id", people.KEY), *(FieldMapping(column, column) for column in people.COLUMNS))


def load(folder: str, address: str, per: Literal["record", "batch"], rate: float) -> dict[str, Any]:
    """Plan, send and remember all people of a folder as new ones; returns the run's figures."""
    receiver = Webhook(url=address, requests_per_second=rate)
    options = RequestsOptions(per=per, batch_size=100, idempotent=True)
    root = people.cache() / "sending"
    shutil.rmtree(root, ignore_errors=True)
    run = activate(
        Activation(
            name="people",
            service=Requests(receiver, options),
            mode=Mode.UPSERT,
            run_type=RunType.FULL_THEN_DELTA,
            mapping=_MAPPING,
            key=(people.KEY,),
        ),
        pl.scan_parquet(sorted(Path(folder).glob("part-*.parquet"))),
        Ledger(Folder(root / "ledger")),
        Loader(receiver, Budgets(Folder(root / "budgets"), "sink"), Patience(sleep=asyncio.sleep)),
        RunOrder(run_id="run", partition="day", instant=datetime(2026, 1, 1, tzinfo=UTC), snapshot=1),
        account_hash=lambda: "sink",
    )
    return {"inserted": run.figures.inserted, "requests": run.figures.requests, "seconds": run.seconds}
