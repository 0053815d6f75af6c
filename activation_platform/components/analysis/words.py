"""Words for people: values that nobody has looked at, shares, moments."""

from datetime import datetime

__all__ = ["moment", "percent", "shown"]

_MOST = 32
_JOINER = "\u200d"
"""Joins two emoji to one."""


def shown(value: str) -> str:
    """A value on one line, cut, without what moves the cursor, turns the direction of the text or has no glyph."""
    words = " ".join(value[: 4 * _MOST].split())
    told = "".join(one if one.isprintable() or one == _JOINER else "\ufffd" for one in words[:_MOST])
    cut = "…" if len(words) > _MOST or len(value) > 4 * _MOST else ""
    return f"{told}{cut}" or "(empty)"


def percent(part: int, whole: int) -> str:
    """A share in percent."""
    return f"{100 * part / whole:.1f} %" if whole else "-"


def moment(instant: datetime) -> str:
    """A moment in UTC, to the second."""
    return f"{instant:%Y-%m-%d %H:%M:%S}"
