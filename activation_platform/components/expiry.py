"""The day on which a credential expires: the check of its source or destination warns in time."""

from datetime import UTC, date, datetime

import dagster as dg

from activation_platform.components.spans import span_of

__all__ = ["EXPIRES", "WARNS", "expiring", "last_days"]

EXPIRES = "The day on which its credential expires, where it does (2027-01-31): its check warns in time."
WARNS = "For how long before that day its check warns."


def last_days(expires: date | None, warns: str) -> str:
    """What to say of a credential in its last days, or after them; empty before, and where no day is known."""
    if expires is None:
        return ""
    left = (expires - datetime.now(UTC).date()).days
    if left > span_of(warns).days:
        return ""
    when = f"expires on {expires}, in {left} days" if left >= 0 else f"was to expire on {expires}"
    return f"the credential {when}; warns {warns} before. Renew it, then correct credential_expires"


def expiring(result: dg.AssetCheckResult, expires: date | None, warns: str) -> dg.AssetCheckResult:
    """The result of a check that passed, with a warning in the last days of the credential; others as they are."""
    told = last_days(expires, warns) if result.passed else ""
    if not told:
        return result
    return dg.AssetCheckResult(
        passed=False,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{result.description} But {told}.",
        metadata=dict(result.metadata),
    )
