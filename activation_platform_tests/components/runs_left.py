"""What runs and segments leave under a storage root, written as they write it but without running them, on any day."""

import os
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from activation_platform.sync.change_log import ChangeLog
from activation_platform.sync.folder import Folder
from activation_platform.sync.history import Figures, Run, Status, write_run
from activation_platform.sync.states import EVENTS, Event

__all__ = ["AT", "leave_page", "leave_run"]

AT = datetime(2026, 1, 30, 23, 50, tzinfo=UTC)
"""When the first run began."""
WORDS = "first_name: it's empty; ask ada@example.com\0"


def leave_run(root: Path, number: int, on: datetime = AT, ledger: str = "letters") -> None:
    """A run of two keys, `a<number>` which was accepted and `b<number>` which was set aside."""
    folder = Folder(root / "ledgers" / ledger)
    events = pl.DataFrame(
        [
            {"key": f"a{number}", "identifier": f"a{number}@example.com", "event": Event.ACCEPTED, "operation": "insert"},
            {"key": f"b{number}", "event": Event.SET_ASIDE, "reason": WORDS},
        ],
        schema=EVENTS,
    ).with_columns(since=pl.lit(int(on.timestamp() * 1e6) + 125))  # fmt: skip
    (room := root / "room").mkdir(parents=True, exist_ok=True)
    log = ChangeLog(room, number)
    log.note(events)
    log.keep(folder)
    figures = Figures(extracted=2, inserted=1, source_issues=1, requests=1)
    run = Run(
        number=number,
        activation=ledger.partition("~")[0],
        destination="mail",
        partition="2026-01-30-23:50",
        run_id=f"run-{number}",
        status=Status.WITH_ISSUES,
        figures=figures,
        started=on.timestamp(),
        seconds=0.1 + number,
        notes=["one", "two"],
    )
    write_run(folder, run)
    for file in (f"runs/{number}.json", f"changes/{number}.parquet", f"issues/{number}.parquet"):
        os.utime(folder.path / file, times=(on.timestamp(), on.timestamp()))


def leave_page(root: Path, snapshot: int, events: dict[str, str], on: datetime = AT) -> None:
    """A page of the history of the segment `loyal`: the event of each key."""
    folder = root / "analysis" / "loyal" / f"{snapshot:08}"
    folder.mkdir(parents=True)
    page = pl.DataFrame({"key": [*events], "event": [*events.values()], "at": on, "snapshot": snapshot})
    page.with_columns(pl.col("at").cast(pl.Datetime("us", "UTC"))).write_parquet(
        folder / "changes-00000.parquet"
    )
    (folder / "recorded.json").touch()
    os.utime(folder / "changes-00000.parquet", times=(on.timestamp(), on.timestamp()))
