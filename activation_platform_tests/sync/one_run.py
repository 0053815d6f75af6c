"""One run of an activation in a process of its own (see `test_d6_two_processes.py`)."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from activation_platform.contracts.modes import Mode, RunType
from activation_platform.contracts.pace import Budget
from activation_platform.destinations.batch.destination import Batch
from activation_platform.destinations.batch.profiles import Profiles
from activation_platform.sync.activate import activate
from activation_platform.sync.bucket import Bucket
from activation_platform.sync.budgets import Budgets
from activation_platform.sync.folder import Folder
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.loader import Loader
from activation_platform.sync.mapping import FieldMapping
from activation_platform.sync.order import Activation, Guards, RunOrder
from activation_platform.sync.patience import Patience
from activation_platform.sync.store import Store

BATCH_SIZE = 20
CONCURRENCY = 4


class FewProfiles(Profiles):
    """Profiles in small batches, so that a run has many of them."""

    batch_size = BATCH_SIZE


class HastyBatch(Batch):
    """A project without limits."""

    services = (FewProfiles,)
    audiences = updates = erasures = Budget("all", per_second=1e9, burst=1e9)


def rows_of(order: dict[str, Any]) -> dict[str, str]:
    """The frame: the value by key. `rows`: keys from 0; `changed`: that many of them have a second value."""
    return {f"k{n:04}": "second" if n < order["changed"] else "first" for n in range(order["rows"])}


def root_of(order: dict[str, Any]) -> Store:
    """The storage root: a folder, or a bucket whose locks outlive a dead process for `lease` seconds."""
    if "://" in order["root"]:
        return Bucket.at(order["root"], lease=order["lease"], retry_within=5.0)
    return Folder(Path(order["root"]))


def run(order: dict[str, Any]) -> dict[str, Any]:
    """Run as ordered; returns the figures."""
    project = HastyBatch(
        rest_api_key="sandbox-rest-key",
        project_key="sandbox-project",
        live_api_keys=["sandbox-live-key"],
        base_url=order["base_url"],
    )
    root = root_of(order)
    rows = rows_of(order)
    activation = Activation(
        name="people",
        service=FewProfiles(project),
        mode=Mode.MIRROR,
        run_type=RunType.FULL_THEN_DELTA,
        mapping=(FieldMapping("custom_id", "key"), FieldMapping("value", "value")),
        key=("key",),
        guards=Guards(deletes=None),
    )
    day = order["day"]
    instant = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
    with root.lock("people", wait=30) as hold:
        loader = Loader(
            project,
            Budgets(root / "budgets", "all"),
            Patience(sleep=asyncio.sleep),
            concurrency=CONCURRENCY,
            held=hold.require,
        )
        done = activate(
            activation,
            pl.LazyFrame({"key": list(rows), "value": list(rows.values())}),
            Ledger(root / "ledger", hold),
            loader,
            RunOrder(run_id=f"run-{day}", partition=f"day-{day}", instant=instant, snapshot=day),
            account_hash=str,
        )
    return {
        "inserted": done.figures.inserted,
        "updated": done.figures.updated,
        "deleted": done.figures.deleted,
    }
