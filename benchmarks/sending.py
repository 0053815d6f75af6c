"""What sending costs: a load in batches beside drt's, one-record requests a core, the share of a rate that is reached."""

import asyncio
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import polars as pl

from activation_platform.contracts.modes import Mode, RunType
from activation_platform.contracts.pace import Budget
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
from benchmarks.cell import call, interleaved, measure, middle
from benchmarks.environments import environment, told_by
from benchmarks.registry import Result, figure
from benchmarks.sink import answers, sink

__all__ = ["drt", "load"]

_MAPPING = (FieldMapping("id", people.KEY), *(FieldMapping(column, column) for column in people.COLUMNS))
_RATE, _BURST = 100.0, 20.0
_PUBLISHED = 100_000
"""Rows that drt as published loads: it takes minutes, and a row costs it the same however many there are."""


class Receiver(Webhook):
    """A receiver whose limit is declared with its burst."""

    burst: float

    @property
    def pace(self) -> Budget:
        """As declared."""
        return Budget("requests", per_second=self.requests_per_second, burst=self.burst)


def load(
    folder: str, address: str, per: Literal["record", "batch"], rate: float = 1e6, burst: float = 1e6
) -> dict[str, Any]:
    """Plan, send and remember all people of a folder as new ones; returns how many, in how many requests."""
    receiver = Receiver(url=address, requests_per_second=rate, burst=burst)
    root = people.cache() / "sending"
    shutil.rmtree(root, ignore_errors=True)
    run = activate(
        Activation(
            name="people",
            service=Requests(receiver, RequestsOptions(per=per, batch_size=100, idempotent=True)),
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
    return {"rows": run.figures.inserted, "requests": run.figures.requests}


def drt(folder: str, address: str, rows: int, how: str) -> dict[str, Any]:
    """What drt's load cost, by its own process."""
    told: dict[str, Any] = json.loads(told_by(_environment(), "drt_load.py", folder, address, str(rows), how))
    return told


def _environment() -> Path:
    return environment("drt-core-1.2.1", "drt-core==1.2.1", "duckdb>=2.0,<2.1")


@figure("vs_drt_rest", "vs_drt_rest_fixed")
def beside_drt() -> list[Result]:
    """A million records as new ones, in batches of 100, to a sink on this machine."""
    rows = 1_000_000
    folder = people.path(rows, "yesterday")
    _environment()
    with sink() as address:
        cells = interleaved(
            {
                "ours": call(load, folder, address, "batch"),
                "drt, fixed": call(drt, folder, address, rows, "fixed"),
            }
        )
        published = measure(call(drt, folder, address, _PUBLISHED, "published")).value
    ours = middle(cells["ours"])
    fixed = middle(cells["drt, fixed"]).value
    assert ours.value["rows"] == fixed["rows"] == rows
    mine = (
        f"CPU {ours.cpu:.1f} s, wall {ours.wall:.1f} s, {ours.anonymous:.2f} GiB anonymous and {ours.resident:.2f} GiB "
        "resident for plan, ledger and load"
    )
    scale = rows / _PUBLISHED
    return [
        Result(
            "vs_drt_rest",
            round(published["cpu"] * scale / ours.cpu, 1),
            "times",
            f"less CPU than drt-core 1.2.1 for 1 million records in batches of 100: {mine}; drt CPU "
            f"{published['cpu']:.1f} s, wall {published['wall']:.1f} s for {_PUBLISHED:,} records, the same for each record",
        ),
        Result(
            "vs_drt_rest_fixed",
            round(fixed["cpu"] / ours.cpu, 2),
            "times",
            f"the same with drt's TLS context made once: {mine}; drt CPU {fixed['cpu']:.1f} s, wall {fixed['wall']:.1f} s, "
            f"{fixed['resident']:.2f} GiB resident, without plan and ledger",
        ),
    ]


@figure("one_record_requests_per_core_s")
def one_record() -> list[Result]:
    """One-record requests, plan and ledger included."""
    rows = 20_000
    folder = people.path(rows, "yesterday")
    with sink() as address:
        cell = middle(interleaved({"one record": call(load, folder, address, "record")})["one record"])
    assert cell.value["requests"] == rows
    return [
        Result(
            "one_record_requests_per_core_s",
            round(rows / cell.cpu),
            "1/s",
            f"{rows:,} records, a request each, plan and ledger included: CPU {cell.cpu:.1f} s, wall {cell.wall:.1f} s",
        )
    ]


@figure("rate_declared", "rate_hidden")
def rates() -> list[Result]:
    """100 requests a second with a burst of 20, 56 to 128 ms away, for a minute: declared, and declared as 1,000."""
    rows = 6_000
    folder = people.path(rows, "yesterday")
    results = []
    for name, rate, burst in (("rate_declared", _RATE, _BURST), ("rate_hidden", 1_000.0, 1_000.0)):
        with sink(_RATE, _BURST) as address:
            measure(call(load, folder, address, "record", rate, burst))
            told = answers(address)
        permitted = _BURST + _RATE * told["seconds"]
        refused = told["refused"] / (told["accepted"] + told["refused"])
        assert told["accepted"] == rows
        results.append(
            Result(
                name,
                round(told["accepted"] / permitted, 3),
                "",
                f"of {permitted:,.0f} permitted requests in {told['seconds']:.1f} s, from the first one on; "
                f"{told['refused']} answers were 429 ({refused:.2%})",
            )
        )
    return results
