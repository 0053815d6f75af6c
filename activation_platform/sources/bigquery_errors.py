"""What BigQuery and Google's login say when something is wrong, sorted into our classes and freed of row values and secrets."""

import re
from typing import Any

from activation_platform.contracts.errors import (
    ActivationError,
    Cancelled,
    ConnectionFailed,
    CredentialsRefused,
    DeclarationError,
    NotFound,
    RateLimited,
    TimedOut,
)
from activation_platform.contracts.redaction import HIDDEN, Redactor, mask_text

__all__ = ["translated"]

Told = tuple[type[ActivationError], str]

LOGIN: Told = (
    CredentialsRefused,
    "Check the source's `credentials`: the key may be deleted or expired, or the machine has no application default.",
)
GRANT: Told = (
    CredentialsRefused,
    "Let the project's owner grant it to our service account (`activation grants` prints what).",
)
SQL: Told = (DeclarationError, "Correct the model's SQL.")
MISSING: Told = (
    NotFound,
    "Correct the name in the SQL, the source's `project` or its `location` (region), or create it.",
)
QUOTA: Told = (RateLimited, "Raise the project's quota, or wait until it begins anew.")
TOO_SLOW: Told = (TimedOut, "Select less, or raise the source's `statement_timeout_seconds`.")
LATER: Told = (ConnectionFailed, "Check the network and Google's status page; the next run goes on.")

BY_REASON: dict[str, Told] = {
    "accessDenied": GRANT,
    "billingNotEnabled": (
        CredentialsRefused,
        "Enable billing for the project, or name another `technical_project`.",
    ),
    "notFound": MISSING,
    "invalidQuery": SQL,
    "invalid": SQL,
    "quotaExceeded": QUOTA,
    "rateLimitExceeded": QUOTA,
    "resourcesExceeded": (DeclarationError, "Select less, or aggregate in smaller steps."),
    "responseTooLarge": (DeclarationError, "Select less, or split the model in two."),
    "stopped": (
        Cancelled,
        "Somebody cancelled the query in BigQuery: ask who (its job tells), then run again.",
    ),
}
"""https://cloud.google.com/bigquery/docs/error-messages"""
BY_STATUS: dict[int, Told] = {401: LOGIN, 403: GRANT, 404: MISSING, 400: SQL, 429: QUOTA}


def translated(error: Any, redact: Redactor) -> ActivationError:
    """Our error for Google's: its sentence, without the request, row values or secrets."""
    kind, remedy = _told(error)
    said = str(getattr(error, "message", None) or error)
    said = re.sub(r"([A-Z]+ )?https?://\S+", "", said.split("\n\n")[0])
    if kind is DeclarationError:  # "Bad int64 value: Bobby" and the like
        said = re.sub(
            r"(?i)(bad \w+ value: ?|could not cast literal ?|invalid \w+ string ?).*", rf"\1{HIDDEN}", said
        )
        said = mask_text(said)
    return kind(f"BigQuery: {redact(' '.join(said.split()))}", remedy=remedy)


def _told(error: Any) -> Told:
    from google.api_core.exceptions import RetryError
    from google.auth.exceptions import GoogleAuthError, TransportError

    if isinstance(error, RetryError):  # it repeated itself until its time was over
        cause = error.cause
        return _told(cause) if getattr(cause, "code", None) in (403, 429) else LATER
    if isinstance(error, TransportError):
        return LATER
    if isinstance(error, GoogleAuthError):
        return LOGIN
    if re.search(r"(?i)timed out|timeout", str(getattr(error, "message", ""))):
        return TOO_SLOW
    reasons = [one.get("reason") for one in getattr(error, "errors", None) or () if isinstance(one, dict)]
    found = next((BY_REASON[reason] for reason in reasons if reason in BY_REASON), None)
    return found or BY_STATUS.get(getattr(error, "code", None) or 0, LATER)
