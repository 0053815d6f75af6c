"""What a user writes of an activation: the attributes in YAML, and their translation to the engine's words."""

from datetime import date, timedelta
from typing import Any, Literal

import dagster as dg
from pydantic import Field

from activation_platform.components.names import Name, Owner
from activation_platform.components.recurrence import Recurrence
from activation_platform.components.retention import LogsSpec
from activation_platform.components.spans import Span, span_of
from activation_platform.components.warnings_spec import WarningsSpec
from activation_platform.contracts.modes import Mode, RunType
from activation_platform.sync.mapping import FieldMapping
from activation_platform.sync.order import SET_ASIDE, Events, Guard, Guards, InDoubt

__all__ = ["OF_EVENTS", "ActivationSpec", "FieldSpec", "GuardSpec", "GuardsSpec"]

OF_EVENTS = ("late", "keep", "start_from")
"""Attributes that only make sense where the service takes events."""


class FieldSpec(dg.Model):
    """One line of a mapping, in full."""

    column: str | None = Field(default=None, description="The column that feeds the field.")
    constant: str | int | float | bool | None = Field(
        default=None, description="The same value for every record."
    )
    on_null: Literal["clear", "keep"] = Field(
        default="clear", description="What a null does to the field there."
    )
    on_invalid: Literal["set_aside", "omit_field"] = Field(
        default="set_aside", description="Set the record aside, or send it without this field."
    )


class GuardSpec(dg.Model):
    """A guard: withholds an operation that would touch more than both."""

    percent: float = Field(default=20, ge=0, description="Percent of the records at the destination.")
    records: int = Field(default=100, ge=0, description="Number of records.")
    stop: Literal["operation", "run"] = Field(default="operation", description="What is stopped then.")


class GuardsSpec(dg.Model):
    """Guards by operation. The deletes guard is on unless it is switched off (`deletes: off`)."""

    deletes: GuardSpec | Literal["off", False] = Field(default_factory=GuardSpec)  # YAML reads `off` as false
    updates: GuardSpec | None = None
    inserts: GuardSpec | None = None


class ActivationSpec(dg.Model):
    """Keeps a destination in step with a segment or a model."""

    name: Name = Field(description="The activation's name; its ledger has it too.")
    segment: str | None = Field(default=None, description="The segment to activate.")
    model: str | None = Field(default=None, description="The model to activate, where it is not a segment.")
    destination: str = Field(description="The destination to write to.")
    service: str = Field(description="What is kept there: activation services lists them.")
    mode: Mode | None = Field(
        default=None,
        description="upsert, update_only, insert_only, mirror, snapshot or erase; omitted: upsert, or the only one offered.",
    )
    run_type: RunType | None = Field(
        default=None,
        description="full_then_delta or full_only; events are incremental. Omitted: what the service's kind goes with.",
    )
    mapping: dict[str, str | FieldSpec] = Field(description="Field at the destination: column, or more.")
    options: dict[str, Any] = Field(default_factory=dict, description="The service's own options.")
    schedule: Recurrence = Field(
        default_factory=Recurrence, description="every, at, cron or follow; omitted: manual."
    )
    guards: GuardsSpec = Field(
        default_factory=GuardsSpec, description="What stops a run that looks like a mistake."
    )
    warnings: WarningsSpec = Field(
        default_factory=WarningsSpec, description="What a run warns of, without being stopped."
    )
    on_shared_identifier: str = Field(
        default=SET_ASIDE,
        description='set_aside, or "first_by: column" (the smallest value keeps the identifier).',
    )
    null_keys: Literal["withhold_deletes", "never_sent"] = Field(
        default="withhold_deletes", description="never_sent: rows without a key stand for nobody."
    )
    retries: int = Field(default=5, ge=0, description="Runs that retry a rejected record.")
    recheck_ignored_days: float = Field(
        default=7, gt=0, description="After how long an ignored record is asked again."
    )
    delete_departed: bool = Field(
        default=False, description="Mirror deletes what departed before it was a mirror."
    )
    allow_irreversible_deletes: bool = Field(
        default=False, description="Needed where a delete erases for good."
    )
    in_doubt: InDoubt | None = Field(
        default=None,
        description="What got no answer: verify, resend or skip; omitted: verify where the service can, else resend.",
    )
    late: Span = Field(
        default="24h", description="Events: how far before its window a run looks for late ones."
    )
    keep: Span = Field(
        default="30d", description="Events: for how long beyond `late` the keys of sent ones are remembered."
    )
    keep_past: Span = Field(
        default="30d",
        description="For how long the ledger can be seen as it was (activation ledger NAME --at); 0d: not at all.",
    )
    retention: LogsSpec = Field(
        default_factory=LogsSpec, description="For how long the logs of its runs are kept."
    )
    start_from: date | None = Field(
        default=None, description="Events: the day with which the first run begins; omitted: its own window."
    )
    scope: str | None = Field(
        default=None,
        description="A field mapped to a constant that only this activation's records carry: others may share the target.",
    )
    show: list[str] = Field(
        default_factory=list,
        description="Mapped fields that hold nothing personal: their values are shown beside issues, in the UI too.",
    )
    alerts: list[Name] | Literal["off", False] | None = Field(  # YAML reads `off` as false
        default=None, description="Names of alerts, or off; omitted: all that are for everything."
    )
    description: str | None = Field(default=None, description="For the people who use it.")
    owners: list[Owner] | None = Field(default=None, description="E-mail addresses, or team:name.")

    def lines(self) -> tuple[FieldMapping, ...]:
        """The mapping in the engine's words."""
        return tuple(_line(name, value, shown=name in self.show) for name, value in self.mapping.items())

    def in_scope(self) -> dict[str, str]:
        """The field of the scope and its constant, as text; empty where there is none."""
        return {
            line.field: str(line.constant)
            for line in self.lines()
            if line.field == self.scope and line.constant is not None
        }

    @property
    def first_by(self) -> str:
        """`set_aside`, or the column that settles shared identifiers."""
        return self.on_shared_identifier.removeprefix("first_by:").strip()

    def guards_in_force(self) -> Guards:
        """The guards in the engine's words."""
        deletes = self.guards.deletes
        return Guards(
            deletes=_guard(deletes) if isinstance(deletes, GuardSpec) else None,
            updates=_guard(self.guards.updates),
            inserts=_guard(self.guards.inserts),
        )

    def events(self, time: str) -> Events:
        """How events are told apart and remembered, in the engine's words; `time`: the column with their moments."""
        return Events(time, late=span_of(self.late), keep=span_of(self.keep))

    @property
    def past(self) -> timedelta:
        """For how long the ledger can be seen as it was."""
        return span_of(self.keep_past)

    @property
    def recheck_ignored(self) -> timedelta:
        """After how long an ignored record is asked again."""
        return timedelta(days=self.recheck_ignored_days)


def _guard(spec: GuardSpec | None) -> Guard | None:
    return None if spec is None else Guard(percent=spec.percent, records=spec.records, stop=spec.stop)


def _line(name: str, value: str | FieldSpec, *, shown: bool) -> FieldMapping:
    if isinstance(value, str):
        return FieldMapping(name, column=value, shown=shown)
    return FieldMapping(name, value.column, value.constant, value.on_null, value.on_invalid, shown)
