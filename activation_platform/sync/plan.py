"""The plan: what this run will ask of the destination and what it decided without asking, complete before the first request.

survey      one pass over the frame: new, changed, owed           (survey.py)
judge       clean them, compare as sent, decide by state and mode  (judge.py)
settle      one key per identifier                                 (identifiers.py)
departures  what left the frame, what is still owed to be deleted  (departures.py)
guards      withhold what looks like a mistake
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from activation_platform.contracts.batch import KEY
from activation_platform.contracts.errors import GuardTripped
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.sync.departures import Departures, departures
from activation_platform.sync.fingerprint import fingerprint, key_text
from activation_platform.sync.identifiers import settle, trodden
from activation_platform.sync.judge import Judgement, judge
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.mapping import BoundMapping
from activation_platform.sync.order import SET_ASIDE, Activation, Guard, RunOrder
from activation_platform.sync.states import HELD, Debt, Event, State, events_of
from activation_platform.sync.survey import Survey, survey

__all__ = ["Counts", "Plan", "make_plan"]


@dataclass
class Counts:
    """Records by what the plan decided. `extracted` is the sum of all but `standing` (SEMANTICS F1)."""

    insert: int = 0
    update: int = 0
    delete: int = 0
    source_issues: int = 0
    no_operation: int = 0
    withheld: int = 0
    standing: int = 0
    left_behind: int = 0


@dataclass
class Plan:
    """Complete and on disk before the first request.

    `writes`: files of records to insert or update; `losers`: hashes of keys in them that may not write; `deletes`: one row a
    delete; `seen`: by ledger position, whether the frame holds the key; `claimed`: hashes of the identifiers that this run
    writes or sets aside; `overwritten`: entries whose identifier another key writes (see `identifiers.trodden`); `doubtful`: see
    `Departures`; `withheld`: operations that are kept back; `notes`: what the guards said, and what else people should know.
    """

    mapping: BoundMapping
    writes: list[Path]
    losers: pl.Series
    deletes: pl.DataFrame
    events: list[Path]
    seen: npt.NDArray[np.bool_]
    claimed: npt.NDArray[np.uint64]
    overwritten: pl.DataFrame
    doubtful: pl.Series
    null_keys: int
    rows: int
    counts: Counts = field(default_factory=Counts)
    withheld: set[Operation] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    def records(self, operation: Operation) -> Iterator[pl.DataFrame]:
        """The records of a write operation, in chunks."""
        if operation in self.withheld:
            return
        for path in self.writes:
            chunk = pl.read_ipc(path).filter(pl.col("_operation") == operation)
            yield (
                chunk.join(self.losers.to_frame("_key64"), on="_key64", how="anti")
                if len(self.losers)
                else chunk
            )

    def decided(self) -> Iterator[pl.DataFrame]:
        """The events that the plan decided without a request, in chunks."""
        return (pl.read_ipc(path) for path in self.events)


def make_plan(
    frame: pl.LazyFrame,
    activation: Activation,
    mapping: BoundMapping,
    ledger: Ledger,
    order: RunOrder,
    at: int,
) -> Plan:
    """Difference between a frame and a ledger's head, under a mode; `at`: Unix microseconds of this run.

    Raises GuardTripped where a guard stops the whole run.
    """
    order_by = None if activation.on_shared_identifier == SET_ASIDE else activation.on_shared_identifier
    found = survey(
        frame,
        mapping,
        activation.key,
        ledger.head,
        owed_keys=ledger.debts.filter(pl.col("debt") != Debt.DELETE)["key64"].to_numpy(),
        everything=order.full,
        recheck_before=at - int(activation.recheck_ignored.total_seconds() * 1e6),
        order_by=order_by,
        spool=ledger.work,
    )
    judged = judge(found, activation, mapping, ledger, full=order.full, at=at)
    losers = settle(
        judged.contenders(),
        ledger.head,
        found.seen,
        activation.on_shared_identifier,
        lambda keys: _order_of(frame, activation.key, mapping, order_by or "", keys),
    )
    _set_losers_aside(judged, losers, ledger, at)
    wanted = judged.contenders().join(losers, on="key64", how="anti")
    claimed = (
        pl.concat([wanted["identifier64"], losers["identifier64"], *judged.claims]).drop_nulls().to_numpy()
    )
    leaving = departures(found, activation, ledger, claimed, order, at)
    plan = Plan(
        mapping=mapping,
        writes=judged.writes,
        losers=losers["key64"],
        deletes=leaving.deletes,
        events=judged.events + leaving.spool(ledger.work),
        seen=found.seen,
        claimed=claimed,
        overwritten=trodden(wanted.clear() if activation.mode is Mode.INSERT_ONLY else wanted, ledger.head),
        doubtful=leaving.doubtful,
        null_keys=found.null_keys,
        rows=found.rows,
        counts=_count(judged, wanted, leaving, found, ledger),
    )
    plan.notes += leaving.notes
    _take_notes(plan, activation, judged)
    _guard(plan, activation, ledger, order)
    _say_how_long_erasures_take(plan, activation)
    return plan


def _take_notes(plan: Plan, activation: Activation, judged: Judgement) -> None:
    """Withhold deletes where a row may be anybody's (SEMANTICS B3), and say what was not sent."""
    if plan.null_keys:
        plan.notes.append(f"{plan.null_keys} rows have no key and are not sent")
        if activation.deletes and not activation.null_keys_never_sent:
            plan.withheld.add(Operation.DELETE)
            plan.notes.append("all deletes of this run are withheld: a row without a key may be anybody's")
    if judged.omitted:
        plan.notes.append(f"{judged.omitted} values break a rule and are left out (on_invalid: omit_field)")


def _say_how_long_erasures_take(plan: Plan, activation: Activation) -> None:
    """Irreversible deletes go at the vendor's pace (SEMANTICS D7)."""
    pace = activation.service.erasures_per_second
    if plan.counts.delete and activation.service.deletes_are_requests and pace:
        plan.notes.append(
            f"{plan.counts.delete} records are to be erased for good; at {pace:g} a second that takes about "
            f"{plan.counts.delete / pace:.0f} seconds"
        )


def _count(
    judged: Judgement, wanted: pl.DataFrame, leaving: Departures, found: Survey, ledger: Ledger
) -> Counts:
    old_null_keys = min(found.null_keys, ledger.manifest.null_keys)
    operations = dict(wanted.group_by("operation").len().iter_rows())
    return Counts(
        insert=operations.get(Operation.INSERT, 0),
        update=operations.get(Operation.UPDATE, 0),
        delete=leaving.deletes.height,
        source_issues=judged.source_issues + found.null_keys - old_null_keys,
        no_operation=judged.no_operation + leaving.no_operation,
        withheld=leaving.withheld,
        standing=judged.standing + old_null_keys + leaving.standing,
    )


def _set_losers_aside(judged: Judgement, losers: pl.DataFrame, ledger: Ledger, at: int) -> None:
    """Losers of a shared identifier become source issues, new ones or standing ones."""
    if losers.is_empty():
        return
    raw = judged.contenders().select("key64", "raw")
    known = ledger.debts.filter(pl.col("debt") == Debt.ASIDE).select("key64", _was="reason")
    rows = losers.join(raw, on="key64", how="left").join(known, on="key64", how="left")
    standing = rows.filter(pl.col("_was").eq_missing(pl.col("reason")))
    fresh = rows.join(standing.select("key64"), on="key64", how="anti")
    judged.standing += standing.height
    judged.source_issues += fresh.height
    judged.spool_events(
        events_of(fresh, Event.SET_ASIDE, state=State.KEPT, debt=Debt.ASIDE, reason=pl.col("reason"), at=at)
    )


def _order_of(
    frame: pl.LazyFrame, key: tuple[str, ...], mapping: BoundMapping, order_by: str, keys: pl.Series
) -> pl.DataFrame:
    """The settling column of a few unchanged keys: a second, filtered look at the frame."""
    return (
        frame.select(key_text(key, mapping.schema).alias(KEY), pl.col(order_by).alias("order"))
        .with_columns(key64=fingerprint(pl.col(KEY)))
        .filter(pl.col("key64").is_in(keys.implode()))
        .select("key64", "order")
        .collect()
    )


def _guard(plan: Plan, activation: Activation, ledger: Ledger, order: RunOrder) -> None:
    """Withhold what a guard refuses, unless the order allows so many of it."""
    held = int(np.count_nonzero(ledger.head.in_states(*HELD)))
    first = not ledger.manifest.full_done
    asked: list[tuple[Operation, Guard | None, int]] = [
        (Operation.DELETE, activation.guards.deletes, plan.counts.delete),
        (Operation.UPDATE, None if first or order.full else activation.guards.updates, plan.counts.update),
        (Operation.INSERT, None if first or order.full else activation.guards.inserts, plan.counts.insert),
    ]
    for operation, guard, count in asked:
        if guard is None or count <= guard.records or count * 100 <= guard.percent * held:
            continue
        word = f"{operation}s"
        ceiling = order.allow.get(word, 0)
        share = f"{count} {word} are {count / max(held, 1):.0%} of the {held} records at the destination"
        if count <= ceiling:
            plan.notes.append(f"{share}; allowed by this run's config (allow: {{{word}: {ceiling}}})")
            continue
        words = f"the {word} guard (more than {guard.percent:g} % and more than {guard.records} records) tripped: {share}"
        remedy = f"If that is right, run again with the config allow: {{{word}: {count}}}."
        if guard.stop == "run":
            raise GuardTripped(words, remedy=remedy)
        plan.notes.append(f"{words}; they are withheld. {remedy}")
        _withhold(plan, operation, count)


def _withhold(plan: Plan, operation: Operation, count: int) -> None:
    plan.withheld.add(operation)
    plan.counts.withheld += count
    if operation is Operation.DELETE:
        plan.deletes = plan.deletes.clear()
        plan.counts.delete = 0
    elif operation is Operation.UPDATE:
        plan.counts.update = 0
    else:
        plan.counts.insert = 0
