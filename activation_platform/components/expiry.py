"""The day on which a credential expires: the check of its source or destination warns in time."""

from datetime import UTC, date, datetime

import dagster as dg

from activation_platform.components.spans import span_of

__all__ = ["EXPIRES", "UNKNOWN", "WARNS", "expiring", "expiry", "found_day", "last_days"]

_DAY = "credential_expires"

EXPIRES = "The day on which its credential expires, where it does (2027-01-31): its check warns in time."
WARNS = "For how long before that day its check warns."
UNKNOWN = "nobody told on which day it expires (credential_expires)"


def last_days(expires: date | None, warns: str) -> str:
    """What to say of a credential in its last days, or after them; empty before, and where no day is known."""
    if expires is None:
        return ""
    if _left(expires) > span_of(warns).days:
        return ""
    return (
        f"the credential {expiry(expires)}; warns {warns} before. Renew it, then correct credential_expires"
    )


def expiry(expires: date) -> str:
    """When a credential expires, after a word for it."""
    left = _left(expires)
    return f"expires on {expires}, in {left} days" if left >= 0 else f"was to expire on {expires}"


def _left(expires: date) -> int:
    return (expires - datetime.now(UTC).date()).days


def expiring(result: dg.AssetCheckResult, expires: date | None, warns: str) -> dg.AssetCheckResult:
    """The result of a check that passed, with the day, and a warning in the last days before it; others as they are."""
    if not result.passed or expires is None:
        return result
    told = last_days(expires, warns)
    return dg.AssetCheckResult(
        passed=not told,
        severity=dg.AssetCheckSeverity.WARN if told else result.severity,
        description=f"{result.description} But {told}." if told else result.description,
        metadata={**result.metadata, _DAY: str(expires)},
    )


def found_day(said: dg.AssetCheckEvaluation) -> date | None:
    """The day that such a check told; None where it knew of none."""
    told = said.metadata.get(_DAY)
    return None if told is None else date.fromisoformat(str(told.value))
