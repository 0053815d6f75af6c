"""The history of runs: figures, issues and changes, as files beside each ledger that any tool can read.

What is old is removed while others read (`retention.py`): who lists files must do without those that are gone when it opens them.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

import polars as pl

from activation_platform.sync.ledgers import activation_of, ledgers
from activation_platform.sync.reader import read_ledger
from activation_platform.sync.states import DEBT_WORDS, PENDING_ERASURE, Debt
from activation_platform.sync.store import Store

__all__ = [
    "Figures",
    "Mapped",
    "Run",
    "Status",
    "changes",
    "issues",
    "newest_of_each",
    "newest_runs",
    "numbered",
    "read_runs",
    "read_runs_of",
    "standing",
    "write_run",
]


_NUMBERED = re.compile(r"(\d+)\.(?:json|parquet)")


class Status(StrEnum):
    """How a run ended (SEMANTICS F2)."""

    SUCCEEDED = "succeeded"
    WITH_ISSUES = "succeeded with issues"
    NOTHING_TO_DO = "nothing to do"
    SUPERSEDED = "superseded"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass
class Figures:
    """Records of one run, each counted once (SEMANTICS F1); `requests` and `standing` are counted apart.

    extracted = inserted + updated + deleted + source_issues + destination_issues + ignored + withheld + no_operation + unsent
    """

    extracted: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    deletes_requested: int = 0
    """Of `deleted`: those that the destination took on and carries out later."""
    source_issues: int = 0
    destination_issues: int = 0
    ignored: int = 0
    withheld: int = 0
    no_operation: int = 0
    unsent: int = 0
    standing: int = 0
    left_behind: int = 0
    requests: int = 0

    @property
    def loaded(self) -> int:
        """Operations the destination acknowledged."""
        return self.inserted + self.updated + self.deleted

    @property
    def accounted(self) -> int:
        """The sum that must equal `extracted`."""
        return (
            self.loaded
            + self.source_issues
            + self.destination_issues
            + self.ignored
            + self.withheld
            + self.no_operation
            + self.unsent
        )


@dataclass(frozen=True, slots=True)
class Mapped:
    """A field that a run mapped: the words for its type, and the column that fed it, None where it was a constant."""

    name: str
    type: str
    column: str | None = None
    identifies: bool = False
    shown: bool = False
    """Whether somebody declared it to be not personal."""


@dataclass
class Run:
    """One run of an activation, as the history keeps it. Times are Unix seconds."""

    number: int
    activation: str
    destination: str
    partition: str
    run_id: str
    status: Status
    figures: Figures
    started: float
    seconds: float
    full: bool = False
    error: str = ""
    ledger: str = ""
    """The ledger that remembers it."""
    notes: list[str] = field(default_factory=list)
    frame: str = ""
    """What it read: `segments/loyal/12`, the kind, the name and the number of a snapshot."""
    mapping: str = ""
    """Differs where a row that is the same could have been sent differently."""
    fields: list[Mapped] | None = None
    """What it mapped; None where it ended before that was known, or was kept by an earlier version."""


def write_run(folder: Store, run: Run) -> None:
    """Keep a run's figures in a ledger's folder."""
    folder.write_json(f"runs/{run.number}.json", asdict(run))


def read_runs(root: Store, activation: str | None = None) -> list[Run]:
    """Every run kept under a storage root, or in the ledgers of one activation, oldest first."""
    runs = [run for ledger in ledgers(root, activation) for run in read_runs_of(root, ledger)]
    return sorted(runs, key=lambda run: (run.started, run.number))


def read_runs_of(root: Store, ledger: str) -> Iterator[Run]:
    """Every run kept in a ledger."""
    folder = root / "ledgers" / ledger / "runs"
    return (_run(json.loads(kept), ledger) for kept in folder.read_each([*numbered(folder.names()).values()]))


def newest_runs(root: Store, ledger: str, most: int) -> list[Run]:
    """The newest runs kept in a ledger, the newest first; reads no more files than that."""
    folder = root / "ledgers" / ledger / "runs"
    newest = [*numbered(folder.names()).values()][::-1][:most]
    return [_run(json.loads(kept), ledger) for kept in folder.read_each(newest)]


def newest_of_each(root: Store, activations: Collection[str]) -> dict[str, Run]:
    """By activation the run that began last, of all of its ledgers; reads one file of each. Those that never ran are left out."""
    wanted = frozenset(activations)
    found: dict[str, Run] = {}
    for ledger in ledgers(root):
        name = activation_of(ledger)
        for run in newest_runs(root, ledger, 1) if name in wanted else ():
            if name not in found or run.started > found[name].started:
                found[name] = run
    return found


def _run(value: dict[str, Any], ledger: str) -> Run:
    """A run as it was kept, by the name that its ledger has now."""
    figures, status = Figures(**value["figures"]), Status(value["status"])
    fields = None if value.get("fields") is None else [Mapped(**one) for one in value["fields"]]
    return Run(**{**value, "figures": figures, "status": status, "ledger": ledger, "fields": fields})


def issues(root: Store, ledger: str, run: int | None = None, wanted: pl.Expr | bool = True) -> pl.DataFrame:
    """Everything that ever went wrong, or in one run, as a ledger's log has it, oldest first: run, at, key, event, reason…"""
    return _log(root / "ledgers" / ledger / "issues", run, wanted)


def changes(root: Store, ledger: str, key: str | None = None) -> pl.DataFrame:
    """Everything that ever happened to a ledger's keys, or to one of them, oldest first."""
    wanted = pl.lit(value=True) if key is None else pl.col("key") == key
    return _log(root / "ledgers" / ledger / "changes", wanted=wanted)


def _log(folder: Store, run: int | None = None, wanted: pl.Expr | bool = True) -> pl.DataFrame:
    while True:
        kept = numbered(folder.names())
        try:
            files = [folder.file(name) for number, name in kept.items() if run in (None, number)]
            parts = [pl.scan_parquet(file).filter(wanted) for file in files]
            return pl.concat([_LOG.to_frame().lazy(), *parts]).collect()
        except FileNotFoundError:
            if numbered(folder.names()) == kept:
                raise


def numbered(names: Iterable[str]) -> dict[int, str]:
    """Of the files in a folder of a ledger those of its runs, by the run's number, the oldest first."""
    found = ((match, name) for name in names if (match := _NUMBERED.fullmatch(name)))
    return dict(sorted((int(match[1]), name) for match, name in found))


def standing(root: Store, ledger: str) -> pl.DataFrame:
    """What is wrong now: set-aside and rejected keys, owed deletes, with what is owed, how often it was tried and since when."""
    kind = (
        pl.when(pl.col("debt") == Debt.ASIDE)
        .then(pl.lit("source issue"))
        .otherwise(pl.lit("destination issue"))
        .alias("kind")
    )
    since = pl.from_epoch("since", time_unit="us").dt.replace_time_zone("UTC")
    owing = pl.col("debt").replace_strict(DEBT_WORDS, return_dtype=pl.String).alias("owed")
    owed = read_ledger(root / "ledgers" / ledger).debts
    return owed.filter(pl.col("operation").ne_missing(pl.lit(PENDING_ERASURE))).select(
        "key", kind, owing, "operation", "identifier", "reason", "attempts", since
    )


_LOG = pl.Schema(
    {
        "run": pl.Int32(),
        "at": pl.Datetime("us", "UTC"),
        "key": pl.String(),
        "operation": pl.String(),
        "event": pl.String(),
        "did": pl.String(),
        "identifier": pl.String(),
        "reason": pl.String(),
        "request": pl.String(),
    }
)
