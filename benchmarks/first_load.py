"""What a first load costs in memory, when every record is new: it must not follow their number as the records do."""

import shutil
from datetime import UTC, datetime
from typing import Any

from activation_platform.contracts.modes import Mode, RunType
from activation_platform.destinations.webhook.destination import Webhook
from activation_platform.destinations.webhook.requests import Requests, RequestsOptions
from activation_platform.sync.folder import Folder
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.mapping import FieldMapping, bind
from activation_platform.sync.order import Activation, RunOrder
from activation_platform.sync.planning import make_plan
from benchmarks import people
from benchmarks.cell import call, measure
from benchmarks.engine import accept
from benchmarks.ledgers import frame
from benchmarks.registry import Result, figure

__all__ = ["first"]


def first(folder: str) -> dict[str, Any]:
    """Plan a frame against an empty ledger, remember that all of it was accepted, and seal: a run without its requests."""
    mapping = (FieldMapping("id", people.KEY), *(FieldMapping(column, column) for column in people.COLUMNS))
    what = Activation(
        name="people",
        service=Requests(
            Webhook(url="http://127.0.0.1"),
            RequestsOptions(per="batch", batch_size=1_000, idempotent=True),
        ),
        mode=Mode.UPSERT,
        run_type=RunType.FULL_THEN_DELTA,
        mapping=mapping,
        key=(people.KEY,),
    )
    at = people.cache() / "first"
    shutil.rmtree(at, ignore_errors=True)
    book, rows = Ledger(Folder(at)), frame(folder)
    order = RunOrder("run", "day", datetime(2026, 1, 1, tzinfo=UTC), snapshot=1)
    book.begin(partition=order.partition, instant=order.instant.timestamp(), snapshot=order.snapshot)
    plan = make_plan(rows, what, bind(mapping, what.service, rows.collect_schema()), book, order, book.now())
    accept(plan, what, book)
    book.seal(full_done=True)
    known = len(Ledger(Folder(at)).head)
    shutil.rmtree(at)
    return {"rows": plan.counts.insert, "known": known}


@figure("first_load_rss_gib_10m")
def ten_million() -> list[Result]:
    """Ten million new records, and one million beside them."""
    cells = {rows: measure(call(first, people.path(rows, "yesterday"))) for rows in (1_000_000, 10_000_000)}
    for rows, cell in cells.items():
        assert cell.value == {"rows": rows, "known": rows}
    few, many = cells.values()
    return [
        Result(
            "first_load_rss_gib_10m",
            round(many.anonymous, 2),
            "GiB",
            f"peak anonymous memory of plan and commit of 10 million new records; {few.anonymous:.2f} GiB of 1 million; "
            f"CPU {many.cpu:.0f} s",
        )
    ]
