"""How Batch's project APIs write the attributes of people and events: their names, types and forms.

Names: https://doc.batch.com/developer/sdk/web/profile-data/attributes. Types and forms:
https://doc.batch.com/developer/api/cep/profiles/update, where those of an event "behave as they do in profile
attributes". Unconfirmed for this API: the 30 characters of a name, and the lengths of texts, lists and addresses.
"""

from collections.abc import Container, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.encode import Member, members
from activation_platform.contracts.fields import CustomFields
from activation_platform.contracts.values import Text, TextList

__all__ = ["ATTRIBUTES", "CUSTOM_ID", "attribute", "attribute_members", "moment"]

CUSTOM_ID = Text(min=1, max=512)
"""Your own ID of a person. Unconfirmed: at most 512 characters."""

ATTRIBUTES = CustomFields(
    pattern=r"[a-z0-9_]{1,30}|url\([a-z0-9_]{1,30}\)",
    words="1 to 30 lower-case letters, digits and underscores, or url(such a name) for an address",
    text=Text(min=1, max=300),
    texts=TextList(max_items=25, max=300),
    typed={r"url\(.*\)": Text(min=1, max=2048, pattern=r"[A-Za-z][A-Za-z0-9+.-]*://\S+", words="a URL")},
)


def attribute(name: str, value: Any) -> tuple[str, Any]:
    """Name and value as Batch writes them: days and moments carry their type in the name, null removes the attribute."""
    if isinstance(value, date):  # moments are dates, too
        return f"date({name})", f"{moment(value)}Z"
    # Unconfirmed for this API; Batch's older one refuses an empty array. Either way the attribute is gone.
    return name, None if value == [] else value


def attribute_members(batch: Batch, but: Container[str] = ()) -> Iterator[tuple[str, Member]]:
    """The fields of a batch, all at once, as `attribute` says them one by one."""
    for name, member in members(batch).items():
        dtype, column = batch.frame.schema[name], pl.col(name)
        if name in but:
            continue
        if isinstance(dtype, pl.List):
            yield name, replace(member, value=pl.when(column.list.len() > 0).then(member.value))
        elif not dtype.is_temporal():
            yield name, member
        else:
            moments = column.cast(pl.Datetime("us", "UTC") if isinstance(dtype, pl.Datetime) else pl.Datetime)
            said = moments.dt.to_string("%Y-%m-%dT%H:%M:%SZ")
            if not batch.frame[name].null_count():
                yield f"date({name})", replace(member, value=said)
                continue
            left_out = pl.lit(value=False) if member.absent is None else member.absent
            yield f"date({name})", Member(said, absent=left_out | column.is_null())
            yield name, Member(pl.lit(None, dtype=pl.String), absent=left_out | column.is_not_null())


def moment(value: date) -> str:
    """A day or moment as `YYYY-MM-DDTHH:MM:SS`, in UTC; a day is its midnight."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat()
    return f"{value.isoformat()}T00:00:00"
