"""Decisions: the word for each candidate, by its ledger entry, its debts, and the mode (SEMANTICS A1, C, D2)."""

import numpy as np
import numpy.typing as npt
import polars as pl

from activation_platform.contracts.modes import Mode, ObjectKind, Operation
from activation_platform.contracts.values import TOO_EARLY
from activation_platform.sync.duplicates import DUPLICATE
from activation_platform.sync.identifiers import SHARES
from activation_platform.sync.mapping import REASON
from activation_platform.sync.order import Activation
from activation_platform.sync.states import HELD, Debt, State

__all__ = ["PENDING", "achieved", "decide", "is_standing"]

PENDING = "erasure pending: the destination has not finished deleting this identifier"


def is_standing(activation: Activation, *, full: bool) -> pl.Expr:
    """Issues that are known, unchanged, and not due to be tried again.

    What insert only created in part stands, too: an insert must not overwrite, and this mode never updates.
    """
    if activation.mode is Mode.SNAPSHOT:
        return pl.lit(value=False)
    if activation.mode is Mode.ERASE:
        # Who is being erased is waited for; who was refused is asked for again until it is done.
        return (pl.col("_was_state") == State.DELETE_REQUESTED).fill_null(value=False)
    in_part = (pl.col("_was_state") == State.PARTIAL).fill_null(value=False)
    never_completed = in_part & pl.lit(activation.mode is Mode.INSERT_ONLY)
    if full:
        return never_completed
    unchanged = pl.col("_debt_raw").eq_missing(pl.col("_raw")) & pl.col("_debt").is_not_null()
    reason = pl.col("_debt_reason")
    looked_at_again = (
        reason.str.starts_with(SHARES)
        | reason.is_in([PENDING, DUPLICATE])
        | reason.str.contains(TOO_EARLY, literal=True)
    )
    aside = (pl.col("_debt") == Debt.ASIDE) & ~looked_at_again.fill_null(value=False)
    given_up = (pl.col("_debt") == Debt.WRITE) & (pl.col("_attempts") > activation.retries)
    return (unchanged & (aside | given_up)).fill_null(value=False) | never_completed


def decide(activation: Activation, pending: npt.NDArray[np.uint64], *, full: bool) -> pl.Expr:
    """The word for each row: `aside`, `pending`, `nothing`, `insert`, `update` or `delete`."""
    state = pl.col("_was_state")
    known = state.is_not_null()
    held = state.is_in([int(one) for one in HELD])
    settled = state.is_in([State.PRESENT, State.DEPARTED])
    owes = (pl.col("_debt") == Debt.WRITE).fill_null(value=False)
    erasing = (state == State.DELETE_REQUESTED) | pl.col("_identifier64").is_in(pl.Series(pending).implode())
    equal = settled & (pl.col("_sent") == pl.col("_was_sent")) & ~owes
    if activation.kind is ObjectKind.LIST:  # a member has nothing that changes but its identifier
        same = (pl.col("_identifier64") == pl.col("_was_id64")) & pl.col("_was_sent").is_not_null()
        equal = settled & same & ~owes
    in_doubt = (state == State.UNKNOWN) | ((state == State.DEPARTED) & pl.col("_was_sent").is_null())
    if activation.mode is Mode.INSERT_ONLY:
        never = known & ~in_doubt & ~((state == State.IGNORED) & pl.lit(full))
    elif activation.mode is Mode.ERASE:  # a run in full erases whoever came back there since
        never = known & ~in_doubt & ~pl.lit(full)
    elif activation.mode is Mode.SNAPSHOT:
        never = pl.lit(value=False)
    else:
        never = equal & ~pl.lit(full)
    first, later = _operations(activation)
    perhaps_not_there = (state == State.UNKNOWN) & ~pl.col("_was_reason").str.starts_with(
        str(Operation.UPDATE)
    )
    return (
        pl.when(pl.col(REASON).is_not_null())
        .then(pl.lit("aside"))
        .when(erasing.fill_null(value=False))
        .then(pl.lit("pending"))
        .when(never.fill_null(value=False))
        .then(pl.lit("nothing"))
        .when(
            (held | (state == State.DEPARTED)).fill_null(value=False)
            & ~perhaps_not_there.fill_null(value=False)
        )
        .then(pl.lit(str(later)))
        .otherwise(pl.lit(str(first)))
    )


def _operations(activation: Activation) -> tuple[Operation, Operation]:
    """What is asked for a record that the destination does not hold, and for one that it holds."""
    if activation.mode is Mode.ERASE:
        return Operation.DELETE, Operation.DELETE
    if activation.mode is Mode.UPDATE_ONLY:
        return Operation.UPDATE, Operation.UPDATE
    if activation.kind is ObjectKind.LIST or activation.mode in (Mode.INSERT_ONLY, Mode.SNAPSHOT):
        return Operation.INSERT, Operation.INSERT
    return Operation.INSERT, Operation.UPDATE


def achieved(activation: Activation) -> pl.Expr:
    """What an earlier try got done of the same values, of which only the rest is asked again (SEMANTICS D7)."""
    if activation.mode is Mode.ERASE:  # an erasure that is done is no part of the next one
        unfinished = pl.col("_was_state") != State.PRESENT
        return pl.coalesce("_debt_request", pl.when(unfinished).then("_was_request"))
    return pl.when(pl.col("_debt_raw").eq_missing(pl.col("_raw"))).then("_debt_request")
