"""What is asked of a run: the activation as declared, and the order for this one run of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from activation_platform.contracts.modes import Mode, RunType
from activation_platform.contracts.service import Service
from activation_platform.sync.mapping import FieldMapping

__all__ = ["SET_ASIDE", "Activation", "Guard", "Guards", "RunOrder"]

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
