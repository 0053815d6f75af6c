"""A table of events: each is added once, never changed, never deleted."""

from typing import ClassVar

from activation_platform.contracts.modes import Mode, ObjectKind
from activation_platform.destinations.database.table import Table

__all__ = ["Events"]


class Events(Table):
    """Add events to a table, each once.

    An event is recognised by the column `key`, which should have a unique index; one that is there already is left as it
    is. Batches are written down as for tables, so that a crash adds nothing twice.
    """

    object: ClassVar[ObjectKind] = ObjectKind.EVENT
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.INSERT_ONLY})
    in_one_piece: ClassVar[frozenset[Mode]] = frozenset()
