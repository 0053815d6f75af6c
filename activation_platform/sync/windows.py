"""Windows of events: which rows a run owns, and which owed events it tries again after theirs has passed (SEMANTICS E3)."""

from datetime import UTC, datetime

import polars as pl

from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.modes import ObjectKind
from activation_platform.sync.hashes import is_among
from activation_platform.sync.kept import due, spool_kept
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.mapping import BoundMapping
from activation_platform.sync.order import SET_ASIDE, Activation, RunOrder, Window
from activation_platform.sync.survey import ORDER, UNTIMED, Survey

__all__ = ["owe_past_events", "within_the_window"]


def within_the_window(
    frame: pl.LazyFrame, activation: Activation, mapping: BoundMapping, ledger: Ledger, order: RunOrder
) -> tuple[pl.LazyFrame, pl.Expr | None]:
    """The rows that a run of events owns, and the expression that tells those which say no moment.

    Raises DeclarationError for a window so old that its events may have been forgotten.
    """
    events, window = activation.events, order.window
    if activation.kind is not ObjectKind.EVENT or events is None or window is None:
        return frame, None
    if events.time not in mapping.schema:
        raise DeclarationError(
            f'the frame has no column "{events.time}" that says when each event happened',
            remedy="Correct the model's event_time.",
        )
    since = max(window.start - events.late, _first_owned(ledger, window))
    if int(since.timestamp() * 1e6) < ledger.manifest.forgotten_before and not order.full:
        raise DeclarationError(
            f"the window of partition {order.partition} begins before {ledger.manifest.forgotten}, and which of its events were "
            "sent is no longer known",
            remedy="Run it with the config full: true: all of its events are sent then, those that were sent before once more.",
        )
    owned = window.owns(events.time, mapping.schema[events.time], since)
    return frame.filter(owned | pl.col(events.time).is_null()), pl.col(events.time).is_null()


def _first_owned(ledger: Ledger, window: Window) -> datetime:
    """Where the earliest window began that a run ever owned: no run looks further back, so that a first one sends its own."""
    return datetime.fromtimestamp(ledger.manifest.owned_from or window.start.timestamp(), UTC)


def owe_past_events(
    found: Survey, activation: Activation, mapping: BoundMapping, ledger: Ledger, *, full: bool
) -> None:
    """Make owed events candidates again, although their window has passed."""
    again = due(ledger.debts, found.owed_but_gone, activation.retries, full=full)
    if again.is_empty():
        return
    path = ledger.work / "candidates-kept.arrow"
    extra = [UNTIMED] if activation.on_shared_identifier == SET_ASIDE else [UNTIMED, ORDER]
    spool_kept(again, ledger.head, mapping, extra, path)
    found.spooled.append(path)
    found.owed_seen |= is_among(found.owed_keys, again["key64"].to_numpy())
