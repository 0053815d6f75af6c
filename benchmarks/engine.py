"""What a plan costs: CPU against the floor, memory by size, a run on unchanged data, the commit."""

import os
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from activation_platform.contracts import texts
from activation_platform.contracts.modes import Mode, Operation, RunType
from activation_platform.contracts.outcomes import ACCEPTED
from activation_platform.destinations.batch.destination import Batch
from activation_platform.destinations.batch.profiles import Profiles
from activation_platform.sync.batches import Cutter
from activation_platform.sync.fingerprint import fingerprint
from activation_platform.sync.folder import Folder
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.mapping import FieldMapping, bind
from activation_platform.sync.order import Activation, Guards, RunOrder
from activation_platform.sync.planning import make_plan
from activation_platform.sync.remember import answered
from benchmarks import people
from benchmarks.cell import call, interleaved, middle
from benchmarks.registry import Result, figure

__all__ = ["MAPPING", "activation", "frame", "ledger_of", "project"]

NAMES = {
    "email": "$email_address",
    "phone": "$phone_number",
    "language": "$language",
    "region": "$region",
    "timezone": "$timezone",
}
MAPPING = (
    FieldMapping("custom_id", people.KEY),
    *(FieldMapping(NAMES.get(column, column), column) for column in people.COLUMNS),
)
_LIBRARIES = ("clean_email", "clean_phone")


class AnsweredByTheThousand(Profiles):
    """Profiles whose answers come by the thousand: the plan is measured, not the vendor's batches."""

    batch_size = 1_000
    delete_batch_size = 1_000


class Project(Batch):
    """A project with that service."""

    services = (AnsweredByTheThousand,)


def project() -> Project:
    """A project that nobody asks anything."""
    return Project(rest_api_key="none", project_key="none", live_api_keys=["none"])


def activation() -> Activation:
    """A mirror of the people."""
    return Activation(
        name="people",
        service=AnsweredByTheThousand(project()),
        mode=Mode.MIRROR,
        run_type=RunType.FULL_THEN_DELTA,
        mapping=MAPPING,
        key=(people.KEY,),
        guards=Guards(deletes=None),
    )


def frame(folder: str) -> pl.LazyFrame:
    """A frame, read as a run reads a snapshot."""
    return pl.scan_parquet(sorted(Path(folder).glob("part-*.parquet")))


def run(folder: str, ledger: str) -> dict[str, Any]:
    """Plan a frame against a ledger, remember that all of it was accepted, and seal: a run without its requests."""
    libraries = _timed_libraries()
    started = time.perf_counter()
    book = Ledger(Folder(Path(ledger)))
    order, what = RunOrder("run", "today", datetime(2026, 1, 2, tzinfo=UTC), snapshot=2), activation()
    rows = frame(folder)
    book.begin(partition=order.partition, instant=order.instant.timestamp(), snapshot=order.snapshot)
    plan = make_plan(rows, what, bind(MAPPING, what.service, rows.collect_schema()), book, order, book.now())
    planned = time.perf_counter()
    for events in plan.decided():
        book.record(events)
    cutter = Cutter(plan, what, "run", book.now)
    leaving = plan.deletes.with_columns(_same_run=pl.lit(value=False))
    for batches in (
        cutter.writes(Operation.INSERT),
        cutter.writes(Operation.UPDATE),
        cutter.deletes(leaving),
    ):
        for batch in batches:
            book.record(answered(batch, [ACCEPTED] * len(batch), what, book.now()))
    answers = time.perf_counter()
    book.seal(null_keys=plan.null_keys, full_done=True)
    sealed = time.perf_counter()
    counts = plan.counts
    return {
        "operations": {"insert": counts.insert, "update": counts.update, "delete": counts.delete},
        "plan": planned - started,
        "journal": answers - planned,
        "seal": sealed - answers,
        "libraries": libraries(),
    }


def floor(folder: str) -> int:
    """Decode the frame and fingerprint every row once, which no engine that looks at all of it can save."""
    print_ = fingerprint(pl.col(people.KEY), *(pl.col(column) for column in people.COLUMNS))
    return int(frame(folder).select(print_.max()).collect(engine="streaming").item())


def first_run(folder: str, ledger: str) -> dict[str, Any]:
    """Yesterday's run, which left the ledger. Its values are as the libraries leave them: they are not asked."""
    for library in _LIBRARIES:
        setattr(texts, library, str)
    return run(folder, ledger)


def ledger_of(rows: int, name: str) -> Path:
    """A ledger of yesterday's frame, of its own for every call: its files never change, so they are linked, not copied."""
    kept = people.cache() / f"people-{rows}" / "ledger"
    if not kept.exists():
        beside = kept.with_name(".ledger")
        shutil.rmtree(beside, ignore_errors=True)
        interleaved({"first run": call(first_run, people.path(rows, "yesterday"), beside)}, times=1)
        beside.rename(kept)
    mine = kept.with_name(name)
    shutil.rmtree(mine, ignore_errors=True)
    shutil.copytree(kept, mine, copy_function=os.link)
    return mine


def _timed_libraries() -> Callable[[], float]:
    """Watch the CPU seconds that this process spends inside the normalising libraries."""
    spent = 0.0

    def watched(library: Callable[[str], str | None]) -> Callable[[str], str | None]:
        def clean(value: str) -> str | None:
            nonlocal spent
            started = time.thread_time()
            try:
                return library(value)
            finally:
                spent += time.thread_time() - started

        return clean

    for name in _LIBRARIES:
        setattr(texts, name, watched(getattr(texts, name)))
    return lambda: spent


def changes(rows: int) -> int:
    """Operations of today's run."""
    return people.updated(rows) + people.new(rows) + people.gone(rows)


def _ours(rows: int) -> Any:
    today, mine = people.path(rows, "today"), f"ledger-{os.getpid()}"
    ledger_of(rows, mine)
    at = people.cache() / f"people-{rows}" / mine
    return call(run, today, at, prepare=lambda: ledger_of(rows, mine))


@figure("plan_cpu_vs_floor_10m", "commit_2pct_10m_ms", "rss_gib_10m")
def ten_million() -> list[Result]:
    """Plan and commit at 10 million, beside the floor."""
    rows = 10_000_000
    today = people.path(rows, "today")
    cells = interleaved({"floor": call(floor, today), "plan": _ours(rows)})
    ours, least = middle(cells["plan"]), middle(cells["floor"])
    said = ours.value
    libraries = said["libraries"]
    touched = people.updated(rows) + people.new(rows)
    assert said["operations"] == {
        "insert": people.new(rows),
        "update": people.updated(rows),
        "delete": people.gone(rows),
    }
    return [
        Result(
            "plan_cpu_vs_floor_10m",
            round((ours.cpu - libraries) / least.cpu, 2),
            "times",
            f"plan and commit of 2 % changes, 10 million records: CPU {ours.cpu - libraries:.2f} s without the normalising "
            f"libraries ({libraries:.2f} s, normalise_us_per_record {libraries / touched * 1e6:.1f}), against decoding and "
            f"fingerprinting the Parquet ({least.cpu:.2f} s); wall {ours.wall:.1f} s and {least.wall:.1f} s",
        ),
        Result(
            "commit_2pct_10m_ms",
            round(said["seal"] * 1e3),
            "ms",
            f"sealing {changes(rows):,} acknowledged changes into a ledger of 10 million; "
            f"journalling them before took {said['journal']:.2f} s",
        ),
        _memory("rss_gib_10m", ours.anonymous, ours.resident, rows),
    ]


@figure("rss_gib_30m")
def thirty_million() -> list[Result]:
    """Memory at 30 million."""
    return [_size("rss_gib_30m", 30_000_000)]


@figure("rss_gib_100m")
def hundred_million() -> list[Result]:
    """Memory at 100 million."""
    return [_size("rss_gib_100m", 100_000_000)]


def _size(name: str, rows: int) -> Result:
    (cell,) = interleaved({"plan": _ours(rows)}, times=1)["plan"]
    return _memory(name, cell.anonymous, cell.resident, rows)


def _memory(name: str, anonymous: float, resident: float, rows: int) -> Result:
    return Result(
        name,
        round(anonymous, 2),
        "GiB",
        f"peak anonymous memory of plan and commit of 2 % changes, {rows // 1_000_000} million records; "
        f"VmHWM, which counts mapped files, {resident:.2f} GiB",
    )
