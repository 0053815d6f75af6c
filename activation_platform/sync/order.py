"""What is asked of a run: the activation as declared, and the order for this one run of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from activation_platform.contracts.modes import Mode, RunType
from activation_platform.contracts.service import Service
from activation_platform.sync.mapping import FieldMapping

__all__ = ["SET_ASIDE", "Activation", "Events", "Guard", "Guards", "InDoubt", "RunOrder", "Window"]

SET_ASIDE = "set_aside"


@dataclass(frozen=True, slots=True)
class Guard:
    """Withholds an operation that would touch more than `percent` of the ledger *and* more than `records` records.

    `stop`: what is stopped then: the `operation` (the others go on) or the whole `run`.
    """

    percent: float
    records: int
    stop: str = "operation"


@dataclass(frozen=True, slots=True)
class Guards:
    """The guards of an activation (SEMANTICS C3). Insert and update guards are off unless declared."""

    deletes: Guard | None = Guard(percent=20, records=100)
    updates: Guard | None = None
    inserts: Guard | None = None


class InDoubt(StrEnum):
    """What becomes of an operation that got no answer, where the service is not idempotent (SEMANTICS A1)."""

    VERIFY = "verify"
    """The service looks it up."""
    RESEND = "resend"
    SKIP = "skip"
    """It counts as carried out."""


@dataclass(frozen=True, slots=True)
class Events:
    """How events are told apart and remembered (SEMANTICS E3).

    `time`: the frame's column with the moment at which each happened. `late`: how far before its window a run looks for rows
    that came late. `keep`: for how long beyond that the keys of sent events are remembered.
    """

    time: str
    late: timedelta = timedelta(hours=24)
    keep: timedelta = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Window:
    """The interval that a run of events owns: from `start` (included) to `end` (excluded); aware, UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Activation:
    """An activation as declared."""

    name: str
    service: Service
    mode: Mode
    run_type: RunType
    mapping: tuple[FieldMapping, ...]
    key: tuple[str, ...]
    guards: Guards = field(default_factory=Guards)
    on_shared_identifier: str = SET_ASIDE
    """`set_aside`, or the column whose smallest value wins."""
    retries: int = 5
    recheck_ignored: timedelta = timedelta(days=7)
    delete_departed: bool = False
    null_keys_never_sent: bool = False
    in_doubt: InDoubt | None = None
    """None: verify where the service can look up, else resend."""
    events: Events | None = None
    """Only for services that take events."""

    @property
    def deletes(self) -> bool:
        """Whether what leaves the frame is deleted at the destination."""
        return self.service.deletes(self.mode)


@dataclass(frozen=True)
class RunOrder:
    """One run of an activation."""

    run_id: str
    partition: str
    instant: datetime
    snapshot: int
    """Number of the frame's snapshot."""
    full: bool = False
    explicit: bool = True
    """Asked for by a person, not by a schedule: an older partition is then refused instead of superseded."""
    allow: Mapping[str, int] = field(default_factory=dict)
    """Ceilings that let a guard through: `{"deletes": 1200}`."""
    window: Window | None = None
    """Only for events: the interval of this partition."""
