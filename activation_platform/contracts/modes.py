"""The words for what an activation promises and does: object kinds, model kinds, modes, run types, operations."""

from enum import StrEnum

__all__ = ["MODES_THAT_DELETE", "Mode", "ModelKind", "ObjectKind", "Operation", "RunType"]


class ObjectKind(StrEnum):
    """What a service keeps at the destination."""

    RECORD = "record"
    LIST = "list"
    EVENT = "event"


class ModelKind(StrEnum):
    """What the rows of a model are."""

    USERS = "users"
    EVENTS = "events"
    CUSTOM = "custom"


class Mode(StrEnum):
    """A promise about the destination (SEMANTICS, part C)."""

    UPSERT = "upsert"
    UPDATE_ONLY = "update_only"
    INSERT_ONLY = "insert_only"
    MIRROR = "mirror"


MODES_THAT_DELETE = frozenset({Mode.MIRROR})


class RunType(StrEnum):
    """How much of the frame each run looks at."""

    FULL_ONLY = "full_only"
    FULL_THEN_DELTA = "full_then_delta"


class Operation(StrEnum):
    """What one batch asks of the destination."""

    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"
