"""Planning: frame minus ledger, complete before the first writing request.

window      of events: the rows that this run owns                 (windows.py)
survey      one pass over the frame: new, changed, owed            (survey.py)
judge       clean them, compare as sent, decide by state and mode  (judge.py)
settle      one key per identifier                                 (identifiers.py)
departures  what left the frame, what is still owed to be deleted  (departures.py)
guards      withhold what looks like a mistake                     (guards.py)
"""

import numpy as np
import polars as pl

from activation_platform.contracts.batch import KEY
from activation_platform.contracts.modes import Mode, ObjectKind, Operation
from activation_platform.sync.departures import Departures, departures
from activation_platform.sync.fingerprint import key_text, text_hash
from activation_platform.sync.guards import guard
from activation_platform.sync.identifiers import settle, trodden
from activation_platform.sync.judge import Judgement, judge
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.mapping import BoundMapping
from activation_platform.sync.order import SET_ASIDE, Activation, RunOrder
from activation_platform.sync.plan import Counts, Plan
from activation_platform.sync.states import Debt, Event, State, events_of
from activation_platform.sync.survey import Looking, Survey, survey
from activation_platform.sync.windows import owe_past_events, within_the_window

__all__ = ["make_plan"]


def make_plan(
    frame: pl.LazyFrame,
    activation: Activation,
    mapping: BoundMapping,
    ledger: Ledger,
    order: RunOrder,
    at: int,
) -> Plan:
    """Difference between a frame and a ledger's head, under a mode; `at`: Unix microseconds of this run.

    Raises GuardTripped where a guard stops the whole run, DeclarationError for a window of events that is too old.
    """
    everything = order.full or activation.mode is Mode.SNAPSHOT
    order_by = None if activation.on_shared_identifier == SET_ASIDE else activation.on_shared_identifier
    frame, untimed = within_the_window(frame, activation, mapping, ledger, order)
    asked: Looking = {
        "owed_keys": ledger.debts.filter(pl.col("debt") != Debt.DELETE)["key64"].to_numpy(),
        "everything": everything,
        "since": ledger.manifest.full_since if everything and activation.mode is not Mode.SNAPSHOT else None,
        "recheck_before": at - int(activation.recheck_ignored.total_seconds() * 1e6),
        "order_by": order_by,
        "spool": ledger.work,
    }
    if order.rows is None:
        found = survey(frame, mapping, activation.key, ledger.head, untimed=untimed, **asked)
    else:
        found = order.rows.survey(mapping, activation.key, ledger, **asked)
    if activation.kind is ObjectKind.EVENT:
        owe_past_events(found, activation, mapping, ledger, full=order.full)
    judged = judge(found, activation, mapping, ledger, full=order.full, at=at)
    contenders = judged.contenders()
    holding = ledger.head.holding(contenders["identifier64"].drop_nulls().to_numpy())
    losers = settle(
        contenders,
        ledger.head,
        holding,
        found.seen,
        activation.on_shared_identifier,
        lambda keys: _order_of(frame, activation.key, mapping, order_by or "", keys),
        judged.named,
    )
    _set_losers_aside(judged, losers, ledger, at)
    wanted = contenders.join(losers, on="key64", how="anti") if losers.height else contenders
    writing = wanted["identifier64"].drop_nulls().to_numpy()
    aside = pl.concat([losers["identifier64"], *judged.claims]).drop_nulls().to_numpy()
    leaving = departures(found, activation, ledger, np.concatenate([writing, aside]), order, at)
    plan = Plan(
        mapping=mapping,
        writes=judged.writes,
        losers=losers["key64"],
        deletes=leaving.deletes,
        events=judged.events + leaving.spool(ledger.work),
        seen=found.seen,
        writing=writing,
        aside=aside,
        overwritten=trodden(wanted if activation.overwrites else wanted.clear(), ledger.head, holding),
        doubtful=leaving.doubtful,
        null_keys=found.null_keys,
        rows=found.rows,
        counts=_count(judged, wanted, leaving, found, ledger),
    )
    plan.notes += leaving.notes
    _take_notes(plan, activation, judged)
    _say_what_is_cleared(plan, found)
    guard(plan, activation, ledger, order)
    _say_how_long_erasures_take(plan, activation)
    return plan


def _take_notes(plan: Plan, activation: Activation, judged: Judgement) -> None:
    """Withhold deletes where a row may be anybody's (SEMANTICS B3), and say what was not sent."""
    if plan.null_keys:
        plan.notes.append(f"{plan.null_keys} rows have no key and are not sent")
        takes_away = activation.deletes or activation.removes_left_behind
        if activation.mode is Mode.SNAPSHOT and plan.counts.withheld:
            plan.withhold(Operation.INSERT)
            plan.notes.append(
                "the snapshot is withheld: a row without a key may be any of the records that it would take away"
            )
        elif takes_away and not activation.null_keys_never_sent:
            plan.withhold(Operation.DELETE)
            plan.notes.append("all deletes of this run are withheld: a row without a key may be anybody's")
    if judged.omitted:
        plan.notes.append(f"{judged.omitted} values break a rule and are left out (on_invalid: omit_field)")


def _say_what_is_cleared(plan: Plan, found: Survey) -> None:
    """A column that came without any value may be a mistake upstream, though it is what the mapping asks for (SEMANTICS B6)."""
    fields = [
        bound.name
        for bound in plan.mapping.fields
        if bound.raw in found.only_nulls and not bound.required and not bound.keeps_null
    ]
    if fields and plan.counts.update:
        plan.notes.append(
            f"{', '.join(fields)} holds nothing but nulls, so it is cleared where it had a value; on_null: keep leaves it"
        )


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
        delete=leaving.deletes.height + leaving.replaced + operations.get(Operation.DELETE, 0),
        source_issues=judged.source_issues + found.null_keys - old_null_keys,
        no_operation=judged.no_operation + leaving.no_operation,
        withheld=leaving.withheld,
        standing=judged.standing + old_null_keys + leaving.standing,
    )


def _set_losers_aside(judged: Judgement, losers: pl.DataFrame, ledger: Ledger, at: int) -> None:
    """Losers of a shared identifier become source issues, new ones or standing ones."""
    if losers.is_empty():
        return
    known = ledger.debts.filter(pl.col("debt") == Debt.ASIDE).select("key64", _was="reason")
    rows = losers.join(known, on="key64", how="left")
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
        .with_columns(key64=text_hash(pl.col(KEY)))
        .filter(pl.col("key64").is_in(keys.implode()))
        .select("key64", "order")
        .collect()
    )
