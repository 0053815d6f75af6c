"""What became of one record of a batch: accepted, rejected, retry, ignored, partial or unknown, each with its reason."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "ACCEPTED",
    "ALREADY_THERE",
    "CREATED",
    "DELETED",
    "UNKNOWN_THERE",
    "UPDATED",
    "Outcome",
    "Verdict",
    "ignored",
    "partial",
    "rejected",
    "requested",
    "retry",
]


class Verdict(StrEnum):
    """The vendor's answer for one record (SEMANTICS D1)."""

    ACCEPTED = "accepted"
    REQUESTED = "requested"
    """A delete that the vendor took on and will carry out later."""
    REJECTED = "rejected"
    RETRY = "retry"
    """Refused for a reason that may pass; the loader asks again, then reports it as rejected."""
    IGNORED = "ignored"
    PARTIAL = "partial"
    UNKNOWN = "unknown"
    """Sent without an answer. Only the loader says this, never a service."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One record's verdict.

    `did` is the vendor's own word (created, updated, deleted) where it gives one, else empty (F3);
    `request` names an asynchronous delete so that it can be settled later; where an operation was only carried out in part
    (rejected, retry), it holds that part, which the engine hands back as `Record.request` when it tries the same again.
    """

    verdict: Verdict
    reason: str = ""
    did: str = ""
    request: str = ""


ACCEPTED = Outcome(Verdict.ACCEPTED)
CREATED = Outcome(Verdict.ACCEPTED, did="created")
UPDATED = Outcome(Verdict.ACCEPTED, did="updated")
DELETED = Outcome(Verdict.ACCEPTED, did="deleted")


def requested(request: str) -> Outcome:
    """A delete that is pending at the vendor under the id `request`."""
    return Outcome(Verdict.REQUESTED, request=request)


def rejected(reason: str, request: str = "") -> Outcome:
    """The vendor refused the record; its neighbours are not concerned."""
    return Outcome(Verdict.REJECTED, reason, request=request)


def retry(reason: str, request: str = "") -> Outcome:
    """The vendor refused the record for now."""
    return Outcome(Verdict.RETRY, reason, request=request)


def ignored(reason: str) -> Outcome:
    """Nothing to do there: unknown under update only, or already there under insert only."""
    return Outcome(Verdict.IGNORED, reason)


ALREADY_THERE = ignored("already there")
UNKNOWN_THERE = ignored("unknown at the destination")


def partial(reason: str) -> Outcome:
    """A part of the record was refused, the rest was applied."""
    return Outcome(Verdict.PARTIAL, reason)
