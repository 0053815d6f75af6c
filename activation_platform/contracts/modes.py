"""The words for what an activation promises and does: object kinds, model kinds, modes, run types, operations."""

from collections.abc import Mapping
from enum import StrEnum

__all__ = [
    "MODES_OF",
    "MODES_THAT_DELETE",
    "RUN_TYPES_OF",
    "Engine",
    "Mode",
    "ModelKind",
    "ObjectKind",
    "Operation",
    "RunType",
]


class ObjectKind(StrEnum):
    """What a service keeps at the destination."""

    RECORD = "record"
    """Records with values, each known by an identifier."""
    LIST = "list"
    """Members of a list: they enter and leave, and have nothing that changes."""
    EVENT = "event"
    """Things that happened: each is sent once, never changed, never deleted."""


class ModelKind(StrEnum):
    """What the rows of a model are."""

    USERS = "users"
    EVENTS = "events"
    CUSTOM = "custom"


class Engine(StrEnum):
    """Where the rows of a model are, and where it is found out which of them differ."""

    FRAMES = "frames"
    """Here: the model is read into a snapshot."""
    WAREHOUSE = "warehouse"
    """There: only rows that may differ are fetched."""


class Mode(StrEnum):
    """A promise about the destination (SEMANTICS, part C)."""

    UPSERT = "upsert"
    UPDATE_ONLY = "update_only"
    INSERT_ONLY = "insert_only"
    MIRROR = "mirror"
    SNAPSHOT = "snapshot"
    """Everything, every run, in place of what was there."""
    ERASE = "erase"
    """Who is in the frame is erased at the destination; nothing else ever happens."""


MODES_OF: Mapping[ObjectKind, frozenset[Mode]] = {
    ObjectKind.RECORD: frozenset(Mode),
    ObjectKind.LIST: frozenset({Mode.UPSERT, Mode.MIRROR, Mode.SNAPSHOT}),
    ObjectKind.EVENT: frozenset({Mode.INSERT_ONLY}),
}
"""The modes that a kind of object can keep at all; a service offers those of them that its API can keep."""

MODES_THAT_DELETE = frozenset({Mode.MIRROR})
"""Modes that delete what left the frame. Snapshot replaces instead, and erase deletes what is in the frame."""


class RunType(StrEnum):
    """How much of the frame each run looks at."""

    FULL_ONLY = "full_only"
    FULL_THEN_DELTA = "full_then_delta"
    INCREMENTAL = "incremental"
    """Events: each run sends those of its own window (SEMANTICS E3)."""


RUN_TYPES_OF: Mapping[ObjectKind, tuple[RunType, ...]] = {
    ObjectKind.RECORD: (RunType.FULL_THEN_DELTA, RunType.FULL_ONLY),
    ObjectKind.LIST: (RunType.FULL_THEN_DELTA, RunType.FULL_ONLY),
    ObjectKind.EVENT: (RunType.INCREMENTAL,),
}
"""The run types that suit a kind of object; the first is meant where an activation names none."""


class Operation(StrEnum):
    """What one batch asks of the destination."""

    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"
    CLEAR = "clear"
    """Take everything away and put these records in its place (the first batch of a snapshot that has no staging)."""
