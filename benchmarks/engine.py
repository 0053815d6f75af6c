"""What a plan costs: CPU against the floor, memory by size, a run on unchanged data, the commit."""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import polars as pl

from activation_platform.contracts import texts
from activation_platform.contracts.modes import Operation
from activation_platform.contracts.outcomes import ACCEPTED
from activation_platform.sync.batches import Cutter
from activation_platform.sync.fingerprint import fingerprint
from activation_platform.sync.folder import Folder
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.mapping import bind
from activation_platform.sync.order import Activation, RunOrder
from activation_platform.sync.plan import Plan
from activation_platform.sync.planning import make_plan
from activation_platform.sync.remember import answered
from benchmarks import people
from benchmarks.cell import Call, Cell, call, interleaved, measure, middle
from benchmarks.ledgers import LIBRARIES, MAPPING, activation, frame, ledger_of
from benchmarks.registry import Result, figure

__all__ = ["accept", "floor", "ours", "run", "without_libraries"]

_ACCEPTED = {"insert": people.new, "update": people.updated, "delete": people.gone}


def run(folder: str, ledger: str) -> dict[str, Any]:
    """Plan a frame against a ledger, remember that all of it was accepted, and seal: a run without its requests."""
    libraries = _heard_by_libraries()
    started, cpu = time.perf_counter(), time.process_time()
    book = Ledger(Folder(Path(ledger)))
    order, what = RunOrder("run", "today", datetime(2026, 1, 2, tzinfo=UTC), snapshot=2), activation()
    rows = frame(folder)
    book.begin(partition=order.partition, instant=order.instant.timestamp(), snapshot=order.snapshot)
    plan = make_plan(rows, what, bind(MAPPING, what.service, rows.collect_schema()), book, order, book.now())
    planned = time.perf_counter()
    accept(plan, what, book)
    answers = time.perf_counter()
    book.seal(null_keys=plan.null_keys, full_done=True)
    sealed = time.perf_counter()
    return {
        "operations": {name: getattr(plan.counts, name) for name in _ACCEPTED},
        "wall": sealed - started,
        "cpu": time.process_time() - cpu,
        "plan": planned - started,
        "journal": answers - planned,
        "seal": sealed - answers,
        "libraries": libraries(),
    }


def accept(plan: Plan, what: Activation, book: Ledger) -> None:
    """Remember what a plan decided, and that all that it would send was accepted."""
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


def floor(folder: str) -> int:
    """Decode the frame and fingerprint every row once, which no engine that looks at all of it can save."""
    print_ = fingerprint(pl.col(people.KEY), *(pl.col(column) for column in people.COLUMNS))
    return int(frame(folder).select(print_.max()).collect(engine="streaming").item())


def _heard_by_libraries() -> Callable[[], float]:
    """Note what the normalising libraries are asked; returns how to ask it all again, and the CPU seconds that takes.

    To look at a clock around every value would cost as much as some of them do.
    """
    asked: dict[str, list[str]] = {name: [] for name in LIBRARIES}
    libraries = {name: getattr(texts, name) for name in LIBRARIES}

    def heard(name: str) -> Callable[[str], str | None]:
        library: Callable[[str], str | None] = libraries[name]
        note = asked[name].append

        def clean(value: str) -> str | None:
            note(value)
            return library(value)

        return clean

    for name in LIBRARIES:
        setattr(texts, name, heard(name))

    def again() -> float:
        started = time.process_time()
        for name, values in asked.items():
            for value in values:
                libraries[name](value)
        return time.process_time() - started

    return again


def ours(rows: int) -> Call:
    """`run` for today's frame of this size, each time with the ledger that yesterday left."""
    mine = f"ledger-{os.getpid()}"
    at = people.cache() / f"people-{rows}" / mine
    return call(run, people.path(rows, "today"), at, prepare=lambda: ledger_of(rows, mine))


def without_libraries(cells: list[Cell]) -> float:
    """CPU seconds of `run`, the time inside the normalising libraries left out."""
    return float(median(cell.value["cpu"] - cell.value["libraries"] for cell in cells))


@figure("plan_cpu_vs_floor_10m", "commit_2pct_10m_ms", "rss_gib_10m")
def ten_million() -> list[Result]:
    """Plan and commit at 10 million, beside the floor."""
    rows = 10_000_000
    today = people.path(rows, "today")
    cells = interleaved({"floor": call(floor, today), "plan": ours(rows)})
    mine, least = middle(cells["plan"]), middle(cells["floor"])
    said = mine.value
    expected = {name: count(rows) for name, count in _ACCEPTED.items()}
    assert said["operations"] == expected
    cpu, libraries = (
        without_libraries(cells["plan"]),
        median(cell.value["libraries"] for cell in cells["plan"]),
    )
    each = libraries / (expected["insert"] + expected["update"])
    seals = median(cell.value["seal"] for cell in cells["plan"])
    return [
        Result(
            "plan_cpu_vs_floor_10m",
            round(cpu / least.cpu, 2),
            "times",
            f"plan and commit of 2 % changes among 10 million records: CPU {cpu:.2f} s without the normalising libraries "
            f"({libraries:.2f} s; normalise_us_per_record {each * 1e6:.1f}), against decoding and fingerprinting the Parquet "
            f"({least.cpu:.2f} s); wall {said['wall']:.1f} s and {least.wall:.1f} s",
        ),
        Result(
            "commit_2pct_10m_ms",
            round(seals * 1e3),
            "ms",
            f"sealing {sum(expected.values()):,} acknowledged changes into a ledger of 10 million; "
            f"journalling them before took {said['journal']:.2f} s",
        ),
        _memory("rss_gib_10m", mine, rows),
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
    return _memory(name, measure(ours(rows)), rows)


def _memory(name: str, cell: Cell, rows: int) -> Result:
    return Result(
        name,
        round(cell.anonymous, 2),
        "GiB",
        f"peak anonymous memory of plan and commit of 2 % changes among {rows // 1_000_000} million records; "
        f"VmHWM, which counts mapped files, {cell.resident:.2f} GiB; CPU {cell.cpu:.0f} s",
    )
