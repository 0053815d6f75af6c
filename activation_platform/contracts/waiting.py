"""How long to wait before a request is sent again (what the answer asks for, else steps that double), and the vendor's clock."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

__all__ = ["answered_at", "doubled", "retry_after"]


def doubled(attempt: int, first: float, longest: float, jitter: float) -> float:
    """Seconds before the attempt after this one (from 0), with full jitter: `jitter` in 0…1 gives half to all of the step."""
    return min(longest, first * 2.0**attempt) * (0.5 + jitter / 2)


def retry_after(response: httpx.Response, now: datetime) -> float | None:
    """Seconds that `Retry-After` asks for, given as seconds or as an HTTP date (RFC 9110, 10.2.3); None where it says nothing."""
    text = response.headers.get("Retry-After", "").strip()
    if not text:
        return None
    if re.fullmatch(r"[+-]?\d+(\.\d+)?", text):
        return max(0.0, float(text))
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    # A date counts whole seconds, rounded down: one more makes sure that the moment has passed.
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds() + 1.0)


def answered_at(response: httpx.Response) -> float:
    """When the vendor answered, by its own clock (`Date`), in Unix seconds; 0 where it does not say."""
    try:
        return parsedate_to_datetime(response.headers.get("Date", "")).timestamp()
    except ValueError:
        return 0.0
