"""Moments as people type them: an instant as ISO 8601, or how long ago it was."""

import re
from datetime import UTC, datetime

from activation_platform.cli.saying import NotKnown
from activation_platform.components.spans import span_of

__all__ = ["moment"]


def moment(option: str, text: str, now: datetime) -> float:
    """The moment in Unix seconds: `7d`, `12h`, `30m` ago, or an instant (without an offset: UTC); NotKnown if it is neither."""
    try:
        if re.fullmatch(r"\d+[mhd]", text):
            return (now - span_of(text)).timestamp()
        instant = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise NotKnown(
            f'{option} "{text}" is no moment; write 2026-01-31, 2026-01-31T07:00:00+01:00, or 7d for a week ago'
        ) from None
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp()
