"""What can go wrong with a whole run, as a tree, sorted by what the user has to do.

* ActivationError
  * DeclarationError     Configuration: the workspace says something impossible; fix the YAML, nothing ran
    x LedgerMismatch     the ledger belongs to another target or key; adopt, reset, or give it a ledger of its own
  * ConnectionFailed     Connection: the warehouse or vendor cannot be reached, or answers nonsense
    x StorageFailed      the storage root cannot be used: it is full, or closed to us
  x CredentialsRefused   Bad credentials or insufficient permissions (401, 403, a refused refresh)
  x RateLimited          Rate limit: the vendor has had enough for today; what went through is kept
  x TimedOut             Timeout: no answer in time
  x NotFound             Resource not found: an account, object, list or table does not exist
  * Stopped              not an error of the six classes: a guard, a quota or a person stopped the run
    x GuardTripped       a guard with `stop: run` refused the plan before its first request
    x Cancelled          the run was cancelled; what was acknowledged is sealed
    x LeaseLost          another process has, or may have, taken over on the object store; it seals what was acknowledged

A bad *record* is never an exception: it is an issue (`Outcome`, source issue), data that is counted. Each class has a page in
docs/troubleshooting that says, platform by platform, what it typically means and what to do; every message names it.
"""

import os
from enum import StrEnum
from typing import ClassVar

from activation_platform.contracts.redaction import whole

__all__ = [
    "ActivationError",
    "Cancelled",
    "ConnectionFailed",
    "CredentialsRefused",
    "DeclarationError",
    "ErrorClass",
    "GuardTripped",
    "LeaseLost",
    "LedgerMismatch",
    "NotFound",
    "RateLimited",
    "Stopped",
    "StorageFailed",
    "TimedOut",
]


class ErrorClass(StrEnum):
    """The six classes users know, plus `stopped` for runs that end on purpose."""

    CONNECTION = "Connection"
    CREDENTIALS = "Bad credentials or insufficient permissions"
    RATE_LIMIT = "Rate limit"
    CONFIGURATION = "Configuration"
    TIMEOUT = "Timeout"
    NOT_FOUND = "Resource not found"
    STOPPED = "Stopped"

    @property
    def page(self) -> str:
        """Its page of the documentation: a path in the repository, or an address where ACTIVATION_DOCS says whose."""
        base = os.environ.get("ACTIVATION_DOCS", "").rstrip("/") or "docs"
        return f"{base}/troubleshooting/{self.name.lower().replace('_', '-')}.md"


class ActivationError(Exception):
    """A run cannot go on. `remedy` says what to do; it is part of the message, and so is where to read more."""

    error_class: ClassVar[ErrorClass]

    def __init__(self, what: str, *, remedy: str) -> None:
        self.what = what
        self.remedy = remedy
        super().__init__(f"{self.brief} {self.more}")

    @property
    def brief(self) -> str:
        """Its class, what happened and what to do, for lists of errors that name a page once."""
        return whole(f"{self.error_class}: {self.what.rstrip('.')}. {self.remedy}")

    @property
    def more(self) -> str:
        """What names the page of its class, kept apart from a remedy that ends with something to copy."""
        page = self.error_class.page
        return f"More in {page}." if self.remedy.endswith((".", "?", "!")) else f"(more in {page})"


class DeclarationError(ActivationError):
    """The workspace asks for something impossible."""

    error_class = ErrorClass.CONFIGURATION


class LedgerMismatch(DeclarationError):
    """The ledger was written for another target, key or mode of life than the run has now."""


class ConnectionFailed(ActivationError):
    """The other side cannot be reached, or answers something that is not its API."""

    error_class = ErrorClass.CONNECTION


class StorageFailed(ConnectionFailed):
    """The storage root cannot be used; what was remembered before stays, and the next run goes on from there."""


class CredentialsRefused(ActivationError):
    """The vendor or warehouse does not know us, or does not let us do this."""

    error_class = ErrorClass.CREDENTIALS


class RateLimited(ActivationError):
    """The vendor refuses more requests for now; the next run goes on where this one stopped.

    `wait`: the seconds that it asks for, where it does.
    """

    error_class = ErrorClass.RATE_LIMIT

    def __init__(self, what: str, *, remedy: str, wait: float = 0.0) -> None:
        self.wait = wait
        super().__init__(what, remedy=remedy)


class TimedOut(ActivationError):
    """The other side did not answer in time, however often it was asked."""

    error_class = ErrorClass.TIMEOUT


class NotFound(ActivationError):
    """Something named by the configuration does not exist on the other side."""

    error_class = ErrorClass.NOT_FOUND


class Stopped(ActivationError):
    """The run ended on purpose before it sent everything."""

    error_class = ErrorClass.STOPPED


class GuardTripped(Stopped):
    """A guard declared with `stop: run` refused the plan; nothing was sent."""


class Cancelled(Stopped):
    """Somebody terminated the run; what was acknowledged is sealed, the next run sends the rest."""


class LeaseLost(Stopped):
    """The run no longer has its ledger to itself; it must neither send, remember nor seal anything more."""
