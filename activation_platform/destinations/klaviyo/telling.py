"""An event as Klaviyo takes it: its metric, when it happened, to whom, and its properties.

Source: https://developers.klaviyo.com/en/reference/bulk_create_events.
"""

import polars as pl

from activation_platform.contracts.batch import IDENTIFIER, Batch
from activation_platform.contracts.encode import Member, Shape, members, unless_null
from activation_platform.contracts.fields import Field
from activation_platform.contracts.values import Instant, Number, Text

__all__ = ["OWN", "event", "happened", "person"]

OWN = (
    Field("unique_id", Text(min=1), key=True, required=True, docs="Your own ID of the event."),
    Field(
        "metric",
        Text(min=1, max=127),
        required=True,
        docs="What happened: a column, or a constant such as Placed Order.",
    ),
    Field("time", Instant(), required=True, docs="When it happened: after 1990, at most a year from now."),
    Field("value", Number(), docs="What it is worth."),
    Field(
        "value_currency",
        Text(pattern="[A-Z]{3}", words="a currency of three capital letters"),
        docs="ISO 4217: EUR.",
    ),
)
"""The fields of an event itself; every other is one of its properties, or says whose it is."""


def happened(person: str, event: str, *, backfill: bool) -> str:
    """An event (JSON) of a person (JSON); `backfill`: it belongs to the past, and begins no flow."""
    past = ',"backfill":true' if backfill else ""
    attributes = f'{{"profile":{{"data":{person}}},"events":{{"data":[{event}]}}{past}}}'
    return f'{{"type":"event-bulk-create","attributes":{attributes}}}'


def person(batch: Batch, identifier: str) -> Shape:
    """To whom it happened."""
    return {"type": Member(pl.lit("profile")), "attributes": {identifier: members(batch)[identifier]}}


def event(batch: Batch, identifier: str) -> Shape:
    """What happened; properties without a value are left out."""
    told = members(batch)
    others = [name for name in told if name not in (*(one.name for one in OWN), identifier)]
    attributes: dict[str, Member | Shape] = {
        "unique_id": Member(pl.col(IDENTIFIER)),
        "time": told["time"],
        "metric": {"data": {"type": Member(pl.lit("metric")), "attributes": {"name": told["metric"]}}},
        "properties": {name: unless_null(told[name]) for name in others},
    }
    attributes |= {name: unless_null(told[name]) for name in ("value", "value_currency") if name in told}
    return {"type": Member(pl.lit("event")), "attributes": attributes}
