"""Windows of events as Dagster's partitions have them: which interval a run owns, and how that is told (SEMANTICS E3)."""

from datetime import date

from activation_platform.components.asked import Asked
from activation_platform.components.frames import Snapshot
from activation_platform.components.recurrence import Recurrence
from activation_platform.sync.order import Window

__all__ = ["window_of", "window_told"]

_ASSUMED = {
    "timestamp": ", which says no time zone: UTC is assumed",
    "date": ", whose days are taken to begin at midnight UTC",
}


def window_of(wanted: Asked, recurrence: Recurrence, begin: date | None) -> Window:
    """From the tick before the first partition to the chosen one's instant; or from the day on which to begin."""
    start = recurrence.window(wanted.keys[0]).start if begin is None else recurrence.midnight(begin)
    return Window(start, recurrence.instant(wanted.by))


def window_told(window: Window, column: str, snapshot: Snapshot) -> str:
    """The window in words, with what is assumed of the column's moments."""
    start, end = (moment.isoformat(" ", timespec="minutes") for moment in (window.start, window.end))
    return f"{start} to {end} (not included), by {column}{_ASSUMED.get(snapshot.schema.get(column, ''), '')}"
