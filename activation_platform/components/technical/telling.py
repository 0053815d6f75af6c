"""The technical tables in a warehouse: in its schema `activation_stats`, as they are as Parquet, and as incrementally."""

from activation_platform.components.technical.schema import TABLES, Keys, Table
from activation_platform.components.technical.writing import Written, alone, days_of
from activation_platform.contracts.source import Source
from activation_platform.sources.daily import DailyTable
from activation_platform.sources.schemas import STATS
from activation_platform.sync.store import Store

__all__ = ["told"]


def told(root: Store, source: Source, keys: Keys) -> list[Written]:
    """Bring the tables of a warehouse up to what is kept under a storage root."""
    with alone(root):
        return [_told(root, source, table, keys) for table in TABLES.values()]


def _told(root: Store, source: Source, table: Table, keys: Keys) -> Written:
    there = DailyTable(source, table.versioned, table.schema)
    known = there.days()
    wanted = {str(day.day): day for day in days_of(root, table, keys)}
    stale = {name: day for name, day in wanted.items() if known.get(name) != day.made_of}
    for name, day in stale.items():
        there.replace(name, day.made_of, day.frames())
    gone = [name for name in known if name not in wanted]
    for name in gone:
        there.remove(name)
    return Written(table.name, f"{STATS}.{table.versioned}", len(wanted), len(stale), len(gone))
