"""The judge: what each candidate of the survey becomes, by its ledger entry, its debts, and the mode.

Order of the questions (the first that applies decides):
    duplicate key · standing issue · breaks a rule · erasure pending · never sent by the mode · equal as sent · insert or update
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from activation_platform.contracts.batch import IDENTIFIER, KEY, OMITTED, PREVIOUS, REQUEST
from activation_platform.contracts.errors import LedgerMismatch
from activation_platform.sync.decide import PENDING, achieved, decide, is_standing
from activation_platform.sync.duplicates import fresh_duplicates, split_duplicates
from activation_platform.sync.identifiers import CONTENDERS
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.mapping import REASON, BoundMapping
from activation_platform.sync.order import Activation
from activation_platform.sync.spool import spool, spooled
from activation_platform.sync.states import HELD, PENDING_ERASURE, Debt, Event, State, events_of
from activation_platform.sync.survey import ORDER, ROWS_AT_ONCE, UNTIMED, Survey

__all__ = ["Judgement", "judge"]

_SENDABLE = ["insert", "update", "delete"]
_ENTRY = ("_was_key", "_was_raw", "_was_sent", "_was_id64", "_was_state", "_was_reason", "_was_request")
_DEBT = ("_debt", "_debt_raw", "_debt_reason", "_debt_id64", "_attempts", "_debt_request")
_JUDGED_BY = (*_ENTRY, *_DEBT, "_stands")
"""Columns of no use once a row is judged."""


@dataclass
class Judgement:
    """Records to write (files), events already decided (files), and counts.

    `claims`: hashes of the identifiers of keys that are set aside. `omitted`: values left out of records to write.
    """

    spool: Path
    writes: list[Path] = field(default_factory=list)
    events: list[Path] = field(default_factory=list)
    light: list[pl.DataFrame] = field(default_factory=list)
    claims: list[pl.Series] = field(default_factory=list)
    source_issues: int = 0
    no_operation: int = 0
    standing: int = 0
    omitted: int = 0

    def contenders(self) -> pl.DataFrame:
        """The keys that want to write, by their hashes. Asked once: there may be many."""
        light, self.light = self.light, []
        return pl.concat([CONTENDERS.to_frame(), *light], how="diagonal_relaxed")

    def named(self, keys: pl.Series) -> pl.DataFrame:
        """Of some that want to write: `key64`, `raw`, `key`, `identifier`."""
        wanted = pl.col("_key64").is_in(keys.implode())
        columns = {"key64": "_key64", "raw": "_raw", "key": KEY, "identifier": IDENTIFIER}
        return pl.concat(
            spooled(path, [*columns.values()]).filter(wanted).select(**columns) for path in self.writes
        )

    def spool_events(self, events: pl.DataFrame) -> None:
        """Keep events on disk until the plan is complete."""
        if events.height:
            path = self.spool / f"events-{len(self.events):06}.arrow"
            spool(events, path)
            self.events.append(path)


def judge(
    found: Survey, activation: Activation, mapping: BoundMapping, ledger: Ledger, *, full: bool, at: int
) -> Judgement:
    """Decide every candidate; records to write are spooled with their values as sent."""
    judgement = Judgement(ledger.work)
    debts = _debts_by_key(ledger.debts)
    pending = _pending_identifiers(ledger)
    for number, candidates in enumerate(_in_bulk(found.spooled)):
        chunk = _with_entries(candidates, ledger).join(debts, on="_key64", how="left")
        chunk, twice = split_duplicates(chunk, found.duplicates)
        chunk = chunk.with_columns(_stands=is_standing(activation, full=full))
        stands = chunk.filter("_stands")
        judgement.standing += stands.height
        judgement.claims.append(stands["_debt_id64"])
        if twice.height:
            judgement.claims.append(mapping.clean(twice, at)["_identifier64"])
        cleaned = _timed(mapping.clean(chunk.filter(~pl.col("_stands")), at))
        decided = cleaned.with_columns(
            achieved(activation).alias(REQUEST), _operation=decide(activation, pending, full=full)
        )
        _spool(judgement, decided, f"{number:06}.arrow", at)
    if len(found.duplicates):
        events, standing = fresh_duplicates(found, ledger.head, debts, at)
        judgement.standing += standing
        judgement.source_issues += events.height
        judgement.spool_events(events)
    return judgement


def _in_bulk(files: Sequence[Path]) -> Iterator[pl.DataFrame]:
    """The candidates, in chunks that are worth the hundred small steps that each of them takes.

    Values that were kept have the types of their fields, and those of the frame have the types of its columns: they stay apart.
    """
    waiting: list[pl.DataFrame] = []
    for path in files:
        frame = spooled(path)
        if waiting and frame.schema != waiting[0].schema:
            yield pl.concat(waiting)
            waiting = []
        waiting.append(frame)
        if sum(one.height for one in waiting) >= ROWS_AT_ONCE:
            yield pl.concat(waiting)
            waiting = []
    if waiting:
        yield pl.concat(waiting)


def _with_entries(chunk: pl.DataFrame, ledger: Ledger) -> pl.DataFrame:
    """The candidate rows with their ledger entries beside them; stops where two keys share a hash."""
    entries = ledger.head.entries(chunk["_position"].to_numpy())
    joined = pl.concat(
        [
            chunk.drop("_position"),
            entries.select(
                _was_key="key",
                _was_raw="raw",
                _was_sent="sent",
                _was_id64="identifier64",
                _was_state="state",
                _was_reason="reason",
                _was_request="request",
            ),
            entries.select(pl.col("identifier").alias(PREVIOUS)),
        ],
        how="horizontal",
    )
    collision = joined.filter(pl.col("_was_key") != pl.col(KEY))
    if collision.height:
        raise LedgerMismatch(
            "two primary keys have the same 64-bit hash; the ledger cannot tell them apart",
            remedy="This is expected once in many thousand ledgers of 30 million keys. Please report it.",
        )
    return joined


def _debts_by_key(debts: pl.DataFrame) -> pl.DataFrame:
    writes = debts.filter(pl.col("debt") != Debt.DELETE)
    return writes.select(
        _key64="key64",
        _debt="debt",
        _debt_raw="raw",
        _debt_reason="reason",
        _debt_id64="identifier64",
        _attempts="attempts",
        _debt_request="request",
    ).unique("_key64", keep="last")


def _pending_identifiers(ledger: Ledger) -> npt.NDArray[np.uint64]:
    """Hashes of identifiers that the vendor is still erasing."""
    head = ledger.head
    entries = head.entries(head.found(State.DELETE_REQUESTED))["identifier64"]
    left_behind = ledger.debts.filter(pl.col("operation") == PENDING_ERASURE)["identifier64"]
    return np.concatenate([series.drop_nulls().to_numpy() for series in (entries, left_behind)])


def _timed(cleaned: pl.DataFrame) -> pl.DataFrame:
    """Rows of events that say no moment belong to no window: they are set aside."""
    if UNTIMED not in cleaned.columns:
        return cleaned
    untimed = pl.col(UNTIMED).fill_null(value=False)
    reason = pl.when(untimed).then(pl.lit("says no moment at which it happened")).otherwise(REASON)
    return cleaned.with_columns(reason.alias(REASON)).drop(UNTIMED)


def _spool(judgement: Judgement, decided: pl.DataFrame, name: str, at: int) -> None:
    """Sort decided rows into records to write and events."""
    by_word = {str(word): rows for (word,), rows in decided.partition_by("_operation", as_dict=True).items()}
    writes = [by_word[word] for word in _SENDABLE if word in by_word]
    if writes:
        _spool_writes(judgement, pl.concat(writes), name)
    for word in ("aside", "pending"):
        if word in by_word:
            _spool_aside(
                judgement, by_word[word], pl.lit(PENDING) if word == "pending" else pl.col(REASON), at
            )
    if "nothing" in by_word:
        _spool_equal(judgement, by_word["nothing"], at)


def _spool_writes(judgement: Judgement, rows: pl.DataFrame, name: str) -> None:
    was_held = pl.col("_was_state").is_in([int(state) for state in HELD]).fill_null(value=False)
    ours = was_held | (pl.col("_was_state") == State.DEPARTED).fill_null(value=False)
    moved = pl.col(PREVIOUS).is_not_null() & ours & pl.col(PREVIOUS).ne_missing(pl.col(IDENTIFIER))
    writes = rows.with_columns(_moved=moved, _ours=ours)
    path = judgement.spool / f"writes-{name}"
    spool(writes.drop(_JUDGED_BY), path)
    judgement.writes.append(path)
    judgement.omitted += sum(
        int(writes[column].sum()) for column in writes.columns if column.startswith(OMITTED)
    )
    holds = was_held & (pl.col("_was_id64") == pl.col("_identifier64")) & pl.col("_was_sent").is_not_null()
    order = [pl.col(ORDER).alias("order")] if ORDER in writes.columns else []
    judgement.light.append(
        writes.select(
            pl.col("_key64").alias("key64"),
            pl.col("_identifier64").alias("identifier64"),
            holds.fill_null(value=False).alias("holds"),
            pl.col("_operation").cast(CONTENDERS["operation"]).alias("operation"),
            *order,
        )
    )


def _spool_aside(judgement: Judgement, rows: pl.DataFrame, reason: pl.Expr, at: int) -> None:
    """Source issues; those that stood before with the same reason are not told again."""
    judgement.claims.append(rows["_identifier64"])
    aside = rows.with_columns(reason=reason)
    stands = pl.col("_debt_raw").eq_missing(pl.col("_raw")) & pl.col("_debt_reason").eq_missing(
        pl.col("reason")
    )
    fresh = aside.filter(~(stands & pl.col("_debt").is_not_null()))
    judgement.standing += aside.height - fresh.height
    judgement.source_issues += fresh.height
    said = fresh.select(*_entry_columns(), "reason")
    judgement.spool_events(
        events_of(said, Event.SET_ASIDE, state=State.KEPT, debt=Debt.ASIDE, reason=pl.col("reason"), at=at)
    )


def _spool_equal(judgement: Judgement, rows: pl.DataFrame, at: int) -> None:
    """Nothing to send: the entry takes today's raw fingerprint and keeps what was sent."""
    judgement.no_operation += rows.height
    entries = rows.select(
        *_entry_columns(identifier=PREVIOUS, identifier64="_was_id64"),
        reason="_was_reason",
        sent="_was_sent",
        ignored=pl.col("_was_state") == State.IGNORED,
    )
    for state in (State.IGNORED, State.PRESENT):
        one = entries.filter(pl.col("ignored") == (state is State.IGNORED)).drop("ignored")
        judgement.spool_events(
            events_of(one, Event.EQUAL, state=state, debt=Debt.WRITE, reason=pl.col("reason"), at=at)
        )


def _entry_columns(identifier: str = IDENTIFIER, identifier64: str = "_identifier64") -> list[pl.Expr]:
    return [
        pl.col("_key64").alias("key64"),
        pl.col(KEY).alias("key"),
        pl.col("_raw").alias("raw"),
        pl.col(identifier).alias("identifier"),
        pl.col(identifier64).alias("identifier64"),
    ]
