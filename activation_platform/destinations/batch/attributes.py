"""How Batch's project APIs write the attributes of people and events: their names, types and forms.

Names: https://doc.batch.com/developer/sdk/web/profile-data/attributes. Types and forms:
https://doc.batch.com/developer/api/cep/profiles/update, where those of an event "behave as they do in profile
attributes". Unconfirmed for this API: the 30 characters of a name, and the lengths of texts, lists and addresses.
"""

from collections.abc import Container, Iterator
from dataclasses import replace

import polars as pl

from activation_platform.contracts.batch import Batch
from activation_platform.contracts.encode import Member, members
from activation_platform.contracts.fields import CustomFields, Field
from activation_platform.contracts.values import Text, TextList

__all__ = ["ATTRIBUTES", "CUSTOM_ID", "PERSON", "URL", "attribute_members", "rfc3339", "second"]

CUSTOM_ID = Text(min=1, max=512)
"""Your own ID of a person. Unconfirmed: at most 512 characters."""

PERSON = Field("custom_id", CUSTOM_ID, key=True, required=True, docs="Your own ID of the person.")

URL = Text(min=1, max=2048, pattern=r"[A-Za-z][A-Za-z0-9+.-]*://\S+", words="a URL")

ATTRIBUTES = CustomFields(
    pattern=r"[a-z0-9_]{1,30}|url\([a-z0-9_]{1,30}\)",
    words="1 to 30 lower-case letters, digits and underscores, or url(such a name) for an address",
    text=Text(min=1, max=300),
    texts=TextList(max_items=25, max=300),
    typed={r"url\(.*\)": URL},
)


def attribute_members(batch: Batch, but: Container[str] = ()) -> Iterator[tuple[str, Member]]:
    """Names and values as Batch writes them: days and moments carry their type in the name, null removes the attribute."""
    for name, member in members(batch).items():
        dtype, column = batch.frame.schema[name], pl.col(name)
        if name in but:
            continue
        if isinstance(dtype, pl.List):
            # Unconfirmed for this API; Batch's older one refuses an empty array. Either way the attribute is gone.
            yield name, replace(member, value=pl.when(column.list.len() > 0).then(member.value))
        elif not dtype.is_temporal():
            yield name, member
        else:
            said = rfc3339(column, dtype)
            if not batch.frame[name].null_count():
                yield f"date({name})", replace(member, value=said)
                continue
            left_out = pl.lit(value=False) if member.absent is None else member.absent
            yield f"date({name})", Member(said, absent=left_out | column.is_null())
            yield name, Member(pl.lit(None, dtype=pl.String), absent=left_out | column.is_not_null())


def rfc3339(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A day or moment as the project APIs write it, to the second and in UTC; a day is its midnight."""
    return pl.concat_str(second(value, dtype), pl.lit("Z"))


def second(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A day or moment as `YYYY-MM-DDTHH:MM:SS`, in UTC; a day is its midnight."""
    moment = value.cast(pl.Datetime("us", "UTC") if isinstance(dtype, pl.Datetime) else pl.Datetime)
    return moment.dt.to_string("%Y-%m-%dT%H:%M:%S")
