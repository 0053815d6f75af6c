"""Batches of whatever a service says it takes, drawn by hypothesis and cleaned by the engine's own mapping."""

from collections.abc import Sequence

import polars as pl
from hypothesis import strategies as st

from activation_platform.contracts.batch import IDENTIFIER, KEY, PREVIOUS, Batch
from activation_platform.contracts.fields import Field
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.rows import Rows
from activation_platform.contracts.service import Service
from activation_platform.sync.mapping import BoundMapping, FieldMapping, bind
from activation_platform_tests.destinations.exam import operations_of
from activation_platform_tests.destinations.values import any_values

__all__ = ["batches"]

_COLUMNS = (
    pl.String(),
    pl.Int64(),
    pl.Float64(),
    pl.Boolean(),
    pl.Date(),
    pl.Datetime("us", "UTC"),
    pl.List(pl.String),
)
"""Types of the columns that feed custom fields."""
_OWN = (KEY, IDENTIFIER, PREVIOUS)


@st.composite
def batches(
    draw: st.DrawFn, service: Service, mode: Mode, account: Sequence[Field] | None = None
) -> Sequence[Batch]:
    """One batch for everything that a mode asks of the service, in an order that makes sense, each of rows of its own; what
    leaves may also be what entered.

    Fields are mapped or not, cleared or kept where they are null, and left out where they are not valid. Custom fields are
    those that the account says it has, where it was asked.
    """
    declared = service.declared_fields()
    vital = {one.name for one in declared if one.required} | {service.identifying_field}
    chosen = [one for one in declared if one.name in vital or draw(st.booleans())]
    fields = [*chosen, *draw(_custom_fields(service, {one.name for one in declared}, account))]
    lines = [draw(_lines(one, vital=one.name in vital)) for one in fields]
    made: list[tuple[BoundMapping, pl.DataFrame]] = []
    for operation in operations_of(mode, service.object):
        back = operation is Operation.DELETE and made and draw(st.booleans())
        made.append(made[0] if back else draw(_frames(service, fields, lines)))
    return [
        _batch(*one, operation, mode)
        for one, operation in zip(made, operations_of(mode, service.object), strict=True)
        if len(one[1])  # no batch is empty
    ]


def _batch(bound: BoundMapping, frame: pl.DataFrame, operation: Operation, mode: Mode) -> Batch:
    if operation is Operation.DELETE:
        return Batch(
            operation, mode, Rows(frame.select(_OWN).with_columns(pl.col(IDENTIFIER).alias(PREVIOUS)))
        )
    return Batch(operation, mode, Rows(frame), bound.mapped_fields)


@st.composite
def _custom_fields(
    draw: st.DrawFn, service: Service, known: set[str], account: Sequence[Field] | None
) -> list[Field]:
    custom = service.custom_fields
    if custom is None:
        return []
    if account is not None:
        return [one for one in account if one.name not in known and draw(st.booleans())]
    names = draw(st.lists(st.from_regex(custom.pattern, fullmatch=True), max_size=3, unique=True))
    return [
        Field(name, type_, clearable=custom.clearable)
        for name in names
        if name not in known and (type_ := custom.type_for(name, draw(st.sampled_from(_COLUMNS))))
    ]


def _lines(field: Field, *, vital: bool) -> st.SearchStrategy[FieldMapping]:
    wrong = st.just("set_aside") if vital else st.sampled_from(["set_aside", "omit_field"])
    return st.builds(
        FieldMapping,
        st.just(field.name),
        st.just(field.name),
        on_null=st.sampled_from(["clear", "keep"] if field.clearable or vital else ["keep"]),
        on_invalid=wrong,
    )


@st.composite
def _frames(
    draw: st.DrawFn, service: Service, fields: Sequence[Field], lines: Sequence[FieldMapping]
) -> tuple[BoundMapping, pl.DataFrame]:
    """Rows as the engine would send them: what it would set aside is not among them."""
    values = {one.name: any_values(one.type) for one in fields}
    rows = draw(st.lists(st.fixed_dictionaries(values), min_size=1, max_size=4))
    lists = {one.name: one.type.dtype for one in fields if isinstance(one.type.dtype, pl.List)}
    raw = pl.DataFrame(
        [pl.Series(name, [row[name] for row in rows], lists.get(name), strict=False) for name in values]
    )
    bound = bind(lines, service, raw.schema, fields)
    sendable = (
        bound.clean(raw.select(pl.int_range(pl.len()).cast(pl.String).alias(KEY), *bound.raw_values()), at=0)
        .filter(pl.col("_reason").is_null(), pl.col(IDENTIFIER).is_not_null())
        .unique(IDENTIFIER, maintain_order=True)
        .head(service.batch_size)
    )
    previous = draw(st.sampled_from([pl.lit(None, dtype=pl.String), pl.col(IDENTIFIER)]))
    return bound, sendable.with_columns(previous.alias(PREVIOUS))
