"""The technical tables in a warehouse: in its schema `activation_stats`, as they are as Parquet, and as incrementally."""

from collections.abc import Mapping, Sequence

from activation_platform.components.technical.schema import TABLES, Keys, Table
from activation_platform.components.technical.writing import Day, Written, alone, days_of
from activation_platform.contracts.source import Source
from activation_platform.sources.daily import DailyTables
from activation_platform.sources.schemas import STATS
from activation_platform.sync.store import Store

__all__ = ["told"]


def told(root: Store, source: Source, keys: Keys) -> list[Written]:
    """Bring the tables of a warehouse up to what is kept under a storage root."""
    there = DailyTables(source, {table.versioned: table.schema for table in TABLES.values()})
    with alone(root):
        standing = there.standing()
        return [
            _told(there, table, days_of(root, table, keys), _of(table, standing)) for table in TABLES.values()
        ]


def _of(table: Table, standing: Mapping[tuple[str, str], str]) -> dict[str, str]:
    return {day: made_of for (name, day), made_of in standing.items() if name == table.versioned}


def _told(there: DailyTables, table: Table, days: Sequence[Day], known: Mapping[str, str]) -> Written:
    wanted = {str(day.day): day for day in days}
    stale = {name: day for name, day in wanted.items() if known.get(name) != day.made_of}
    for name, day in stale.items():
        there.replace(table.versioned, name, day.made_of, day.frames())
    gone = [name for name in known if name not in wanted]
    for name in gone:
        there.remove(table.versioned, name)
    return Written(table.name, f"{STATS}.{table.versioned}", len(wanted), len(stale), len(gone))
