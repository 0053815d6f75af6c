"""Doubts: operations that were sent without an answer, settled before the plan where the service can tell (SEMANTICS A1).

Only for services that are not idempotent; to the others everything is simply said again.
"""

from collections.abc import Sequence

import polars as pl

from activation_platform.contracts.modes import Operation
from activation_platform.contracts.service import Doubt
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.order import Activation, InDoubt
from activation_platform.sync.states import Debt, Event, State, doubt, events_of

__all__ = ["doubts_of", "policy", "resolved", "told_of"]


def policy(activation: Activation) -> InDoubt:
    """What becomes of operations in doubt: as declared; else verify where the service can look up, resend elsewhere."""
    if activation.service.idempotent:
        return InDoubt.RESEND
    if activation.in_doubt is not None:
        return activation.in_doubt
    return InDoubt.VERIFY if activation.service.can_look_up else InDoubt.RESEND


def doubts_of(ledger: Ledger) -> tuple[pl.DataFrame, list[Doubt]]:
    """The entries in doubt (`ENTRIES` columns and `operation`), and what a service is asked about each."""
    head = ledger.head
    operation = pl.col("reason").str.extract(r"^(\w+):").alias("operation")
    entries = head.entries(head.found(State.UNKNOWN)).with_columns(operation)
    # A clear has no record of its own: whatever it left is written again.
    entries = entries.filter(
        pl.col("operation").is_in([Operation.INSERT, Operation.UPDATE, Operation.DELETE])
    )
    return entries, [
        Doubt(Operation(row["operation"]), row["key"], row["identifier"], row["request"] or "")
        for row in entries.iter_rows(named=True)
    ]


def told_of(how: InDoubt, carried_out: Sequence[bool]) -> str:
    """What a run says of the operations that it found in doubt."""
    count, done = len(carried_out), sum(carried_out)
    found = f"{count} {'operation' if count == 1 else 'operations'} of earlier runs got no answer"
    if how is InDoubt.VERIFY:
        return f"{found}; {done} had been carried out, {count - done} had not (in_doubt: verify)"
    if how is InDoubt.SKIP:
        return f"{found}; counted as carried out (in_doubt: skip)"
    return f"{found}; what is still due is sent again (in_doubt: resend)"


def resolved(entries: pl.DataFrame, carried_out: Sequence[bool], at: int) -> pl.DataFrame:
    """Events for doubts whose end is known: done, or an insert of a new record that never arrived.

    Other operations are simply said again, or made good by a delete: what stood there before them may stand there still.
    """
    done = pl.Series(carried_out, dtype=pl.Boolean)
    deleting = entries["operation"] == Operation.DELETE
    new = entries["reason"] == doubt(Operation.INSERT)
    told = pl.col("operation")
    written, deleted, lost = (
        entries.filter(done & ~deleting),
        entries.filter(done & deleting),
        entries.filter(~done & new),
    )
    never = pl.lit("insert: it never arrived")
    return pl.concat(
        [
            events_of(written, Event.ACCEPTED, state=State.PRESENT, debt=Debt.WRITE, operation=told, at=at),
            events_of(deleted, Event.ACCEPTED, state=State.REMOVED, debt=Debt.WRITE, operation=told, at=at),
            # What is owed for it, if anything, stays owed.
            events_of(lost, Event.DROPPED, state=State.REMOVED, reason=never, operation=told, at=at),
        ]
    )
