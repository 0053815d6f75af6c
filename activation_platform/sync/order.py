"""What is asked of a run: the activation as declared, and the order for this one run of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import polars as pl

from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.modes import Mode, ObjectKind, RunType
from activation_platform.contracts.service import Service
from activation_platform.sync.mapping import FieldMapping

if TYPE_CHECKING:
    from activation_platform.sync.in_warehouse import InWarehouse

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

    def forgotten_before(self, at: int) -> int:
        """The moment (Unix microseconds, like `at`) before which the keys of sent events need not be remembered."""
        return at - int((self.late + self.keep).total_seconds() * 1e6)


@dataclass(frozen=True, slots=True)
class Window:
    """The interval that a run of events owns: from `start` (included) to `end` (excluded); aware, UTC."""

    start: datetime
    end: datetime

    def owns(self, column: str, dtype: pl.DataType, since: datetime) -> pl.Expr:
        """Whether a row's moment lies in the window, or before it but not before `since`; null where the row says none.

        Days begin at midnight UTC, and moments without a zone are in UTC. Raises DeclarationError for other types.
        """
        if dtype == pl.Date:
            moment = pl.col(column).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
        elif isinstance(dtype, pl.Datetime):
            zoned = pl.col(column) if dtype.time_zone else pl.col(column).dt.replace_time_zone("UTC")
            moment = zoned.dt.convert_time_zone("UTC")
        else:
            raise DeclarationError(
                f'the event time "{column}" is of type {dtype}, which is no moment',
                remedy="Cast it to a timestamp in the model's SQL.",
            )
        return (moment >= since) & (moment < self.end)


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
    scope: Mapping[str, str] = field(default_factory=dict)
    """A field and its one value that all its records carry, and no other activation's (SEMANTICS A4)."""
    in_doubt: InDoubt | None = None
    """None: verify where the service can look up, else resend."""
    events: Events | None = None
    """Only for services that take events."""

    @property
    def deletes(self) -> bool:
        """Whether what leaves the frame is deleted at the destination."""
        return self.service.deletes(self.mode)

    @property
    def departed_stay(self) -> bool:
        """Whether what left the frame under a mode that did not delete stays at the destination."""
        return not (self.deletes and self.delete_departed)

    @property
    def kind(self) -> ObjectKind:
        """What the service keeps."""
        return self.service.object

    @property
    def moves(self) -> bool:
        """Whether a record whose identifier changed leaves something behind under the old one (SEMANTICS B5)."""
        return self.kind is not ObjectKind.EVENT and self.mode not in (
            Mode.UPDATE_ONLY,
            Mode.SNAPSHOT,
            Mode.ERASE,
        )

    @property
    def removes_left_behind(self) -> bool:
        """Whether what it leaves behind is deleted: a list has no use for a member under two identifiers."""
        return self.moves and (self.deletes or self.kind is ObjectKind.LIST)

    @property
    def overwrites(self) -> bool:
        """Whether writing a record takes the place of what another key wrote under the same identifier."""
        return self.kind is not ObjectKind.EVENT and self.mode in (Mode.UPSERT, Mode.UPDATE_ONLY, Mode.MIRROR)

    @property
    def in_one_piece(self) -> bool:
        """Whether a run's batches count together, once the service has put them in their place."""
        return self.mode in self.service.in_one_piece


@dataclass(frozen=True)
class RunOrder:
    """One run of an activation."""

    run_id: str
    partition: str
    instant: datetime
    snapshot: int
    """Number of the frame's snapshot."""
    frame: str = ""
    """Which one that is, for the history: `segments/loyal/12`."""
    full: bool = False
    explicit: bool = True
    """Asked for by a person, not by a schedule: an older partition is then refused instead of superseded."""
    allow: Mapping[str, int] = field(default_factory=dict)
    """Ceilings that let a guard through: `{"deletes": 1200}`."""
    window: Window | None = None
    """Only for events: the interval of this partition."""
    rows: "InWarehouse | None" = None
    """Where the rows stay in their warehouse (`engine: warehouse`): it finds out which of them may differ."""
